/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watching a domain's disks: an inventory, then the agent's events, through everything. */
#include "watch-work.h"

#include <string.h>

#include "ended.h"
#include "error.h"
#include "guest.h"
#include "libvirt-error.h"
#include "session.h"

static const char *const names[] = {
	[HOTSLOT_WATCH_CONNECTED] = "connected",
	[HOTSLOT_WATCH_DISK] = "disk",
	[HOTSLOT_WATCH_READY] = "ready",
	[HOTSLOT_WATCH_ADDED] = "disk-added",
	[HOTSLOT_WATCH_CHANGED] = "disk-changed",
	[HOTSLOT_WATCH_REMOVED] = "disk-removed",
	[HOTSLOT_WATCH_DISCONNECTED] = "disconnected",
	[HOTSLOT_WATCH_STOPPED] = "stopped",
};

const char *hotslot_watch_kind_name(enum hotslot_watch_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}

static int tell(struct watch *watch, struct hotslot_watch_event event)
{
	event.size = sizeof(event);
	watch->begun = true;
	return watch->fn(watch->data, &event) ? 0 : WATCH_OVER;
}

static int tell_kind(struct watch *watch, enum hotslot_watch_kind kind)
{
	return tell(watch, (struct hotslot_watch_event){ .kind = kind });
}

static int tell_disk(void *data, enum hotslot_watch_kind kind, const struct hotslot_disk *disk)
{
	struct watch *watch = data;

	if (kind != HOTSLOT_WATCH_DISK)
		watch_pace_changed(&watch->pace);
	return tell(watch, (struct hotslot_watch_event){ .kind = kind, .disk = disk });
}

/* What only host or guest shows is among what was there, and takes its time to be told. */
static int tell_ready(struct watch *watch)
{
	if (watch->connected_at == 0 || !watch_model_is_settled(&watch->model, watch->connected_at))
		return 0;
	watch->connected_at = 0;
	return tell_kind(watch, HOTSLOT_WATCH_READY);
}

static int tell_disks_at(struct watch *watch, uint64_t now)
{
	int r = watch_model_tell(&watch->model, now, tell_disk, watch, &watch->tell_at);

	return r == 0 ? tell_ready(watch) : r;
}

static int tell_disks(struct watch *watch)
{
	return tell_disks_at(watch, now_ms());
}

/* Of one loss it is told once. */
static int tell_disconnected(struct watch *watch, const char *reason)
{
	bool told = watch->told_disconnected;

	watch->live = watch->connected = false;
	watch->told_disconnected = true;
	watch->connected_at = 0;
	watch_model_settle(&watch->model);
	if (told)
		return 0;
	return tell(watch, (struct hotslot_watch_event){
				   .kind = HOTSLOT_WATCH_DISCONNECTED, .reason = reason });
}

/* libvirt's event may come after its word that there is no such domain. */
static int tell_stopped(struct watch *watch)
{
	struct hotslot_domain *domain = watch->domain;
	struct hotslot_error ignored = {};
	bool left;

	(void)ended(domain, &ignored);
	pthread_mutex_lock(&domain->events->lock);
	left = events_has_left(domain->events);
	pthread_mutex_unlock(&domain->events->lock);
	(void)tell(
		watch, (struct hotslot_watch_event){ .kind = HOTSLOT_WATCH_STOPPED,
			       .reason = left ? "The domain was migrated to another host" : NULL });
	return WATCH_OVER;
}

static int take_end(struct watch *watch)
{
	if (watch_is_back(watch)) {
		watch->pace.retry_at = 0;
		return tell_disconnected(watch, "The domain went back to a snapshot");
	}
	return tell_stopped(watch);
}

/* An agent that goes with its domain says nothing. */
static bool is_gone(const struct watch *watch)
{
	_cleanup_domain_ virDomainPtr domain = domain_get(watch->domain);
	int active = virDomainIsActive(domain);

	return active == 0 || (active < 0 && libvirt_error_last() == LIBVIRT_ERROR_NO_DOMAIN);
}

static bool is_paused(const struct watch *watch)
{
	_cleanup_domain_ virDomainPtr domain = domain_get(watch->domain);
	int state, reason;

	return virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_PAUSED;
}

/* What ends a watch that has begun is only what does not pass. */
static bool is_passing(const struct watch *watch, enum hotslot_error_code code)
{
	switch (code) {
	case HOTSLOT_ERROR_AGENT:
	case HOTSLOT_ERROR_BUSY:
	case HOTSLOT_ERROR_TIMEOUT:
		return true;
	case HOTSLOT_ERROR_INVALID:
	case HOTSLOT_ERROR_SYSTEM:
		return false;
	default:
		return watch->begun;
	}
}

/* Whatever could not be done for the reason in ERROR. */
static int fail(struct watch *watch, const struct hotslot_error *error)
{
	if (watch->begun && (error->code == HOTSLOT_ERROR_NOT_RUNNING || is_gone(watch)))
		return take_end(watch);
	if (!is_passing(watch, error->code)) {
		*watch->error = *error;
		return -EIO;
	}
	watch_pace_trouble(&watch->pace, now_ms());
	if (is_paused(watch)) {
		/* libvirt tells when it goes on. */
		watch->pace.retry_at = now_ms() + WATCH_HEARTBEAT_MS;
		return tell_disconnected(watch, "The domain is paused");
	}
	return tell_disconnected(watch, error->message);
}

