/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What launches leave behind them when they are broken off, and its end. */
#pragma once

#include "domain.h"

/* Takes the mark of a launch off the domain: the last step of one. */
int finish_launch(struct hotslot_domain *domain, struct hotslot_error *error);

/* Ends the domains that launches, whose processes are gone, have made to try KVM with. */
void finish_trials(struct hotslot *hotslot);

/* The names of those start with this. */
#define TRIAL_PREFIX "hotslot-kvm-trial-"

/* Whether DOMAIN, whose name a launch wants, was defined for a launch that was broken off before it
 * was started: then undefines it and returns 1. Returns 0 if not; *ret_broken_off then says whether
 * it runs since such a launch. */
int finish_definition(struct hotslot *hotslot, virDomainPtr domain, bool *ret_broken_off);
