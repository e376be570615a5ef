/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents of disks are looked at by a child that can do nothing else. */
#include "test.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "child.h"
#include "probe-answer.h"
#include "probe-sandbox.h"
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
	assert_int_equal(probe_start(fixture->tree.path, &fixture->disk, partitions, n, &probe), 0);
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
			probe_start(fixture->tree.path, &fixture->disk, NULL, 0, &probe), 0);
		probe_free(probe);
	}
}

/* ---- the sandbox ---------------------------------------------------------------------------- */

static int in_sandbox(child_fn fn)
{
	struct child *child;
	int r;

	assert_int_equal(child_start(fn, NULL, NULL, 0, &child), 0);
	wait_readable(child_fd(child));
	r = child_status(child);
	assert_int_equal(child_status(child), r);
	child_free(child);
	return r;
}

static void enter(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || probe_sandbox_enter(fd, 5) < 0)
		_exit(99);
}

static int read_disk(void *data)
{
	char magic[4];

	(void)data;
	enter();
	return pread(PROBE_SANDBOX_FD, magic, 4, 0) == 4 && !memcmp(magic, "\177ELF", 4) ? 0 : 1;
}

static int open_file(void *data)
{
	(void)data;
	enter();
	return open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES ? 0 : 1;
}

static int do_nothing(void *data)
{
	(void)data;
	enter();
	return 0;
}

static int take_memory(void *data)
{
	(void)data;
	enter();
	return mmap(NULL, 2 * PROBE_MEMORY_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? 0
		       : 1;
}

static int make_code(void *data)
{
	(void)data;
	enter();
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? 0
		       : 1;
}

static int run_program(void *data)
{
	(void)data;
	enter();
	execl("/bin/true", "true", NULL);
	return 0;
}

static int open_socket(void *data)
{
	(void)data;
	enter();
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int write_disk(void *data)
{
	(void)data;
	enter();
	return write(PROBE_SANDBOX_FD, "x", 1) < 0;
}

static void test_the_sandbox_lets_the_disk_be_read(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(read_disk), 0);
}

static void test_the_sandbox_refuses_what_libraries_may_ask_for(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(open_file), 0);
	assert_int_equal(in_sandbox(take_memory), 0);
	assert_int_equal(in_sandbox(make_code), 0);
}

/* A line of /proc/PID/status of a child that has ended and was not reaped yet. */
static void read_status(int pidfd, const char *key, char *ret, size_t size)
{
	char path[64], *data, *line;
	size_t length;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	assert_int_equal(read_file_at(AT_FDCWD, path, 4096, &data, &length), 0);
	snprintf(path, sizeof(path), "/proc/%d/status", atoi(strstr(data, "\nPid:") + 5));
	free(data);
	assert_int_equal(read_file_at(AT_FDCWD, path, 16384, &data, &length), 0);
	line = strstr(data, key);
	assert_non_null(line);
	line += strlen(key);
	snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line);
	free(data);
}

static void test_the_sandbox_leaves_no_privileges(void **state)
{
	struct child *child;
	char value[64];

	(void)state;
	assert_int_equal(child_start(do_nothing, NULL, NULL, 0, &child), 0);
	wait_readable(child_fd(child));
	read_status(child_fd(child), "\nNoNewPrivs:\t", value, sizeof(value));
	assert_string_equal(value, "1");
	read_status(child_fd(child), "\nCapPrm:\t", value, sizeof(value));
	assert_string_equal(value, "0000000000000000");
	if (geteuid() == 0) {
		read_status(child_fd(child), "\nUid:\t", value, sizeof(value));
		assert_string_equal(value, "65534\t65534\t65534\t65534");
		read_status(child_fd(child), "\nGroups:\t", value, sizeof(value));
		assert_string_equal(value, " ");
	}
	assert_int_equal(child_status(child), 0);
	child_free(child);
}

static void test_the_sandbox_kills_intruders(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(run_program), -ECHILD);
	assert_int_equal(in_sandbox(open_socket), -ECHILD);
	assert_int_equal(in_sandbox(write_disk), -ECHILD);
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
		cmocka_unit_test(test_the_sandbox_lets_the_disk_be_read),
		cmocka_unit_test(test_the_sandbox_refuses_what_libraries_may_ask_for),
		cmocka_unit_test(test_the_sandbox_leaves_no_privileges),
		cmocka_unit_test(test_the_sandbox_kills_intruders),
		cmocka_unit_test(test_an_answer_that_lies_about_a_length_is_refused),
		cmocka_unit_test(test_an_answer_that_does_not_fit_is_refused),
		cmocka_unit_test(test_an_unknown_answer_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
