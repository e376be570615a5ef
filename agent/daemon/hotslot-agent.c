/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot-agent: names hot-plugged virtio-scsi disks in a guest and tells the host of them. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "checker.h"
#include "log.h"
#include "lost.h"
#include "pending.h"
#include "prober.h"
#include "server.h"
#include "starting.h"
#include "tracker.h"
#include "watch.h"

struct agent {
	struct loop loop;
	struct tracker tracker;
	struct server server;
	struct starting starting;
	struct watch watch;
	struct source signals;
};

struct options {
	struct tracker_options tracker;
	const char *port;
	int port_fd; /* -1: none */
};

static void print_usage(FILE *out)
{
	fputs("Usage: hotslot-agent [OPTION]...\n"
	      "Names hot-plugged virtio-scsi disks in this guest and tells the host of them.\n"
	      "\n"
	      "  -p, --port PATH      the virtio-serial port; by default the one that is named\n"
	      "                       " HOTSLOT_PORT_NAME ", now or when it appears\n"
	      "      --port-fd N      speak on descriptor N, a connected stream socket\n"
	      "  -d, --dev DIR        keep the links below DIR instead of /dev\n"
	      "  -m, --mirror DIR     keep the same links and their nodes below DIR, too; up to 8\n"
	      "                       times\n"
	      "  -r, --run DIR        keep state in DIR instead of " RUN_DIRECTORY "\n"
	      "      --no-contents    do not look at what is on the disks\n"
	      "  -v, --verbose        say more\n"
	      "  -h, --help           print this\n"
	      "  -V, --version        print the version\n",
		out);
}

/* ---- the loop ---- */

static uint64_t earliest_deadline(void *data)
{
	struct agent *agent = data;
	uint64_t server = server_deadline(&agent->server);
	uint64_t prober = prober_deadline(&agent->tracker);
	uint64_t checker = checker_deadline(&agent->tracker);
	uint64_t udevd = udevd_queue_deadline(&agent->watch.udevd);
	uint64_t lost = lost_deadline(&agent->tracker);
	uint64_t tracker = tracker_deadline(&agent->tracker);
	uint64_t resets = resets_deadline(&agent->watch.resets);

	return earlier(earlier(earlier(server, checker), earlier(prober, udevd)),
		earlier(earlier(lost, tracker), resets));
}

static void tick(void *data)
{
	struct agent *agent = data;

	udevd_queue_expire(&agent->watch.udevd);
	tracker_continue(&agent->tracker);
	checker_continue(&agent->tracker);
	lost_continue(&agent->tracker);
	server_tick(&agent->server);
	/* What waits for a check has asked for it just now. */
	checker_continue(&agent->tracker);
	prober_expire(&agent->tracker);
	prober_continue(&agent->tracker, pending_wants_contents(&agent->server));
	inventory_forget_idle(&agent->tracker.inventory);
	leftovers_drop(&agent->tracker.leftovers, agent->tracker.view.sys);
	foretell_continue(&agent->watch.foretell);
	resets_continue(&agent->watch.resets, pending_expected_at(&agent->server));
}

static void handle_signal(void *data, uint32_t events)
{
	struct agent *agent = data;
	struct signalfd_siginfo info;

	(void)events;
	if (read(agent->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		tracker_rescan(&agent->tracker);
		checker_doubt(&agent->tracker);
	} else {
		agent->loop.quit = true;
	}
}

static int watch_signals(struct agent *agent)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	agent->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (agent->signals.fd < 0)
		return -errno;
	agent->signals.ready = handle_signal;
	agent->signals.data = agent;
	return loop_add(&agent->loop, &agent->signals, EPOLLIN);
}

static int agent_open(struct agent *agent, struct options *options)
{
	int r;

	agent->loop.deadline = earliest_deadline;
	agent->loop.tick = tick;
	agent->loop.data = agent;
	r = loop_open(&agent->loop);
	if (r == 0)
		r = watch_signals(agent);
	if (r < 0) {
		log_error("cannot start: %s", strerror(-r));
		return r;
	}
	options->tracker.callbacks = (struct tracker_callbacks){ server_disk_added,
		server_disk_changed, server_disk_removed, &agent->server };
	if ((r = tracker_open(&agent->tracker, &agent->loop, &options->tracker)) < 0 ||
		(r = server_open(&agent->server, &agent->loop, &agent->tracker)) < 0)
		return r;
	/* First listen, then look, so that nothing falls between. */
	r = watch_open(&agent->watch, &agent->loop, &agent->tracker, &agent->server);
	if (r < 0)
		return r;
	agent->server.udevd = &agent->watch.udevd;
	r = starting_open(&agent->starting, &agent->server);
	if (r < 0)
		return r;
	tracker_rescan(&agent->tracker);
	tracker_prune_links(&agent->tracker);
	lost_resume(&agent->tracker);
	if (options->port_fd >= 0)
		return server_use_socket(&agent->server, options->port_fd);
	agent->server.port_path = options->port;
	r = server_open_port(&agent->server);
	if (r > 0)
		log_info("waiting for the port " HOTSLOT_PORT_NAME);
	return r < 0 ? r : 0;
}

