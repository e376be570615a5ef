/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children that are left to their work in the kernel. */
#include "jobs.h"

#include <errno.h>
#include <string.h>

#include "util.h"

static struct job {
	pid_t pid; /* 0: free */
	char *name;
} jobs[JOBS_MAX];

static void drop_if_over(struct job *job)
{
	if (job->pid == 0 || child_is_left(job->pid))
		return;
	free(job->name);
	*job = (struct job){};
}

static int find_free(const char *name, struct job **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = &jobs[i];

		drop_if_over(job);
		if (job->pid == 0)
			*ret = job;
		else if (!strcmp(job->name, name))
			return -EALREADY;
	}
	return *ret ? 0 : -EBUSY;
}

int job_start(const char *name, child_fn fn, void *data, int keep)
{
	struct child *child;
	struct job *job;
	char *copy;
	int r = find_free(name, &job);

	if (r < 0)
		return r;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	r = child_start(fn, data, &keep, 1, &child);
	if (r < 0) {
		free(copy);
		return r;
	}
	*job = (struct job){ .pid = child_pid(child), .name = copy };
	child_leave(child);
	return 0;
}
