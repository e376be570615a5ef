/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes disks out of use and back, for release and expect. */
#include "release.h"

#include <string.h>
#include <sys/epoll.h>

#include "hold-guard.h"
#include "log.h"
#include "pending.h"
#include "places.h"
#include "prober.h"
#include "record.h"
#include "release-wait.h"
#include "sysfs-write.h"
#include "writes.h"

static void drop_hold(struct server *server, struct entry *entry)
{
	loop_remove(server->loop, &entry->hold_source);
	hold_free(entry->hold);
	entry->hold = NULL;
}

static void set_state(struct server *server, struct entry *entry, enum entry_state state)
{
	entry->state = state;
	tracker_update_links(server->tracker, entry);
	writes_watch(server->tracker, entry);
	tracker_changed(server->tracker, entry);
}

json_t *release_users(const struct entry *entry)
{
	const struct disk_user *users;
	size_t n = entry->hold ? hold_users(entry->hold, &users) : 0;

	return n > 0 ? release_report_users(users, n) : NULL;
}

/* Those that wait have it watched instead, until it is free. */
static void refuse_busy(
	struct server *server, struct entry *entry, const struct disk_user *users, size_t n)
{
	struct failure failure = {};
	uint32_t place = disk_place(&entry->disk);

	json_t *list = release_report_users(users, n);

	release_wait_note(server, place, list);
	release_busy(entry, list, &failure);
	pending_refuse(server, PENDING_RELEASE, place,
		PENDING_SPARE_WAITING | (entry->forced ? 0 : PENDING_SPARE_FORCED), &failure);
}

/* A node may be missing although the disk is there. */
static bool is_going(const struct server *server, const struct entry *entry, int r)
{
	return r == -ENODEV || r == -ESTALE ||
	       (r == -ENOTBLK && tracker_is_gone(server->tracker, entry));
}

/* KIND cannot WHAT the disk: logs that, and answers all that wait for it but SPARE. */
static void refuse_error(struct server *server, const struct entry *entry, enum pending_kind kind,
	unsigned spare, const char *what, int r)
{
	uint32_t place = disk_place(&entry->disk);
	struct failure failure = {};
	char text[PLACE_TEXT_SIZE];

	place_describe(place, text);
	fail_request(&failure, HOTSLOT_CLASS_INTERNAL, "cannot %s %s in %s: %s", what,
		entry->disk.name, text,
		r == -ENOTBLK ? "its node in /dev is missing, or another device's" : strerror(-r));
	log_error("%s", failure.desc);
	pending_refuse(server, kind, place, spare, &failure);
}

/* Back in use: what is on it was not looked at meanwhile. */
static void set_present(struct server *server, struct entry *entry)
{
	entry->state = ENTRY_PRESENT;
	released_forget(&server->tracker->released, disk_place(&entry->disk));
	prober_look(server->tracker, entry);
	tracker_update_links(server->tracker, entry);
	writes_watch(server->tracker, entry);
	tracker_changed(server->tracker, entry);
}

static int watch_step(struct server *server, struct entry *entry);

static struct hold_roots roots_of(const struct server *server)
{
	return (struct hold_roots){ .sysfd = server->tracker->view.sys,
		.procfd = server->tracker->view.proc,
		.dev_dir = server->tracker->links.directory,
		.run_dir = server->tracker->run_directory,
		.mirrors = server->tracker->links.mirrors,
		.n_mirrors = server->tracker->links.n_mirrors };
}

/* It is offline: looks whether somebody came before that. */
static int check(struct server *server, struct entry *entry)
{
	const struct hold_roots roots = roots_of(server);
	int r = hold_check(
		entry->hold, &roots, &entry->disk, entry->partitions, entry->n_partitions);

	return r < 0 ? r : watch_step(server, entry);
}

