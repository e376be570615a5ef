/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a watcher does what others could have it do without end or pause. */
#include "watch-pace.h"

/* At most a quarter of the time goes to reading what there is, however much that is. */
#define SHARE 3

static uint64_t at_least(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void watch_pace_trouble(struct watch_pace *pace, uint64_t now)
{
	if (now > pace->trouble + PACE_PEACE_MS)
		pace->interval = 0;
	else
		pace->interval = at_least(2 * pace->interval, PACE_RETRY_MIN_MS);
	pace->interval = at_most(pace->interval, PACE_RETRY_MAX_MS);
	pace->trouble = now;
	pace->retry_at = now + pace->interval;
}

void watch_pace_looked(struct watch_pace *pace, uint64_t began, uint64_t now)
{
	pace->look_after = now + at_least(SHARE * (now - began), PACE_LOOK_MIN_MS);
}

void watch_pace_read(struct watch_pace *pace, uint64_t began, uint64_t now)
{
	pace->xml_after = now + SHARE * (now - began);
}

void watch_pace_opened(struct watch_pace *pace, bool shared, uint64_t now)
{
	pace->opened = now;
	pace->share_at = shared ? UINT64_MAX : now + PACE_SHARE_EVERY_MS;
}

void watch_pace_yielded(struct watch_pace *pace, uint64_t now)
{
	if (now > pace->opened + 2 * pace->yield + PACE_SWAP_MS)
		pace->yield = 0;
	pace->yield = at_most(at_least(2 * pace->yield, PACE_YIELD_MIN_MS), PACE_YIELD_MAX_MS);
	pace->retry_at = now + pace->yield;
}

void watch_pace_shared(struct watch_pace *pace, uint64_t now)
{
	pace->retry_at = now + PACE_SHARE_MS;
}

void watch_pace_changed(struct watch_pace *pace)
{
	pace->yield = 0;
}

void watch_pace_hurry(struct watch_pace *pace, uint64_t now)
{
	/* Not if it is trouble that is waited for. */
	if (pace->yield > PACE_YIELD_MIN_MS)
		pace->retry_at = at_most(pace->retry_at, now + PACE_YIELD_MIN_MS);
	watch_pace_changed(pace);
}
