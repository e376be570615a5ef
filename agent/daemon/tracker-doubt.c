/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What could not be read, for lack of descriptors or memory: it stays as it was, and the agent
 * looks again. */
#include <string.h>

#include "log.h"
#include "presence.h"
#include "tracker.h"

/* No event tells when there are descriptors again: after this long, then after twice as long and so
 * on, but at least every 16 s. */
#define LOOK_AGAIN_MS 2000
#define LOOK_AGAIN_DOUBLINGS_MAX 3

void tracker_doubt(struct tracker *tracker, const char *what, int r)
{
	struct doubt *doubt = &tracker->doubt;

	if (doubt->error == 0) {
		if (doubt->doublings == 0)
			log_error("cannot read %s: %s; trying again", what, strerror(-r));
		doubt->look_at = now_ms() + ((uint64_t)LOOK_AGAIN_MS << doubt->doublings);
	}
	/* That of one disk says less. */
	if (!is_shortage(doubt->error))
		doubt->error = r;
}

void tracker_begin_look(struct tracker *tracker)
{
	struct doubt *doubt = &tracker->doubt;

	if (doubt->error < 0 && doubt->doublings < LOOK_AGAIN_DOUBLINGS_MAX)
		doubt->doublings++;
	doubt->error = 0;
}

void tracker_end_look(struct tracker *tracker)
{
	if (tracker->doubt.error == 0)
		tracker->doubt.doublings = 0;
}

uint64_t tracker_deadline(const struct tracker *tracker)
{
	return tracker->doubt.error < 0 ? tracker->doubt.look_at : UINT64_MAX;
}

void tracker_continue(struct tracker *tracker)
{
	if (tracker_deadline(tracker) <= now_ms())
		tracker_judge(tracker);
}

bool tracker_is_current(const struct tracker *tracker, const struct entry *entry)
{
	return entry == tracker->identified ||
	       presence_check(tracker->view.sys, entry->disk.devnum, entry->disk.diskseq) > 0;
}

bool tracker_is_gone(struct tracker *tracker, const struct entry *entry)
{
	int r = presence_check(tracker->view.sys, entry->disk.devnum, entry->disk.diskseq);

	if (r < 0)
		tracker_doubt(tracker, entry->disk.name, r);
	return r == 0;
}
