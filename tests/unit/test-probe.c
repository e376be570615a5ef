/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents of disks are looked at by a child that can do nothing else. */
#include "test.h"

#include <poll.h>

#include "probe-answer.h"
#include "probe.h"

/* A child takes milliseconds; only a broken one makes the test wait. */
#define PATIENCE_MS 20000

#define DISK_SIZE (4 * 1024 * 1024)
#define PARTITION_START (1024 * 1024)
#define PARTITION_SIZE (1024 * 1024)

/* swapon(8)'s header, include/linux/swap.h: version 1 at 1024, then last page, bad pages, UUID,
 * label; the magic ends the first page. */
static void put_swap(unsigned char *data, const char *label)
{
	data[1024] = 1;
	data[1028] = 200;
	for (unsigned i = 0; i < 16; i++)
		data[1036 + i] = (unsigned char)(0x10 + i);
	memcpy(data + 1052, label, strnlen(label, 16));
	memcpy(data + 4096 - 10, "SWAPSPACE2", 10);
}

#define SWAP_UUID "10111213-1415-1617-1819-1a1b1c1d1e1f"

/* A DOS partition table with one entry. */
static void put_table(unsigned char *data)
{
	unsigned char *entry = data + 446;

	entry[4] = 0x82;
	entry[8 + 1] = 8;		    /* start: 2048 sectors */
	entry[12 + 1] = 8;		    /* size: 2048 sectors */
	data[440] = 0x12, data[441] = 0x34; /* the disk's own number */
	data[510] = 0x55, data[511] = 0xaa;
}

struct fixture {
	struct tree tree;
	struct disk disk; /* a file named sda: devnum and diskseq 0 are what a file has */
	unsigned char *data;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	make_tree(&fixture->tree);
	fixture->data = calloc(1, DISK_SIZE);
	strcpy(fixture->disk.name, "sda");
	fixture->disk.size = DISK_SIZE;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	remove_tree(&fixture->tree);
	free(fixture->data);
	free(fixture);
	return 0;
}

static void wait_readable(int fd)
{
	struct pollfd child = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&child, 1, PATIENCE_MS), 1);
}

static int probe(struct fixture *fixture, const struct partition *partitions, size_t n,
	struct contents *ret_disk, struct contents *ret_partitions)
{
	struct probe *probe;
	int r;

	put_bytes(&fixture->tree, "sda", fixture->data, DISK_SIZE);
	assert_int_equal(
		probe_start(fixture->tree.path, &fixture->disk, partitions, n, 0, &probe), 0);
	wait_readable(probe_fd(probe));
	r = probe_finish(probe, ret_disk, ret_partitions);
	probe_free(probe);
	return r;
}

static void test_type_label_and_uuid_of_a_whole_disk(void **state)
{
	struct contents contents;

	put_swap(((struct fixture *)*state)->data, "data");
	assert_int_equal(probe(*state, NULL, 0, &contents, NULL), 0);
	assert_int_equal(contents.state, CONTENTS_KNOWN);
	assert_string_equal(contents.type, "swap");
	assert_string_equal(contents.label, "data");
	assert_string_equal(contents.uuid, SWAP_UUID);
	assert_string_equal(contents.table, "");
}

static void test_control_characters_of_a_label_are_encoded(void **state)
{
	struct contents contents;

	put_swap(((struct fixture *)*state)->data, "a\033[2Jb\\c\xff");
	assert_int_equal(probe(*state, NULL, 0, &contents, NULL), 0);
	assert_string_equal(contents.label, "a\\x1b[2Jb\\x5cc\\xff");
}

static void test_partitions_are_looked_at_where_they_start(void **state)
{
	struct fixture *fixture = *state;
	struct partition partitions[2] = {
		{ .number = 1, .start = PARTITION_START, .size = PARTITION_SIZE },
		{ .number = 2, .start = 2 * PARTITION_START, .size = PARTITION_SIZE },
	};
	struct contents disk, contents[2];

	put_table(fixture->data);
	put_swap(fixture->data + PARTITION_START, "inside");
	assert_int_equal(probe(fixture, partitions, 2, &disk, contents), 0);
	assert_string_equal(disk.table, "dos");
	assert_string_equal(disk.type, "");
	assert_string_equal(contents[0].type, "swap");
	assert_string_equal(contents[0].label, "inside");
	assert_int_equal(contents[1].state, CONTENTS_KNOWN);
	assert_string_equal(contents[1].type, "");
}

