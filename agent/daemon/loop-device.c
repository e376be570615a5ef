/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a loop device stands on. */
#include "loop-device.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "util.h"

/* A node that is there for a moment, should another of that name be there. */
#define ASIDE ".hotslot-loop"

static int open_node(int dir, const char *name, dev_t devnum, int *ret)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	/* What is not the device is not opened: that can have effects. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != devnum)
		return -ENODEV;
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*ret = steal_fd(&fd);
	return 0;
}

static int open_own_node(int dir, dev_t devnum, int *ret)
{
	int r;

	unlinkat(dir, ASIDE, 0);
	if (mknodat(dir, ASIDE, S_IFBLK | 0600, devnum) < 0)
		return -errno;
	r = open_node(dir, ASIDE, devnum, ret);
	unlinkat(dir, ASIDE, 0);
	return r;
}

int loop_device_below(const char *dev_dir, const char *name, dev_t devnum, dev_t *ret)
{
	_cleanup_close_ int dir = open(dev_dir, O_PATH | O_DIRECTORY | O_CLOEXEC), loop = -1;
	struct loop_info64 info;

	if (dir < 0)
		return -errno;
	if (open_node(dir, name, devnum, &loop) < 0) {
		int r = open_own_node(dir, devnum, &loop);

		if (r < 0)
			return r;
	}
	if (ioctl(loop, LOOP_GET_STATUS64, &info) < 0)
		return -errno;
	*ret = (dev_t)info.lo_rdevice;
	return 0;
}
