/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The live XML of a domain without having libvirt write it, which takes it 0.1 ms, and 2 ms of a
 * thousand disks: as it was read last, where libvirt has told of no change since.
 *
 * It tells of every device that comes or goes, of metadata, and of starts and stops. It does not
 * tell of what becomes of a disk that is there: its images, after a snapshot, say. Whoever decides
 * by those reads the XML.
 */
#pragma once

#include "domain.h"

/* All in a call. From domain_read(): the live XML is read from now on, or was read. */
void known_begin(struct hotslot_domain *domain);
void known_done(struct hotslot_domain *domain);

/* As domain_read() and session_open(). */
int known_read(struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);
int known_open(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error);
