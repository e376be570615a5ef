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

/* Returns 1 if the disk is in use and a child waits until it may not be any more, which it starts
 * if need be; the pending releases are checked when it has. 0: to take it may be tried. */
int release_wait_continue(struct server *server, const struct entry *entry);

/* Fills *FAILURE with who used the disk when it was looked at last, if it is waited for. */
bool release_wait_explain(
	const struct server *server, const struct entry *entry, struct failure *failure);

/* Ends what nobody waits for any more. */
void release_wait_prune(struct server *server);
