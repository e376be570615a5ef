/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detaching a disk: the guest lets go, the host unplugs, the guest says that it is gone. */
#include <string.h>

#include "block-job.h"
#include "config.h"
#include "detach-work.h"
#include "ended.h"
#include "error.h"
#include "forced.h"
#include "guest.h"
#include "job.h"
#include "leaked.h"
#include "options.h"
#include "places.h"
#include "reserve.h"
#include "session.h"
#include "unplug.h"

/* Giving a disk back to the guest after the host could not detach it. */
#define TAKE_BACK_MS 5000

/* An agent that does not know how to wait is asked so often whether a disk is free. */
#define RELEASE_RETRY_MS 1000

/* Whoever waits longer for a disk lets others have their turn every now and then. */
#define TURN_WAIT_MS 1000

/* Whether it is to be asked again, after it was asked like this. */
static bool may_be_free_yet(
	const struct hotslot_error *error, enum release how, const struct detach *detach)
{
	if (error->code == HOTSLOT_ERROR_DISK_BUSY)
		return now_ms() < detach->turn_until;
	/* It was about to be taken when the time was over; or the guest was not up again. */
	return how == RELEASE_WAIT &&
	       (error->code == HOTSLOT_ERROR_TIMEOUT || error->code == HOTSLOT_ERROR_AGENT);
}

/* The disk was refused: waits until it is free. An agent that cannot wait refuses at once again,
 * and is asked every now and then. */
static int await_release(const struct detach *detach, const struct guest_audience *audience,
	struct hotslot_error *error)
{
	uint64_t deadline = detach->turn_until;
	enum release how = RELEASE_WAIT;

	for (;;) {
		uint64_t next = now_ms() + RELEASE_RETRY_MS;
		int r;

		error_begin(error, NULL);
		error_step(error, "release");
		r = guest_release_telling(
			detach->domain, detach->place, how, deadline, audience, error);
		if (r >= 0 || !may_be_free_yet(error, how, detach))
			return r;
		if (next > detach->turn_until)
			next = detach->turn_until;
		r = domain_pause(detach->domain, next, error);
		if (r < 0)
			return r;
		how = RELEASE_ASK;
		deadline = detach_deadline(detach);
	}
}

static struct guest_audience audience_of(const struct detach *detach)
{
	return (struct guest_audience){ .fn = detach->options.user,
		.data = detach->options.user_data,
		.wait_until = detach->wait_until };
}

/* Asks without waiting first, so that who waits can be told for whom. */
static int ask_release(const struct detach *detach, struct hotslot_error *error)
{
	const struct guest_audience audience = audience_of(detach);
	uint64_t deadline = detach_deadline(detach);
	int r;

	if (detach->options.force)
		return guest_release_telling(detach->domain, detach->place, RELEASE_FORCE,
			forced_release_until(deadline), &audience, error);
	r = guest_release_telling(
		detach->domain, detach->place, RELEASE_ASK, deadline, &audience, error);
	if (r < 0 && error->code == HOTSLOT_ERROR_DISK_BUSY && now_ms() < detach->turn_until)
		r = await_release(detach, &audience, error);
	return r;
}

/* The guest has none that it could let go of. Another one may have come since. */
static int release_unseen(
	const struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	int r = disk ? resolve_again(detach->domain, disk, error) : RESOLVED_AGAIN;

	if (r != RESOLVED_AGAIN)
		return r < 0 ? r : 0;
	return forced_check(detach->domain, detach->place, disk, detach->options.force,
		detach_deadline(detach), error);
}

/* *ret_kept: the guest has not let go of it, and it goes by force. DISK, NULL: as
 * forced_check(). */
static int release(const struct detach *detach, const struct xml_disk *disk, uint64_t deadline,
	bool *ret_kept, struct hotslot_error *error)
{
	const struct guest_audience audience = audience_of(detach);
	bool force = detach->options.force;
	int r;

	error_step(error, "release");
	r = ask_release(detach, error);
	if (r > 0)
		return release_unseen(detach, disk, error);
	if (r < 0 && force && forced_overrules(error)) {
		r = forced_overrule(
			detach->domain, detach->place, disk, deadline, &audience, error);
		*ret_kept = r == 0;
	}
	/* The guest may release it yet, as soon as it can. */
	if (r < 0 && error->code != HOTSLOT_ERROR_DISK_BUSY &&
		error->code != HOTSLOT_ERROR_NOT_RUNNING)
		guest_take_back_later(detach->domain, detach->place, now_ms() + TAKE_BACK_MS);
	return r;
}

