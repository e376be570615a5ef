/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt may have to wait for a domain's QEMU to tell, or for another client that has: asked
 * in a thread, as libvirt has no deadline for it. Above all, whether it answers. */
#pragma once

#include <libvirt/libvirt.h>

#include "events.h"

struct qemu_question;

/* Asks, and keeps a reference to DOMAIN until there is an answer. NULL: out of memory, or of
 * threads. */
struct qemu_question *qemu_question_new(virDomainPtr domain);

/* The same, and notifies EVENTS of the answer. */
struct qemu_question *qemu_question_for(virDomainPtr domain, struct events *events);

/* Asks what ASK does, again and again while it returns false: libvirt has waited in vain. What it
 * gives as *RET is not freed. With TOLD, the answer comes once the events of all that was done
 * before it have been handled: see told.h. */
typedef bool (*qemu_question_fn)(virDomainPtr domain, const char **ret);
struct qemu_question *qemu_question_new_asking(
	virDomainPtr domain, qemu_question_fn ask, struct events *told);

/* Once there is an answer. */
const char *qemu_question_answer(const struct qemu_question *question);

/* And whether those events have, in time. */
bool qemu_question_told(const struct qemu_question *question);

/* Takes NULL and returns NULL. A question without an answer goes on without a witness. */
struct qemu_question *qemu_question_free(struct qemu_question *question);

/* Whether one goes on so, of whichever domain. Its thread reads for all who use its connection, and
 * libvirt 9.0 at times fails to wake it to send what they say, until it sends a keep-alive message
 * itself, every 5 s. */
bool qemu_question_hangs(void);

/* Whether there is an answer by then, of whichever kind: that the domain has ended is one. */
bool qemu_question_await(struct qemu_question *question, uint64_t deadline);

/* Whether it is asked of this very object. */
bool qemu_question_is_of(const struct qemu_question *question, virDomainPtr domain);

bool qemu_question_is_about(const struct qemu_question *question, const char *uuid);
