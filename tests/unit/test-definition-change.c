/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two definitions are one but for what was changed on purpose. */
#include "test.h"

#include "definition-change.h"

static void strip_alias(xmlNode *domain, const void *data)
{
	(void)data;
	xml_remove(xml_child(domain, "alias"));
}

static void test_definitions_are_compared_but_for_what_is_stripped(void **state)
{
	static const struct {
		const char *a, *b;
		int same;
	} cases[] = {
		{ "<domain><x/></domain>", "<domain>\n  <x/>\n</domain>", 1 },
		{ "<domain><x/></domain>", "<domain><x/><alias name='a'/></domain>", 1 },
		{ "<domain><x/></domain>", "<domain><x y='1'/><alias name='a'/></domain>", 0 },
		{ "<domain><x/></domain>", "<domain><x/><x/></domain>", 0 },
		{ "<domain><x>1</x></domain>", "<domain><x>2</x></domain>", 0 },
		{ "<domain>", "<domain/>", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(definition_is_same(cases[i].a, cases[i].b, strip_alias, NULL),
			cases[i].same);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions_are_compared_but_for_what_is_stripped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
