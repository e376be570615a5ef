/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's channel as a libvirt stream, read in the event loop: frames in, frames out. */
#include "channel-work.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "watch-queue.h"

/* What one turn of the event loop reads from one guest, so that a flood delays no other. */
#define READ_SIZE 16384
#define READS_MAX 16

void channel_unref(void *data)
{
	struct channel *channel = data;

	if (__atomic_sub_fetch(&channel->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	json_decref(channel->answer);
	answers_clear(&channel->early);
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
	if (!disks_told_take(&channel->told, event))
		watch_queues_lose(channel->events, WATCH_LOSS_GAP);
	watch_queues_add(channel->events, event, length);
}

static void take_answer(struct channel *channel, json_int_t id, json_t *object)
{
	if (id != channel->id) {
		answers_put(&channel->early, id, object, now_us());
	} else if (!channel->answer) {
		channel->answer = json_incref(object);
		channel->answered = now_us();
	}
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
	else if ((error || json_object_get(object, "return")) && json_is_integer(id))
		take_answer(channel, json_integer_value(id), object);
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
	if (virStreamEventAddCallback(channel->stream, VIR_STREAM_EVENT_READABLE, on_stream,
		    channel, channel_unref) < 0) {
		channel_unref(channel);
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
		channel_unref(channel);
		return r;
	}
	*ret = channel;
	return 0;
}

/* What was no frame may have been an answer to, or a request of, any that are still expected. */
static void clear_answer(struct channel *channel)
{
	json_decref(channel->answer);
	channel->answer = NULL;
	if (channel->early.count == 0)
		channel->malformed = channel->rejected = false;
}

void channel_set_session(struct channel *channel, const char *nonce)
{
	snprintf(channel->nonce, sizeof(channel->nonce), "%s", nonce);
	channel->heard = 0;
	disks_told_reset(&channel->told);
	watch_queues_lose(channel->events, WATCH_LOSS_GAP);
	answers_clear(&channel->early);
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

int channel_expect_early(struct channel *channel, json_int_t id)
{
	if (channel->early.count == 0)
		clear_answer(channel);
	return answers_expect(&channel->early, id);
}

void channel_await_early(struct channel *channel, json_int_t id)
{
	json_decref(channel->answer);
	channel->answer = answers_take(&channel->early, id, &channel->answered);
	channel->id = id;
	channel->awaiting = true;
}

void channel_forget_early(struct channel *channel, json_int_t id)
{
	uint64_t came;

	json_decref(answers_take(&channel->early, id, &came));
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

const struct disks_told *channel_told(const struct channel *channel)
{
	return channel->broken ? NULL : &channel->told;
}

void channel_set_taken(struct channel *channel, json_int_t place)
{
	disks_told_set_taken(&channel->told, place);
}

uint64_t channel_heard(const struct channel *channel)
{
	return channel->heard;
}
