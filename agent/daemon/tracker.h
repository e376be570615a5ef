/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps inventory and links as sysfs says, one disk at a time. */
#pragma once

#include <jansson.h>

#include "fresh-read.h"
#include "identity.h"
#include "inventory.h"
#include "leftovers.h"
#include "links.h"
#include "loop.h"
#include "lost.h"
#include "released.h"
#include "view.h"
#include "voids.h"

/* Where state is kept: marks that udev's rule and the agent share, and the agent's epoch. */
#define RUN_DIRECTORY "/run/hotslot"
#define LINKS_BY_AGENT_MARK "links-by-agent"
#define CONFLICTS_DIRECTORY "conflicts"

struct server;

/* Who is told. ENTRY is as it is now; for removed, as it was. */
struct tracker_callbacks {
	void (*added)(struct server *server, struct entry *entry);
	void (*changed)(struct server *server, struct entry *entry);
	void (*removed)(struct server *server, struct entry *entry);
	struct server *data;
};

/* A child that checks disks, if there is one. */
struct checker_run {
	struct tracker *tracker;
	struct check *check;
	struct source source;
};

/* See checker.h. All times are of now_ms(). */
#define CHECKER_RESETS 64	/* disks that the kernel may find before the agent hears of one */
#define CHECKER_ADDRESS_SIZE 24 /* "HOST:CHANNEL:TARGET:LUN" */

struct checker {
	/* NULL: fresh_read() */
	fresh_read_fn ask;
	char resets[CHECKER_RESETS][CHECKER_ADDRESS_SIZE]; /* heard of, of disks not known yet */
	unsigned next_reset;
	unsigned events; /* of the burst that goes on until TOGETHER_UNTIL */
	uint64_t together_until, quiet_at;
	uint64_t due_by; /* when to check all disks at the latest; 0: not */
	struct checker_run urgent, patient;
};

/* Something could not be read; see tracker-doubt.c. */
struct doubt {
	int error;	  /* of the last since all was looked at, 0: none */
	uint64_t look_at; /* now_ms(): when to look at all again */
	unsigned doublings;
};

struct tracker {
	struct loop *loop;
	struct view view;
	struct identity identity;
	bool settled; /* which controller is managed: another that appears changes nothing */
	struct inventory inventory;
	struct voids voids;
	struct released released;
	struct leftovers leftovers;
	struct checker checker;
	struct lost lost;
	struct doubt doubt;
	struct links links;
	struct tracker_callbacks callbacks;
	char run_directory[256];
	struct times heard;		/* while an event is handled: when it came */
	uint64_t event_seqnum;		/* of the kernel's uevent that is handled now; 0: none */
	const struct entry *identified; /* just now, in this turn of the loop; NULL: none */
	bool first;			/* no agent was there before in this boot */
	bool probing;			/* whether contents are looked at */
	uint64_t quiet_at;	     /* now_ms(): no disk has come for long enough; see prober.h */
	struct source mounts_source; /* tells that the root may have become another */
	struct source pid1_mounts_source;
	struct source writes_source; /* tells that somebody has written to a disk; see writes.h */
};

/* Options of the command line, and who is told. */
struct tracker_options {
	const char *dev_directory; /* NULL: /dev */
	const char *run_directory; /* NULL: RUN_DIRECTORY */
	const char *mirrors[MIRRORS_MAX];
	size_t n_mirrors;
	bool probing;
	struct tracker_callbacks callbacks;
};

/* Opens what is needed; logs what fails. Knows no disk yet. */
int tracker_open(struct tracker *tracker, struct loop *loop, const struct tracker_options *options);
void tracker_close(struct tracker *tracker);

/* Looks at the disk at DEVPATH ("/devices/…/block/sda"): it is new, it has changed, it is gone.
 * Logs a disk that is broken, and forgets it; one that cannot be read is left as it was. */
void tracker_refresh(struct tracker *tracker, const char *devpath);

/* The kernel has removed the disk at DEVPATH that had this disk sequence number (0: unknown). */
void tracker_remove(struct tracker *tracker, const char *devpath, uint64_t diskseq);

/* Looks whether sysfs has a disk at PLACE that was not heard of: takes it up, or has udevd run its
 * rules for it where that makes the links. -EBUSY while udevd has events to handle. */
int tracker_seek(struct tracker *tracker, uint32_t place);

/* There is another disk, or none, where the kernel has taken one for ENTRY: forgets that at once,
 * and has the kernel drop it and look what is there. */
void tracker_void(struct tracker *tracker, struct entry *entry);

/* Forgets nothing, looks at everything: at start, after lost events, in another generation. */
void tracker_rescan(struct tracker *tracker);

/* The steps of that, for the rest of the tracker: judge anew what the system's disks are and which
 * controller is managed; look at the devpath of each disk that sysfs has. */
void tracker_read_identity(struct tracker *tracker);
int tracker_for_each_disk(
	struct tracker *tracker, void (*look)(void *data, const char *devpath), void *data);

/* Judges anew what the system's disks are; if they are others now, or something could not be read
 * before, looks at everything. */
void tracker_judge(struct tracker *tracker);

/* Looks at everything whenever a mount changes what the system's disks are. Logs what fails. */
int tracker_watch_mounts(struct tracker *tracker);

/* Has udevd run its rules once more for the disk at DEVPATH (relative to /sys). */
void tracker_trigger(struct tracker *tracker, const char *devpath);

/* Removes links in both trees that belong to no disk; after the first rescan. */
void tracker_prune_links(struct tracker *tracker);

/* Makes the links in each mirror that is another directory now, and, if AGAIN, where that failed.
 */
void tracker_look_at_mirrors(struct tracker *tracker, bool again);

/* udevd has handled an event of this node, and may have given it another mode or owner, which those
 * in mirrors get, too. NULL: of any. */
void tracker_refresh_node(struct tracker *tracker, const char *node, dev_t devnum);

/* Makes the links of ENTRY right for its state, and those of others with its serial. */
void tracker_update_links(struct tracker *tracker, struct entry *entry);

/* The steps of that, for the rest of the tracker: remove all links of ENTRY, or those by serial, or
 * those of partitions that are not among the N of NOW; settle who of the disks with SERIAL has the
 * name. */
void tracker_drop_links(struct tracker *tracker, const struct entry *entry);
void tracker_drop_serial_links(struct tracker *tracker, const struct entry *entry);
void tracker_drop_partition_links(
	struct tracker *tracker, const struct entry *entry, const struct partition *now, size_t n);
void tracker_settle_serial(struct tracker *tracker, const char *serial);

/* Tells the callbacks of a change that did not come from sysfs. */
void tracker_changed(struct tracker *tracker, struct entry *entry);

/* Whether sysfs still has this very disk, by device number and disk sequence number; and whether it
 * surely has not. Neither is so if that cannot be read. */
bool tracker_is_current(const struct tracker *tracker, const struct entry *entry);
bool tracker_is_gone(struct tracker *tracker, const struct entry *entry);

/* WHAT cannot be read: has everything looked at again in some seconds. Logs the first of them. */
void tracker_doubt(struct tracker *tracker, const char *what, int r);

/* Looking at everything begins, and ends. */
void tracker_begin_look(struct tracker *tracker);
void tracker_end_look(struct tracker *tracker);

/* When tracker_continue() looks again at what could not be read; UINT64_MAX: nothing. */
uint64_t tracker_deadline(const struct tracker *tracker);
void tracker_continue(struct tracker *tracker);
