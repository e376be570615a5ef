/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that PID 1 starts, and starts again when they end. */
#include "service.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "log.h"
#include "util.h"

/* As a shell has it for a program that cannot be run. */
#define EXIT_NOT_RUN 127

/* SD_LISTEN_FDS_START */
#define FIRST_PASSED_FD 3

static int reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int enter_root(int root)
{
	if (root >= 0 && (fchdir(root) < 0 || chroot(".") < 0))
		return -1;
	return chdir("/");
}

static int open_input(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : dup2(fd, STDIN_FILENO);
}

/* In the child: the socket becomes descriptor 3, as sd_listen_fds(3) wants it, and stays open. */
static int pass_socket(int socket)
{
	char pid[16];

	if (socket == FIRST_PASSED_FD ? fcntl(socket, F_SETFD, 0) < 0
				      : dup2(socket, FIRST_PASSED_FD) < 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", getpid());
	return setenv("LISTEN_PID", pid, 1) < 0 ? -1 : setenv("LISTEN_FDS", "1", 1);
}

static int set_up_environment(const struct service *service)
{
	clearenv();
	for (char *const *entry = service->environment; *entry; entry++)
		if (putenv(*entry) != 0)
			return -1;
	return service->socket ? pass_socket(service->socket) : 0;
}

/* In the child: does not return. */
static void execute(const struct service *service, int root)
{
	setsid();
	if (enter_root(root) == 0 && open_input() == 0 && reset_signals() == 0 &&
		(!service->nice || setpriority(PRIO_PROCESS, 0, service->nice) == 0) &&
		set_up_environment(service) == 0)
		execvp(service->argv[0], service->argv);
	log_error("cannot run %s: %s", service->argv[0], strerror(errno));
	_exit(EXIT_NOT_RUN);
}

static void plan_restart(struct service *service)
{
	uint64_t now = now_ms(), delay = 0;

	if (now - service->started_ms >= RESTART_FORGIVEN_MS)
		service->failures = 0;
	if (service->failures > 0) {
		delay = RESTART_DELAY_MIN_MS;
		for (unsigned i = 1; i < service->failures && delay < RESTART_DELAY_MAX_MS; i++)
			delay *= 2;
	}
	if (delay > RESTART_DELAY_MAX_MS)
		delay = RESTART_DELAY_MAX_MS;
	service->failures++;
	service->restart_ms = now + delay;
}

void service_start(struct service *service, int root)
{
	pid_t pid = fork();

	if (pid == 0)
		execute(service, root);
	service->started_ms = now_ms();
	service->restart_ms = 0;
	if (pid < 0) {
		log_error("cannot start %s: %s", service->name, strerror(errno));
		plan_restart(service);
		return;
	}
	service->pid = pid;
}

void status_text(int status, char *ret)
{
	if (WIFSIGNALED(status))
		snprintf(ret, STATUS_TEXT_SIZE, "by signal %d", WTERMSIG(status));
	else
		snprintf(ret, STATUS_TEXT_SIZE, "with status %d", WEXITSTATUS(status));
}

void service_ended(struct service *service, int status)
{
	char text[STATUS_TEXT_SIZE];

	service->pid = 0;
	if (service->once)
		return;
	status_text(status, text);
	plan_restart(service);
	log_warning("%s ended %s and is started again", service->name, text);
}
