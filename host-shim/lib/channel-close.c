/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of the agent's channel: at once, or when its domain has ended. */
#include "channel-work.h"

/* libvirt (9.0 at least) deadlocks if a stream is closed at the moment that its domain is disposed
 * of: virChrdevFree() and the stream's close callback take two locks in opposite orders. The end
 * of a domain takes milliseconds; its stream is closed this much later. */
#define CLOSE_DELAY_MS 1000

static void abort_stream(virStreamPtr stream)
{
	(void)virStreamAbort(stream);
	virStreamFree(stream);
}

static void close_late(void *data)
{
	struct channel *channel = data;

	abort_stream(channel->stream);
	channel_unref(channel);
}

/* Without a thread, the timer comes again. */
static void on_late_close(int timer, void *data)
{
	struct channel *channel = data;

	channel->late_close = (struct errand){ .run = close_late, .data = channel };
	__atomic_add_fetch(&channel->refs, 1, __ATOMIC_RELAXED);
	if (errand_begin(channel->hotslot, &channel->late_close) < 0)
		channel_unref(channel);
	else
		virEventRemoveTimeout(timer); /* unrefs the channel */
}

struct channel *channel_close(struct channel *channel)
{
	bool ended;

	if (!channel)
		return NULL;
	pthread_mutex_lock(&channel->events->lock);
	ended = channel->broken || channel->events->stops != channel->stops;
	channel->broken = true;
	pthread_mutex_unlock(&channel->events->lock);
	(void)virStreamEventRemoveCallback(channel->stream);
	if (ended && virEventAddTimeout(CLOSE_DELAY_MS, on_late_close, channel, channel_unref) >= 0)
		return NULL;
	abort_stream(channel->stream);
	channel_unref(channel);
	return NULL;
}
