/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that there are, in the order of their places. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "child.h"
#include "contents.h"
#include "disk.h"
#include "hold.h"
#include "loop.h"
#include "probe.h"
#include "times.h"

enum entry_state {
	ENTRY_PRESENT,
	ENTRY_TAKING, /* being released: its links are there until it is */
	ENTRY_RELEASED,
	ENTRY_RESTORING, /* being taken back into use */
	ENTRY_DELETING,	 /* unplugged, and the kernel is told so */
};

struct tracker;
struct inventory;

/* A disk that the agent knows. */
struct entry {
	struct tracker *tracker;
	struct inventory *inventory;
	bool busy; /* among those of inventory_note_busy() */
	struct disk disk;
	char *devpath; /* relative to /sys */
	struct partition *partitions;
	size_t n_partitions;
	struct contents contents;
	struct contents *partition_contents; /* n_partitions of them */
	struct probe *probe;		     /* while its contents are looked at */
	struct source probe_source;
	struct child *probe_left; /* killed, and the kernel has yet to end it */
	struct source left_source;
	bool probe_again; /* something changed meanwhile */
	uint64_t look_at; /* now_ms(): when to look at its contents, if nothing happens before */
	uint64_t look_by; /* and when at the latest; 0: nobody wants it looked at */
	unsigned looks_given_up; /* one after the other */
	int *watches;		 /* of what is written to its nodes, in the order of writes.c */
	size_t n_watches;
	bool written;		/* somebody has written to the disk as a whole */
	bool partition_written; /* somebody has written to a partition */
	bool table_changed; /* and the kernel is to read its table, when there is a child for it */
	struct child
		*reread; /* while the kernel reads its partition table, or waits for its lock */
	struct source reread_source;
	enum entry_state state;
	struct hold *hold;
	struct source hold_source;
	uint64_t step_at;	  /* now_ms(): when the hold's step was begun */
	bool forced;		  /* taking: although it may be in use */
	bool dropped;		  /* deleting: the kernel has been told so */
	bool restore_claims;	  /* restoring: the claim comes first, it is not ours yet */
	bool conflict;		  /* another disk has its serial */
	bool seen;		  /* by the enumeration that is under way */
	uint64_t added_at;	  /* now_ms() */
	bool first_reset;	  /* what it says of itself as a new disk was not heard yet */
	uint64_t added_seqnum;	  /* of the last uevent then */
	uint64_t checked_at;	  /* when it was asked last who it is, and said so; 0: never */
	uint64_t asked_at;	  /* when it was asked last in vain; see checker.h */
	uint64_t check_at;	  /* when to ask it again at the earliest */
	unsigned checks_given_up; /* one after the other */
	bool check_hangs;	  /* the last of them, it was not refused */
	unsigned rescans;	  /* for a size that the kernel has not, one after the other */
	bool check_wanted;
	bool check_urgent; /* somebody waits for it */
	bool checking;
	bool checking_reset; /* what was_reset was when that began */
	bool was_reset;	     /* as the kernel has said */
	bool announced;	     /* the session has been told of it */
	uint64_t reported;   /* a hash of what it was told; 0: nothing yet */
	struct times times;  /* of its coming */
};

/* Whether the guest may use the disk, and it has links. */
static inline bool entry_is_usable(const struct entry *entry)
{
	return entry->state == ENTRY_PRESENT || entry->state == ENTRY_TAKING;
}

/* Whether there is something to do for ENTRY sooner or later, though nothing happens to it. Whoever
 * makes it so calls inventory_note_busy(). */
static inline bool entry_is_busy(const struct entry *entry)
{
	return entry->probe || entry->probe_left || entry->look_by ||
	       entry->contents.state == CONTENTS_PENDING || entry->check_wanted ||
	       entry->state == ENTRY_TAKING || entry->state == ENTRY_RESTORING;
}

/* Hashes of what an entry is looked for by: a thousand are passed over without a look at them. */
struct entry_key {
	uint32_t devpath, serial;
};

struct inventory {
	struct entry **entries; /* sorted by disk_place() */
	struct entry_key *keys; /* of each */
	struct entry **busy;	/* some of them, in the same order */
	size_t n, n_busy;
	size_t allocated; /* of each of the three */
};

/* Makes an entry and sorts it in. Returns NULL without memory. */
struct entry *inventory_add(
	struct inventory *inventory, const struct disk *disk, const char *devpath);

/* Takes an entry out and frees it, with its children; their sources were removed. */
void inventory_remove(struct inventory *inventory, struct entry *entry);

struct entry *inventory_find_place(const struct inventory *inventory, uint32_t place);
struct entry *inventory_find_devpath(const struct inventory *inventory, const char *devpath);

/* The index of the first entry whose place is at least PLACE; n if there is none. */
size_t inventory_search(const struct inventory *inventory, uint32_t place);

/* Makes DISK, at the same place, what is known of ENTRY. */
void inventory_set_disk(struct inventory *inventory, struct entry *entry, const struct disk *disk);

/* The index of the first entry from FROM on that has this serial; n if there is none. */
size_t inventory_next_serial(const struct inventory *inventory, const char *serial, size_t from);

/* How many disks have this serial. */
size_t inventory_count_serial(const struct inventory *inventory, const char *serial);

/* From now on ENTRY is among the busy ones, and is so at least until entry_is_busy() is not true
 * any more. */
void inventory_note_busy(struct entry *entry);

/* Takes those out that are not busy any more. */
void inventory_forget_idle(struct inventory *inventory);

void inventory_done(struct inventory *inventory);
