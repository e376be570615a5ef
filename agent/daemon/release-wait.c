/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Releases that wait for a disk in use to become free. */
#include "release-wait.h"

#include <sys/epoll.h>

#include "pending.h"
#include "places.h"
#include "record.h"

/* Looks at one time: each has a child, and one of the inotify instances; see RELEASES_MAX. If more
 * disks are waited for, they are looked at in turn. */
#define LOOKS_MAX 32

/* How long a use that ends without an event is not noticed: longer if so many are waited for that
 * looking at them would take a processor. */
#define LOOK_MS 1000
#define LOOK_MAX_MS 8000

struct release_wait {
	struct release_wait *next;
	struct server *server;
	uint32_t place;
	struct hold *hold; /* NULL between two looks */
	struct source source;
	uint64_t looked_at; /* now_ms(): when the last look was begun */
	json_t *users;	    /* who had it when it was looked at last; NULL: nobody */
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

static int look(struct release_wait *wait, const struct entry *entry, int patience_ms)
{
	const struct tracker *tracker = wait->server->tracker;
	const struct hold_roots roots = { .sysfd = tracker->view.sys,
		.procfd = tracker->view.proc,
		.dev_dir = tracker->links.directory,
		.mirrors = tracker->links.mirrors,
		.n_mirrors = tracker->links.n_mirrors };
	int r;

	r = hold_await(&roots, &entry->disk, entry->partitions, entry->n_partitions, patience_ms,
		&wait->hold);
	if (r < 0)
		return r;
	wait->looked_at = now_ms();
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

bool release_wait_is_busy(const struct server *server, const struct entry *entry)
{
	const struct release_wait *wait = find(server, disk_place(&entry->disk));

	return wait && (wait->hold || wait->users);
}

static struct entry *find_entry(const struct release_wait *wait)
{
	return inventory_find_place(&wait->server->tracker->inventory, wait->place);
}

static bool wants_look(const struct release_wait *wait)
{
	const struct entry *entry = find_entry(wait);

	return !wait->hold && wait->users && entry && entry->state == ENTRY_PRESENT;
}

static struct release_wait *find_next(const struct server *server)
{
	struct release_wait *next = NULL;

	for (struct release_wait *wait = server->waits; wait; wait = wait->next)
		if (wants_look(wait) && (!next || wait->looked_at < next->looked_at))
			next = wait;
	return next;
}

/* Returns how long a look may take. */
static int count_looks(struct server *server)
{
	int patience_ms = 0;

	turns_reset(&server->looks, LOOKS_MAX);
	for (const struct release_wait *wait = server->waits; wait; wait = wait->next) {
		patience_ms += TURNS_YOUNG_MS / TURNS_YOUNG_MAX;
		if (wait->hold)
			turns_count(&server->looks, wait->looked_at);
	}
	if (patience_ms < LOOK_MS)
		return LOOK_MS;
	return patience_ms < LOOK_MAX_MS ? patience_ms : LOOK_MAX_MS;
}

void release_wait_look(struct server *server)
{
	int patience_ms = count_looks(server);
	struct release_wait *next;

	while ((next = find_next(server)) && turns_take(&server->looks)) {
		int r = look(next, find_entry(next), patience_ms);

		/* To take it will tell what is wrong. */
		if (r < 0) {
			json_decref(next->users);
			next->users = NULL;
		}
	}
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
