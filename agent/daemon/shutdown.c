/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the guest power off or reboot in good order. */
#include "shutdown.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>

#include "child.h"
#include "util.h"

static int run_command(void *data)
{
	const bool *reboot = data;
	const char *name = *reboot ? "reboot" : "poweroff";

	execlp(name, name, (char *)NULL);
	return 127;
}

static int start_command(bool reboot)
{
	struct child *child;
	int r = child_start(run_command, &reboot, NULL, 0, &child);

	if (r == 0)
		child_leave(child);
	return r;
}

int shutdown_start(const char *run_directory, bool reboot)
{
	char mark[PATH_MAX];
	int signal;

	if ((size_t)snprintf(mark, sizeof(mark), "%s/" INIT_MARK, run_directory) >= sizeof(mark))
		return -ENAMETOOLONG;
	if (access(mark, F_OK) == 0)
		signal = reboot ? SIGTERM : SIGUSR2; /* as busybox's init has them */
	else if (access("/run/systemd/system", F_OK) == 0)
		signal = SIGRTMIN + (reboot ? 5 : 4); /* systemd(1), SIGNALS */
	else
		return start_command(reboot);
	return kill(1, signal) < 0 ? -errno : 0;
}
