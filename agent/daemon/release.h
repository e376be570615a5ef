/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes disks out of use and back, for release and expect. */
#pragma once

#include "server.h"

/* Disks that are taken out of use, or back, at one time: each has two children, and two of the 128
 * inotify instances that there are (fs.inotify.max_user_instances). */
#define RELEASES_MAX 16

/* Counts them anew, in server->releases, where each takes its turn. */
void release_count(struct server *server);

/* Starts to take a usable disk out of use; pending releases of its place are answered when that
 * is over. Returns a negative errno if it cannot be started. */
int release_start(struct server *server, struct entry *entry, bool force);

/* Who the disk was taken from by force, as the answer has it; NULL if it was in no use. */
json_t *release_users(const struct entry *entry);

/* Breaks off what release_start() began, if it is still under way: the disk stays in use. */
void release_cancel(struct server *server, struct entry *entry);

/* A release by force cannot wait any longer: has the disk set offline without what is under way, as
 * far as that is a release by force or gives it back. Returns 1 if it was another release, which is
 * broken off, and the one by force begins. */
int release_hurry(struct server *server, struct entry *entry);

/* Breaks off all that nobody waits for any more: the session is over. */
void release_cancel_all(struct server *server);

/* Starts to take a released disk back into use. */
int release_undo(struct server *server, struct entry *entry);

/* A disk has come, or is back in use: makes it writable, if the children of an agent, or the agent
 * with them, were killed in the moment when they had the disk read-only. */
void release_mend(struct server *server, const struct entry *entry);

/* Has the kernel drop a released disk that the host has unplugged and the kernel has not noticed,
 * and look whether another one is there. Returns -EBUSY while it is being taken or given back. */
int release_delete(struct server *server, struct entry *entry);
