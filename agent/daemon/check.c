/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks some disks who they are, one after the other, in a child. */
#include "check.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"
#include "record.h"
#include "util.h"

#define NICE_LAST 19

/* What the child has found. */
struct findings {
	atomic_size_t count;
	uint8_t results[CHECK_MAX]; /* enum fresh_result */
};

struct check {
	struct child *child;
	uint64_t started;
	size_t n;
	struct {
		uint32_t place;
		uint64_t diskseq;
	} disks[CHECK_MAX];
	struct findings *findings; /* shared with the child */
};

struct task {
	fresh_read_fn ask;
	const char *dev_dir;
	int sysfd;
	const struct disk *const *disks;
	const bool *was_reset;
	size_t n;
	bool in_hurry;
	struct findings *findings;
};

static int ask_all(void *data)
{
	const struct task *task = data;

	if (!task->in_hurry)
		setpriority(PRIO_PROCESS, 0, NICE_LAST);
	for (size_t i = 0; i < task->n; i++) {
		task->findings->results[i] = (uint8_t)task->ask(
			task->dev_dir, task->sysfd, task->disks[i], task->was_reset[i]);
		atomic_store(&task->findings->count, i + 1);
	}
	return 0;
}

int check_start(fresh_read_fn ask, const char *dev_dir, int sysfd, const struct disk *const *disks,
	const bool *was_reset, size_t n, bool in_hurry, struct check **ret)
{
	struct task task = { ask, dev_dir, sysfd, disks, was_reset, n, in_hurry, NULL };
	struct check *check = calloc(1, sizeof(*check));
	int r;

	if (!check)
		return -ENOMEM;
	check->started = now_ms();
	check->n = n;
	for (size_t i = 0; i < n; i++) {
		check->disks[i].place = disk_place(disks[i]);
		check->disks[i].diskseq = disks[i]->diskseq;
	}
	task.findings = mmap(NULL, sizeof(*task.findings), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (task.findings == MAP_FAILED) {
		r = -errno;
		free(check);
		return r;
	}
	check->findings = task.findings;
	r = child_start(ask_all, &task, &sysfd, 1, &check->child);
	if (r < 0) {
		check_free(check);
		return r;
	}
	*ret = check;
	return 0;
}

int check_fd(const struct check *check)
{
	return child_fd(check->child);
}

uint64_t check_deadline(const struct check *check)
{
	return check->started + CHECK_DEADLINE_MS;
}

uint64_t check_started(const struct check *check)
{
	return check->started;
}

bool check_is_over(const struct check *check)
{
	return child_status(check->child) != -EAGAIN;
}

size_t check_count(const struct check *check)
{
	return atomic_load(&check->findings->count);
}

size_t check_size(const struct check *check)
{
	return check->n;
}

enum fresh_result check_result(
	const struct check *check, size_t i, uint32_t *ret_place, uint64_t *ret_diskseq)
{
	*ret_place = check->disks[i].place;
	*ret_diskseq = check->disks[i].diskseq;
	return check->findings->results[i];
}

void check_free(struct check *check)
{
	if (!check)
		return;
	child_free(check->child);
	munmap(check->findings, sizeof(*check->findings));
	free(check);
}
