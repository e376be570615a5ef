/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps in the guest: other partition tables, an agent that is killed, a disk in use. */
#include <string.h>

#include "walk.h"

static const char *const table_names[] = {
	[TABLE_NONE] = "no table",
	[TABLE_DOS] = "a DOS table",
	[TABLE_GPT] = "a GPT",
};

/* udevd does not watch a disk while it handles an event of it, and what is written then stays
 * unseen: systemd.io/BLOCK_DEVICE_LOCKING. */
#define AWAIT_UDEVD "while [ -e /run/udev/queue ]; do usleep 1000; done\n"

/* Who of several has a name is udevd's choice where no agent runs, and may not decide anything. */
static bool has_link(struct walk *walk, const struct disk *disk)
{
	return !disk->hidden &&
	       (disk->slot >= 0 || (*disk->encoded && !disk_has_conflict(walk, disk)));
}

static bool takes_table(struct walk *walk, const struct disk *disk)
{
	return disk_is_writable(walk, disk) && disk->size >= TABLE_DISK_SECTORS * SECTOR &&
	       has_link(walk, disk);
}

static void name_link(const struct disk *disk, char *ret, size_t size)
{
	if (disk->slot >= 0)
		snprintf(ret, size, "/dev/disk/by-slot/%d", disk->slot);
	else
		snprintf(ret, size, "/dev/disk/by-serial/%s", disk->encoded);
}

static void print_base64(FILE *out, const unsigned char *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16;

		if (i + 1 < length)
			bits |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < length)
			bits |= data[i + 2];
		for (size_t k = 0; k < 4; k++)
			fputc(i + k <= length ? digits[bits >> (18 - 6 * k) & 63] : '=', out);
		if (i % 57 == 54)
			fputc('\n', out);
	}
	fputc('\n', out);
}

/* Opened once and closed once, as a partitioning program does it. dd seeks from where it is. */
static char *table_script(struct walk *walk, const struct disk *disk, bool reread)
{
	unsigned char head[TABLE_SECTORS * SECTOR];
	char link[160], text[64], *script;
	uint64_t offset = sizeof(head);
	size_t length;
	FILE *out = open_memstream(&script, &length);

	if (!out)
		walk_fail(walk, "no memory");
	name_link(disk, link, sizeof(link));
	image_head(disk, head);
	if (!reread && walk->links_by_udev)
		fputs(AWAIT_UDEVD, out);
	fprintf(out, "exec 3<>'%s' || exit\nbase64 -d <<END >&3 || exit\n", link);
	print_base64(out, head, sizeof(head));
	fputs("END\n", out);
	for (unsigned i = 0; i < disk->n_parts; i++) {
		image_part_text(disk, i + 1, text, sizeof(text));
		fprintf(out, "echo '%s' | dd bs=1 seek=%llu conv=notrunc >&3 2>/dev/null || exit\n",
			text, (unsigned long long)(disk->parts[i].start - offset));
		offset = disk->parts[i].start + strlen(text) + 1;
	}
	fputs("exec 3>&-\n", out);
	/* It is busy while udevd looks at a partition, and then udevd has it read. */
	if (reread)
		fprintf(out, "blockdev --rereadpt '%s' 2>/dev/null || true\n", link);
	fclose(out);
	return script;
}

enum outcome step_table(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, takes_table);
	_cleanup_free_ char *script = NULL, *output = NULL;
	bool reread = walk_chance(walk, 50);
	enum table before;

	if (!disk)
		return NOT_NOW;
	before = disk->table;
	image_choose_table(walk, disk, (enum table)walk_random(walk, 3));
	walk_say(walk, "disk %u, slot %d, which has %s, gets %s with %zu partitions%s",
		disk->number, disk->slot, table_names[before], table_names[disk->table],
		disk->n_parts, reread ? ", reread by hand" : "");
	script = table_script(walk, disk, reread);
	output = guest_run(walk, "%s", script);
	return SOON;
}

/* hotslot-init starts another one. */
enum outcome step_kill_agent(struct walk *walk)
{
	_cleanup_free_ char *output = NULL;

	walk_say(walk, "kill the agent");
	output = guest_run(walk, "kill -9 $(pidof hotslot-agent)");
	return SOON;
}

/* ---- in use ---- */

static char *hold(struct walk *walk, const struct disk *disk)
{
	char link[160], *pid;

	name_link(disk, link, sizeof(link));
	pid = guest_run(walk,
		"sleep 1000 3<'%s' >/dev/null 2>&1 & echo $!\n"
		"until [ -e /proc/$!/fd/3 ]; do usleep 1000; done\n",
		link);
	pid[strcspn(pid, "\n")] = '\0';
	return pid;
}

static void let_go(struct walk *walk, const char *pid)
{
	free(guest_run(
		walk, "kill %s\nwhile [ -e /proc/%s/fd/3 ]; do usleep 1000; done\n", pid, pid));
}

/* A disk that is in use stays, unless it is detached by force. */
enum outcome step_busy(struct walk *walk)
{
	struct hotslot_detach_options options = HOTSLOT_DETACH_INIT;
	struct disk *disk = disk_choose(walk, has_link);
	_cleanup_free_ char *pid = NULL;
	struct hotslot_error error;
	enum outcome outcome = AT_ONCE;
	char reference[160];
	int r;

	if (!disk)
		return NOT_NOW;
	library_reference(walk, disk, reference, sizeof(reference));
	options.force = walk_chance(walk, 40);
	options.foreign = true;
	walk_say(walk, "detach disk %u, %s, which is in use%s", disk->number, reference,
		options.force ? ", by force" : "");
	pid = hold(walk, disk);
	r = hotslot_detach(walk->domain, reference, &options, &error);
	if (options.force) {
		library_check(walk, r, &error);
		outcome = library_detached(walk, disk);
		disk_drop(walk, disk);
	} else if (r >= 0 || error.code != HOTSLOT_ERROR_DISK_BUSY) {
		walk_fail(walk, "it is not busy: %s", r < 0 ? error.message : "detached");
	}
	compare(walk, outcome == AT_ONCE);
	let_go(walk, pid);
	return AT_ONCE;
}
