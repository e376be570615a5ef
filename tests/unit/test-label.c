/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The labels that a domain has held: read strictly from its metadata, written without touching what
 * others have there, and which of them may meet. */
#include "test.h"

#include "domain-xml.h"
#include "label.h"
#include "metadata.h"

#define OURS "xmlns:h='" METADATA_URI "'"
#define LABELS_OF(attributes) "<h:hotslot " OURS "><h:labels " attributes "/></h:hotslot>"
#define SIXTEEN "0123456789ABCDEF"
#define LONGEST SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static struct domain_xml *parse(const char *metadata)
{
	_cleanup_free_ char *text = NULL;
	struct domain_xml *xml = NULL;

	assert_true(asprintf(&text, "<domain><metadata>%s</metadata></domain>", metadata) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	return xml;
}

/* "a,b" and, with nobody's among them, "a,b,". */
static void check_set(const struct label_set *set, const char *want)
{
	char text[LABELS_MAX * (LABEL_LENGTH_MAX + 2)] = "";

	for (unsigned i = 0; i < set->count; i++) {
		strcat(text, i > 0 ? "," : "");
		strcat(text, set->names[i]);
	}
	strcat(text, set->nobody ? "," : "");
	assert_string_equal(text, want);
}

static struct label_set make_set(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	struct label_set set = {};

	for (char *next = copy, *name; (name = strsep(&next, ","));)
		if (*name || next || strchr(text, ','))
			assert_int_equal(label_set_add(&set, *name ? name : NULL), 0);
	return set;
}

static void test_a_label_is_1_to_64_of_its_characters(void **state)
{
	static const char *const good[] = { "a", "tenant-7", "A.b_c-9", "..", LONGEST };
	static const char *const bad[] = { "", "a b", "a,b", "a/b", "\xc3\xa4", "a\n",
		LONGEST "0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(label_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(label_is_valid(bad[i]));
}

static void test_labels_are_read(void **state)
{
	static const struct {
		const char *metadata, *want;
	} cases[] = {
		{ "", "" },
		{ LABELS_OF("names='a'"), "a" },
		{ LABELS_OF("names='b,a,c' unlabelled='yes'"), "b,a,c," },
		{ LABELS_OF("names=''"), "" },
		{ LABELS_OF("names='a,a'"), "a" },
		{ "<h:hotslot " OURS "><h:reserved slots='1'/></h:hotslot>", "" },
		/* Other people's. */
		{ "<hotslot><labels names=','/></hotslot>", "" },
		{ "<h:hotslot " OURS "><o:labels xmlns:o='urn:other' names=','/></h:hotslot>", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].metadata);

		assert_false(xml->bad_metadata);
		check_set(&xml->labels, cases[i].want);
	}
}

static void test_what_is_no_list_of_labels_is_not_ignored(void **state)
{
	static const char *const cases[] = {
		LABELS_OF(""),
		LABELS_OF("names='a,'"),
		LABELS_OF("names=',a'"),
		LABELS_OF("names='a b'"),
		LABELS_OF("names='" LONGEST "0'"),
		LABELS_OF("names='a' unlabelled='no'"),
		"<h:hotslot " OURS "><h:labels names='a'/><h:labels names='b'/></h:hotslot>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i]);

		assert_true(xml->bad_metadata);
		assert_true(label_set_is_empty(&xml->labels));
	}
}

static void test_more_labels_than_are_kept_are_an_error(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	char text[1024], *end = text;
	struct label_set set = {};

	(void)state;
	end += sprintf(end, "<h:hotslot " OURS "><h:labels names='0");
	for (int i = 1; i <= LABELS_MAX; i++)
		end += sprintf(end, ",%d", i);
	strcpy(end, "'/></h:hotslot>");
	xml = parse(text);
	assert_true(xml->bad_metadata);
	for (int i = 0; i < LABELS_MAX; i++) {
		sprintf(text, "%d", i);
		assert_int_equal(label_set_add(&set, text), 0);
	}
	assert_int_equal(label_set_add(&set, "more"), -ENOSPC);
	assert_int_equal(label_set_add(&set, "0"), 0);
	assert_int_equal(label_set_add(&set, NULL), 0);
}

static void test_which_may_meet(void **state)
{
	static const struct {
		const char *held, *label, *other;
	} cases[] = {
		{ "", "a", NULL },
		{ "", NULL, NULL },
		{ "a", "a", NULL },
		{ "a", "b", "a" },
		{ "a", NULL, "a" },
		{ "a,b", "a", "b" },
		{ "a,b", NULL, "a" },
		{ "a,", "a", LABEL_NOBODY },
		{ ",", "a", LABEL_NOBODY },
		{ ",", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct label_set held = make_set(cases[i].held);
		const char *other = label_set_other(&held, cases[i].label);

		if (cases[i].other)
			assert_string_equal(other, cases[i].other);
		else
			assert_null(other);
	}
}

static void test_an_update_keeps_what_is_not_about_labels(void **state)
{
	static const struct {
		const char *old, *change;
		bool add;
		const char *changed, *want; /* NULL: no element */
	} cases[] = {
		{ NULL, "a", true, "a", "<hotslot><labels names=\"a\"/></hotslot>" },
		{ NULL, "a", false, "", NULL },
		{ "<hotslot><labels names='a'/></hotslot>", "a", true, "",
			"<hotslot><labels names=\"a\"/></hotslot>" },
		{ "<hotslot><labels names='a'/></hotslot>", "a,b,", true, "b,",
			"<hotslot><labels names=\"a,b\" unlabelled=\"yes\"/></hotslot>" },
		{ "<hotslot><labels names='a,b' unlabelled='yes'/></hotslot>", "b,c,", false, "b,",
			"<hotslot><labels names=\"a\"/></hotslot>" },
		{ "<hotslot><labels names='a'/></hotslot>", "a", false, "a", NULL },
		{ "<hotslot><reserved slots='7'/><labels names='a'/></hotslot>", "a", false, "a",
			"<hotslot><reserved slots=\"7\"/></hotslot>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct label_set change = make_set(cases[i].change), changed;
		_cleanup_free_ char *text = NULL;

		assert_int_equal(
			label_update(cases[i].old, &change, cases[i].add, &changed, &text), 0);
		check_set(&changed, cases[i].changed);
		if (cases[i].want)
			assert_string_equal(text, cases[i].want);
		else
			assert_null(text);
	}
}

static void test_what_is_no_element_of_ours_is_not_updated(void **state)
{
	static const char *const cases[] = { "<other/>", "", "<hotslot><labels/></hotslot>" };
	struct label_set change = make_set("a"), changed;
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(label_update(cases[i], &change, true, &changed, &text), -EBADMSG);
	assert_null(text);
}

static void test_what_is_written_is_read_back(void **state)
{
	_cleanup_xml_writer_ struct xml_writer w = {};
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL;
	struct label_set set = make_set("a,b,");

	(void)state;
	assert_int_equal(xml_writer_begin(&w), 0);
	xml_open(&w, "domain");
	metadata_open(&w);
	label_write(&w, &set);
	metadata_close(&w);
	xml_close(&w);
	assert_int_equal(xml_writer_take(&w, &text), 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	assert_false(xml->bad_metadata);
	check_set(&xml->labels, "a,b,");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_label_is_1_to_64_of_its_characters),
		cmocka_unit_test(test_labels_are_read),
		cmocka_unit_test(test_what_is_no_list_of_labels_is_not_ignored),
		cmocka_unit_test(test_more_labels_than_are_kept_are_an_error),
		cmocka_unit_test(test_which_may_meet),
		cmocka_unit_test(test_an_update_keeps_what_is_not_about_labels),
		cmocka_unit_test(test_what_is_no_element_of_ours_is_not_updated),
		cmocka_unit_test(test_what_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
