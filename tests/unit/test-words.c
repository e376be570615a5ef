/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command takes apart by itself: the lines of the shell, and --drive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drive-option.h"
#include "util.h"
#include "words.h"

struct line {
	const char *line;
	int r;
	const char *words[4];
};

static const struct line lines[] = {
	{ "", 0, { NULL } },
	{ "  \t \r\n", 0, { NULL } },
	{ "# all a comment", 0, { NULL } },
	{ "list vm", 0, { "list", "vm" } },
	{ "  list\tvm  \n", 0, { "list", "vm" } },
	{ "list vm # why", 0, { "list", "vm" } },
	{ "list vm#1", 0, { "list", "vm#1" } },
	{ "a '' \"\"", 0, { "a", "", "" } },
	{ "a 'b c' \"d 'e'\"", 0, { "a", "b c", "d 'e'" } },
	{ "a'b c'd", 0, { "ab cd" } },
	{ "'#' \\#", 0, { "#", "#" } },
	{ "a\\ b \\'c", 0, { "a b", "'c" } },
	{ "\"a\\\"b\\\\c\\n\"", 0, { "a\"b\\c\\n" } },
	{ "'a\\'", 0, { "a\\" } },
	{ "a 'b", -EINVAL, { NULL } },
	{ "a \"b\\\"", -EINVAL, { NULL } },
	{ "a \\", -EINVAL, { NULL } },
};

static void check_words(const struct line *line, char **words, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		assert_non_null(line->words[i]);
		assert_string_equal(words[i], line->words[i]);
	}
	assert_null(line->words[i]);
	assert_null(words[i]);
}

static void test_a_line_is_split_as_sh_splits_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *copy = strdup(lines[i].line);
		_cleanup_free_ char **words = NULL;
		int count;

		print_message("%s\n", lines[i].line);
		assert_int_equal(words_split(copy, &words, &count), lines[i].r);
		if (lines[i].r == 0)
			check_words(&lines[i], words, count);
	}
}

struct drive {
	const char *text;
	const char *wrong; /* NULL: nothing */
	const char *image, *format, *serial, *id;
	int slot;
	bool read_only, passthrough, strict;
};

static const struct drive drives[] = {
	{ "a.img", NULL, "a.img", NULL, NULL, NULL, -1, false, false, false },
	{ "a.img,readonly", NULL, "a.img", NULL, NULL, NULL, -1, true, false, false },
	{ "a.img,format=qcow2,serial=S,slot=7,id=I", NULL, "a.img", "qcow2", "S", "I", 7, false,
		false, false },
	{ "a,,b.img,serial=x,,y", NULL, "a,b.img", NULL, "x,y", NULL, -1, false, false, false },
	{ "a=b.img", NULL, "a=b.img", NULL, NULL, NULL, -1, false, false, false },
	{ "a.img,slot=65279", NULL, "a.img", NULL, NULL, NULL, 65279, false, false, false },
	{ "a.img,slot=/dev/sdb", NULL, "a.img", NULL, NULL, NULL, 1, false, false, false },
	{ "a.img,slot=/dev/disk/by-slot/3", NULL, "a.img", NULL, NULL, NULL, 3, false, false,
		false },
	{ .text = "a.img,slot=/dev/sdb1", .wrong = "slot=/dev/sdb1" },
	{ .text = "a.img,slot=serial:S", .wrong = "slot=serial:S" },
	{ "/dev/sdx,lun,strict", NULL, "/dev/sdx", NULL, NULL, NULL, -1, false, true, true },
	{ "iscsi://h:1/iqn.x:y/1,lun", NULL, "iscsi://h:1/iqn.x:y/1", NULL, NULL, NULL, -1, false,
		true, false },
	{ "rbd:p/i,user=me,secret=S,luks=K,,L", NULL, "rbd:p/i", NULL, NULL, NULL, -1, false, false,
		false },
	{ .text = "a.img,cache", .wrong = "cache" },
	{ .text = "a.img,shareable=on", .wrong = "shareable=on" },
	{ .text = "a.img,iops=0", .wrong = "iops=0" },
	{ .text = "a.img,iops=1K", .wrong = "iops=1K" },
	{ .text = "a.img,bps=1X", .wrong = "bps=1X" },
	{ .text = "a.img,bps=+1", .wrong = "bps=+1" },
	{ .text = "a.img,iothread=0", .wrong = "iothread=0" },
	{ .text = "a.img,io-thread=1", .wrong = "io-thread=1" },
	{ .text = "", .wrong = "" },
	{ .text = ",readonly", .wrong = "" },
	{ .text = "a.img,", .wrong = "" },
	{ .text = "a.img,read", .wrong = "read" },
	{ .text = "a.img,readonly=on", .wrong = "readonly=on" },
	{ .text = "a.img,lun=1", .wrong = "lun=1" },
	{ .text = "a.img,slots=1", .wrong = "slots=1" },
	{ .text = "a.img,slot=", .wrong = "slot=" },
	{ .text = "a.img,slot=-1", .wrong = "slot=-1" },
	{ .text = "a.img,slot=65280", .wrong = "slot=65280" },
};

