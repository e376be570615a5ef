/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of PID 1 once the appliance is up: services, signals, orphans. */
#include "supervise.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "agent-command.h"
#include "early.h"
#include "log.h"
#include "service.h"
#include "shutdown.h"
#include "udevd.h"
#include "util.h"

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The agent's until it has greeted the host: kernel threads look for disks beside it, at 0. */
#define STARTING_NICE (-20)

enum {
	SERVICE_AGENT,
	SERVICE_UDEVD,
	SERVICE_PAYLOAD,
	SERVICES,
};

struct supervisor {
	const struct options *options;
	int old_root;
	struct service services[SERVICES];
	char *payload_argv[WORDS_MAX + 1];
	struct agent_command agent;
	int signals;
	int timer;
	int notify;
};

static char *const udevd_argv[] = { (char *)UDEVD_PATH, NULL };
static char *const environment[] = { (char *)PATH, (char *)"HOME=/", (char *)"TERM=linux", NULL };
static char *const udevd_environment[] = { (char *)PATH, (char *)"SYSTEMD_LOG_LEVEL=warning",
	(char *)"NOTIFY_SOCKET=" UDEVD_NOTIFY, NULL };

static const struct service service_templates[SERVICES] = {
	[SERVICE_AGENT] = { .name = "hotslot-agent", .environment = environment },
	/* The lowest priority: its workers would take the processor from the kernel's scan and
	 * from the agent (measured: 37 ms for an attached disk instead of 16). */
	[SERVICE_UDEVD] = { .name = "udevd",
		.argv = udevd_argv,
		.environment = udevd_environment,
		.nice = 19 },
	[SERVICE_PAYLOAD] = { .name = "payload", .environment = environment, .once = true },
};

static void signal_set(sigset_t *ret)
{
	static const int signals[] = { SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2 };

	sigemptyset(ret);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(ret, signals[i]);
}

void supervise_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void start(struct supervisor *supervisor, size_t index)
{
	service_start(
		&supervisor->services[index], index == SERVICE_PAYLOAD ? -1 : supervisor->old_root);
}

static void payload_ended(const struct supervisor *supervisor, int status)
{
	char text[STATUS_TEXT_SIZE];

	status_text(status, text);
	log_info("payload exited %s", text);
	if (supervisor->options->power_off_at_end)
		shut_down(RB_POWER_OFF);
}

static void reap(struct supervisor *supervisor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < SERVICES; i++) {
			if (supervisor->services[i].pid != pid)
				continue;
			service_ended(&supervisor->services[i], status);
			if (i == SERVICE_PAYLOAD)
				payload_ended(supervisor, status);
		}
	}
}

static void handle_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	if (read(supervisor->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) { /* as busybox init has them */
	case SIGCHLD:
		reap(supervisor);
		break;
	case SIGUSR1:
		shut_down(RB_HALT_SYSTEM);
	case SIGUSR2:
		shut_down(RB_POWER_OFF);
	case SIGTERM:
	case SIGINT: /* Ctrl-Alt-Del */
		shut_down(RB_AUTOBOOT);
	}
}

static void handle_notify(struct supervisor *supervisor)
{
	int r;

	while ((r = udevd_read_notify(supervisor->notify)) >= 0) {
		if (r != UDEVD_READY)
			continue;
		r = udevd_coldplug();
		if (r < 0)
			log_warning("cannot tell udevd of the devices: %s", strerror(-r));
	}
}

