/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for processes to end, with a deadline. */
#include "reap.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "util.h"

static void wait_for_child(uint64_t ms)
{
	const struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigtimedwait(&child, NULL, &left);
}

int reap_until(pid_t pid, uint64_t deadline, int *ret_status)
{
	for (;;) {
		int status;
		pid_t ended = waitpid(pid, &status, WNOHANG);
		uint64_t now = now_ms();

		if (ended < 0)
			return pid == -1 && errno == ECHILD ? 0 : -errno;
		if (ended > 0 && pid == -1)
			continue;
		if (ended > 0) {
			if (ret_status)
				*ret_status = status;
			return 0;
		}
		if (now >= deadline)
			return -ETIMEDOUT;
		wait_for_child(deadline - now);
	}
}