static void check_text(const char *actual, const char *expected)
{
	if (expected)
		assert_string_equal(actual, expected);
	else
		assert_null(actual);
}

static void check_drive(const struct drive *drive, const struct hotslot_attach_options *options)
{
	check_text(options->image, drive->image);
	check_text(options->format, drive->format);
	check_text(options->serial, drive->serial);
	check_text(options->id, drive->id);
	assert_int_equal(options->slot, drive->slot);
	assert_int_equal(options->read_only, drive->read_only);
	assert_int_equal(options->passthrough, drive->passthrough);
	assert_int_equal(options->strict, drive->strict);
	assert_int_equal(options->size, sizeof(*options));
}

static void test_a_drive_is_parsed_or_its_wrong_part_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(drives); i++) {
		_cleanup_free_ char *copy = strdup(drives[i].text);
		struct hotslot_attach_options options;
		struct hotslot_backend_options backend;
		const char *wrong;
		int r = drive_parse(copy, &options, &backend, &wrong);

		print_message("%s\n", drives[i].text);
		assert_int_equal(r, drives[i].wrong ? -EINVAL : 0);
		if (r == 0)
			check_drive(&drives[i], &options);
		else
			assert_string_equal(wrong, drives[i].wrong);
	}
}

static void test_a_drive_says_how_it_is_served(void **state)
{
	char text[] = "a.img,cache=none,io=native,discard=unmap,detect-zeroes=on,shareable,"
		      "iops=1,read-iops=2,write-iops=3,bps=4K,read-bps=5m,write-bps=6,iothread=7,"
		      "luks=K,,L,user=U,secret=S";
	struct hotslot_backend_options backend;
	struct hotslot_attach_options options;
	const char *wrong;

	(void)state;
	assert_int_equal(drive_parse(text, &options, &backend, &wrong), 0);
	assert_ptr_equal(options.backend, &backend);
	assert_int_equal(backend.size, sizeof(backend));
	check_text(backend.cache, "none");
	check_text(backend.io, "native");
	check_text(backend.discard, "unmap");
	check_text(backend.detect_zeroes, "on");
	assert_true(backend.shareable);
	assert_int_equal(backend.iops, 1);
	assert_int_equal(backend.read_iops, 2);
	assert_int_equal(backend.write_iops, 3);
	assert_int_equal(backend.bps, 4 << 10);
	assert_int_equal(backend.read_bps, 5 << 20);
	assert_int_equal(backend.write_bps, 6);
	assert_int_equal(backend.iothread, 7);
	check_text(backend.luks, "K,L");
	check_text(backend.user, "U");
	check_text(backend.secret, "S");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_split_as_sh_splits_it),
		cmocka_unit_test(test_a_drive_is_parsed_or_its_wrong_part_named),
		cmocka_unit_test(test_a_drive_says_how_it_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
