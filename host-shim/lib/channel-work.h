/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a channel is, for channel*.c alone. */
#pragma once

#include "hotslot.h"

#include "answers.h"
#include "channel.h"
#include "errand.h"

/* Some requests of at most a frame each; the agent reads faster than we ask. */
#define QUEUE_MAX (2 * HOTSLOT_FRAME_MAX)

struct channel {
	unsigned refs;		 /* the opener's and the stream callback's; atomic */
	struct hotslot *hotslot; /* its memory is pinned */
	struct events *events;
	virStreamPtr stream;
	struct errand late_close;
	unsigned stops; /* of the domain, when the channel was opened */
	bool broken, writing;
	struct frame_reader reader;
	char queue[QUEUE_MAX];
	size_t queued;
	char nonce[HOTSLOT_NONCE_MAX + 1];
	bool awaiting, malformed, rejected;
	json_int_t id;
	json_t *answer;
	struct answers early; /* of requests that nobody waits for yet */
	uint64_t heard;
	uint64_t answered; /* now_us() */
	struct disks_told told;
	char reason[HOTSLOT_REASON_MAX];
};

/* Frees it with the last reference. */
void channel_unref(void *channel);
