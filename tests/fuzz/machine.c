/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc and /sys, whatever is in them: who a disk is, and who uses it. */
#include "../unit/machine.h"

#include <sys/sysmacros.h>

#include "identity.h"
#include "record.h"
#include "targets.h"
#include "users.h"

#define CONTROLLER "devices/pci0000:00/0000:00:03.0/virtio0"
#define SDA CONTROLLER "/host2/target2:0:0/2:0:0:3/block/sda"

/* Who they are told of, in one answer. */
#define USERS_MAX 4

/* Made once: the input replaces files in it. */
static struct machine machine;

static void tear_down(void)
{
	remove_machine(&machine);
}

static void set_up(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	make_machine(&machine);
	put_controller(&machine, CONTROLLER);
	put_disk(&machine, SDA, "8:0");
	put_block(&machine, SDA "/sda1", "8:1");
	put_attribute(&machine, SDA "/sda1", "partition", "1");
	put_attribute(&machine, SDA "/sda1", "start", "8");
	put_attribute(&machine, SDA "/sda1", "size", "8");
	put_text(&machine.tree, "etc/hotslot.conf", "");
	put_text(&machine.tree, "proc/swaps", "");
	put_text(&machine.tree, "proc/7/comm", "sh\n");
	put_link(&machine.tree, "proc/7/ns/mnt", "mnt:[7]");
	put_link(&machine.tree, "proc/self/ns/mnt", "mnt:[1]");
	atexit(tear_down);
}

/* The input's parts, in the order of these files. */
static void put_parts(const char *const *files, size_t n, const char *data, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		size_t before = size;
		_cleanup_free_ char *part = fuzz_part(&data, &size);

		if (before > 0)
			put_text(&machine.tree, files[i], part);
	}
}

static void check_record(const struct disk *disk)
{
	char decoded[SERIAL_ENCODED_MAX + 1];
	json_t *json;

	hold(*disk->name && !strchr(disk->name, '/'));
	hold(!*disk->serial || serial_decode(disk->serial, decoded) > 0);
	json = disk_to_json(disk);
	hold(json); /* that is: all of it is UTF-8 */
	json_decref(json);
}

void fuzz_machine(const char *data, size_t size)
{
	static const char *const files[] = { "sys/" SDA "/device/vpd_pg80", "proc/1/mountinfo",
		"proc/cmdline", "etc/hotslot.conf", "sys/" SDA "/size", "sys/" SDA "/diskseq",
		"sys/" SDA "/ro", "sys/" SDA "/queue/logical_block_size",
		"sys/" SDA "/sda1/partition", "sys/" SDA "/sda1/start" };
	_cleanup_free_ struct partition *partitions = NULL;
	struct identity_error error = {};
	struct identity identity;
	struct disk disk;
	size_t n;

	set_up();
	put_parts(files, ARRAY_SIZE(files), data, size);
	if (identity_read(&machine.view, &identity) < 0)
		return;
	if (disk_identify(&machine.view, &identity, SDA, &disk, &error) == 0)
		check_record(&disk);
	else
		hold(memchr(error.reason, '\0', sizeof(error.reason)));
	if (disk_read_partitions(&machine.view, SDA, &partitions, &n) == 0)
		hold(n <= PARTITIONS_MAX);
}

void fuzz_users(const char *data, size_t size)
{
	static const char *const files[] = { "proc/self/mountinfo", "proc/7/mountinfo",
		"proc/swaps", "proc/7/comm", "sys/" SDA "/sda1/dev" };
	const struct disk disk = { .name = "sda", .devnum = makedev(8, 0) };
	const struct partition partition = { .number = 1, .name = "sda1", .devnum = makedev(8, 1) };
	struct disk_user users[USERS_MAX];
	size_t count;

	set_up();
	put_parts(files, ARRAY_SIZE(files), data, size);
	if (disk_users_find(machine.view.proc, machine.view.sys, NULL, 1, &disk, &partition, 1,
		    users, USERS_MAX, &count) < 0)
		return;
	for (size_t i = 0; i < count && i < USERS_MAX; i++) {
		hold(text_is_printable(users[i].what, strlen(users[i].what)));
		hold(text_is_printable(users[i].process, strlen(users[i].process)));
	}
}
