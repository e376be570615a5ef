/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain that does not run any more, and what has become of it. In calls. */
#pragma once

#include "domain.h"

/* Each fails with HOTSLOT_ERROR_NOT_RUNNING, and says whether the domain has ended or has gone on
 * to another host: there it is as it was here, with all that it had. */

/* libvirt says that there is no such domain: waits a moment for the event, which says why. */
int ended(struct hotslot_domain *domain, struct hotslot_error *error);

/* The event has come. With the events' lock held. */
int ended_now(const struct hotslot_domain *domain, struct hotslot_error *error);

/* There is its definition only. */
int ended_shut_off(struct hotslot_domain *domain, struct hotslot_error *error);

/* R and ERROR are of a call of libvirt that has just failed: they become that if the domain does
 * not run, and stay what they are if it does. */
int ended_explain(struct hotslot_domain *domain, int r, struct hotslot_error *error);

/* Whether it has gone to another host since the call began. */
bool ended_by_leaving(struct hotslot_domain *domain);

/* Then also adds to the error that the disk at PLACE, which was being detached, went with it. */
bool ended_with_disk(struct hotslot_domain *domain, uint64_t place, struct hotslot_error *error);

/* HOTSLOT_ERROR_NO_DOMAIN of a name that a lookup did not find. */
int ended_unknown(struct hotslot *hotslot, const char *name, struct hotslot_error *error);

/* It was seen to run. */
void ended_not(struct hotslot_domain *domain);
