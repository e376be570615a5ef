/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain's QEMU answers libvirt: asked in a thread, as libvirt has no deadline for it. */
#pragma once

#include <libvirt/libvirt.h>

#include "util.h"

struct qemu_question;

/* Asks, and keeps a reference to DOMAIN until there is an answer. NULL: out of memory, or of
 * threads. */
struct qemu_question *qemu_question_new(virDomainPtr domain);

/* Takes NULL and returns NULL. A question without an answer goes on without a witness. */
struct qemu_question *qemu_question_free(struct qemu_question *question);

/* Whether there is an answer by then, of whichever kind: that the domain has ended is one. */
bool qemu_question_await(struct qemu_question *question, uint64_t deadline);

bool qemu_question_is_about(const struct qemu_question *question, const char *uuid);
