/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that the guest does not show, or not let go of: whether they go by force. */
#include "forced.h"

#include "error.h"
#include "resolve.h"
#include "session.h"
#include "unplug.h"

/* For the grace of a question without an answer, the one whether the guest hides the disk, the
 * unplug, and the one whether it is gone, with a grace again. */
#define SPARE_MAX_MS 3000

/* A guest that has used up its time gets so much more for a question. */
#define QUESTION_MS 1000
#define GONE_MS 500

uint64_t forced_release_until(uint64_t deadline)
{
	uint64_t now = now_ms(), half = deadline > now ? (deadline - now) / 2 : 0;

	return deadline - (half < SPARE_MAX_MS ? half : SPARE_MAX_MS);
}

bool forced_overrules(const struct hotslot_error *error)
{
	switch (error->code) {
	case HOTSLOT_ERROR_AGENT:
	case HOTSLOT_ERROR_DISK_BUSY:
	case HOTSLOT_ERROR_TIMEOUT:
		return true;
	default:
		return false;
	}
}

int forced_check(struct hotslot_domain *domain, uint64_t place, const struct xml_disk *disk,
	bool force, uint64_t deadline, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_disk_at(domain, place, false, deadline, &record, &hidden, error);

	if (r < 0)
		return r;
	if (record ? !guest_hides(&hidden, place) : !guest_may_hide(&hidden, place)) {
		if (!disk)
			return 0;
		/* This says more than that the guest does not see it. */
		r = unplug_check(domain, disk, deadline, error);
		if (r <= 0 || force)
			return r < 0 ? r : 0;
	}
	r = resolve_unseen(domain, &hidden, place, error);
	if (error->code == HOTSLOT_ERROR_NOT_CONFIRMED)
		error_append(error, ", so it cannot let go of it; --force detaches it");
	return r;
}

static void tell(
	const struct guest_audience *audience, const char *kind, const struct hotslot_error *why)
{
	const struct hotslot_user user = {
		.size = sizeof(user), .kind = kind, .device = "", .what = why->message
	};

	if (audience->fn)
		audience->fn(audience->data, &user);
}

static uint64_t at_least(uint64_t deadline, unsigned ms)
{
	uint64_t until = now_ms() + ms;

	return deadline > until ? deadline : until;
}

int forced_overrule(struct hotslot_domain *domain, uint64_t place, const struct xml_disk *disk,
	uint64_t deadline, const struct guest_audience *audience, struct hotslot_error *error)
{
	struct hotslot_error refusal = *error;
	int r;

	error_begin(error, NULL);
	error_step(error, refusal.step);
	r = forced_check(domain, place, disk, true, at_least(deadline, QUESTION_MS), error);
	if (r == 0)
		tell(audience, "unreleased", &refusal);
	return r;
}

int forced_await_gone(struct hotslot_domain *domain, uint64_t place, uint64_t deadline,
	const struct guest_audience *audience, struct hotslot_error *error)
{
	int r;

	error_step(error, "gone");
	r = guest_release(domain, place, RELEASE_DETACHED,
		at_least(deadline - SESSION_GRACE_MS, GONE_MS), error);
	if (r >= 0)
		return 0;
	if (!forced_overrules(error))
		return r;
	tell(audience, "unconfirmed", error);
	error_begin(error, NULL);
	return 0;
}