static void test_an_empty_disk_is_known_to_be_empty(void **state)
{
	const struct contents empty = { .state = CONTENTS_KNOWN };
	struct contents contents;

	assert_int_equal(probe(*state, NULL, 0, &contents, NULL), 0);
	assert_memory_equal(&contents, &empty, sizeof(empty));
}

static void test_signs_of_two_things_are_unknown_not_empty(void **state)
{
	struct fixture *fixture = *state;
	struct contents contents;

	put_swap(fixture->data, "data");
	memcpy(fixture->data, "hsqs", 4); /* squashfs 4.0 */
	fixture->data[28] = 4;
	assert_int_equal(probe(fixture, NULL, 0, &contents, NULL), 0);
	assert_int_equal(contents.state, CONTENTS_UNKNOWN);
	assert_string_equal(contents.type, "");
}

static void test_what_cannot_be_read_is_unknown_and_the_rest_is_not(void **state)
{
	struct fixture *fixture = *state;
	const struct partition beyond = { .number = 1, .start = 16 * DISK_SIZE, .size = DISK_SIZE };
	struct contents disk, contents;

	put_swap(fixture->data, "data");
	assert_int_equal(probe(fixture, &beyond, 1, &disk, &contents), 0);
	assert_int_equal(disk.state, CONTENTS_KNOWN);
	assert_int_equal(contents.state, CONTENTS_UNKNOWN);
}

static void test_a_node_of_another_disk_is_not_read(void **state)
{
	struct fixture *fixture = *state;
	struct contents contents;

	fixture->disk.devnum = 0x800;
	assert_int_equal(probe(fixture, NULL, 0, &contents, NULL), -ESTALE);
	fixture->disk.devnum = 0;
	fixture->disk.diskseq = 7;
	assert_int_equal(probe(fixture, NULL, 0, &contents, NULL), -ESTALE);
}

static void test_a_missing_node_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct contents contents;

	strcpy(fixture->disk.name, "sdb");
	assert_int_equal(probe(fixture, NULL, 0, &contents, NULL), -EIO);
}

static void test_a_running_probe_can_be_freed(void **state)
{
	struct fixture *fixture = *state;

	put_bytes(&fixture->tree, "sda", fixture->data, DISK_SIZE);
	for (unsigned i = 0; i < 50; i++) {
		struct probe *probe;

		assert_int_equal(
			probe_start(fixture->tree.path, &fixture->disk, NULL, 0, 0, &probe), 0);
		probe_free(probe);
	}
}

/* ---- answers -------------------------------------------------------------------------------- */

static void test_an_answer_that_lies_about_a_length_is_refused(void **state)
{
	struct probe_answer answer = { .known = 1, .label = { .length = PROBE_TEXT_MAX + 1 } };
	struct contents contents;

	(void)state;
	assert_int_equal(probe_answer_check(&answer, &contents), -EBADMSG);
	answer.label.length = PROBE_TEXT_MAX;
	assert_int_equal(probe_answer_check(&answer, &contents), 0);
	assert_int_equal(strlen(contents.label), 4 * PROBE_TEXT_MAX);
}

static void test_an_answer_that_does_not_fit_is_refused(void **state)
{
	struct probe_answer answer = { .known = 1, .type = { .length = 32 } };
	struct contents contents;

	(void)state;
	memset(answer.type.bytes, 'x', sizeof(answer.type.bytes));
	assert_int_equal(probe_answer_check(&answer, &contents), -EBADMSG);
	answer.type.length = 31;
	assert_int_equal(probe_answer_check(&answer, &contents), 0);
}

static void test_an_unknown_answer_says_nothing(void **state)
{
	const struct probe_answer answer = { .known = 0, .label = { .length = 1, .bytes = "x" } };
	struct contents contents;

	(void)state;
	assert_int_equal(probe_answer_check(&answer, &contents), 0);
	assert_int_equal(contents.state, CONTENTS_UNKNOWN);
	assert_string_equal(contents.label, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_type_label_and_uuid_of_a_whole_disk),
		TEST(test_control_characters_of_a_label_are_encoded),
		TEST(test_partitions_are_looked_at_where_they_start),
		TEST(test_an_empty_disk_is_known_to_be_empty),
		TEST(test_signs_of_two_things_are_unknown_not_empty),
		TEST(test_what_cannot_be_read_is_unknown_and_the_rest_is_not),
		TEST(test_a_node_of_another_disk_is_not_read),
		TEST(test_a_missing_node_is_an_error),
		TEST(test_a_running_probe_can_be_freed),
		cmocka_unit_test(test_an_answer_that_lies_about_a_length_is_refused),
		cmocka_unit_test(test_an_answer_that_does_not_fit_is_refused),
		cmocka_unit_test(test_an_unknown_answer_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