static void finish_checking(struct server *server, struct entry *entry, int r)
{
	if (r == HOLD_DONE) {
		hold_settle(entry->hold);
		set_state(server, entry, ENTRY_RELEASED);
		return;
	}
	/* It is given back to whoever came, and then the release meets him. */
	r = release_undo(server, entry);
	if (r == 0)
		return;
	refuse_error(server, entry, PENDING_RELEASE, PENDING_SPARE_FORCED, "take back into use", r);
	drop_hold(server, entry);
	set_state(server, entry, ENTRY_RELEASED);
}

static void finish_taking(
	struct server *server, struct entry *entry, int r, const struct disk_user *users, size_t n)
{
	if (r == HOLD_DONE && !entry->forced)
		r = check(server, entry);
	if (r == HOLD_DONE) {
		if (entry->forced) {
			hold_settle(entry->hold);
			set_state(server, entry, ENTRY_RELEASED);
		}
		return;
	}
	drop_hold(server, entry);
	/* It is going; its removal answers. */
	if (is_going(server, entry, r)) {
		set_state(server, entry, ENTRY_DELETING);
		return;
	}
	/* Whoever forces has a try of his own, once it is present again. */
	if (r == HOLD_BUSY)
		refuse_busy(server, entry, users, n);
	else
		refuse_error(server, entry, PENDING_RELEASE,
			entry->forced ? 0 : PENDING_SPARE_FORCED, "release", r);
	set_present(server, entry);
}

static void finish_restoring(struct server *server, struct entry *entry, int r)
{
	drop_hold(server, entry);
	if (r == 0) {
		set_present(server, entry);
		return;
	}
	refuse_error(server, entry, PENDING_EXPECT, 0, "take back into use", r);
	/* It is going; its removal answers who releases it. */
	if (is_going(server, entry, r)) {
		set_state(server, entry, ENTRY_DELETING);
		return;
	}
	refuse_error(server, entry, PENDING_RELEASE, 0, "take back into use", r);
	set_state(server, entry, ENTRY_RELEASED);
}

/* A disk that an agent before this one released is claimed first, and then given back. */
static int go_on_restoring(struct server *server, struct entry *entry)
{
	int r = hold_release(entry->hold);

	return r < 0 ? r : watch_step(server, entry);
}

static void handle_step(void *data, uint32_t events)
{
	struct disk_user users[HOTSLOT_USERS_MAX];
	struct entry *entry = data;
	struct server *server = entry->tracker->callbacks.data;
	bool taken = hold_is_offline(entry->hold);
	size_t n = 0;
	int r = hold_finish(entry->hold, users, ARRAY_SIZE(users), &n);

	(void)events;
	if (r == -EAGAIN)
		return;
	loop_remove(server->loop, &entry->hold_source);
	switch (entry->state) {
	case ENTRY_TAKING:
		if (taken)
			finish_checking(server, entry, r);
		else
			finish_taking(server, entry, r, users, n);
		break;
	case ENTRY_RESTORING:
		if (r == HOLD_DONE && entry->restore_claims) {
			entry->restore_claims = false;
			r = go_on_restoring(server, entry);
			if (r == 0)
				break;
		}
		finish_restoring(server, entry, r);
		break;
	default:
		break;
	}
}

static int watch_step(struct server *server, struct entry *entry)
{
	entry->hold_source = (struct source){ hold_fd(entry->hold), handle_step, entry };
	entry->step_at = now_ms();
	return loop_add(server->loop, &entry->hold_source, EPOLLIN);
}

static int claim(struct server *server, struct entry *entry, bool force)
{
	const struct hold_roots roots = roots_of(server);
	int r;

	r = hold_take(
		&roots, &entry->disk, entry->partitions, entry->n_partitions, force, &entry->hold);
	if (r < 0)
		return r;
	r = watch_step(server, entry);
	if (r < 0)
		drop_hold(server, entry);
	return r;
}

void release_count(struct server *server)
{
	const struct inventory *inventory = &server->tracker->inventory;

	turns_reset(&server->releases, RELEASES_MAX);
	for (size_t i = 0; i < inventory->n_busy; i++) {
		const struct entry *entry = inventory->busy[i];

		if (entry->state == ENTRY_TAKING || entry->state == ENTRY_RESTORING)
			turns_count(&server->releases, entry->step_at);
	}
}

