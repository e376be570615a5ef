/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live XML of a domain is not read again where nothing has changed; with libvirt's test driver,
 * which tells of no devices. */
#include "test.h"

#include <libvirt/libvirt.h>

#include "connection-link.h"
#include "known.h"
#include "metadata.h"
#include "qemu-question.h"

#define URI "test:///default"

/* What no XML of libvirt's says: a domain that has it is as it was read before. */
#define MARK_SLOT 77

static void mark(struct last_read *last)
{
	slot_set_add(&last->xml->reserved, MARK_SLOT);
	last->text[0] = '?'; /* is not what libvirt says, which is parsed, then */
}

struct machine {
	virConnectPtr connection; /* somebody else's */
	virDomainPtr theirs;
	struct hotslot *hotslot;
	struct hotslot_domain *domain, *call;
};

/* As long as with many disks. */
static void lengthen(virDomainPtr domain)
{
	_cleanup_free_ char *text = NULL;

	assert_true(asprintf(&text, "<long>%020000d</long>", 0) > 0);
	assert_int_equal(virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, text, "long",
				 "urn:long", VIR_DOMAIN_AFFECT_LIVE),
		0);
}

static int set_up(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	struct hotslot_error error = {};
	struct domain_xml *xml;

	assert_non_null(machine);
	machine->connection = virConnectOpen(URI);
	assert_non_null(machine->connection);
	machine->theirs = virDomainLookupByName(machine->connection, "test");
	assert_non_null(machine->theirs);
	lengthen(machine->theirs);
	assert_int_equal(hotslot_open(URI, &machine->hotslot, &error), 0);
	assert_int_equal(
		hotslot_domain_lookup(machine->hotslot, "test", &machine->domain, &error), 0);
	assert_int_equal(domain_begin(machine->domain, 0, &machine->call, &error), 0);
	assert_int_equal(domain_read(machine->domain, &xml, &error), 0);
	domain_xml_free(xml);
	mark(&machine->domain->last_read);
	*state = machine;
	return 0;
}

static int tear_down(void **state)
{
	struct machine *machine = *state;

	domain_endp(&machine->call);
	hotslot_domain_unref(machine->domain);
	hotslot_unref(machine->hotslot);
	virDomainFree(machine->theirs);
	virConnectClose(machine->connection);
	free(machine);
	return 0;
}

static bool is_read_again(const struct machine *machine)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error error = {};

	assert_int_equal(known_read(machine->domain, &xml, &error), 0);
	return !slot_set_has(&xml->reserved, MARK_SLOT);
}

static void test_what_has_not_changed_is_known(void **state)
{
	const struct machine *machine = *state;

	assert_false(is_read_again(machine));
	assert_false(is_read_again(machine));
}

static void test_what_somebody_changes_is_read_at_once(void **state)
{
	const struct machine *machine = *state;

	assert_int_equal(virDomainSetMetadata(machine->theirs, VIR_DOMAIN_METADATA_ELEMENT,
				 "<hotslot><reserved slots='3'/></hotslot>", METADATA_KEY,
				 METADATA_URI, VIR_DOMAIN_AFFECT_LIVE),
		0);
	assert_true(is_read_again(machine));
	mark(&machine->domain->last_read);
	assert_false(is_read_again(machine));
	assert_int_equal(virDomainSuspend(machine->theirs), 0);
	assert_true(is_read_again(machine));
	assert_int_equal(virDomainResume(machine->theirs), 0);
}

/* And has it read, which is a change. */
static void shorten(const struct machine *machine)
{
	assert_int_equal(virDomainSetMetadata(machine->theirs, VIR_DOMAIN_METADATA_ELEMENT, NULL,
				 NULL, "urn:long", VIR_DOMAIN_AFFECT_LIVE),
		0);
	assert_true(is_read_again(machine));
	mark(&machine->domain->last_read);
}

static void test_a_short_text_is_read_again(void **state)
{
	const struct machine *machine = *state;

	shorten(machine);
	assert_true(is_read_again(machine));
}

/* A qemu_question_fn. */
static bool ask(virDomainPtr domain, const char **ret)
{
	*ret = NULL;
	return virDomainIsActive(domain) >= 0;
}

/* As an attach does, of libvirt's jobs. */
static void ask_and_hear(const struct machine *machine)
{
	struct hotslot_domain *domain = machine->domain;
	struct qemu_question *question =
		qemu_question_new_asking(domain->domain, ask, domain->events);

	assert_non_null(question);
	assert_true(qemu_question_await(question, now_ms() + 10000));
	domain->told = qemu_question_told(question);
	assert_true(domain->told);
	qemu_question_free(question);
}

static void test_a_short_text_is_known_when_all_has_just_been_told(void **state)
{
	const struct machine *machine = *state;

	shorten(machine);
	ask_and_hear(machine);
	assert_false(is_read_again(machine));
	assert_int_equal(virDomainSuspend(machine->theirs), 0);
	ask_and_hear(machine);
	assert_true(is_read_again(machine));
	assert_int_equal(virDomainResume(machine->theirs), 0);
}

static void test_on_another_connection_nothing_is_known(void **state)
{
	const struct machine *machine = *state;

	machine->domain->known_link++;
	assert_true(is_read_again(machine));
}

static void test_a_driver_that_does_not_tell_all_is_asked(void **state)
{
	const struct machine *machine = *state;
	struct link *link = machine->hotslot->link;
	int metadata = link->metadata;

	link->metadata = -1;
	assert_true(is_read_again(machine));
	link->metadata = metadata;
}

static void test_the_controller_to_manage_is_the_one_of_now(void **state)
{
	const struct machine *machine = *state;
	struct domain_xml *xml;
	struct hotslot_error error = {};

	machine->domain->controller = 5;
	assert_int_equal(known_read(machine->domain, &xml, &error), 0);
	assert_int_equal(xml->controller, 5);
	domain_xml_free(xml);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_has_not_changed_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_somebody_changes_is_read_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_short_text_is_read_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_short_text_is_known_when_all_has_just_been_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_on_another_connection_nothing_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_driver_that_does_not_tell_all_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_controller_to_manage_is_the_one_of_now, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
