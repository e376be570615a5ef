/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an initramfs has yet to mount the root file system. */
#include "root-await.h"

#include <fcntl.h>
#include <string.h>

#include "controller.h"
#include "util.h"

/* The kernel's longest command line (s390). */
#define CMDLINE_MAX 65536

/* A value that is longer names a disk. */
#define VALUE_SIZE 256

static bool is_in_memory(const struct mounts *init)
{
	for (size_t i = 0; i < init->n; i++)
		if (!strcmp(init->mounts[i].point, "/") && !mount_is_in_memory(&init->mounts[i]))
			return false;
	return true;
}

/* As the kernel, dracut and systemd have roots that are on no disk. */
static bool is_disk(const char *root)
{
	static const char *const others[] = { "/dev/ram", "/dev/nfs", "nfs", "none", "rootfs",
		"tmpfs", "virtiofs:", "9p:" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strncmp(root, others[i], strlen(others[i])))
			return false;
	return true;
}

/* What the command line says of KEY: 1 if there is a value, which may be cut. */
static bool find_value(const char *cmdline, const char *key, char ret[VALUE_SIZE])
{
	int r = cmdline_find(cmdline, key, ret, VALUE_SIZE);

	if (r < 0)
		strcpy(ret, "/");
	return r != 0 && *ret;
}

static bool cmdline_awaits(const char *cmdline, bool initrd)
{
	char value[VALUE_SIZE];

	if (find_value(cmdline, "rootfstype", value) && mount_type_is_diskless(value))
		return false;
	if (find_value(cmdline, "root", value))
		return is_disk(value);
	/* initramfs-tools: its scripts may find a root by themselves (boot=live). */
	if (find_value(cmdline, "boot", value))
		return strcmp(value, "nfs") != 0;
	return initrd;
}

bool root_is_awaited(const struct view *view, const struct mounts *init)
{
	_cleanup_free_ char *cmdline = NULL;
	size_t length;
	bool initrd;
	int r;

	if (!is_in_memory(init))
		return false;
	if (view->run >= 0 && faccessat(view->run, "hotslot/init", F_OK, 0) == 0)
		return false;
	initrd = view->etc >= 0 && faccessat(view->etc, "initrd-release", F_OK, 0) == 0;
	r = read_file_at(view->proc, "cmdline", CMDLINE_MAX, &cmdline, &length);
	return r < 0 ? r != -ENOENT || initrd : cmdline_awaits(cmdline, initrd);
}
