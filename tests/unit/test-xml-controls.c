/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tabs and line ends that libvirt writes as they are are read as they are. */
#include "test.h"

#include "xml-controls.h"
#include "xml.h"

static const struct {
	const char *what, *text, *escaped;
} cases[] = {
	{ "nothing", "", "" },
	{ "plain", "<a b='c'>\n\td\n</a>", "<a b='c'>\n\td\n</a>" },
	{ "a line end and a tab in an attribute", "<a b='c\nd\te'/>", "<a b='c&#10;d&#9;e'/>" },
	{ "in one with the other quotes in it", "<a b=\"it's\n\"/>", "<a b=\"it's&#10;\"/>" },
	{ "a bracket in an attribute", "<a b='>\n'>\n</a>", "<a b='>&#10;'>\n</a>" },
	{ "between attributes", "<a\n\tb='c'\r\nd='e'/>", "<a\n\tb='c'\r\nd='e'/>" },
	{ "a carriage return", "<a b='\r'>c\r\nd</a>", "<a b='&#13;'>c&#13;\nd</a>" },
	{ "quotes in text", "<a>it's\n<b c='\n'/></a>", "<a>it's\n<b c='&#10;'/></a>" },
	{ "a comment", "<a><!-- '\r<\n -->\n<b c='\t'/></a>",
		"<a><!-- '\r<\n -->\n<b c='&#9;'/></a>" },
	{ "CDATA", "<a><![CDATA[<b c='\n\r]]>\r</a>", "<a><![CDATA[<b c='\n\r]]>&#13;</a>" },
	{ "an instruction", "<?a '\n?><b c='\n'/>", "<?a '\n?><b c='&#10;'/>" },
	{ "a comment without an end", "<a><!-- '\r", "<a><!-- '\r" },
	{ "an attribute without an end", "<a b='\n", "<a b='&#10;" },
};

static void test_what_a_parser_would_change_is_written_so_that_it_does_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *escaped = NULL;

		print_message("%s\n", cases[i].what);
		assert_int_equal(xml_escape_controls(cases[i].text, &escaped), 0);
		assert_string_equal(escaped, cases[i].escaped);
	}
}

static void test_it_is_read_as_it_was_and_written_so_again(void **state)
{
	static const char text[] = "<a b='c\nd\te\r'>f\r\n</a>";
	_cleanup_free_ char *escaped = NULL, *value = NULL, *content = NULL, *dumped = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;

	(void)state;
	assert_int_equal(xml_escape_controls(text, &escaped), 0);
	document = xml_read_exactly(escaped);
	assert_non_null(document);
	value = xml_attribute(xmlDocGetRootElement(document), "b");
	assert_string_equal(value, "c\nd\te\r");
	content = xml_text(xmlDocGetRootElement(document));
	assert_string_equal(content, "f\r\n");
	assert_int_equal(xml_dump(xmlDocGetRootElement(document), &dumped), 0);
	assert_string_equal(dumped, "<a b=\"c&#10;d&#9;e&#13;\">f&#13;\n</a>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_parser_would_change_is_written_so_that_it_does_not),
		cmocka_unit_test(test_it_is_read_as_it_was_and_written_so_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
