/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who of several disks with one serial has its name, where udevd makes the links: udevd handles
 * disks side by side, and lets whoever comes last take a link over. */
#pragma once

#include "disk.h"
#include "view.h"

/* Below the directory of state: who has the name of a serial, and which serials somebody waits
 * for; the latter is there only while somebody does. */
#define CLAIMS_DIRECTORY "serials"
#define CLAIMS_WANTED_DIRECTORY "serials-wanted"

/* And which serial each disk has claimed, by "MAJOR:MINOR": what is not there need not be searched
 * for among the claims. */
#define CLAIMS_OWN_DIRECTORY "serials-own"

enum {
	CLAIM_HELD,  /* the disk has the name of its serial */
	CLAIM_TAKEN, /* another one has it, which is still there */
};

/* Claims the name for a disk with a serial. RUN is the directory of state. The first one keeps it
 * until it is gone or has another serial: what it had before is passed on. Returns one of the above
 * or a negative errno. */
int claim_serial(int run, const struct view *view, const struct disk *disk);

/* The disk has no name by serial any more: what it had is passed on. */
int claim_drop(int run, const struct view *view, const struct disk *disk);

/* The one of the two that goes for the disk; CLAIM_TAKEN also if it has no serial. -EWOULDBLOCK
 * rather than wait for somebody who is at it. */
int claim_now(int run, const struct view *view, const struct disk *disk);

/* A disk is gone: has udevd look again at those that wait for a name which nobody has any more.
 * Returns how many those are. Which serial the disk had is not asked: udevd forgets that when it
 * handles an event of a disk that is about to go. */
int claim_pass_on(int run, const struct view *view);
