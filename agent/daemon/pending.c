/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that wait: for a disk, its release, its size, its contents. */
#include "pending.h"

#include "condition.h"
#include "places.h"
#include "release-wait.h"
#include "release.h"

static void pending_free(struct pending *pending)
{
	json_decref(pending->id);
	free(pending);
}

/* Back to where it was, as far as that is still so: the oldest first. */
static void put_back(struct server *server, struct pending *pending)
{
	struct pending **link = &server->pending;

	while (*link && (*link)->asked_at <= pending->asked_at)
		link = &(*link)->next;
	pending->next = *link;
	*link = pending;
}

/* Checks what LINK leads to, off the list: answering can end the session and with it every other
 * request. Returns where to go on; all over again, past those that are checked, if the list has
 * become another meanwhile. */
static struct pending **check_one(struct server *server, struct pending **link, uint64_t now)
{
	struct pending *pending = *link;
	unsigned changes = server->pending_changes, drops = server->pending_drops;
	bool done;

	pending->checked = true;
	*link = pending->next;
	done = condition_check(server, pending, now);
	if (done || server->pending_drops != drops) {
		server->n_pending -= server->pending_drops == drops;
		server->check_again = true;
		pending_free(pending);
		return server->pending_changes == changes ? link : &server->pending;
	}
	if (server->pending_changes != changes) {
		put_back(server, pending);
		return &server->pending;
	}
	*link = pending;
	return &pending->next;
}

static void check_round(struct server *server)
{
	struct pending **link = &server->pending;
	uint64_t now = now_ms();

	for (struct pending *p = server->pending; p; p = p->next)
		p->checked = false;
	while (*link)
		link = (*link)->checked ? &(*link)->next : check_one(server, link, now);
}

/* What a check does to a disk can call for all to be checked: they are, after it. */
void pending_check_all(struct server *server)
{
	server->check_again = true;
	if (server->checking)
		return;
	server->checking = true;
	release_count(server);
	while (server->check_again) {
		server->check_again = false;
		check_round(server);
	}
	server->checking = false;
	release_wait_prune(server);
	release_wait_look(server);
}

bool pending_expects(const struct server *server, uint32_t place)
{
	for (const struct pending *p = server->pending; p; p = p->next)
		if (p->kind == PENDING_EXPECT && p->place == place)
			return true;
	return false;
}

uint64_t pending_expected_at(const struct server *server)
{
	uint64_t at = 0;

	for (const struct pending *p = server->pending; p; p = p->next)
		if (p->kind == PENDING_EXPECT && p->asked_at > at)
			at = p->asked_at;
	return at;
}

/* Who releases a disk does not expect it any more: an expect that still waits would take it back.
 */
static void end_expects(struct server *server, uint32_t place)
{
	struct failure failure = {};
	char text[PLACE_TEXT_SIZE];

	place_describe(place, text);
	fail_request(&failure, HOTSLOT_CLASS_TIMEOUT, "%s is released meanwhile", text);
	pending_refuse(server, PENDING_EXPECT, place, 0, &failure);
}

/* There may be another disk by now where one was released in this session; else the one that is
 * there is meant. */
static uint64_t find_unplugged(const struct server *server, uint32_t place)
{
	const struct entry *entry = inventory_find_place(&server->tracker->inventory, place);
	uint64_t diskseq;

	if (released_find(&server->tracker->released, place, &diskseq))
		return diskseq;
	return entry ? entry->disk.diskseq : 0;
}

