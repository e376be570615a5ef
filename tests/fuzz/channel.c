/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of an agent, as a libvirt stream gives them: the channel takes what is of its session.
 */
#include "hotslot.h"

#include "channel.h"
#include "targets.h"

#define NONCE "0123456789abcdef"

/* Stands for the domain's and the stream's objects, in which nobody looks. */
static char object;

/* What the stream has to give, and in pieces of what size. */
static const char *next;
static size_t left, piece;

static virStreamEventCallback callback;
static void *opaque;
static virFreeCallback free_opaque;

/* ---- linked in the place of libvirt's ---- */

virConnectPtr __wrap_virDomainGetConnect(virDomainPtr domain);
virConnectPtr __wrap_virDomainGetConnect(virDomainPtr domain)
{
	(void)domain;
	return (virConnectPtr)(void *)&object;
}

virStreamPtr __wrap_virStreamNew(virConnectPtr connect, unsigned flags);
virStreamPtr __wrap_virStreamNew(virConnectPtr connect, unsigned flags)
{
	(void)connect, (void)flags;
	return (virStreamPtr)(void *)&object;
}

int __wrap_virDomainOpenChannel(
	virDomainPtr domain, const char *name, virStreamPtr stream, unsigned flags);
int __wrap_virDomainOpenChannel(
	virDomainPtr domain, const char *name, virStreamPtr stream, unsigned flags)
{
	(void)domain, (void)name, (void)stream, (void)flags;
	return 0;
}

int __wrap_virStreamEventAddCallback(virStreamPtr stream, int events, virStreamEventCallback cb,
	void *data, virFreeCallback free_data);
int __wrap_virStreamEventAddCallback(virStreamPtr stream, int events, virStreamEventCallback cb,
	void *data, virFreeCallback free_data)
{
	(void)stream, (void)events;
	callback = cb;
	opaque = data;
	free_opaque = free_data;
	return 0;
}

int __wrap_virStreamEventUpdateCallback(virStreamPtr stream, int events);
int __wrap_virStreamEventUpdateCallback(virStreamPtr stream, int events)
{
	(void)stream, (void)events;
	return 0;
}

int __wrap_virStreamEventRemoveCallback(virStreamPtr stream);
int __wrap_virStreamEventRemoveCallback(virStreamPtr stream)
{
	(void)stream;
	free_opaque(opaque);
	return 0;
}

int __wrap_virStreamRecv(virStreamPtr stream, char *data, size_t size);
int __wrap_virStreamRecv(virStreamPtr stream, char *data, size_t size)
{
	size_t length = left < piece ? left : piece;

	(void)stream;
	if (length == 0)
		return -2;
	length = length < size ? length : size;
	memcpy(data, next, length);
	next += length;
	left -= length;
	return (int)length;
}

int __wrap_virStreamSend(virStreamPtr stream, const char *data, size_t size);
int __wrap_virStreamSend(virStreamPtr stream, const char *data, size_t size)
{
	(void)stream, (void)data;
	return (int)size;
}

int __wrap_virStreamAbort(virStreamPtr stream);
int __wrap_virStreamAbort(virStreamPtr stream)
{
	(void)stream;
	return 0;
}

int __wrap_virStreamFree(virStreamPtr stream);
int __wrap_virStreamFree(virStreamPtr stream)
{
	(void)stream;
	return 0;
}

/* ---- */

static void check_channel(struct channel *channel)
{
	uint64_t came;
	json_t *answer;

	if (channel_state(channel) == CHANNEL_MALFORMED)
		hold(*channel_reason(channel));
	if (channel_state(channel) != CHANNEL_ANSWERED)
		return;
	answer = channel_take(channel, &came);
	hold(strcmp(json_string_value(json_object_get(answer, "session")), NONCE) == 0);
	hold(json_integer_value(json_object_get(answer, "id")) == 1);
	hold(json_object_get(answer, "return") || json_object_get(answer, "error"));
	json_decref(answer);
}

/* The first byte says in what pieces the others come. */
void fuzz_channel(const char *data, size_t size)
{
	struct hotslot hotslot = { .pins = 1 };
	struct events *events = events_new();
	char reason[CHANNEL_REASON_SIZE];
	const struct disks_told *told;
	struct channel *channel;

	hold(events);
	next = size > 0 ? data + 1 : data;
	left = size > 0 ? size - 1 : 0;
	piece = size > 0 ? (size_t)(unsigned char)data[0] + 1 : 1;
	hold(channel_open(&hotslot, (virDomainPtr)(void *)&object, events, &channel, reason) == 0);
	pthread_mutex_lock(&events->lock);
	channel_set_session(channel, NONCE);
	channel_expect(channel, 1);
	pthread_mutex_unlock(&events->lock);
	while (left > 0) {
		callback((virStreamPtr)(void *)&object, VIR_STREAM_EVENT_READABLE, opaque);
		pthread_mutex_lock(&events->lock);
		check_channel(channel);
		channel_expect(channel, 1);
		told = channel_told(channel);
		hold(!told || told->vacant < 0 || told->vacant <= told->highest);
		pthread_mutex_unlock(&events->lock);
	}
	channel_close(channel);
	hold(hotslot.pins == 1);
	events_unref(events);
}
