/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/encode.h: serials as names, labels as text; by table and by property. */
#include "test.h"

#include "encode.h"

/* Random serials of each property test: a few milliseconds. */
#define ROUNDS 20000

/* The longest of them: with every byte encoded, still a name. */
#define LENGTH_MAX (SERIAL_ENCODED_MAX / 4)

static void check_serial(const char *serial, size_t length, const char *name)
{
	char encoded[SERIAL_ENCODED_MAX + 1], decoded[SERIAL_ENCODED_MAX + 1];

	serial_encode(serial, length, encoded);
	assert_string_equal(encoded, name);
	assert_int_equal(serial_decode(encoded, decoded), length);
	assert_memory_equal(decoded, serial, length);
}

static void test_serials_have_these_names(void **state)
{
	(void)state;
	check_serial("", 0, "");
	check_serial("vol-7", 5, "vol-7");
	check_serial("A_z.0+9-", 8, "A_z.0+9-");
	check_serial("a b", 3, "a\\x20b");
	check_serial("a/b", 3, "a\\x2fb");
	check_serial("a\\b", 3, "a\\x5cb");
	check_serial("\\x20", 4, "\\x5cx20");
	check_serial("a\0b", 3, "a\\x00b");
	check_serial("\xff\x80\x7f", 3, "\\xff\\x80\\x7f");
	check_serial("é", 2, "\\xc3\\xa9");
	check_serial(".", 1, "\\x2e");
	check_serial("..", 2, "\\x2e.");
	check_serial(".hidden", 7, "\\x2ehidden");
	check_serial("a.b", 3, "a.b");
}

static void test_no_serial_is_named_like_a_partition(void **state)
{
	(void)state;
	check_serial("x-part1", 7, "x\\x2dpart1");
	check_serial("-part12", 7, "\\x2dpart12");
	check_serial("x-part1-part2", 13, "x-part1\\x2dpart2");
	check_serial("x-part", 6, "x-part");
	check_serial("x-part1x", 8, "x-part1x");
	check_serial("part1", 5, "part1");
	check_serial("x-Part1", 7, "x-Part1");
}

static void test_only_the_one_spelling_is_a_name(void **state)
{
	static const char *const names[] = { "\\x61", "\\x2F", "\\X2f", "\\x2", "\\x", "\\", "\\n",
		"a/b", "a b", ".", "..", ".a", "x-part1", "\\x2d", "a\\x2db", "\xff", "a\\x2eb",
		"\\\\x20" };
	char decoded[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(serial_decode(names[i], decoded), -EINVAL);
}

static bool is_safe_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.+-\\", c));
}

/* Half of the bytes from a set that looks like names, so that the special cases come up. */
static size_t make_serial(struct generator *generator, char *ret)
{
	static const char likely[] = ".-part019\\x2e/_";
	size_t length = next_number(generator, LENGTH_MAX + 1);

	for (size_t i = 0; i < length; i++)
		ret[i] = next_number(generator, 2)
				 ? likely[next_number(generator, sizeof(likely) - 1)]
				 : (char)next_number(generator, 256);
	return length;
}

static void test_every_serial_has_a_safe_name_that_leads_back(void **state)
{
	char serial[LENGTH_MAX], name[SERIAL_ENCODED_MAX + 1], decoded[SERIAL_ENCODED_MAX + 1];
	struct generator generator;

	(void)state;
	seed_generator(&generator);
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t length = make_serial(&generator, serial);

		serial_encode(serial, length, name);
		for (const char *c = name; *c; c++)
			assert_true(is_safe_byte(*c));
		assert_true(name[0] != '.');
		assert_int_equal(serial_decode(name, decoded), length);
		assert_memory_equal(decoded, serial, length);
	}
}

/* Serials that differ in one byte, or of which one is a piece of the other, are the likeliest
 * to meet in one name. */
static void test_different_serials_have_different_names(void **state)
{
	char a[LENGTH_MAX], b[LENGTH_MAX];
	char name_a[SERIAL_ENCODED_MAX + 1], name_b[SERIAL_ENCODED_MAX + 1];
	struct generator generator;

	(void)state;
	seed_generator(&generator);
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t length_a = make_serial(&generator, a), length_b = length_a;

		memcpy(b, a, length_a);
		if (length_a > 0 && next_number(&generator, 2))
			b[next_number(&generator, (uint32_t)length_a)] ^=
				(char)(1 + next_number(&generator, 255));
		else
			length_b = next_number(&generator, (uint32_t)length_a + 1);
		if (length_a == length_b && !memcmp(a, b, length_a))
			continue;
		serial_encode(a, length_a, name_a);
		serial_encode(b, length_b, name_b);
		assert_string_not_equal(name_a, name_b);
	}
}

