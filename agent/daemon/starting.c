/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the agent runs before the drivers of disks: what is asked of disks waits until the guest
 * has those that it was started with. */
#include "starting.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "arguments.h"
#include "log.h"
#include "requests.h"

/* As text: what JSON takes of memory is many times as much. */
struct held {
	struct held *next;
	uint64_t deadline;
	bool patient; /* its deadline is for something else: it is answered after that, too */
	char *text;
};

static void held_free(struct held *held)
{
	free(held->text);
	free(held);
}

static struct held *take(struct starting *starting, struct held **link)
{
	struct held *held = *link;

	*link = held->next;
	starting->n_held--;
	starting->n_bytes -= strlen(held->text);
	return held;
}

void starting_drop(struct starting *starting)
{
	while (starting->held)
		held_free(take(starting, &starting->held));
}

/* What it has waited already counts. */
static void shorten(json_t *request, uint64_t deadline)
{
	json_t *arguments = json_object_get(request, "arguments");
	uint64_t now = now_ms();

	if (!arguments) {
		arguments = json_object();
		json_object_set_new(request, "arguments", arguments);
	}
	json_object_set_new(arguments, "deadline",
		json_integer(deadline > now ? (json_int_t)(deadline - now) : 0));
}

static void handle_held(struct starting *starting)
{
	struct held *held = take(starting, &starting->held);
	json_t *request = json_loads(held->text, 0, NULL);

	if (request) {
		shorten(request, held->deadline);
		request_handle(starting->server, request);
	} else {
		log_error("no memory for a request that has waited");
	}
	json_decref(request);
	held_free(held);
}

static void stop(struct starting *starting)
{
	int fd = starting->source.fd;

	starting->server->starting = NULL;
	starting->server->tracker->view.starting = false;
	loop_remove(starting->server->loop, &starting->source);
	closep(&fd);
}

/* The mark has gone. What the kernel has told of the disks may not have been read yet. */
static void handle_mark(void *data, uint32_t events)
{
	struct starting *starting = data;

	(void)events;
	stop(starting);
	tracker_rescan(starting->server->tracker);
	while (starting->held)
		handle_held(starting);
}

int starting_open(struct starting *starting, struct server *server)
{
	struct tracker *tracker = server->tracker;
	char mark[sizeof(tracker->run_directory) + sizeof(STARTING_MARK) + 1];
	_cleanup_close_ int fd = -1;
	int r;

	*starting = (struct starting){ .server = server, .source.fd = -1 };
	snprintf(mark, sizeof(mark), "%s/" STARTING_MARK, tracker->run_directory);
	if (access(mark, F_OK) < 0)
		return 0;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, mark, IN_DELETE_SELF) < 0) {
		r = -errno;
		if (r == -ENOENT)
			return 0; /* it has gone just now */
		log_error("cannot watch %s: %s", mark, strerror(-r));
		return r;
	}
	starting->source = (struct source){ fd, handle_mark, starting };
	r = loop_add(server->loop, &starting->source, EPOLLIN);
	if (r < 0) {
		starting->source.fd = -1;
		log_error("cannot watch %s: %s", mark, strerror(-r));
		return r;
	}
	steal_fd(&fd);
	server->starting = starting;
	tracker->view.starting = true;
	return 0;
}

void starting_close(struct starting *starting)
{
	if (starting->source.fd >= 0)
		stop(starting);
	starting_drop(starting);
}

bool starting_is_for(const char *execute)
{
	return !strcmp(execute, HOTSLOT_REQUEST_HELLO) || !strcmp(execute, HOTSLOT_REQUEST_PING) ||
	       !strcmp(execute, HOTSLOT_REQUEST_SHUTDOWN) || !strcmp(execute, HOTSLOT_REQUEST_BYE);
}

/* At its deadline an inventory is told with what is known by then. */
static bool is_patient(const json_t *request)
{
	const char *execute = json_string_value(json_object_get(request, "execute"));

	return execute && strcmp(execute, HOTSLOT_REQUEST_DISKS) == 0;
}

static void keep(struct starting *starting, struct held *held)
{
	struct held **last = &starting->held;

	while (*last)
		last = &(*last)->next;
	*last = held;
	starting->n_held++;
	starting->n_bytes += strlen(held->text);
}

int starting_hold(struct starting *starting, const json_t *request, struct failure *failure)
{
	_cleanup_free_ char *text = json_dumps(request, JSON_COMPACT);
	struct held *held = calloc(1, sizeof(*held));
	uint64_t ms = HOTSLOT_DEADLINE_DEFAULT_MS;
	int r = 0;

	if (!text || !held)
		r = fail_request(failure, HOTSLOT_CLASS_INTERNAL, "no memory");
	else if (starting->n_held == STARTING_HELD_MAX ||
		 starting->n_bytes + strlen(text) > STARTING_BYTES_MAX)
		r = fail_request(failure, HOTSLOT_CLASS_TOO_MANY,
			"%zu requests wait already for the guest to start", starting->n_held);
	else
		r = argument_number(json_object_get(request, "arguments"), "deadline",
			HOTSLOT_DEADLINE_MAX_MS, &ms, failure);
	if (r < 0) {
		free(held);
		return r;
	}
	held->deadline = now_ms() + ms;
	held->patient = is_patient(request);
	held->text = steal_pointer(text);
	keep(starting, held);
	return 0;
}

uint64_t starting_deadline(const struct starting *starting)
{
	uint64_t earliest = UINT64_MAX;

	for (const struct held *held = starting->held; held; held = held->next)
		if (!held->patient)
			earliest = earlier(earliest, held->deadline);
	return earliest;
}

static void refuse(struct server *server, const struct held *held)
{
	json_t *request = json_loads(held->text, 0, NULL);
	struct failure failure = {};

	fail_request(&failure, HOTSLOT_CLASS_TIMEOUT,
		"the guest has yet to find the disks that it was started with");
	server_refuse(server, json_object_get(request, "id"), &failure);
	json_decref(request);
}

void starting_expire(struct starting *starting)
{
	struct held **link = &starting->held, *held;
	uint64_t now = now_ms();

	while ((held = *link)) {
		if (held->patient || held->deadline > now) {
			link = &held->next;
			continue;
		}
		take(starting, link);
		refuse(starting->server, held);
		held_free(held);
		/* Its answer may have ended the session. */
		link = &starting->held;
	}
}
