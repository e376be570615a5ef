/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A forked child that does what could block, and that nobody ever waits for. */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "util.h"

struct child {
	pid_t pid;
	int fd;
	bool reaped;
	int status; /* as of waitpid(), once reaped */
	struct child *next;
};

/* Killed, but not dead yet when their owner was done with them. */
static struct child *abandoned;

static bool reap(struct child *child)
{
	pid_t pid;

	if (child->reaped)
		return true;
	do
		pid = waitpid(child->pid, &child->status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid < 0) /* somebody else reaped it: how it ended is lost */
		child->status = SIGKILL;
	child->reaped = pid != 0;
	return child->reaped;
}

static void reap_abandoned(void)
{
	struct child **link = &abandoned;

	while (*link) {
		struct child *child = *link;

		if (reap(child)) {
			*link = child->next;
			free(child);
		} else {
			link = &child->next;
		}
	}
}

/* The lowest of the N descriptors in KEEP that is not below FIRST, or -1. */
static int lowest(const int *keep, size_t n, int first)
{
	int found = -1;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= first && (found < 0 || keep[i] < found))
			found = keep[i];
	return found;
}

static void close_others(const int *keep, size_t n)
{
	int first = STDERR_FILENO + 1, next;

	while ((next = lowest(keep, n, first)) >= 0) {
		if (next > first)
			syscall(SYS_close_range, first, next - 1, 0);
		first = next + 1;
	}
	syscall(SYS_close_range, first, ~0U, 0);
}

static _Noreturn void run(child_fn fn, void *data, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the kernel knew that we want to die with it */
		_exit(EXIT_FAILURE);
	_exit(fn(data));
}

int child_start(child_fn fn, void *data, const int *keep, size_t n, struct child **ret)
{
	struct child *child;
	pid_t parent = getpid();
	int r;

	reap_abandoned();
	child = calloc(1, sizeof(*child));
	if (!child)
		return -ENOMEM;
	child->pid = fork();
	if (child->pid < 0) {
		r = -errno;
		free(child);
		return r;
	}
	if (child->pid == 0) {
		close_others(keep, n);
		run(fn, data, parent);
	}
	/* Not reaped yet, so the number cannot be another process's. */
	child->fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->fd < 0) {
		r = -errno;
		child_free(child);
		return r;
	}
	*ret = child;
	return 0;
}

int child_fd(const struct child *child)
{
	return child->fd;
}

int child_status(struct child *child)
{
	if (!reap(child))
		return -EAGAIN;
	return WIFEXITED(child->status) ? WEXITSTATUS(child->status) : -ECHILD;
}

void child_leave(struct child *child)
{
	closep(&child->fd);
	child->next = abandoned;
	abandoned = child;
	reap_abandoned();
}

pid_t child_pid(const struct child *child)
{
	return child->pid;
}

bool child_is_left(pid_t pid)
{
	reap_abandoned();
	for (const struct child *child = abandoned; child; child = child->next)
		if (child->pid == pid)
			return true;
	return false;
}

bool child_kill(struct child *child)
{
	if (!child || reap(child))
		return false;
	kill(child->pid, SIGKILL);
	return true;
}

void child_free(struct child *child)
{
	if (!child)
		return;
	child_kill(child);
	child_leave(child);
}
