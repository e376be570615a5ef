/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a watcher does what others could have it do without end or pause. Pure. */
#pragma once

#include "util.h"

/* Between two inventories that one session makes necessary, at least. */
#define PACE_LOOK_MIN_MS 250

/* How long to wait for the agent again that was there, and for one that may come. */
#define PACE_RETRY_MIN_MS 250
#define PACE_RETRY_MAX_MS 5000

/* After this long without trouble, the next one is met at once again. */
#define PACE_PEACE_MS 10000

/* Who asked for the agent has it for this long: a command often makes more than one call. Another
 * watcher asks again and again, and is given longer each time that nothing has changed. */
#define PACE_YIELD_MIN_MS 100
#define PACE_YIELD_MAX_MS 30000

/* A session that lasted this much longer than twice as long as it was waited for is no part of
 * that. */
#define PACE_SWAP_MS 5000

/* Where there are no turns nobody can ask. So often the channel is free, for longer than who wants
 * it pauses between two attempts, see session-channel.c. */
#define PACE_SHARE_EVERY_MS 10000
#define PACE_SHARE_MS 300

/* All zero at first. */
struct watch_pace {
	uint64_t trouble;  /* when there was any */
	uint64_t interval; /* between two attempts */
	uint64_t opened;   /* when the session was */
	uint64_t yield;	   /* how long others had the agent, 0: as long as at first */
	/* Not before which to connect, to look, to read the XML. */
	uint64_t retry_at, look_after, xml_after;
	uint64_t share_at; /* when to let others in, UINT64_MAX: who wants that asks */
};

/* What was wrong may be so again: longer each time, until there has been peace. */
void watch_pace_trouble(struct watch_pace *pace, uint64_t now);

/* An inventory, or the XML, was read since BEGAN. */
void watch_pace_looked(struct watch_pace *pace, uint64_t began, uint64_t now);
void watch_pace_read(struct watch_pace *pace, uint64_t began, uint64_t now);

/* A session has begun; SHARED: others can ask for it. */
void watch_pace_opened(struct watch_pace *pace, bool shared, uint64_t now);

/* Others have asked for it, or may have it. */
void watch_pace_yielded(struct watch_pace *pace, uint64_t now);
void watch_pace_shared(struct watch_pace *pace, uint64_t now);

/* Something has really changed. */
void watch_pace_changed(struct watch_pace *pace);

/* The same, while others have the agent. */
void watch_pace_hurry(struct watch_pace *pace, uint64_t now);
