/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes back what the guest has yet to write to a disk. */
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "hold-take.h"
#include "users-stack.h"
#include "util.h"

/* BLKFLSBUF writes back the file system that is mounted from a device, too; fsync() also empties
 * the disk's own cache. */
static int flush(int fd)
{
	if (ioctl(fd, BLKFLSBUF, 0) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int flush_node(const struct hold_task *task, const char *name)
{
	_cleanup_close_ int fd = hold_open_node(task, name, 0);

	return fd < 0 ? fd : flush(fd);
}

/* From the top of what is stacked on the disk down to it: partitions and logical volumes have
 * caches of their own. One that goes away meanwhile has none. */
int hold_flush(const struct hold_task *task)
{
	struct stack stack;
	int r, first = 0;

	r = stack_find(task->roots->sysfd, task->roots->dev_dir, task->disk, task->partitions,
		task->n, &stack);
	if (r < 0)
		return r;
	for (size_t i = stack.n; i > 0; i--) {
		r = flush_node(task, stack.nodes[i - 1].name);
		if (i > 1 && (r == -ENOENT || r == -ENXIO))
			r = 0;
		else if (r == -ENOENT)
			r = -ENOTBLK;
		if (first == 0)
			first = r;
	}
	stack_done(&stack);
	return first;
}
