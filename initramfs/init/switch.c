/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moves PID 1 over to the root disk. */
#include "switch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "load.h"
#include "log.h"
#include "util.h"

#define SYSROOT "/sysroot"

/* In the initramfs as on the root disk. */
static const char *const shared[] = { "/dev", "/proc", "/sys", "/run" };

static int load_type(const char *type)
{
	char list[sizeof(MODULE_LIST) + ROOT_TYPE_SIZE];
	int r;

	if ((size_t)snprintf(list, sizeof(list), "%s.%s", MODULE_LIST, type) >= sizeof(list) ||
		strchr(type, '/'))
		return 0; /* no name of a list: mount(2) will say */
	r = load_modules(list, LOAD_ALL);
	return r == -ENOENT ? 0 : r;
}

static int mount_root(const struct options *options, const struct root *root)
{
	const char *type = options->root_type ? options->root_type : root->type;
	int r;

	if (!*type) {
		log_error("the root disk %s has no file system", root->node);
		return -EINVAL;
	}
	r = load_type(type);
	if (r < 0)
		return r;
	if (mount(root->node, SYSROOT, type, options->root_writable ? 0 : MS_RDONLY,
		    options->root_flags) == 0)
		return 0;
	r = -errno;
	log_error("cannot mount the root disk %s: %s%s%s", root->node,
		r == -ENODEV ? "build the initramfs with --root-modules " : type,
		r == -ENODEV ? "" : ": ", r == -ENODEV ? type : strerror(-r));
	return r;
}

static int share_mounts(const struct root *root)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		char point[32];
		int r;

		snprintf(point, sizeof(point), SYSROOT "%s", shared[i]);
		if (mount(shared[i], point, NULL, MS_BIND | MS_REC, NULL) == 0)
			continue;
		r = -errno;
		if (r == -ENOENT)
			log_error("the root disk %s has no directory %s: make one", root->node,
				shared[i]);
		else
			log_error("cannot mount %s on the root disk %s: %s", shared[i], root->node,
				strerror(-r));
		return r;
	}
	return 0;
}

int switch_root(const struct options *options, const struct root *root, int *ret_old_root)
{
	_cleanup_close_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0)
		return -errno;
	r = mount_root(options, root);
	if (r == 0)
		r = share_mounts(root);
	if (r < 0)
		return r;
	if (chdir(SYSROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
		chdir("/") < 0) {
		r = -errno;
		log_error("cannot switch to the root disk %s: %s", root->node, strerror(-r));
		return r;
	}
	*ret_old_root = steal_fd(&old);
	return 0;
}
