/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent's events say, kept for one who watches: checked and bounded. */
#pragma once

#include <jansson.h>

#include "events.h"
#include "record.h"

/* What one event says. */
struct watch_item {
	struct watch_item *next;
	struct record *record; /* that came or changed; NULL: removed, and then: */
	uint64_t place, diskseq;
	int64_t seq;
};

/* Why the queue does not tell everything. */
enum watch_loss {
	WATCH_LOSS_NONE,
	WATCH_LOSS_GAP,	      /* events are missing, or belong to the session before */
	WATCH_LOSS_MALFORMED, /* the agent says what it must not */
};

struct watch_queue {
	struct watch_queue *next; /* who watches, too */
	struct watch_item *first, **last;
	size_t bytes; /* of the events, as they came */
	enum watch_loss loss;
};

/* All with the events' lock held. */

/* From now on the queue hears events, until it leaves. */
void watch_queue_join(struct watch_queue *queue, struct events *events);
void watch_queue_leave(struct watch_queue *queue, struct events *events);

/* Forgets everything: what follows is told by an inventory. */
void watch_queue_clear(struct watch_queue *queue);

/* All items, in their order; the caller frees each with watch_item_free(). */
struct watch_item *watch_queue_take(struct watch_queue *queue);

/* Takes NULL. */
void watch_item_free(struct watch_item *item);

/* From the channel: an event of BYTES bytes; what it is about is lost for all who watch. */
void watch_queues_add(struct events *events, const json_t *event, size_t bytes);
void watch_queues_lose(struct events *events, enum watch_loss loss);
