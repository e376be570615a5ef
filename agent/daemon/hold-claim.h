/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors by which a disk is kept from others, from the child that gets them to the agent.
 */
#pragma once

#include <stdbool.h>

/* What the child sends as soon as it has it, so that the agent can give it up though the child is
 * stuck. Each is -1 if there is none: the disk was offline already. */
struct hold_claim {
	int disk;  /* opened with O_EXCL */
	int plain; /* the same without, to be closed last */
	int watch; /* an inotify: tells of writes since then */
};

void hold_claim_clear(struct hold_claim *claim);

int hold_claim_send(int socket, const struct hold_claim *claim);

/* Takes what was sent, if it was. Does not block. */
void hold_claim_receive(int socket, struct hold_claim *ret);

/* Closes all of it. DIRTY: there may be something to be written back, which blocks who closes the
 * disk last: that is left to a child. */
void hold_claim_drop(struct hold_claim *claim, bool dirty);
