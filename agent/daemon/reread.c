/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel read a disk's partition table once more, in a child. */
#include "reread.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "util.h"

struct task {
	const char *dev_dir;
	const struct disk *disk;
};

static int open_disk(const struct task *task)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	uint64_t diskseq;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", task->dev_dir, task->disk->name);
	/* Never for writing: closing it then is what this is the answer to. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) < 0)
		diskseq = 0; /* before Linux 5.15 */
	if (st.st_rdev != task->disk->devnum || diskseq != task->disk->diskseq)
		return -ESTALE;
	return steal_fd(&fd);
}

static int lock(int fd)
{
	int r;

	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int reread(void *data)
{
	_cleanup_close_ int fd = open_disk(data);
	int r = fd;

	/* Whoever writes a table locks the disk, and so does udevd while it looks at partitions
	 * (systemd.io/BLOCK_DEVICE_LOCKING). */
	if (r >= 0)
		r = lock(fd);
	if (r < 0)
		return -r;
	alarm(REREAD_S);
	return ioctl(fd, BLKRRPART, 0) < 0 ? errno : 0;
}

int reread_start(const char *dev_dir, const struct disk *disk, struct child **ret)
{
	struct task task = { .dev_dir = dev_dir, .disk = disk };

	return child_start(reread, &task, NULL, 0, ret);
}
