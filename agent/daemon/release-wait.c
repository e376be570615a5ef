/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Releases that wait for a disk in use to become free. */
#include "release-wait.h"

#include <sys/epoll.h>

#include "pending.h"
#include "places.h"
#include "record.h"

struct release_wait {
	struct release_wait *next;
	struct server *server;
	uint32_t place;
	struct hold *hold; /* NULL between two looks */
	struct source source;
	json_t *users; /* who had it when it was looked at last; NULL: nobody */
};

json_t *release_report_users(const struct disk_user *users, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n && i < HOTSLOT_USERS_MAX; i++) {
		json_t *user = json_pack("{s:s, s:s, s:s}", "kind", users[i].kind, "device",
			users[i].device, "what", users[i].what);

		if (user && users[i].through[0])
			json_object_set_new(user, "through", json_string(users[i].through));
		if (user && users[i].pid > 0) {
			json_object_set_new(user, "pid", json_integer(users[i].pid));
			json_object_set_new(user, "process", json_string(users[i].process));
		}
		json_array_append_new(list, user);
	}
	return list;
}

void release_busy(const struct entry *entry, json_t *users, struct failure *failure)
{
	char text[PLACE_TEXT_SIZE];

	place_describe(disk_place(&entry->disk), text);
	fail_request(failure, HOTSLOT_CLASS_BUSY, "%s in %s is in use", entry->disk.name, text);
	failure->extra = json_pack("{s:o}", "users", users);
}

static struct release_wait *find(const struct server *server, uint32_t place)
{
	struct release_wait *wait = server->waits;

	while (wait && wait->place != place)
		wait = wait->next;
	return wait;
}

static void stop_looking(struct release_wait *wait)
{
	loop_remove(wait->server->loop, &wait->source);
	hold_free(wait->hold);
	wait->hold = NULL;
}

/* What became of the look is for the releases to see, which are checked after this. */
static void handle_look(void *data, uint32_t events)
{
	struct disk_user users[HOTSLOT_USERS_MAX];
	struct release_wait *wait = data;
	size_t n = 0;
	int r = hold_finish(wait->hold, users, ARRAY_SIZE(users), &n);

	(void)events;
	if (r == -EAGAIN)
		return;
	stop_looking(wait);
	json_decref(wait->users);
	wait->users = r == HOLD_BUSY ? release_report_users(users, n) : NULL;
}

static int look(struct release_wait *wait, const struct entry *entry)
{
	const struct tracker *tracker = wait->server->tracker;
	const struct hold_roots roots = { .sysfd = tracker->view.sys,
		.procfd = tracker->view.proc,
		.dev_dir = tracker->links.directory,
		.mirrors = tracker->links.mirrors,
		.n_mirrors = tracker->links.n_mirrors };
	int r;

	r = hold_await(&roots, &entry->disk, entry->partitions, entry->n_partitions, &wait->hold);
	if (r < 0)
		return r;
	wait->source = (struct source){ hold_fd(wait->hold), handle_look, wait };
	r = loop_add(wait->server->loop, &wait->source, EPOLLIN);
	if (r < 0)
		stop_looking(wait);
	return r;
}

static struct release_wait *add(struct server *server, uint32_t place)
{
	struct release_wait *wait = calloc(1, sizeof(*wait));

	if (!wait)
		return NULL;
	*wait = (struct release_wait){ .server = server, .place = place, .source.fd = -1 };
	wait->next = server->waits;
	server->waits = wait;
	return wait;
}

void release_wait_note(struct server *server, uint32_t place, json_t *users)
{
	struct release_wait *wait = find(server, place);

	if (!wait)
		wait = add(server, place);
	if (!wait)
		return;
	json_decref(wait->users);
	wait->users = json_incref(users);
}

int release_wait_continue(struct server *server, const struct entry *entry)
{
	struct release_wait *wait = find(server, disk_place(&entry->disk));
	int r;

	if (!wait || (!wait->hold && !wait->users))
		return 0;
	r = wait->hold ? 0 : look(wait, entry);
	return r < 0 ? r : 1;
}

bool release_wait_explain(
	const struct server *server, const struct entry *entry, struct failure *failure)
{
	const struct release_wait *wait = find(server, disk_place(&entry->disk));

	if (!wait || !wait->users)
		return false;
	release_busy(entry, json_incref(wait->users), failure);
	return true;
}

static bool is_wanted(const struct release_wait *wait)
{
	for (const struct pending *p = wait->server->pending; p; p = p->next)
		if (p->kind == PENDING_RELEASE && p->place == wait->place && p->wait)
			return true;
	return false;
}

void release_wait_prune(struct server *server)
{
	struct release_wait **link = &server->waits;

	while (*link) {
		struct release_wait *wait = *link;

		if (is_wanted(wait)) {
			link = &wait->next;
			continue;
		}
		*link = wait->next;
		stop_looking(wait);
		json_decref(wait->users);
		free(wait);
	}
}
