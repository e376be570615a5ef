/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end: all processes, then all file systems, then the machine. */
#include "shutdown.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <termios.h>

#include "log.h"
#include "mountinfo.h"
#include "reap.h"
#include "util.h"

/* /proc/self/mountinfo and /proc/swaps: thousands of lines. */
#define TABLE_MAX (4 * 1024 * 1024)

static void end_processes(void)
{
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	if (reap_until(-1, now_ms() + TERM_DEADLINE_MS, NULL) == 0)
		return;
	kill(-1, SIGKILL);
	if (reap_until(-1, now_ms() + KILL_DEADLINE_MS, NULL) < 0)
		log_warning("some processes cannot be ended");
}

static void swap_off(void)
{
	_cleanup_free_ char *table = NULL;
	char *rest, *line;
	size_t length;

	if (read_file_at(AT_FDCWD, "/proc/swaps", TABLE_MAX, &table, &length) < 0)
		return; /* a kernel without swap */
	rest = table;
	strsep(&rest, "\n"); /* the heading */
	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, " \t")] = '\0';
		if (*line && swapoff(line) < 0)
			log_warning("cannot turn off swap on %s: %s", line, strerror(errno));
	}
}

/* Nothing in them outlives the machine, and /proc and /dev are needed to the end. */
static bool is_volatile(const char *type)
{
	static const char *const types[] = { "devpts", "devtmpfs", "proc", "ramfs", "rootfs",
		"sysfs", "tmpfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

static void unmount(const struct mount *entry)
{
	if (is_volatile(entry->type))
		return;
	if (strcmp(entry->point, "/") && umount(entry->point) == 0)
		return;
	/* In use, or the root: read-only will do. EINVAL: unmounted together with another. */
	if (mount(NULL, entry->point, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 && errno != EINVAL)
		log_warning("cannot unmount %s: %s", entry->point, strerror(errno));
}

/* The newest mount first: later ones stand on earlier ones. */
static void unmount_all(void)
{
	_cleanup_free_ char *table = NULL;
	size_t length;

	if (read_file_at(AT_FDCWD, "/proc/self/mountinfo", TABLE_MAX, &table, &length) < 0)
		return;
	while (length > 0) {
		char *newline, *line;
		struct mount entry;

		table[--length] = '\0'; /* its newline */
		newline = memrchr(table, '\n', length);
		line = newline ? newline + 1 : table;
		if (mount_parse(line, &entry) == 0)
			unmount(&entry);
		length = (size_t)(line - table);
	}
}

void shut_down(int command)
{
	end_processes();
	sync();
	swap_off();
	unmount_all();
	sync();
	tcdrain(STDERR_FILENO);
	reboot(command);
	/* Only a kernel without power-off returns. */
	for (;;)
		pause();
}

void give_up(void)
{
	log_error("cannot go on: powering off");
	shut_down(RB_POWER_OFF);
}
