/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Releases that wait for a disk in use to become free. */
#pragma once

#include "server.h"

/* Who uses a disk, as an error or an answer has it. */
json_t *release_report_users(const struct disk_user *users, size_t n);

/* Fills *FAILURE for a disk in use; takes the reference to USERS. */
void release_busy(const struct entry *entry, json_t *users, struct failure *failure);

/* The disk at PLACE was found in use by USERS: releases that wait for it wait from now on. */
void release_wait_note(struct server *server, uint32_t place, json_t *users);

/* Whether the disk was in use and has yet to be found free: the pending releases are checked when
 * it is. Else to take it may be tried. */
bool release_wait_is_busy(const struct server *server, const struct entry *entry);

/* Has children wait until the disks that are waited for may be in use no more. */
void release_wait_look(struct server *server);

/* Fills *FAILURE with who used the disk when it was looked at last, if it is waited for. */
bool release_wait_explain(
	const struct server *server, const struct entry *entry, struct failure *failure);

/* Ends what nobody waits for any more. */
void release_wait_prune(struct server *server);