int pending_add(struct server *server, const struct pending *wait, struct failure *failure)
{
	struct pending **last = &server->pending, *pending;

	if (server->n_pending == HOTSLOT_PENDING_MAX)
		return fail_request(failure, HOTSLOT_CLASS_TOO_MANY, "%d requests wait already",
			HOTSLOT_PENDING_MAX);
	pending = malloc(sizeof(*pending));
	if (!pending)
		return fail_request(failure, HOTSLOT_CLASS_INTERNAL, "no memory");
	*pending = *wait;
	json_incref(pending->id);
	pending->next = NULL;
	pending->asked_us = now_us();
	pending->asked_at = pending->asked_us / 1000;
	if (wait->kind == PENDING_RELEASE || wait->kind == PENDING_GONE)
		end_expects(server, wait->place);
	if (wait->kind == PENDING_GONE)
		pending->diskseq = find_unplugged(server, wait->place);
	if (condition_check(server, pending, now_ms())) {
		pending_free(pending);
		return 0;
	}
	while (*last)
		last = &(*last)->next;
	*last = pending;
	server->n_pending++;
	server->pending_changes++;
	return 0;
}

void pending_refuse(struct server *server, enum pending_kind kind, uint32_t place, unsigned spare,
	struct failure *failure)
{
	struct pending **link = &server->pending;

	while (*link) {
		struct pending *pending = *link;
		struct failure copy = *failure;

		if (pending->kind != kind || pending->place != place ||
			((spare & PENDING_SPARE_FORCED) && pending->force) ||
			((spare & PENDING_SPARE_WAITING) && pending->wait)) {
			link = &pending->next;
			continue;
		}
		*link = pending->next;
		server->n_pending--;
		server->pending_changes++;
		json_incref(copy.extra);
		server_refuse(server, pending->id, &copy);
		pending_free(pending);
		link = &server->pending;
	}
	json_decref(failure->extra);
	failure->extra = NULL;
}

static struct pending *take_by_id(struct server *server, const json_t *id)
{
	struct pending **link = &server->pending, *found;

	while (*link && !json_equal((*link)->id, id))
		link = &(*link)->next;
	found = *link;
	if (found) {
		*link = found->next;
		server->n_pending--;
		server->pending_changes++;
	}
	return found;
}

static bool is_waited_for(const struct server *server, enum pending_kind kind, uint32_t place)
{
	for (const struct pending *p = server->pending; p; p = p->next)
		if (p->kind == kind && p->place == place)
			return true;
	return false;
}

/* A disk is taken for all who wait for its release. */
static void end_release(struct server *server, uint32_t place)
{
	struct entry *entry = inventory_find_place(&server->tracker->inventory, place);

	if (entry && !is_waited_for(server, PENDING_RELEASE, place))
		release_cancel(server, entry);
}

size_t pending_cancel(struct server *server, const json_t *id)
{
	struct pending *pending;
	size_t n = 0;

	while ((pending = take_by_id(server, id))) {
		struct failure failure = {};

		fail_request(&failure, HOTSLOT_CLASS_CANCELED, "the request was canceled");
		/* First of all, so that who hears the answer can use the disk. */
		if (pending->kind == PENDING_RELEASE)
			end_release(server, pending->place);
		server_refuse(server, pending->id, &failure);
		pending_free(pending);
		n++;
	}
	return n;
}

bool pending_wants_contents(const struct server *server)
{
	for (const struct pending *p = server->pending; p; p = p->next)
		if (p->kind == PENDING_DISKS)
			return true;
	return false;
}

void pending_drop_all(struct server *server)
{
	while (server->pending) {
		struct pending *pending = server->pending;

		server->pending = pending->next;
		pending_free(pending);
	}
	server->n_pending = 0;
	server->pending_changes++;
	server->pending_drops++;
}

uint64_t pending_deadline(const struct server *server)
{
	uint64_t releases = turns_deadline(&server->releases);
	uint64_t looks = turns_deadline(&server->looks);
	uint64_t earliest = releases < looks ? releases : looks;

	for (const struct pending *p = server->pending; p; p = p->next) {
		if (p->deadline < earliest)
			earliest = p->deadline;
		if (p->look_at < earliest)
			earliest = p->look_at;
		if (p->hurry_at > 0 && p->hurry_at < earliest)
			earliest = p->hurry_at;
	}
	return earliest;
}