static int tell_inventory(struct watch *watch)
{
	bool anew = !watch->connected;
	int r = 0;

	watch->live = watch->connected = true;
	watch->told_disconnected = false;
	watch->heard = now_ms();
	if (anew) {
		watch->connected_at = watch->heard;
		r = tell(watch, (struct hotslot_watch_event){
					.kind = HOTSLOT_WATCH_CONNECTED, .agent = &watch->agent });
	}
	if (r == 0)
		r = tell_disks_at(watch, watch->heard);
	if (r == 0)
		watch->model.begun = true;
	return r;
}

static int look(struct watch *watch)
{
	struct hotslot_error error = {};
	int r = watch_look(watch, &error);

	if (r == -EAGAIN) { /* others in this process have the domain */
		watch_pace_trouble(&watch->pace, now_ms());
		watch->pace.look_after = watch->pace.retry_at;
		return 0;
	}
	return r < 0 ? fail(watch, &error) : tell_inventory(watch);
}

static int take_item(struct watch *watch, struct watch_item *item)
{
	if (!item->record) {
		watch_model_take_removal(&watch->model, item->place, item->diskseq, item->seq);
		return 0;
	}
	item->record->seq = item->seq;
	return watch_model_take_disk(&watch->model, steal_pointer(item->record));
}

static int break_off(struct watch *watch, const char *reason)
{
	watch_end_session(watch);
	watch_pace_trouble(&watch->pace, now_ms());
	return tell_disconnected(watch, reason);
}

static int break_off_malformed(struct watch *watch)
{
	return break_off(watch, "The agent sent an event that is not as it should be");
}

static int share(struct watch *watch)
{
	watch->live = false;
	watch_end_session(watch);
	watch_pace_shared(&watch->pace, now_ms());
	return 0;
}

/* In the order in which they came, each told before the next. */
static int take_items(struct watch *watch)
{
	struct events *events = watch->domain->events;
	struct watch_item *item;
	int r = 0;

	pthread_mutex_lock(&events->lock);
	item = watch_queue_take(&watch->queue);
	pthread_mutex_unlock(&events->lock);
	watch->heard = now_ms();
	while (item) {
		struct watch_item *next = item->next;

		if (r == 0)
			r = take_item(watch, item);
		if (r == 0)
			r = tell_disks(watch);
		watch_item_free(item);
		item = next;
	}
	return r == -E2BIG ? break_off_malformed(watch) : r;
}

static int read_xml(struct watch *watch)
{
	struct hotslot_error error = {};
	int r = watch_read_xml(watch, &error);

	if (r == -EAGAIN)
		return 0;
	return r < 0 ? fail(watch, &error) : tell_disks(watch);
}

static int ping(struct watch *watch)
{
	struct hotslot_error error = {};
	int r = watch_ping(watch, &error);

	watch->heard = now_ms();
	if (r < 0)
		return r == -EAGAIN ? 0 : fail(watch, &error);
	/* A snapshot gives disks other sources, and libvirt has no event for that. */
	return read_xml(watch);
}

/* The next look has it opened anew, as often and as long as it takes. */
static int lose(struct watch *watch)
{
	struct events *events = watch->domain->events;

	pthread_mutex_lock(&events->lock);
	watch->lost = events->disconnected;
	watch->reopens = events->reopens;
	pthread_mutex_unlock(&events->lock);
	watch_pace_trouble(&watch->pace, now_ms());
	return tell_disconnected(watch, "The connection to libvirt is gone");
}

static int do_work(struct watch *watch, enum watch_work work)
{
	switch (work) {
	case WATCH_WORK_STOP:
		return WATCH_OVER;
	case WATCH_WORK_ENDED:
		return take_end(watch);
	case WATCH_WORK_LOST:
		return lose(watch);
	case WATCH_WORK_RESET:
		watch->pace.retry_at = 0;
		return tell_disconnected(watch, "The guest was reset, or went back to a snapshot");
	case WATCH_WORK_MALFORMED:
		return break_off_malformed(watch);
	case WATCH_WORK_REJECTED:
		return break_off(watch, "The agent says that it was sent what is no frame");
	case WATCH_WORK_SHARE:
		return share(watch);
	case WATCH_WORK_LOOK:
		return look(watch);
	case WATCH_WORK_ITEMS:
		return take_items(watch);
	case WATCH_WORK_XML:
		return read_xml(watch);
	case WATCH_WORK_PING:
		return ping(watch);
	case WATCH_WORK_TELL:
		return tell_disks(watch);
	}
	return 0;
}

int hotslot_watch(
	struct hotslot_domain *domain, hotslot_watch_fn fn, void *data, struct hotslot_error *error)
{
	struct watch watch = { .domain = domain, .fn = fn, .data = data };
	struct hotslot_error ignored;
	int r = 0;

	watch.error = error_begin(error, &ignored);
	hotslot_domain_ref(domain);
	watch_begin(&watch);
	while (r == 0)
		r = do_work(&watch, watch_wait(&watch));
	watch_end(&watch);
	hotslot_domain_unref(domain);
	if (r == -ENOMEM && watch.error->code == HOTSLOT_ERROR_NONE)
		error_memory(watch.error);
	return r < 0 ? r : 0;
}

void hotslot_watch_stop(struct hotslot_domain *domain)
{
	struct events *events = domain->events;

	pthread_mutex_lock(&events->lock);
	events->watch_stops++;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}