/* Whatever decodes is the name that its serial has: so no two names mean one serial. */
static void test_every_name_that_decodes_is_its_serials_name(void **state)
{
	char name[LENGTH_MAX + 1], decoded[LENGTH_MAX + 1], again[SERIAL_ENCODED_MAX + 1];
	struct generator generator;

	(void)state;
	seed_generator(&generator);
	for (unsigned i = 0; i < ROUNDS; i++) {
		int n;

		name[make_serial(&generator, name)] = '\0';
		n = serial_decode(name, decoded);
		if (n < 0)
			continue;
		serial_encode(decoded, (size_t)n, again);
		assert_string_equal(again, name);
	}
}

/* What systemd 252's udev leaves as it is in SYMLINK (udev-event.c: udev_replace_chars with
 * whitelist "/" and hex escapes): ASCII letters and digits, "#+-.:=@_", and "\xNN". */
static void test_udev_takes_every_name_as_a_link_name(void **state)
{
	char serial[LENGTH_MAX], name[SERIAL_ENCODED_MAX + 1];
	struct generator generator;

	(void)state;
	seed_generator(&generator);
	for (unsigned i = 0; i < ROUNDS; i++) {
		serial_encode(serial, make_serial(&generator, serial), name);
		for (const char *c = name; *c; c++) {
			if (*c == '\\') {
				assert_int_equal(c[1], 'x');
				assert_true(c[2] && strchr("0123456789abcdef", c[2]));
				assert_true(c[3] && strchr("0123456789abcdef", c[3]));
			} else {
				assert_true(is_safe_byte(*c));
			}
		}
		assert_true(strlen(name) + strlen("-part255") <= NAME_MAX);
	}
}

static void test_serials_of_our_own_are_plain_and_short(void **state)
{
	static const struct {
		const char *serial;
		bool valid;
	} table[] = {
		{ "vol-7", true },
		{ "0", true },
		{ "A_z.0+9-", true },
		{ "123456789012345678901234567890123456", true },
		{ "1234567890123456789012345678901234567", false },
		{ "", false },
		{ "a b", false },
		{ "a/b", false },
		{ "a\\b", false },
		{ "a,b", false },
		{ "a\n", false },
		{ "é", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(serial_is_valid(table[i].serial), table[i].valid);
}

static void test_text_is_printable_utf8(void **state)
{
	static const struct {
		const char *data;
		size_t length;
		const char *text;
	} table[] = {
		{ "DATA", 4, "DATA" },
		{ "my disk", 7, "my disk" },
		{ "Grüße €", 11, "Grüße €" },
		{ "\xf0\x9f\x92\xbe", 4, "\xf0\x9f\x92\xbe" },
		{ "a\\b", 3, "a\\x5cb" },
		{ "\x1b[31m", 5, "\\x1b[31m" },
		{ "a\nb\0c\x7f", 6, "a\\x0ab\\x00c\\x7f" },
		{ "\xc2\x9b", 2, "\\xc2\\x9b" },		   /* a C1 control */
		{ "\xc0\xaf", 2, "\\xc0\\xaf" },		   /* overlong */
		{ "\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf" },	   /* overlong */
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },	   /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ "\xe2\x82", 2, "\\xe2\\x82" },		   /* cut off */
		{ "\xff\xfe", 2, "\\xff\\xfe" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[64];

		text_encode(table[i].data, table[i].length, text);
		assert_string_equal(text, table[i].text);
	}
}

static void test_format_characters_are_no_text(void **state)
{
	/* Right-to-left override, line separator, zero width space, a tag, a C1 control. */
	static const char *const hidden[] = { "a\u202eb", "a\u2028b", "a\u200bb", "a\U000e0041b",
		"a\xc2\x9b" };
	char encoded[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		assert_false(text_is_printable(hidden[i], strlen(hidden[i])));
		text_encode(hidden[i], strlen(hidden[i]), encoded);
		assert_true(text_is_printable(encoded, strlen(encoded)));
		assert_non_null(strstr(encoded, "\\x"));
	}
	assert_true(text_is_printable(
		"Gr\u00fc\u00dfe \u65e5\u672c", strlen("Gr\u00fc\u00dfe \u65e5\u672c")));
	assert_false(text_is_printable("\xff", 1));
	assert_false(text_is_printable("\x1b[0m", 4));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_characters_are_no_text),
		cmocka_unit_test(test_serials_have_these_names),
		cmocka_unit_test(test_no_serial_is_named_like_a_partition),
		cmocka_unit_test(test_only_the_one_spelling_is_a_name),
		cmocka_unit_test(test_every_serial_has_a_safe_name_that_leads_back),
		cmocka_unit_test(test_different_serials_have_different_names),
		cmocka_unit_test(test_every_name_that_decodes_is_its_serials_name),
		cmocka_unit_test(test_udev_takes_every_name_as_a_link_name),
		cmocka_unit_test(test_serials_of_our_own_are_plain_and_short),
		cmocka_unit_test(test_text_is_printable_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