static void agent_close(struct agent *agent)
{
	watch_close(&agent->watch);
	starting_close(&agent->starting);
	server_close(&agent->server);
	tracker_close(&agent->tracker);
	closep(&agent->signals.fd);
	loop_close(&agent->loop);
}

static int run(struct options *options)
{
	static struct agent agent;
	int r = agent_open(&agent, options);

	if (r < 0)
		return r;
	r = loop_run(&agent.loop);
	if (r < 0)
		log_error("cannot wait for events: %s", strerror(-r));
	agent_close(&agent);
	return r;
}

/* ---- options ---- */

enum { OPTION_PORT_FD = 256, OPTION_NO_CONTENTS };

static const struct option long_options[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "port-fd", required_argument, NULL, OPTION_PORT_FD },
	{ "dev", required_argument, NULL, 'd' },
	{ "mirror", required_argument, NULL, 'm' },
	{ "run", required_argument, NULL, 'r' },
	{ "no-contents", no_argument, NULL, OPTION_NO_CONTENTS },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{},
};

static int parse_descriptor(const char *text, int *ret)
{
	uint64_t fd;

	if (parse_u64(text, INT32_MAX, &fd) < 0 || fcntl((int)fd, F_GETFD) < 0) {
		log_error("--port-fd %s: no open descriptor", text);
		return -EINVAL;
	}
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	fcntl((int)fd, F_SETFL, fcntl((int)fd, F_GETFL) | O_NONBLOCK);
	*ret = (int)fd;
	return 0;
}

static int add_mirror(struct tracker_options *options, const char *directory)
{
	if (options->n_mirrors == MIRRORS_MAX) {
		log_error("--mirror %s: there can be %d at most", directory, MIRRORS_MAX);
		return -EINVAL;
	}
	options->mirrors[options->n_mirrors++] = directory;
	return 0;
}

/* Returns 1 if the program is to go on, else 0 or -EINVAL. */
static int parse_options(int argc, char *argv[], struct options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "p:d:m:r:vhV", long_options, NULL)) >= 0) {
		switch (c) {
		case 'p':
			options->port = optarg;
			break;
		case OPTION_PORT_FD:
			if (parse_descriptor(optarg, &options->port_fd) < 0)
				return -EINVAL;
			break;
		case 'd':
			options->tracker.dev_directory = optarg;
			break;
		case 'm':
			if (add_mirror(&options->tracker, optarg) < 0)
				return -EINVAL;
			break;
		case 'r':
			options->tracker.run_directory = optarg;
			break;
		case OPTION_NO_CONTENTS:
			options->tracker.probing = false;
			break;
		case 'v':
			log_set_max_priority(LOG_DEBUG);
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		case 'V':
			puts("hotslot-agent " HOTSLOT_VERSION);
			return 0;
		default:
			print_usage(stderr);
			return -EINVAL;
		}
	}
	if (optind == argc)
		return 1;
	log_error("%s: unexpected argument", argv[optind]);
	return -EINVAL;
}

/* jansson would read /dev/urandom for this, and a kernel that has just booted on a CPU without
 * RDRAND takes a second to fill that. What it protects from, a host that chooses keys which
 * collide, is bounded by the length of a frame; and the host is trusted. */
static void seed_json(void)
{
	size_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_INSECURE) != sizeof(seed))
		seed = (size_t)getpid();
	json_object_seed(seed | 1); /* 0 stands for reading it */
}

/* A released disk keeps three descriptors, and there are 65280 slots; what is not open costs
 * nothing. */
#define DESCRIPTORS 262144

/* The usual 1024 are for who calls select(); the kernel's 4096 (the appliance's init) can be raised
 * by root, up to fs.nr_open. */
static void allow_descriptors(void)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	more.rlim_max = limit.rlim_max > DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	more.rlim_cur = more.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char *argv[])
{
	struct options options = { .tracker.probing = true, .port_fd = -1 };
	int r;

	log_open("hotslot-agent");
	seed_json();
	allow_descriptors();
	r = parse_options(argc, argv, &options);
	if (r <= 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	return run(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
