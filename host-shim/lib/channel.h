/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's channel as a libvirt stream, read in the event loop: frames in, frames out. */
#pragma once

#include <jansson.h>
#include <libvirt/libvirt.h>

#include "connection.h"
#include "disks-told.h"
#include "events.h"
#include "frame.h"

struct channel; /* everything in it is under the events' lock */

enum channel_state {
	CHANNEL_QUIET,	   /* nothing has come for the one who waits */
	CHANNEL_ANSWERED,  /* the answer is there: take it */
	CHANNEL_MALFORMED, /* the agent sent what is no frame */
	CHANNEL_REJECTED,  /* the agent got what is no frame: say it again */
	CHANNEL_BROKEN,	   /* the stream has ended */
};

/* Opens the domain's channel. Returns -EBUSY if somebody else has it, -EIO for anything else;
 * then says why in RET_REASON. */
#define CHANNEL_REASON_SIZE 512
int channel_open(struct hotslot *hotslot, virDomainPtr domain, struct events *events,
	struct channel **ret, char *ret_reason);

/* Takes NULL, returns NULL. Not with the lock held, and not from the event loop: libvirt's daemon
 * has to answer. */
struct channel *channel_close(struct channel *channel);

/* The rest: with the lock held. */

/* Starts a session: only frames with this nonce count from now on. */
void channel_set_session(struct channel *channel, const char *nonce);

/* Queues bytes; what does not fit in the stream now is sent from the loop. Returns -ENOBUFS if
 * too much waits already, -EPIPE if the stream has ended. */
int channel_send(struct channel *channel, const char *data, size_t length);

/* From now on, the answer to this request is awaited. */
void channel_expect(struct channel *channel, json_int_t id);

/* The answer to this one, which was sent before anybody waits for it, is kept. -ENOBUFS if too many
 * are: see ANSWERS_MAX. */
int channel_expect_early(struct channel *channel, json_int_t id);

/* From now on, that answer is awaited; it may be there. Or it is not wanted any more. */
void channel_await_early(struct channel *channel, json_int_t id);
void channel_forget_early(struct channel *channel, json_int_t id);

enum channel_state channel_state(const struct channel *channel);

/* The answer, a whole frame, and when it came, by now_us(); the caller decrefs it. Nothing is
 * awaited any more. */
json_t *channel_take(struct channel *channel, uint64_t *ret_came);

/* Why a frame is malformed. */
const char *channel_reason(const struct channel *channel);

/* What the session's events told; NULL if there are none any more, as the stream has ended. */
const struct disks_told *channel_told(const struct channel *channel);

/* An answer told of a disk at this place. */
void channel_set_taken(struct channel *channel, json_int_t place);

/* When a frame of the session came last; 0: none yet. */
uint64_t channel_heard(const struct channel *channel);
