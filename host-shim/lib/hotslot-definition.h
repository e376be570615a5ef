/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: the disks of a domain's persistent definition, which it has from its next boot on,
 * whether it runs now or not. Part of hotslot.h, which says what holds for all calls; include that.
 *
 * Of a transient domain there is none: HOTSLOT_ERROR_TRANSIENT. No guest is asked: of a disk, only
 * what the host says is known, and visible is false. Its attached says whether the running domain
 * has the disk, too.
 */
#ifndef HOTSLOT_DEFINITION_H
#define HOTSLOT_DEFINITION_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As hotslot_list(): the disks on the managed controller, but for the system's own. */
int hotslot_list_config(struct hotslot_domain *domain, struct hotslot_disk ***ret,
	size_t *ret_count, struct hotslot_error *error);

/* As hotslot_resolve(), which does the same of a domain that is shut off. What partitions a disk
 * has is not known: HOTSLOT_ERROR_NO_DISK. */
int hotslot_resolve_config(struct hotslot_domain *domain, const char *reference,
	struct hotslot_disk **ret, struct hotslot_error *error);

/* As hotslot_reserved(), which does the same of a domain that is shut off. */
int hotslot_reserved_config(
	struct hotslot_domain *domain, int **ret, size_t *ret_count, struct hotslot_error *error);

/* As hotslot_labels(), which does the same of a domain that is shut off. */
int hotslot_labels_config(struct hotslot_domain *domain, const char ***ret, size_t *ret_count,
	struct hotslot_error *error);

#ifdef __cplusplus
}
#endif

#endif
