/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's XML that is like the last one is known without parsing all of it, and says the same as
 * if it were parsed. */
#include "test.h"

#include "disk-compare.h"
#include "last-read.h"

#define BEFORE                                                                                \
	"<domain type='qemu' id='7'>\n  <name>vm</name>\n  <uuid>u-1</uuid>\n  <metadata>"    \
	"<x:y xmlns:x='x'><disk/></x:y></metadata>\n  <devices>\n    <controller type='scsi'" \
	" index='0' model='virtio-scsi'/>"
#define AFTER                                                                                \
	"\n    <channel type='unix'><source mode='bind' path='/s'/><target type='virtio'"    \
	" name='org.hotslot.agent.0' state='connected'/></channel>\n  </devices>\n</domain>" \
	"\n"
#define DISK(unit)                                                                                 \
	"\n    <disk type='file' device='disk'>\n      <source file='/" unit ".img' index='1" unit \
	"'/>\n      <target dev='sd" unit "' bus='scsi'/>\n      <serial>s" unit                   \
	"</serial>\n      <alias name='ua-" unit                                                   \
	"'/>\n      <address type='drive' controller='0' bus='0' target='0' unit='" unit           \
	"'/>\n    </disk>"
#define LUN(unit)                                                                          \
	"\n    <hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/>" \
	"<address bus='0' target='0' unit='0'/></source><alias name='h" unit               \
	"'/><address type='drive' controller='0' bus='0' target='0' unit='" unit "'/></hostdev>"
#define FACE "\n    <interface type='user'/>"

static struct domain_xml *read_text(struct last_read *last, const char *text)
{
	struct domain_xml *xml = NULL;

	assert_int_equal(last_read_parse(last, strdup(text), &xml), 0);
	return xml;
}

static void assert_same_disks(const struct domain_xml *a, const struct domain_xml *b)
{
	assert_int_equal(a->n_disks, b->n_disks);
	for (size_t i = 0; i < a->n_disks; i++) {
		const struct xml_disk *x = &a->disks[i], *y = &b->disks[i];

		assert_true(xml_disk_is_same(x, y));
		assert_string_equal(x->source ?: "", y->source ?: "");
		assert_int_equal(x->unit, y->unit);
		assert_int_equal(x->chain.count, y->chain.count);
		assert_int_equal(x->chain.n_images, y->chain.n_images);
	}
}

static void assert_same(const struct domain_xml *a, const struct domain_xml *b)
{
	assert_same_disks(a, b);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->controller, b->controller);
	assert_int_equal(a->n_controllers, b->n_controllers);
	assert_int_equal(a->has_channel, b->has_channel);
	assert_int_equal(a->channel_connected, b->channel_connected);
	assert_string_equal(a->channel_path, b->channel_path);
	assert_int_equal(a->labels.count, b->labels.count);
	assert_memory_equal(&a->reserved, &b->reserved, sizeof(a->reserved));
}

static const char *const texts[] = {
	BEFORE AFTER,
	BEFORE DISK("1") AFTER,
	BEFORE DISK("1") DISK("2") AFTER,
	BEFORE DISK("1") DISK("2") DISK("3") AFTER,
	BEFORE DISK("1") DISK("3") AFTER,
	BEFORE DISK("2") DISK("3") AFTER,
	BEFORE DISK("1") DISK("11") DISK("2") DISK("3") AFTER,
	BEFORE DISK("1") DISK("2") LUN("4") AFTER,
	BEFORE DISK("1") LUN("4") DISK("2") AFTER,
	BEFORE DISK("1") DISK("2") FACE LUN("4") AFTER,
	BEFORE DISK("1") FACE DISK("2") AFTER,
	BEFORE DISK("1") DISK("2") FACE AFTER,
	/* One that comes, and a state that changes with it. */
	"<domain id='8'><devices>" DISK("1") DISK("2") AFTER,
	BEFORE DISK("1") "</devices><devices>" DISK("2") AFTER,
	BEFORE DISK("1") "<!--" DISK("2") "-->" AFTER,
	BEFORE DISK("1") "\n    <!-- -->" AFTER,
	BEFORE DISK("1") "\n    <!--" DISK("3") "-->" DISK("2") AFTER,
};