/* KEPT: the guest has not let go of it, and what took it by force had until UNTIL. */
static int await_gone(
	const struct detach *detach, bool kept, uint64_t until, struct hotslot_error *error)
{
	const struct guest_audience audience = audience_of(detach);
	int r;

	if (detach->options.force)
		return forced_await_gone(detach->domain, detach->place,
			kept ? until : detach_deadline(detach), &audience, error);
	error_step(error, "gone");
	r = guest_release(
		detach->domain, detach->place, RELEASE_DETACHED, detach_deadline(detach), error);
	if (r < 0 && error->code != HOTSLOT_ERROR_NOT_RUNNING)
		error_append(error, "; the host has detached the disk %s",
			place_locate(detach->place).text);
	return r < 0 ? r : 0;
}

/* The guest had time, and so had others: the alias may be another disk's by now. */
static int check_again(const struct detach *detach, const struct xml_disk *disk, unsigned boots,
	struct hotslot_error *error)
{
	int r;

	error_step(error, "detach");
	r = resolve_again(detach->domain, disk, error);
	if (r != RESOLVED_AGAIN || domain_boots(detach->domain) == boots)
		return r;
	return error_set(error, HOTSLOT_ERROR_TIMEOUT,
		"The guest of domain %s was reset while it let go of the disk %s",
		detach->domain->name, place_locate(detach->place).text);
}

static int unplug_safely(
	const struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	int r = unplug_check(detach->domain, disk, detach_deadline(detach), error);

	if (r > 0)
		r = unplug(detach->domain, disk, detach_deadline(detach), error);
	/* One that has begun since. */
	if (r < 0 && error->code == HOTSLOT_ERROR_LIBVIRT)
		r = block_job_explain(detach->domain, disk->target_dev, r, error);
	return r;
}

static int detach_disk(
	const struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	uint64_t deadline = detach_deadline(detach), until = deadline;
	const struct guest_audience audience = audience_of(detach);
	bool kept = false;
	int r;

	if (!disk->alias)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"The disk %s has no alias to detach it by",
			place_locate(detach->place).text);
	/* Before the guest lets go of it for nothing. */
	r = block_job_await(detach->domain, disk, detach->turn_until, &audience, error);
	if (r < 0)
		return r;
	/* A guest that was reset meanwhile uses the disk again. */
	for (;;) {
		unsigned boots = domain_boots(detach->domain);

		until = detach_deadline(detach);
		kept = false;
		r = release(detach, disk, until, &kept, error);
		if (r < 0)
			return r;
		r = check_again(detach, disk, boots, error);
		if (error->code != HOTSLOT_ERROR_TIMEOUT || now_ms() >= deadline)
			break;
		error_begin(error, NULL);
	}
	if (r == RESOLVED_AGAIN)
		r = unplug_safely(detach, disk, error);
	if (r < 0) {
		struct hotslot_error other = {};

		if (!ended_with_disk(detach->domain, detach->place, error) &&
			error->code != HOTSLOT_ERROR_NOT_RUNNING &&
			guest_take_back(
				detach->domain, detach->place, now_ms() + TAKE_BACK_MS, &other) < 0)
			error_append(error, "; the guest does not use it again: %s", other.message);
		return r;
	}
	return await_gone(detach, kept, until, error);
}

struct releasing {
	const struct detach *detach;
	bool *ret_kept;
};

static int release_leaked(const void *data, struct hotslot_error *error)
{
	const struct releasing *self = data;
	int r = release(self->detach, NULL, detach_deadline(self->detach), self->ret_kept, error);

	if (r == 0)
		error_step(error, "detach");
	return r;
}

static int remove_leaked(
	const struct detach *detach, const struct leaked *leaked, struct hotslot_error *error)
{
	uint64_t deadline = detach_deadline(detach);
	bool kept = false;
	const struct releasing releasing = { detach, &kept };
	int r = leaked_remove(detach->domain, leaked, release_leaked, &releasing,
		detach->options.force ? "" : "--force detaches it, or ", deadline, error);

	return r < 0 ? r : await_gone(detach, kept, deadline, error);
}

