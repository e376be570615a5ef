/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain that somebody renames is the same one, under its new name; with libvirt's test driver.
 */
#include "test.h"

#include <libvirt/libvirt.h>

#include "hotslot.h"

#define URI "test:///default"

static void rename_test_domain(const char *name)
{
	virConnectPtr connection = virConnectOpen(URI);
	virDomainPtr domain;

	assert_non_null(connection);
	domain = virDomainLookupByName(connection, "test");
	assert_non_null(domain);
	assert_int_equal(virDomainDestroy(domain), 0);
	assert_int_equal(virDomainRename(domain, name, 0), 0);
	virDomainFree(domain);
	virConnectClose(connection);
}

static void test_a_domain_that_was_renamed_is_found_and_called_so(void **state)
{
	struct hotslot_domain *before, *after;
	struct hotslot_error error = {};
	struct hotslot *hotslot;
	const char *name;

	(void)state;
	assert_int_equal(hotslot_open(URI, &hotslot, &error), 0);
	assert_int_equal(hotslot_domain_lookup(hotslot, "test", &before, &error), 0);
	name = hotslot_domain_name(before);
	rename_test_domain("other");
	assert_int_equal(hotslot_domain_lookup(hotslot, "other", &after, &error), 0);
	assert_ptr_equal(before, after);
	assert_string_equal(hotslot_domain_name(after), "other");
	/* Whoever has asked before still has it. */
	assert_string_equal(name, "test");
	assert_int_equal(hotslot_detach(after, "3", NULL, &error), -ESHUTDOWN);
	assert_string_equal(
		error.message, "Domain other is shut off; --config is for its definition");
	hotslot_domain_unref(before);
	hotslot_domain_unref(after);
	hotslot_unref(hotslot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_domain_that_was_renamed_is_found_and_called_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