static void test_every_change_says_the_same_as_the_text_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
			struct last_read last = {};
			_cleanup_domain_xml_ struct domain_xml *first = NULL, *second = NULL;
			_cleanup_domain_xml_ struct domain_xml *third = NULL, *a = NULL, *b = NULL;

			assert_int_equal(domain_xml_parse(texts[i], &a), 0);
			assert_int_equal(domain_xml_parse(texts[j], &b), 0);
			first = read_text(&last, texts[i]);
			second = read_text(&last, texts[j]);
			third = read_text(&last, texts[i]);
			assert_same_disks(first, a);
			assert_same_disks(second, b);
			assert_int_equal(second->id, b->id);
			assert_int_equal(second->controller, b->controller);
			assert_int_equal(second->has_channel, b->has_channel);
			assert_same_disks(third, a);
			last_read_done(&last);
		}
}

/* Which way it went tells what is kept: a text that is parsed anew has no pointer of the last. */
static bool is_kept(const char *before, const char *after)
{
	struct last_read last = {};
	_cleanup_domain_xml_ struct domain_xml *first = read_text(&last, before);
	_cleanup_domain_xml_ struct domain_xml *second = read_text(&last, after);
	_cleanup_domain_xml_ struct domain_xml *alone = NULL;
	bool kept = first->disks[0].alias == second->disks[0].alias;

	assert_int_equal(domain_xml_parse(after, &alone), 0);
	assert_same_disks(second, alone);
	if (kept)
		assert_same(second, alone);
	last_read_done(&last);
	return kept;
}

static void test_a_disk_more_or_less_is_added_to_what_is_known(void **state)
{
	static const struct {
		const char *before, *after;
		bool kept;
	} cases[] = {
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") AFTER, true },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") DISK("2") AFTER, true },
		{ BEFORE DISK("1") DISK("3") AFTER, BEFORE DISK("1") DISK("2") DISK("3") AFTER,
			true },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") LUN("2") AFTER, true },
		{ BEFORE DISK("1") DISK("2") AFTER, BEFORE DISK("1") AFTER, true },
		{ BEFORE DISK("1") DISK("2") DISK("3") AFTER, BEFORE DISK("1") DISK("3") AFTER,
			true },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") FACE AFTER, false },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") DISK("2") FACE AFTER, false },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") DISK("2") DISK("3") AFTER, false },
		{ BEFORE DISK("1") FACE DISK("2") AFTER, BEFORE DISK("1") AFTER, false },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") "\n<disk><p:x/></disk>" AFTER, false },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") DISK("2") "\n</devices><devices>" AFTER,
			false },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") "\n<!-- " DISK("2") " -->" AFTER,
			false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(is_kept(cases[i].before, cases[i].after), cases[i].kept);
}

static void test_many_changes_in_a_row_are_known(void **state)
{
	static const char *const row[] = {
		BEFORE DISK("1") DISK("2") DISK("3") AFTER,
		BEFORE DISK("1") DISK("3") AFTER,
		BEFORE DISK("1") DISK("3") DISK("4") AFTER,
		BEFORE DISK("1") DISK("5") DISK("3") DISK("4") AFTER,
		BEFORE DISK("1") DISK("5") DISK("4") AFTER,
		BEFORE DISK("1") DISK("5") DISK("6") DISK("4") AFTER,
		BEFORE DISK("1") AFTER,
	};
	struct last_read last = {};
	_cleanup_domain_xml_ struct domain_xml *first = read_text(&last, row[0]);

	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(row); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = read_text(&last, row[i]);
		_cleanup_domain_xml_ struct domain_xml *alone = NULL;

		assert_int_equal(domain_xml_parse(row[i], &alone), 0);
		assert_same(xml, alone);
		/* The last one is three disks less: that is parsed. */
		if (i < ARRAY_SIZE(row) - 1)
			assert_ptr_equal(xml->disks[0].alias, first->disks[0].alias);
	}
	last_read_done(&last);
}

static void test_a_change_anywhere_else_is_read(void **state)
{
	static const char *const afters[] = {
		"<domain id='7'><devices>" DISK("1") DISK("2") AFTER,
		BEFORE DISK("1") DISK("2") "</devices></domain>",
		BEFORE DISK("1") DISK("2") FACE AFTER,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(afters); i++)
		assert_false(is_kept(BEFORE DISK("1") AFTER, afters[i]));
}