/* The guest shows one where libvirt has none: QEMU may have it. */
static int free_shown(const struct detach *detach, struct hotslot_error *error)
{
	_cleanup_leaked_ struct leaked leaked = {};
	struct hotslot_error unasked = {};
	int r = leaked_find(detach->domain, detach->place, &leaked, &unasked);

	if (r == LEAKED_OURS)
		return remove_leaked(detach, &leaked, error);
	error_step(error, "gone");
	r = guest_release(detach->domain, detach->place, RELEASE_DETACHED,
		leaked_await_until(r, true, detach_deadline(detach)), error);
	if (r < 0)
		leaked_explain(detach->domain, detach->place, &leaked, &unasked, error);
	return r < 0 ? r : 0;
}

/* The host has no disk there, but the guest may not have noticed that the last one went, and the
 * slot may be reserved. */
static int free_place(
	const struct detach *detach, const struct domain_xml *xml, struct hotslot_error *error)
{
	bool reserved = place_is_slot(detach->place) && reserve_has(xml, (unsigned)detach->place);
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_disk_at(detach->domain, detach->place, false, detach_deadline(detach),
		&record, &hidden, error);

	if (r < 0)
		return r;
	if (!record && !reserved)
		return resolve_empty(detach->domain, xml, detach->place, error);
	if (record)
		r = free_shown(detach, error);
	if (r == 0 && reserved)
		r = reserve_remove(
			detach->domain, (unsigned)detach->place, HOTSLOT_SCOPE_LIVE, error);
	return r;
}

static bool may_wait(const struct detach *detach, const struct hotslot_error *error)
{
	return error->code == HOTSLOT_ERROR_DISK_BUSY && now_ms() < detach->wait_until;
}

/* In one turn. */
static int run(struct detach *detach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	/* Later it goes by what image the disk has. */
	int r = job_await_and_open(detach->domain, false, detach_deadline(detach), &xml, error);

	if (r < 0)
		return config_advise(detach->domain, r, error);
	r = (detach->resolved ? detach_find_again : detach_find)(detach, xml, error);
	if (detach->options.scope == HOTSLOT_SCOPE_PERSISTENT)
		r = detach_find_both(detach, xml, r, error);
	if (r < 0)
		return r;
	if (r == DETACH_ABSENT)
		r = free_place(detach, xml, error);
	else if (r == 0)
		r = detach_disk(detach, &detach->disk, error);
	return detach_finish_config(detach, r < 0 ? r : 0, error);
}

static int run_in_turn(struct detach *detach, struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error_step(error, "check");
	r = domain_begin(detach->domain, detach->options.timeout_ms, &call, error);
	detach->turn_until = now_ms() + TURN_WAIT_MS;
	if (detach->turn_until > detach->wait_until)
		detach->turn_until = detach->wait_until;
	if (r == 0)
		r = config_scope(
			detach->domain, detach->options.scope, &detach->options.scope, error);
	if (r < 0)
		return r;
	return detach->options.scope == HOTSLOT_SCOPE_CONFIG ? detach_config(detach, error)
							     : run(detach, error);
}

static bool is_interrupted(const struct detach *detach)
{
	return detach->options.interrupted &&
	       detach->options.interrupted(detach->options.interrupted_data);
}

int hotslot_detach(struct hotslot_domain *domain, const char *disk,
	const struct hotslot_detach_options *options, struct hotslot_error *error)
{
	struct detach detach = { .domain = domain };
	struct hotslot_error ignored;
	int r;

	error = error_begin(error, &ignored);
	if (options)
		options_copy(&detach.options, sizeof(detach.options), options);
	error_step(error, "check");
	r = reference_parse_disk(disk, &detach.reference, error);
	if (r < 0)
		return r;
	/* By force it goes at once. */
	if (detach.options.wait_ms && !detach.options.force)
		detach.wait_until = now_ms() + detach.options.wait_ms;
	while ((r = run_in_turn(&detach, error)) < 0 && may_wait(&detach, error) &&
		!is_interrupted(&detach))
		error_begin(error, NULL);
	xml_disk_done(&detach.disk);
	xml_disk_done(&detach.defined);
	reference_done(&detach.reference);
	return r;
}
