/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's channel as a libvirt stream, read in the event loop: frames in, frames out. */
#include "hotslot.h"

#include "channel.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "errand.h"
#include "watch-queue.h"

/* Some requests of at most a frame each; the agent reads faster than we ask. */
#define QUEUE_MAX (2 * HOTSLOT_FRAME_MAX)

/* What one turn of the event loop reads from one guest, so that a flood delays no other. */
#define READ_SIZE 16384
#define READS_MAX 16

/* libvirt (9.0 at least) deadlocks if a stream is closed at the moment that its domain is disposed
 * of: virChrdevFree() and the stream's close callback take two locks in opposite orders. The end
 * of a domain takes milliseconds; its stream is closed this much later. */
#define CLOSE_DELAY_MS 1000

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
	uint64_t heard;
	uint64_t answered;   /* now_us() */
	json_int_t last_seq; /* of the session's events */
	bool missed;	     /* an event */
	json_int_t highest;  /* place of a disk that an event told of, -1: none */
	char reason[HOTSLOT_REASON_MAX];
};

static void unref(void *data)
{
	struct channel *channel = data;

	if (__atomic_sub_fetch(&channel->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	json_decref(channel->answer);
	frame_reader_done(&channel->reader);
	events_unref(channel->events);
	connection_unpin(channel->hotslot);
	free(channel);
}

static bool is_string(const json_t *object, const char *key, const char *value)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && strcmp(text, value) == 0;
}

/* What an event tells, the next inventory says as well; but it saves asking for that. */
static void take_event(struct channel *channel, const json_t *event, size_t length)
{
	json_int_t seq = json_integer_value(json_object_get(event, "seq"));
	const json_t *disk = json_object_get(json_object_get(event, "data"), "disk");
	const json_t *place = json_object_get(disk, "place");

	if ((uint64_t)seq != (uint64_t)channel->last_seq + 1) {
		channel->missed = true;
		watch_queues_lose(channel->events, WATCH_LOSS_GAP);
	}
	channel->last_seq = seq;
	watch_queues_add(channel->events, event, length);
	if (json_is_integer(place) && json_integer_value(place) > channel->highest)
		channel->highest = json_integer_value(place);
}

static void take_object(struct channel *channel, json_t *object, size_t length)
{
	const json_t *id = json_object_get(object, "id");
	const json_t *error = json_object_get(object, "error");

	/* The tail of another session. */
	if (!is_string(object, "session", channel->nonce)) {
		channel->rejected |= error && !id && !json_object_get(object, "session") &&
				     is_string(error, "class", HOTSLOT_CLASS_MALFORMED);
		return;
	}
	channel->heard = now_ms();
	if (json_object_get(object, "event"))
		take_event(channel, object, length);
	else if (error && !id && is_string(error, "class", HOTSLOT_CLASS_MALFORMED))
		channel->rejected = true;
	else if ((error || json_object_get(object, "return")) && json_is_integer(id) &&
		 json_integer_value(id) == channel->id && !channel->answer) {
		channel->answer = json_incref(object);
		channel->answered = now_us();
	}
}

/* Until the answer to a hello there may be the tail of something older; after that, what is no
 * frame is an error. */
static void take_malformed(struct channel *channel, const char *reason)
{
	if (channel->heard == 0)
		return;
	channel->malformed = true;
	watch_queues_lose(channel->events, WATCH_LOSS_MALFORMED);
	snprintf(channel->reason, sizeof(channel->reason), "%s", reason);
}

static void take_line(struct channel *channel, const char *line, size_t length)
{
	char reason[HOTSLOT_REASON_MAX];
	json_t *object;
	int r;

	r = frame_parse(line, length, &object, reason);
	if (r < 0) {
		take_malformed(channel, reason);
		return;
	}
	take_object(channel, object, length);
	json_decref(object);
}

static void take_bytes(struct channel *channel, const char *data, size_t length)
{
	while (length > 0) {
		size_t line_length;
		char *line;
		int r = frame_reader_feed(&channel->reader, &data, &length, &line, &line_length);

		if (r == FRAME_READY)
			take_line(channel, line, line_length);
		else if (r == FRAME_TOO_LONG)
			take_malformed(channel, "it is too long");
		else if (r < 0)
			channel->broken = true;
		if (r < 0)
			return;
	}
}

static void read_stream(struct channel *channel)
{
	for (int i = 0; i < READS_MAX && !channel->broken; i++) {
		char buffer[READ_SIZE];
		int n = virStreamRecv(channel->stream, buffer, sizeof(buffer));

		if (n == -2)
			return;
		if (n <= 0)
			channel->broken = true;
		else
			take_bytes(channel, buffer, n);
	}
}

static void update(struct channel *channel)
{
	bool write = channel->queued > 0;

	if (channel->broken) {
		(void)virStreamEventUpdateCallback(channel->stream, 0);
	} else if (write != channel->writing) {
		channel->writing = write;
		(void)virStreamEventUpdateCallback(channel->stream,
			VIR_STREAM_EVENT_READABLE | (write ? VIR_STREAM_EVENT_WRITABLE : 0));
	}
}

static void write_stream(struct channel *channel)
{
	size_t sent = 0;

	while (sent < channel->queued) {
		int n = virStreamSend(
			channel->stream, channel->queue + sent, channel->queued - sent);

		if (n == -2)
			break;
		if (n < 0) {
			channel->broken = true;
			break;
		}
		sent += n;
	}
	channel->queued -= sent;
	memmove(channel->queue, channel->queue + sent, channel->queued);
}

static void on_stream(virStreamPtr stream, int what, void *data)
{
	struct channel *channel = data;

	(void)stream;
	pthread_mutex_lock(&channel->events->lock);
	if (channel->broken) { /* or closed: the stream may be gone */
		pthread_mutex_unlock(&channel->events->lock);
		return;
	}
	if (what & VIR_STREAM_EVENT_READABLE)
		read_stream(channel);
	if (what & VIR_STREAM_EVENT_WRITABLE && !channel->broken)
		write_stream(channel);
	/* What came before the end is read first. */
	if (what & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))
		channel->broken = true;
	update(channel);
	events_notify(channel->events);
	pthread_mutex_unlock(&channel->events->lock);
}

