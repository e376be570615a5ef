/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at the contents of a disk and of its partitions, in a child without privileges. */
#include "probe.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "child.h"
#include "probe-answer.h"
#include "probe-read.h"
#include "probe-sandbox.h"
#include "probe-table.h"
#include "util.h"

/* As seconds of processor time: what a probe can burn before its deadline, and it never should. */
#define PROBE_CPU_S (PROBE_DEADLINE_MS / 1000)

/* Least favoured: whatever else wants the processor comes first. */
#define NICE_LAST 19

enum exit_status {
	EXIT_LOOKED = 0,
	EXIT_STALE = 2,	 /* the node is not that disk */
	EXIT_NODE = 3,	 /* the node cannot be opened */
	EXIT_LOCKED = 4, /* the sandbox cannot be entered: nothing was read */
};

struct probe {
	struct child *child;
	uint64_t deadline;
	size_t n;		      /* partitions */
	struct probe_answer *answers; /* n + 1, the disk's first; shared with the child */
};

/* What the child works with: its own copy, as of the fork. */
struct task {
	const char *dev_dir;
	const struct disk *disk;
	const struct partition *partitions;
	unsigned flags; /* probe_flags */
	const struct probe *probe;
};

static size_t answers_size(const struct probe *probe)
{
	return (probe->n + 1) * sizeof(*probe->answers);
}

/* ---- in the child --------------------------------------------------------------------------- */

static int open_node(const struct task *task, const char *name)
{
	_cleanup_close_ int dir = open(task->dev_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* Never for writing: closing it then makes a change event and a rescan of partitions. */
	return dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static int open_disk(const struct task *task, int *ret)
{
	_cleanup_close_ int fd = open_node(task, task->disk->name);
	struct stat st;
	uint64_t diskseq;

	if (fd < 0 || fstat(fd, &st) < 0)
		return EXIT_NODE;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) < 0)
		diskseq = 0; /* before Linux 5.15 */
	if (st.st_rdev != task->disk->devnum || diskseq != task->disk->diskseq)
		return EXIT_STALE;
	*ret = steal_fd(&fd);
	return EXIT_LOOKED;
}

/* Whoever has written is told to be done when he closes the node, not when that has closed it. */
static void write_back_partitions(const struct task *task)
{
	for (size_t i = 0; i < task->probe->n; i++) {
		_cleanup_close_ int fd = open_node(task, task->partitions[i].name);

		if (fd >= 0)
			sync_file_range(fd, 0, 0,
				SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					SYNC_FILE_RANGE_WAIT_AFTER);
	}
}

static void read_contents(const struct task *task, int fd)
{
	struct probe_answer *answers = task->probe->answers;

	probe_read(fd, 0, task->disk->size, &answers[0]);
	for (size_t i = 0; i < task->probe->n; i++)
		probe_read(
			fd, task->partitions[i].start, task->partitions[i].size, &answers[i + 1]);
}

static int look(void *data)
{
	const struct task *task = data;
	struct probe_answer *answers = task->probe->answers;
	int fd, r;

	r = open_disk(task, &fd);
	if (r != EXIT_LOOKED)
		return r;
	if (!(task->flags & PROBE_IN_HURRY))
		setpriority(PRIO_PROCESS, 0, NICE_LAST);
	if (task->flags & PROBE_WRITE_BACK)
		write_back_partitions(task);
	/* The whole disk has a page cache of its own, which does not learn what was written by way
	 * of a partition while one of them is open. */
	if (task->probe->n > 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (probe_sandbox_enter(fd, PROBE_CPU_S) < 0)
		return EXIT_LOCKED;
	fd = PROBE_SANDBOX_FD;
	read_contents(task, fd);
	if (task->flags & PROBE_COMPARE_TABLE)
		answers[0].other_table =
			probe_table_differs(fd, task->disk->size, task->partitions, task->probe->n);
	return EXIT_LOOKED;
}

/* ---- in the agent --------------------------------------------------------------------------- */

int probe_start(const char *dev_dir, const struct disk *disk, const struct partition *partitions,
	size_t n, unsigned flags, struct probe **ret)
{
	struct probe *probe;
	struct task task = {
		.dev_dir = dev_dir, .disk = disk, .partitions = partitions, .flags = flags
	};
	int r;

	if (n > PARTITIONS_MAX)
		return -EINVAL;
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return -ENOMEM;
	probe->n = n;
	probe->deadline = now_ms() + PROBE_DEADLINE_MS;
	probe->answers = mmap(NULL, answers_size(probe), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (probe->answers == MAP_FAILED) {
		r = -errno;
		free(probe);
		return r;
	}
	task.probe = probe;
	r = child_start(look, &task, NULL, 0, &probe->child);
	if (r < 0) {
		probe_free(probe);
		return r;
	}
	*ret = probe;
	return 0;
}

int probe_fd(const struct probe *probe)
{
	return child_fd(probe->child);
}

uint64_t probe_deadline_ms(const struct probe *probe)
{
	return probe->deadline;
}

static int child_outcome(struct probe *probe)
{
	int r = child_status(probe->child);

	switch (r) {
	case -EAGAIN:
		return -EAGAIN;
	case EXIT_LOOKED:
		return 0;
	case EXIT_STALE:
		return -ESTALE;
	case EXIT_NODE:
		return -EIO;
	default: /* killed by a limit, by the filter, by a bug of the parser */
		return -EBADMSG;
	}
}

int probe_finish(struct probe *probe, struct contents *ret_disk, struct contents *ret_partitions)
{
	struct contents unused;
	int r;

	/* The child is dead from here on: nobody changes the answers while they are read. */
	r = child_outcome(probe);
	if (r < 0)
		return r;
	for (size_t i = 0; i <= probe->n; i++) {
		r = probe_answer_check(&probe->answers[i], &unused);
		if (r < 0)
			return r;
	}
	probe_answer_check(&probe->answers[0], ret_disk);
	for (size_t i = 0; i < probe->n; i++)
		probe_answer_check(&probe->answers[i + 1], &ret_partitions[i]);
	return 0;
}

bool probe_has_other_table(const struct probe *probe)
{
	return probe->answers[0].other_table;
}

struct child *probe_free_but_child(struct probe *probe)
{
	struct child *left = NULL;

	if (!probe)
		return NULL;
	if (child_kill(probe->child))
		left = probe->child;
	else
		child_free(probe->child);
	munmap(probe->answers, answers_size(probe));
	free(probe);
	return left;
}

void probe_free(struct probe *probe)
{
	child_free(probe_free_but_child(probe));
}
