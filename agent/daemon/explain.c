/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request has waited for in vain. */
#include "explain.h"

#include "places.h"
#include "release-wait.h"
#include "udevd-queue.h"

bool place_is_vacated(const struct server *server, uint32_t place)
{
	if (voids_has_place(&server->tracker->voids, place))
		return false;
	return !server->udevd || !udevd_queue_has(server->udevd, place);
}

static bool is_not_begun(const struct pending *pending, const struct entry *entry)
{
	return pending->queued && (entry->state == ENTRY_PRESENT || entry->state == ENTRY_RELEASED);
}

static bool explain_vacancy(const struct server *server, const struct pending *pending,
	const struct entry *entry, const char *place, struct failure *failure)
{
	bool meant = entry && pending->kind != PENDING_EXPECT &&
		     (pending->kind != PENDING_GONE || entry->disk.diskseq == pending->diskseq);

	if (meant || place_is_vacated(server, pending->place))
		return false;
	if (voids_has_place(&server->tracker->voids, pending->place))
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT,
			"the kernel has yet to drop the last disk in %s", place);
	else
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT,
			"udevd has yet to see the last disk in %s go", place);
	return true;
}

void explain_timeout(const struct server *server, const struct pending *pending,
	const struct entry *entry, struct failure *failure)
{
	const char *name = entry ? entry->disk.name : "a disk";
	char place[PLACE_TEXT_SIZE];

	place_describe(pending->place, place);
	if (explain_vacancy(server, pending, entry, place, failure))
		return;
	if (pending->kind == PENDING_GONE)
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT, "%s is still in %s", name, place);
	else if (pending->kind == PENDING_RELEASE && entry &&
		 release_wait_explain(server, entry, failure))
		return;
	else if (entry && is_not_begun(pending, entry))
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT,
			"%s in %s was not begun with: other disks are being released", name, place);
	else if (pending->kind == PENDING_RELEASE)
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT, "writing back %s in %s takes longer",
			name, place);
	else if (pending->kind == PENDING_RESIZE && entry)
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT, "%s in %s has %llu bytes, not %llu",
			name, place, (unsigned long long)entry->disk.size,
			(unsigned long long)pending->size);
	else if (entry && (entry->checks_given_up > 0 || entry->checking))
		fail_request(
			failure, HOTSLOT_CLASS_TIMEOUT, "%s in %s does not answer", name, place);
	else if (entry)
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT,
			"%s is in %s, but not all of its links are there", name, place);
	else if (server->tracker->identity.system.undecided ||
		 server->tracker->identity.system.error < 0)
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT,
			"no disk is seen in %s: the guest cannot tell which disks its root file "
			"system stands on, so all are hidden",
			place);
	else
		fail_request(failure, HOTSLOT_CLASS_TIMEOUT, "no disk came to %s", place);
}
