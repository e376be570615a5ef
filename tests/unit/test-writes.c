/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/writes.h: what is written to a disk in the guest is looked at, nothing else is. */
#include "guest.h"

#include "probe-table.h"
#include "writes.h"

#define DISK_SIZE (4 * 1024 * 1024)

/* A file for a node: devnum 0:0 and diskseq 0 are what a file has. */
static void put_file_disk(struct guest *guest)
{
	char path[PATH_MAX];

	guest->tracker.probing = true;
	put_disk(&guest->machine, SDA, "0:0");
	put_attribute(&guest->machine, SDA, "diskseq", "0");
	put_text(&guest->machine.tree, "dev/sda", "");
	snprintf(path, sizeof(path), "%s/dev/sda", guest->machine.tree.path);
	assert_int_equal(truncate(path, DISK_SIZE), 0);
	guest_look(guest, SDA);
	json_decref(hear_guest(guest));
}

static bool is_known(struct guest *guest)
{
	return guest->tracker.inventory.entries[0]->contents.state == CONTENTS_KNOWN;
}

static bool is_pending(struct guest *guest)
{
	return guest->tracker.inventory.entries[0]->contents.state == CONTENTS_PENDING;
}

/* swapon(8)'s header: version 1, last page, magic. */
static void put_swap(int fd)
{
	static const char version[] = { 1, 0, 0, 0, (char)200, 0, 0, 0 };

	assert_int_equal(pwrite(fd, version, sizeof(version), 1024), sizeof(version));
	assert_int_equal(pwrite(fd, "SWAPSPACE2", 10, 4096 - 10), 10);
}

static int open_node(struct guest *guest, const char *path, int flags)
{
	int fd = openat(guest->machine.tree.fd, path, flags | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void test_what_is_written_is_told(void **state)
{
	struct guest *guest = *state;
	int fd;

	put_file_disk(guest);
	check_frame(guest, "event", "contents", "{\"state\":\"known\"}");
	fd = open_node(guest, "dev/sda", O_WRONLY);
	put_swap(fd);
	close(fd);
	check_frame(guest, "event", "contents", "{\"state\":\"known\",\"type\":\"swap\"}");
}

/* Whoever only reads, as our own look does, is not heard: a ping is answered and nothing else has
 * happened by then. */
static void test_who_only_reads_causes_nothing(void **state)
{
	struct guest *guest = *state;

	put_file_disk(guest);
	run_guest_until(guest, is_known);
	json_decref(hear_guest(guest));
	close(open_node(guest, "dev/sda", O_RDONLY));
	ask(guest, "ping", "{}");
	json_decref(hear_guest(guest));
	assert_true(is_known(guest));
	close(open_node(guest, "dev/sda", O_WRONLY));
	run_guest_until(guest, is_pending);
}

static void test_a_partition_is_heard_of_once_it_is_there(void **state)
{
	struct guest *guest = *state;
	struct entry *entry;

	put_file_disk(guest);
	put_text(&guest->machine.tree, "dev/sda1", "");
	put_attribute(&guest->machine, SDA "/sda1", "dev", "0:0");
	put_attribute(&guest->machine, SDA "/sda1", "start", "2048");
	put_attribute(&guest->machine, SDA "/sda1", "size", "2048");
	put_attribute(&guest->machine, SDA "/sda1", "partition", "1");
	guest_look(guest, SDA);
	run_guest_until(guest, is_known);
	entry = guest->tracker.inventory.entries[0];
	assert_int_equal(entry->n_watches, 2);
	close(open_node(guest, "dev/sda1", O_WRONLY));
	run_guest_until(guest, is_pending);
	assert_false(entry->written);
	remove_attribute(&guest->machine, SDA "/sda1", "partition");
	guest_look(guest, SDA);
	assert_int_equal(entry->n_watches, 1);
}

static void test_what_is_written_by_way_of_a_mirror_is_heard(void **state)
{
	struct guest *guest = *state;
	char mirror[96];

	snprintf(mirror, sizeof(mirror), "%s/mirror", guest->machine.tree.path);
	put_text(&guest->machine.tree, "mirror/sda", "");
	assert_int_equal(links_add_mirror(&guest->tracker.links, mirror), 0);
	put_file_disk(guest);
	run_guest_until(guest, is_known);
	close(open_node(guest, "mirror/sda", O_WRONLY));
	run_guest_until(guest, is_pending);
}

static void test_a_disk_that_is_released_is_not_watched(void **state)
{
	struct guest *guest = *state;
	struct entry *entry;

	put_file_disk(guest);
	entry = guest->tracker.inventory.entries[0];
	assert_int_equal(entry->n_watches, 1);
	entry->state = ENTRY_RELEASED;
	writes_watch(&guest->tracker, entry);
	assert_int_equal(entry->n_watches, 0);
	entry->state = ENTRY_PRESENT;
	writes_watch(&guest->tracker, entry);
	assert_int_equal(entry->n_watches, 1);
}

/* ---- the table ---- */

/* A DOS table: an entry is type, start and size in sectors. */
static void put_table_entry(unsigned char *table, unsigned i, const uint32_t entry[3])
{
	unsigned char *raw = table + 446 + 16 * i;

	raw[4] = (unsigned char)entry[0];
	for (unsigned k = 0; k < 4; k++) {
		raw[8 + k] = (unsigned char)(entry[1] >> 8 * k);
		raw[12 + k] = (unsigned char)(entry[2] >> 8 * k);
	}
	table[510] = 0x55, table[511] = 0xaa;
}

static bool differs(struct guest *guest, const struct partition *partitions, size_t n)
{
	int fd = open_node(guest, "dev/sda", O_RDONLY);
	bool other = probe_table_differs(fd, DISK_SIZE, partitions, n);

	close(fd);
	return other;
}

static void test_a_table_is_compared_with_what_the_kernel_has(void **state)
{
	struct guest *guest = *state;
	struct partition partitions[] = {
		{ .number = 1, .start = 1048576, .size = 1048576 },
		{ .number = 2, .start = 2097152, .size = 1024 }, /* extended */
		{ .number = 5, .start = 2098176, .size = 512 * 100 },
	};
	unsigned char table[512] = {}, logical[512] = {};
	int fd;

	put_file_disk(guest);
	assert_false(differs(guest, NULL, 0));
	assert_true(differs(guest, partitions, 1));
	put_table_entry(table, 0, (const uint32_t[]){ 0x83, 2048, 2048 });
	put_table_entry(table, 1, (const uint32_t[]){ 5, 4096, 2048 });
	put_table_entry(logical, 0, (const uint32_t[]){ 0x83, 2, 100 });
	fd = open_node(guest, "dev/sda", O_WRONLY);
	assert_int_equal(pwrite(fd, table, sizeof(table), 0), sizeof(table));
	assert_int_equal(pwrite(fd, logical, sizeof(logical), 2097152), sizeof(logical));
	close(fd);
	assert_false(differs(guest, partitions, 3));
	assert_true(differs(guest, partitions, 2));
	partitions[2].size += 512;
	assert_true(differs(guest, partitions, 3));
	partitions[2].size -= 512;
	partitions[0].start += 512;
	assert_true(differs(guest, partitions, 3));
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_what_is_written_is_told),
		GUEST_TEST(test_who_only_reads_causes_nothing),
		GUEST_TEST(test_a_partition_is_heard_of_once_it_is_there),
		GUEST_TEST(test_what_is_written_by_way_of_a_mirror_is_heard),
		GUEST_TEST(test_a_disk_that_is_released_is_not_watched),
		GUEST_TEST(test_a_table_is_compared_with_what_the_kernel_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
