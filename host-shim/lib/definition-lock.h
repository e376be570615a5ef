/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who changes the definition of a domain, one at a time. libvirt has no call that defines a domain
 * only if it still is what was read: of two who read, change and write, one loses what he wrote.
 * This is among the processes of one user; others, and virsh, do not know of it.
 */
#pragma once

#include "domain.h"

/* In a call: waits for whoever changes it now; HOTSLOT_ERROR_BUSY at the deadline of the call.
 * Where there is no place in which processes could agree, *ret is given anyway. What is between a
 * look at the definition and what is done by it, is under the lock; who has it may take it again.
 * Who has it does not wait for the turn to talk with the agent: who has that may wait for this. */
int definition_lock(
	struct hotslot_domain *domain, struct hotslot_domain **ret, struct hotslot_error *error);

/* The same if FLAGS, of libvirt's call, say that it is about the definition; else *ret is NULL. */
int definition_lock_for(struct hotslot_domain *domain, unsigned flags, struct hotslot_domain **ret,
	struct hotslot_error *error);

/* Gives it away, if that is the last of what was taken. *LOCK may be NULL. */
void definition_unlockp(struct hotslot_domain **lock);

#define _cleanup_definition_lock_ _cleanup_(definition_unlockp)