static struct channel *create(struct hotslot *hotslot, virDomainPtr domain, struct events *events)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->stream = virStreamNew(virDomainGetConnect(domain), VIR_STREAM_NONBLOCK);
	if (!channel->stream) {
		free(channel);
		return NULL;
	}
	channel->refs = 1;
	channel->hotslot = connection_pin(hotslot);
	channel->events = events_ref(events);
	pthread_mutex_lock(&events->lock);
	channel->stops = events->stops;
	pthread_mutex_unlock(&events->lock);
	return channel;
}

static int open_stream(struct channel *channel, virDomainPtr domain)
{
	if (virDomainOpenChannel(domain, HOTSLOT_PORT_NAME, channel->stream, 0) < 0)
		/* "Active channel stream exists for this domain" is all that has this code. */
		return virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED ? -EBUSY : -EIO;
	__atomic_add_fetch(&channel->refs, 1, __ATOMIC_RELAXED);
	if (virStreamEventAddCallback(
		    channel->stream, VIR_STREAM_EVENT_READABLE, on_stream, channel, unref) < 0) {
		unref(channel);
		(void)virStreamAbort(channel->stream);
		return -EIO;
	}
	return 0;
}

int channel_open(struct hotslot *hotslot, virDomainPtr domain, struct events *events,
	struct channel **ret, char *ret_reason)
{
	struct channel *channel = create(hotslot, domain, events);
	int r;

	if (!channel) {
		snprintf(ret_reason, CHANNEL_REASON_SIZE, "no memory");
		return -EIO;
	}
	r = open_stream(channel, domain);
	if (r < 0) {
		/* Freeing forgets libvirt's error. */
		snprintf(ret_reason, CHANNEL_REASON_SIZE, "%s", virGetLastErrorMessage());
		virStreamFree(channel->stream);
		unref(channel);
		return r;
	}
	*ret = channel;
	return 0;
}

static void abort_stream(virStreamPtr stream)
{
	(void)virStreamAbort(stream);
	virStreamFree(stream);
}

static void close_late(void *data)
{
	struct channel *channel = data;

	abort_stream(channel->stream);
	unref(channel);
}

/* Without a thread, the timer comes again. */
static void on_late_close(int timer, void *data)
{
	struct channel *channel = data;

	channel->late_close = (struct errand){ .run = close_late, .data = channel };
	__atomic_add_fetch(&channel->refs, 1, __ATOMIC_RELAXED);
	if (errand_begin(channel->hotslot, &channel->late_close) < 0)
		unref(channel);
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
	if (ended && virEventAddTimeout(CLOSE_DELAY_MS, on_late_close, channel, unref) >= 0)
		return NULL;
	abort_stream(channel->stream);
	unref(channel);
	return NULL;
}

static void clear_answer(struct channel *channel)
{
	json_decref(channel->answer);
	channel->answer = NULL;
	channel->malformed = channel->rejected = false;
}

void channel_set_session(struct channel *channel, const char *nonce)
{
	snprintf(channel->nonce, sizeof(channel->nonce), "%s", nonce);
	channel->heard = 0;
	channel->last_seq = 0;
	channel->missed = false;
	channel->highest = -1;
	watch_queues_lose(channel->events, WATCH_LOSS_GAP);
	clear_answer(channel);
}

int channel_send(struct channel *channel, const char *data, size_t length)
{
	if (channel->broken)
		return -EPIPE;
	if (length > sizeof(channel->queue) - channel->queued)
		return -ENOBUFS;
	memcpy(channel->queue + channel->queued, data, length);
	channel->queued += length;
	write_stream(channel);
	update(channel);
	return channel->broken ? -EPIPE : 0;
}

void channel_expect(struct channel *channel, json_int_t id)
{
	clear_answer(channel);
	channel->id = id;
	channel->awaiting = true;
}

enum channel_state channel_state(const struct channel *channel)
{
	if (channel->answer)
		return CHANNEL_ANSWERED;
	if (channel->broken)
		return CHANNEL_BROKEN;
	if (channel->malformed)
		return CHANNEL_MALFORMED;
	return channel->rejected ? CHANNEL_REJECTED : CHANNEL_QUIET;
}

json_t *channel_take(struct channel *channel, uint64_t *ret_came)
{
	json_t *answer = channel->answer;

	*ret_came = channel->answered;
	channel->answer = NULL;
	channel->awaiting = false;
	clear_answer(channel);
	return answer;
}

const char *channel_reason(const struct channel *channel)
{
	return channel->reason;
}

bool channel_is_clear(const struct channel *channel, json_int_t place)
{
	return !channel->broken && !channel->missed && channel->highest < place;
}

uint64_t channel_heard(const struct channel *channel)
{
	return channel->heard;
}
