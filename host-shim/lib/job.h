/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's jobs on a domain: while it is migrated, saved, dumped, or a snapshot of it is made,
 * nobody may change it. A call that would waits for the end in libvirt itself, for 30 s whatever
 * our deadline is, and then fails: so this waits before it is made. Even to ask what it is about
 * may take that long, if QEMU does not answer and another client waits for it: in a thread, then,
 * but for an embedded driver that is at nothing.
 */
#pragma once

#include "domain.h"

/* Before a call that changes the domain: waits until no job is in its way, with a notice, and fails
 * with HOTSLOT_ERROR_BUSY at DEADLINE, or as domain_check_alive(). At once if there is none, or was
 * none a few milliseconds ago. */
int job_await(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error);

/* Begins to ask: who does something else until job_await() finds the answer there. */
void job_ask(struct hotslot_domain *domain);

/* Before the domain goes: waits a moment for the answer that nobody wants any more, so that the
 * program does not end in the midst of it. */
void job_done(struct hotslot_domain *domain);

/* The same as job_await(), and then session_open(): a domain that is being migrated to this host
 * does not run yet. KNOWN: or known_open(), for who goes by what libvirt tells of. */
int job_await_and_open(struct hotslot_domain *domain, bool known, uint64_t deadline,
	struct domain_xml **ret, struct hotslot_error *error);

/* After such a call has failed: whether libvirt did not begin it because of a job that began
 * meanwhile, so that it may be made again. */
bool job_came_between(struct hotslot_domain *domain, uint64_t deadline);

/* Adds to an error that the guest does not answer what may be why. */
void job_explain(struct hotslot_domain *domain, struct hotslot_error *error);