int release_start(struct server *server, struct entry *entry, bool force)
{
	int r;

	/* Our own look at its contents is no use of it. */
	prober_cancel(server->tracker, entry);
	writes_cancel(server->tracker, entry);
	r = claim(server, entry, force);
	if (r < 0)
		return r;
	entry->state = ENTRY_TAKING;
	inventory_note_busy(entry);
	entry->forced = force;
	prober_look(server->tracker, entry);
	return 0;
}

void release_cancel(struct server *server, struct entry *entry)
{
	if (entry->state != ENTRY_TAKING)
		return;
	if (hold_is_offline(entry->hold)) {
		loop_remove(server->loop, &entry->hold_source);
		if (release_undo(server, entry) == 0)
			return;
	}
	drop_hold(server, entry);
	set_present(server, entry);
}

void release_cancel_all(struct server *server)
{
	for (size_t i = 0; i < server->tracker->inventory.n; i++)
		release_cancel(server, server->tracker->inventory.entries[i]);
	release_wait_prune(server);
}

static int give_up(struct server *server, struct entry *entry)
{
	bool offline = hold_is_offline(entry->hold);
	int r;

	log_warning("%s: the kernel takes too long, it is set offline as it is", entry->disk.name);
	loop_remove(server->loop, &entry->hold_source);
	entry->restore_claims = false;
	r = hold_give_up(entry->hold);
	if (r == 0)
		r = watch_step(server, entry);
	if (r < 0) {
		drop_hold(server, entry);
		if (offline)
			set_state(server, entry, ENTRY_RELEASED);
		else
			set_present(server, entry);
		return r;
	}
	entry->state = ENTRY_TAKING;
	inventory_note_busy(entry);
	entry->forced = true;
	return 0;
}

/* Whoever waits for the other one would begin it anew if the disk was present in between. */
static int begin_by_force(struct server *server, struct entry *entry)
{
	int r;

	drop_hold(server, entry);
	r = release_start(server, entry, true);
	if (r < 0)
		set_present(server, entry);
	return r < 0 ? r : 1;
}

int release_hurry(struct server *server, struct entry *entry)
{
	if (entry->state == ENTRY_TAKING && !entry->forced && !hold_is_offline(entry->hold))
		return begin_by_force(server, entry);
	if ((entry->state != ENTRY_TAKING && entry->state != ENTRY_RESTORING) ||
		!hold_hangs(entry->hold))
		return 0;
	return give_up(server, entry);
}

int release_undo(struct server *server, struct entry *entry)
{
	int r;

	entry->restore_claims = !entry->hold;
	if (entry->hold)
		r = go_on_restoring(server, entry);
	else
		r = claim(server, entry, true);
	if (r < 0)
		return r;
	entry->state = ENTRY_RESTORING;
	inventory_note_busy(entry);
	return 0;
}

/* A hold stays until the disk is gone. Another disk may be where the kernel has had this one. */
int release_delete(struct server *server, struct entry *entry)
{
	int r;

	if (entry->dropped)
		return 0;
	if (entry->state != ENTRY_RELEASED && entry->state != ENTRY_DELETING)
		return -EBUSY;
	r = scsi_replace_start(&server->tracker->view, &entry->disk, entry->devpath);
	if (r < 0)
		return r;
	entry->state = ENTRY_DELETING;
	entry->dropped = true;
	released_forget(&server->tracker->released, disk_place(&entry->disk));
	return 0;
}

/* By the mark alone: what is known of the disk is older than its release. */
void release_mend(struct server *server, const struct entry *entry)
{
	const struct hold_roots roots = roots_of(server);
	int r;

	if (entry->state != ENTRY_PRESENT || !hold_guard_is_left(&roots, &entry->disk))
		return;
	r = hold_guard_mend(&roots, &entry->disk);
	if (r < 0 && r != -EALREADY)
		log_error("%s: cannot see to it that it is writable: %s", entry->disk.name,
			strerror(-r));
}