/* Starts again who is due, and sets the timer for who is next. */
static void handle_restarts(struct supervisor *supervisor)
{
	struct itimerspec timer = {};
	uint64_t now = now_ms(), next = 0;

	for (size_t i = 0; i < SERVICES; i++) {
		struct service *service = &supervisor->services[i];

		if (service->restart_ms && service->restart_ms <= now)
			start(supervisor, i);
		if (service->restart_ms && (!next || service->restart_ms < next))
			next = service->restart_ms;
	}
	timer.it_value.tv_sec = (time_t)(next / 1000);
	timer.it_value.tv_nsec = (long)(next % 1000) * 1000000;
	timerfd_settime(supervisor->timer, TFD_TIMER_ABSTIME, &timer, NULL);
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_sources(struct supervisor *supervisor, int epoll)
{
	sigset_t set;
	int r;

	signal_set(&set);
	supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	supervisor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (epoll < 0 || supervisor->signals < 0 || supervisor->timer < 0)
		return -errno;
	r = udevd_open_notify(&supervisor->notify);
	if (r == 0)
		r = watch(epoll, supervisor->signals);
	if (r == 0)
		r = watch(epoll, supervisor->timer);
	return r < 0 ? r : watch(epoll, supervisor->notify);
}

static int run(struct supervisor *supervisor, int epoll)
{
	for (;;) {
		struct epoll_event event;
		uint64_t expirations;

		handle_restarts(supervisor);
		if (epoll_wait(epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (event.data.fd == supervisor->signals)
			handle_signal(supervisor);
		else if (event.data.fd == supervisor->notify)
			handle_notify(supervisor);
		else if (read(supervisor->timer, &expirations, sizeof(expirations)) < 0)
			continue; /* set anew meanwhile */
	}
}

static int prepare_payload(struct supervisor *supervisor)
{
	int r = split_words(supervisor->options->exec, supervisor->payload_argv);

	if (r <= 0) {
		log_error("hotslot.exec= is no command: %s", r == -EINVAL ? "a quote is open"
							     : r == 0	  ? "it is empty"
								      : "it has too many words");
		return -EINVAL;
	}
	supervisor->services[SERVICE_PAYLOAD].argv = supervisor->payload_argv;
	return 0;
}

static bool have_udevd(int old_root)
{
	return faccessat(old_root >= 0 ? old_root : AT_FDCWD,
		       old_root >= 0 ? &UDEVD_PATH[1] : UDEVD_PATH, X_OK, 0) == 0;
}

static void start_udevd(struct supervisor *supervisor)
{
	struct service *udevd = &supervisor->services[SERVICE_UDEVD];
	int r = supervisor->options->all_uevents ? 0 : udevd_open_uevents(&udevd->socket);

	/* It opens one itself then. */
	if (r < 0)
		log_warning("cannot filter uevents for udevd: %s", strerror(-r));
	start(supervisor, SERVICE_UDEVD);
}

/* The agent hears of the disks that are found, and is told when that is over. */
static int load_later(struct service *agent, enum load_part part)
{
	int r = load_modules(MODULE_LIST, part);

	if (agent->pid > 0)
		setpriority(PRIO_PROCESS, (id_t)agent->pid, 0);
	if (r < 0)
		return r;
	if (unlink(RUN_STARTING) < 0) {
		r = -errno;
		log_error("cannot remove " RUN_STARTING ": %s", strerror(-r));
	}
	return r;
}

static int start_agent(struct supervisor *supervisor, enum load_part later)
{
	struct service *agent = &supervisor->services[SERVICE_AGENT];

	if (later && early_mark(RUN_STARTING) < 0)
		return -EIO;
	agent->argv =
		agent_command_make(&supervisor->agent, supervisor->options, supervisor->old_root);
	start(supervisor, SERVICE_AGENT);
	if (later && agent->pid > 0)
		setpriority(PRIO_PROCESS, (id_t)agent->pid, STARTING_NICE);
	return later ? load_later(agent, later) : 0;
}

static int start_all(struct supervisor *supervisor, enum load_part later)
{
	const struct options *options = supervisor->options;
	bool udevd = have_udevd(supervisor->old_root);

	if (options->links_by_udev && !udevd) {
		log_error("%s needs udevd, which was left out of this initramfs",
			options->no_agent ? "hotslot.agent=no" : "hotslot.links=udev");
		return -ENOENT;
	}
	if (options->exec && prepare_payload(supervisor) < 0)
		return -EINVAL;
	if (!options->no_agent) {
		int r = start_agent(supervisor, later);

		if (r < 0)
			return r;
	}
	if (udevd)
		start_udevd(supervisor);
	if (options->exec)
		start(supervisor, SERVICE_PAYLOAD);
	return 0;
}

int supervise(const struct options *options, int old_root, enum load_part later)
{
	_cleanup_close_ int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct supervisor supervisor = { .options = options, .old_root = old_root };
	int r;

	memcpy(supervisor.services, service_templates, sizeof(service_templates));
	reboot(RB_DISABLE_CAD); /* Ctrl-Alt-Del becomes SIGINT */
	r = open_sources(&supervisor, epoll);
	if (r == 0) {
		r = start_all(&supervisor, later);
		if (r < 0)
			return r; /* and has said why */
		r = run(&supervisor, epoll);
	}
	log_error("cannot look after the appliance: %s", strerror(-r));
	return r;
}

int supervise_hand_over(const struct options *options, int old_root)
{
	char *argv[] = { (char *)options->init, NULL };
	struct service agent = service_templates[SERVICE_AGENT];
	struct agent_command command;
	sigset_t none;
	int r;

	/* It takes no orders from the agent by signal. */
	if (unlink(RUN_INIT) < 0)
		log_warning("cannot remove %s: %s", RUN_INIT, strerror(errno));
	if (!options->no_agent) {
		agent.argv = agent_command_make(&command, options, old_root);
		service_start(&agent, old_root);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(options->init, argv, environment);
	r = -errno;
	supervise_block_signals();
	log_error("cannot run hotslot.init=%s: %s", options->init, strerror(-r));
	return r;
}
