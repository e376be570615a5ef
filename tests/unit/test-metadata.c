/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reservations in a domain's metadata: read strictly, written without touching what others have. */
#include "test.h"

#include "domain-xml.h"
#include "metadata.h"

#define OURS "xmlns:h='" METADATA_URI "'"

static struct domain_xml *parse(const char *metadata)
{
	_cleanup_free_ char *text = NULL;
	struct domain_xml *xml = NULL;

	assert_true(asprintf(&text, "<domain><metadata>%s</metadata></domain>", metadata) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	return xml;
}

static void test_reservations_are_read(void **state)
{
	static const struct {
		const char *metadata, *slots;
	} cases[] = {
		{ "", "" },
		{ "<h:hotslot " OURS "><h:reserved slots='0-3,17'/></h:hotslot>", "0-3,17" },
		{ "<hotslot xmlns='" METADATA_URI "'><reserved slots='5'/></hotslot>", "5" },
		{ "<h:hotslot " OURS "/>", "" },
		{ "<h:hotslot " OURS "><h:label>x</h:label><h:reserved slots='1'/></h:hotslot>",
			"1" },
		/* Other people's. */
		{ "<hotslot><reserved slots='nonsense'/></hotslot>", "" },
		{ "<o:hotslot xmlns:o='urn:other'><o:reserved slots='x'/></o:hotslot>", "" },
		{ "<h:hotslot " OURS "><o:reserved xmlns:o='urn:other' slots='x'/></h:hotslot>",
			"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].metadata);
		_cleanup_free_ char *slots = NULL;

		assert_false(xml->bad_metadata);
		assert_int_equal(slot_set_format(&xml->reserved, &slots), 0);
		assert_string_equal(slots, cases[i].slots);
	}
}

static void test_a_malformed_element_of_ours_is_not_ignored(void **state)
{
	static const char *const cases[] = {
		"<h:hotslot " OURS "><h:reserved slots=''/></h:hotslot>",
		"<h:hotslot " OURS "><h:reserved/></h:hotslot>",
		"<h:hotslot " OURS "><h:reserved slots='3-1'/></h:hotslot>",
		"<h:hotslot " OURS "><h:reserved slots='65280'/></h:hotslot>",
		"<h:hotslot " OURS "><h:reserved slots='1'/><h:reserved slots='2'/></h:hotslot>",
		"<h:other " OURS "><h:reserved slots='1'/></h:other>",
		"<h:hotslot " OURS "/><h:hotslot " OURS "/>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i]);

		assert_true(xml->bad_metadata);
		assert_true(slot_set_is_empty(&xml->reserved));
	}
}

static void test_an_update_keeps_what_is_not_about_reservations(void **state)
{
	static const struct {
		const char *old, *slots;
		bool add;
		const char *want; /* NULL: no element */
	} cases[] = {
		{ NULL, "1", false, NULL },
		{ NULL, "0-3", true, "<hotslot><reserved slots=\"0-3\"/></hotslot>" },
		{ "<hotslot><reserved slots='7'/></hotslot>", "8", true,
			"<hotslot><reserved slots=\"7-8\"/></hotslot>" },
		/* What is not there need not be taken off, what is there need not be added. */
		{ "<hotslot><reserved slots='7,9'/></hotslot>", "8-9", false,
			"<hotslot><reserved slots=\"7\"/></hotslot>" },
		{ "<hotslot><reserved slots='7'/></hotslot>", "6-7", true,
			"<hotslot><reserved slots=\"6-7\"/></hotslot>" },
		{ "<hotslot><reserved slots='7'/></hotslot>", "7", false, NULL },
		{ "<hotslot a='1'><reserved slots='7'/></hotslot>", "7", false,
			"<hotslot a=\"1\"/>" },
		{ "<hotslot><label>x</label><reserved slots='7'/></hotslot>", "7", false,
			"<hotslot><label>x</label></hotslot>" },
		{ "<hotslot><o:reserved xmlns:o='urn:o' slots='x'/></hotslot>", "1", true,
			"<hotslot><o:reserved xmlns:o=\"urn:o\" slots=\"x\"/>"
			"<reserved slots=\"1\"/></hotslot>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		struct slot_set set = {};

		if (cases[i].slots)
			assert_int_equal(slot_set_parse(cases[i].slots, &set), 0);
		assert_int_equal(metadata_update(cases[i].old, &set, cases[i].add, &text), 0);
		if (cases[i].want)
			assert_string_equal(text, cases[i].want);
		else
			assert_null(text);
	}
}

static void test_what_is_no_element_of_ours_is_not_updated(void **state)
{
	struct slot_set set = {};
	char *text = NULL;

	(void)state;
	assert_int_equal(metadata_update("<other/>", &set, true, &text), -EBADMSG);
	assert_int_equal(metadata_update("", &set, true, &text), -EBADMSG);
	assert_int_equal(
		metadata_update("<hotslot><reserved slots='x'/></hotslot>", &set, true, &text),
		-EBADMSG);
	assert_null(text);
}

static void test_what_is_written_is_read_back(void **state)
{
	_cleanup_xml_writer_ struct xml_writer w = {};
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL;
	struct slot_set set = {};

	(void)state;
	slot_set_add(&set, 0);
	slot_set_add(&set, 9);
	assert_int_equal(xml_writer_begin(&w), 0);
	xml_open(&w, "domain");
	metadata_open(&w);
	metadata_put_reserved(&w, &set);
	metadata_close(&w);
	xml_close(&w);
	assert_int_equal(xml_writer_take(&w, &text), 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	assert_false(xml->bad_metadata);
	assert_memory_equal(&xml->reserved, &set, sizeof(set));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reservations_are_read),
		cmocka_unit_test(test_a_malformed_element_of_ours_is_not_ignored),
		cmocka_unit_test(test_an_update_keeps_what_is_not_about_reservations),
		cmocka_unit_test(test_what_is_no_element_of_ours_is_not_updated),
		cmocka_unit_test(test_what_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
