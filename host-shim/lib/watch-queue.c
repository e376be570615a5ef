/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent's events say, kept for one who watches: checked and bounded. */
#include "watch-queue.h"

#include <string.h>

#include "json.h"
#include "wire.h"

/* As much as the agent keeps for a host that does not read. Who is that far behind asks for the
 * inventory instead. */
#define QUEUE_BYTES_MAX HOTSLOT_QUEUE_MAX

void watch_item_free(struct watch_item *item)
{
	if (!item)
		return;
	record_free(item->record);
	free(item);
}

void watch_queue_join(struct watch_queue *queue, struct events *events)
{
	*queue = (struct watch_queue){ .last = &queue->first, .next = events->watchers };
	events->watchers = queue;
}

void watch_queue_leave(struct watch_queue *queue, struct events *events)
{
	struct watch_queue **link = &events->watchers;

	while (*link != queue)
		link = &(*link)->next;
	*link = queue->next;
	watch_queue_clear(queue);
}

struct watch_item *watch_queue_take(struct watch_queue *queue)
{
	struct watch_item *items = queue->first;

	queue->first = NULL;
	queue->last = &queue->first;
	queue->bytes = 0;
	return items;
}

static void drop_items(struct watch_queue *queue)
{
	struct watch_item *item = watch_queue_take(queue);

	while (item) {
		struct watch_item *next = item->next;

		watch_item_free(item);
		item = next;
	}
}

void watch_queue_clear(struct watch_queue *queue)
{
	drop_items(queue);
	queue->loss = WATCH_LOSS_NONE;
}

static void lose(struct watch_queue *queue, enum watch_loss loss)
{
	drop_items(queue);
	if (queue->loss < loss)
		queue->loss = loss;
}

void watch_queues_lose(struct events *events, enum watch_loss loss)
{
	for (struct watch_queue *queue = events->watchers; queue; queue = queue->next)
		lose(queue, loss);
}

static int read_removed(const json_t *data, struct watch_item *item)
{
	int r = json_get_u64(data, "place", HOTSLOT_PLACE_MAX, &item->place);

	return r < 0 ? r : json_get_u64(data, "diskseq", INT64_MAX, &item->diskseq);
}

/* Returns 1 for an event that is about no disk. */
static int read_event(const json_t *event, struct watch_item *item)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	const json_t *data = json_object_get(event, "data");
	uint64_t seq;

	if (!name || json_get_u64(event, "seq", INT64_MAX, &seq) < 0)
		return -EBADMSG;
	item->seq = (int64_t)seq;
	if (strcmp(name, HOTSLOT_EVENT_REMOVED) == 0)
		return read_removed(data, item);
	if (strcmp(name, HOTSLOT_EVENT_ADDED) != 0 && strcmp(name, HOTSLOT_EVENT_CHANGED) != 0)
		return 1;
	return record_from_json(json_object_get(data, "disk"), &item->record);
}

static void add(struct watch_queue *queue, const json_t *event, size_t bytes)
{
	struct watch_item *item;
	int r;

	/* What comes before the inventory is in it. */
	if (queue->loss != WATCH_LOSS_NONE)
		return;
	item = queue->bytes + bytes <= QUEUE_BYTES_MAX ? calloc(1, sizeof(*item)) : NULL;
	r = item ? read_event(event, item) : -ENOBUFS;
	if (r == 0) {
		queue->bytes += bytes;
		*queue->last = item;
		queue->last = &item->next;
		return;
	}
	watch_item_free(item);
	if (r < 0)
		lose(queue, r == -EBADMSG ? WATCH_LOSS_MALFORMED : WATCH_LOSS_GAP);
}

void watch_queues_add(struct events *events, const json_t *event, size_t bytes)
{
	for (struct watch_queue *queue = events->watchers; queue; queue = queue->next)
		add(queue, event, bytes);
}
