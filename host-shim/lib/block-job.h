/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block jobs: what somebody has libvirt do with a disk, which keeps it from being detached and from
 * being resized. */
#pragma once

#include "guest.h"
#include "listener.h"

struct block_job {
	char what[48];	/* "a block copy (40 % done)" */
	char ends[400]; /* what ends it: "'virsh blockjob DOM sda --abort' ends it" */
};

/* Pure: LABEL is libvirt's for the disk, DOMAIN the name or what stands for it. */
void block_job_describe(const virDomainBlockJobInfo *info, const char *domain, const char *label,
	struct block_job *ret);

/* Returns 1 if one is under way on the disk with that label, 0 if none or if that cannot be told.
 * DOMAIN_NAME as above. */
int block_job_find(struct hotslot_domain *domain, const char *domain_name, const char *label,
	struct block_job *ret);

/* Adds to an error that is set which one is under way, if one is, and makes it
 * HOTSLOT_ERROR_DISK_BUSY. Returns R, or the errno of that. */
int block_job_explain(
	struct hotslot_domain *domain, const char *label, int r, struct hotslot_error *error);

/* Waits until none is under way on the disk any more, until UNTIL, now_ms(): then
 * HOTSLOT_ERROR_DISK_BUSY, and the audience is told. */
int block_job_await(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t until,
	const struct guest_audience *audience, struct hotslot_error *error);

/* Has libvirt say when one has begun to mirror a disk, or ends, which gives the disk another
 * source: the domain's events count that like a device. Not if libvirt does not say. In a call; on
 * a new connection, it is to be said again. */
void block_job_listen(const struct hotslot_domain *domain, struct listener *listener);
