/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a call asks libvirt about its domain, whatever becomes of the daemon meanwhile: one that has
 * gone is waited for, and asked again. Each fails with libvirt's error. None waits for QEMU but the
 * last.
 */
#pragma once

#include "domain.h"

/* Whether it runs; -1. */
int domain_is_active(struct hotslot_domain *domain);

/* Whether its definition outlives it; -1. */
int domain_is_persistent(struct hotslot_domain *domain);

/* Whether it has a managed save image; -1. */
int domain_has_saved(struct hotslot_domain *domain);

/* Its state, a virDomainState, and the reason; -1. */
int domain_get_state(struct hotslot_domain *domain, int *ret_state, int *ret_reason);

/* Whether libvirt has paused it, for that reason, in the course of something of its own, and lets
 * it go on itself. */
bool domain_pause_passes(int reason);

/* Its XML, and that of its managed save image, as FLAGS of libvirt's say; NULL. The caller frees
 * it. */
char *domain_get_xml(struct hotslot_domain *domain, unsigned flags);
char *domain_get_saved_xml(struct hotslot_domain *domain);

/* The size of a disk as QEMU has it; -1. */
int domain_get_block_info(
	struct hotslot_domain *domain, const char *target_dev, virDomainBlockInfo *ret);