/* A fragment of it would mean something else alone. */
static void test_what_cannot_be_cut_is_parsed_whole(void **state)
{
	static const char *const heads[] = {
		"<!DOCTYPE domain [<!ENTITY e 'x'>]><domain id='7'><devices>",
		"<domain id='7' xmlns='urn:x'><devices>",
		"<domain id='7'><devices xmlns:p='p'>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		_cleanup_free_ char *before = NULL, *after = NULL;

		assert_true(asprintf(&before, "%s%s%s", heads[i], DISK("1"), AFTER) > 0);
		assert_true(
			asprintf(&after, "%s%s%s%s", heads[i], DISK("1"), DISK("2"), AFTER) > 0);
		assert_false(is_kept(before, after));
	}
}

static void test_what_was_given_out_stays_as_it_was(void **state)
{
	struct last_read last = {};
	_cleanup_domain_xml_ struct domain_xml *first = read_text(&last, BEFORE DISK("1") AFTER);
	_cleanup_domain_xml_ struct domain_xml *second = NULL;
	struct xml_disk copy;

	(void)state;
	first->controller = 5;
	slot_set_add(&first->reserved, 9);
	assert_int_equal(xml_disk_copy(&first->disks[0], &copy), 0);
	second = read_text(&last, BEFORE DISK("1") DISK("2") AFTER);
	assert_int_equal(first->n_disks, 1);
	assert_int_equal(second->n_disks, 2);
	assert_int_equal(second->controller, 0);
	assert_false(slot_set_has(&second->reserved, 9));
	first = domain_xml_free(first);
	second = domain_xml_free(second);
	last_read_done(&last);
	assert_string_equal(copy.alias, "ua-1");
	xml_disk_done(&copy);
}

static void test_the_document_has_the_new_disk(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ NULL, BEFORE DISK("1") DISK("2") AFTER },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") DISK("2") AFTER },
		{ BEFORE DISK("1") AFTER, BEFORE DISK("1") DISK("2") FACE AFTER },
		/* Nothing is new: then it has all of them. */
		{ BEFORE DISK("1") DISK("2") AFTER, BEFORE DISK("1") DISK("2") AFTER },
		{ BEFORE DISK("2") DISK("3") AFTER, BEFORE DISK("2") AFTER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct last_read last = {};
		_cleanup_domain_xml_ struct domain_xml *first = NULL, *second = NULL;
		_cleanup_xml_ xmlDoc *document = NULL;

		if (cases[i].before)
			first = read_text(&last, cases[i].before);
		assert_int_equal(
			last_read_parse_new(&last, strdup(cases[i].after), &document, &second), 0);
		assert_non_null(disk_compare_find(document, 0, 0, 2));
		assert_non_null(domain_xml_disk_at(second, 0, 2));
		last_read_done(&last);
	}
}

static void test_after_what_is_no_domain_nothing_is_known(void **state)
{
	static const char *const bad[] = { "", "<domain", "<disk/>",
		BEFORE DISK("1") "<disk><address type='drive' unit='x'/></disk>",
		BEFORE DISK("1") "\n<disk><target bus='scsi'/><address type='drive' "
				 "unit='x'/></disk>" AFTER };
	struct last_read last = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_domain_xml_ struct domain_xml *first =
			read_text(&last, BEFORE DISK("1") AFTER);
		struct domain_xml *none = NULL;

		assert_non_null(first);
		assert_int_equal(last_read_parse(&last, strdup(bad[i]), &none), -EBADMSG);
		assert_null(none);
		assert_null(last.text);
	}
	last_read_done(&last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_change_says_the_same_as_the_text_alone),
		cmocka_unit_test(test_a_disk_more_or_less_is_added_to_what_is_known),
		cmocka_unit_test(test_many_changes_in_a_row_are_known),
		cmocka_unit_test(test_a_change_anywhere_else_is_read),
		cmocka_unit_test(test_what_cannot_be_cut_is_parsed_whole),
		cmocka_unit_test(test_what_was_given_out_stays_as_it_was),
		cmocka_unit_test(test_the_document_has_the_new_disk),
		cmocka_unit_test(test_after_what_is_no_domain_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
