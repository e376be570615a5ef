/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot watch: what happens to the disks of a domain, an event a line. */
#include "commands.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "disk-text.h"
#include "interrupt.h"
#include "options.h"
#include "output.h"

struct watch {
	struct client *client;
	const char *domain; /* as the caller calls it */
	bool connected;	    /* once */
};

#define TIME_SIZE 40

/* Of the day, for a person; the whole of it in UTC, as in RFC 3339, for a program. */
static void format_time(bool json, char ret[static TIME_SIZE])
{
	struct timeval now;
	struct tm tm;
	char text[24];

	gettimeofday(&now, NULL);
	if (json)
		strftime(text, sizeof(text), "%FT%T", gmtime_r(&now.tv_sec, &tm));
	else
		strftime(text, sizeof(text), "%T", localtime_r(&now.tv_sec, &tm));
	snprintf(ret, TIME_SIZE, "%s.%03u%s", text, (unsigned)now.tv_usec / 1000, json ? "Z" : "");
}

/* " WORD TEXT", unless there is no text. */
static void put(const char *word, const char *text)
{
	_cleanup_free_ char *safe = text && *text ? printable(text) : NULL;

	if (safe)
		printf(" %s%s%s", word, *word ? " " : "", safe);
}

static void print_disk(const struct hotslot_disk *disk)
{
	char size[SIZE_TEXT_SIZE], flags[FLAGS_TEXT_SIZE];

	if (disk->slot >= 0)
		printf(" slot %d", disk->slot);
	else
		printf(" target %u lun %u", disk->target, disk->lun);
	put("", disk->name);
	format_size(disk->size, false, size);
	put("", disk->size > 0 ? size : NULL);
	put("serial", disk->serial);
	put("", contents_type(disk));
	put("label", disk->label);
	if (disk->n_partitions > 0)
		printf(" partitions %zu", disk->n_partitions);
	format_flags(disk, false, flags);
	put("", flags);
	put("", disk->by_slot ? disk->by_slot : disk->by_serial);
}

static void print_text(const struct hotslot_watch_event *event)
{
	char now[TIME_SIZE];

	format_time(false, now);
	printf("%s %s", now, hotslot_watch_kind_name(event->kind));
	if (event->agent) {
		put("agent", event->agent->version);
		put("boot-id", event->agent->boot_id);
	}
	if (event->disk)
		print_disk(event->disk);
	put("", event->reason);
	putchar('\n');
}

/* Returns false if there is no memory. */
static bool print_json(const struct hotslot_watch_event *event)
{
	char now[TIME_SIZE];
	json_t *object;
	int r = 0;

	format_time(true, now);
	object = json_pack("{ss ss}", "event", hotslot_watch_kind_name(event->kind), "time", now);
	if (event->agent)
		r |= json_object_set_new(object, "agent", agent_json(event->agent));
	if (event->disk)
		r |= json_object_set_new(object, "disk", disk_json(event->disk));
	if (event->reason)
		r |= json_object_set_new(object, "reason", json_text(event->reason));
	if (object && r == 0)
		r = print_json_line(object);
	json_decref(object);
	return object && r == 0;
}

/* As a program ends that does not ignore that its reader is gone: nobody is there to be told. */
static void end_by_pipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static bool on_event(void *data, const struct hotslot_watch_event *event)
{
	struct watch *watch = data;
	bool done = true;

	/* What it waits for is no event yet. */
	if (event->kind == HOTSLOT_WATCH_DISCONNECTED && !watch->connected) {
		if (!watch->client->quiet)
			print_line(watch->client, watch->domain, "waiting for the agent",
				event->reason);
		return true;
	}
	watch->connected |= event->kind == HOTSLOT_WATCH_CONNECTED;
	errno = 0;
	if (watch->client->json)
		done = print_json(event);
	else
		print_text(event);
	if (ferror(stdout) && errno == EPIPE)
		end_by_pipe();
	return done && !ferror(stdout);
}

/* The disks may be quiet for a long time after the reader has gone. */
static void *watch_reader(void *data)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };

	(void)data;
	while (poll(&reader, 1, -1) < 0 && errno == EINTR)
		;
	/* Of a pipe; of a socket. */
	if (reader.revents & (POLLERR | POLLHUP))
		end_by_pipe();
	return NULL;
}

static void start_reader(void)
{
	sigset_t all, old;
	pthread_t thread;

	sigfillset(&all);
	sigdelset(&all, SIGPIPE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* Without it, the next event ends the program. */
	if (pthread_create(&thread, NULL, watch_reader, NULL) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static int watch_domain(struct client *client, const char *name, unsigned timeout_ms)
{
	struct watch watch = { .client = client, .domain = name };
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	int r = client_find(client, name, &domain, &error);

	if (r == 0 && timeout_ms > 0)
		r = hotslot_domain_connect(domain, timeout_ms, NULL, &error);
	if (r == 0)
		r = hotslot_watch(domain, on_event, &watch, &error);
	if (r < 0)
		return fail(client, NULL, name, &error, NULL);
	return ferror(stdout) ? STATUS_FAILED : STATUS_DONE;
}

static int run_watch(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct arguments arguments;
	unsigned timeout_ms = 0;
	int status;

	while (next_option(client, argc, argv, options) >= 0)
		timeout_ms = timeout_option(client);
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	/* Nothing is left half done. */
	interrupt_disarm();
	start_reader();
	return watch_domain(client, arguments.domain, timeout_ms);
}

const struct command command_watch = {
	.name = "watch",
	.run = run_watch,
	.arguments = "DOM [options]",
	.summary = "Tell of the disks of a domain: which there are, and then what happens to them",
	.help = "  --timeout S        give up if the agent is not there in S seconds; without "
		"this, "
		"wait\n",
	.where = NOT_IN_SHELL,
};
