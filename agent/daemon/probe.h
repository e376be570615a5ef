/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at the contents of a disk and of its partitions, in a child without privileges. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contents.h"
#include "disk.h"

/* A disk answers a probe's few dozen reads in milliseconds; SCSI's own timeout for one command is
 * 30 s, and nobody wants to wait for that with a label. */
#define PROBE_DEADLINE_MS 5000

struct probe;

enum probe_flags {
	/* What was written by way of partitions' nodes, and is in caches of theirs still, is
	 * written to the disk first. */
	PROBE_WRITE_BACK = 1,
	PROBE_COMPARE_TABLE = 2, /* for probe_has_other_table() */
	PROBE_IN_HURRY = 4,	 /* not as nice as can be: a busy guest would never let it finish */
};

/* Starts to look at DISK and its N partitions (at most PARTITIONS_MAX). The child opens
 * DEV_DIR/NAME for reading and checks devnum and diskseq before it looks. FLAGS are probe_flags.
 * DISK and PARTITIONS are not needed after the call. Does not block. */
int probe_start(const char *dev_dir, const struct disk *disk, const struct partition *partitions,
	size_t n, unsigned flags, struct probe **ret);

/* Readable (EPOLLIN) once the child has ended; then call probe_finish(). Open until probe_free(),
 * and must not be watched beyond that. */
int probe_fd(const struct probe *probe);

/* When to give up (now_ms()): call probe_free() then, the contents are unknown. */
uint64_t probe_deadline_ms(const struct probe *probe);

/* What was seen: on the disk, and on each of its partitions in the order given to probe_start()
 * (RET_PARTITIONS has room for all). One of them can be unknown (unreadable, or signs of several
 * things at once) while others are known. Returns -EAGAIN while the child runs, -ESTALE if the
 * node was not that disk any more, -EIO if it could not be opened, -EBADMSG if the child broke
 * off or answered nonsense; all is unknown then. */
int probe_finish(struct probe *probe, struct contents *ret_disk, struct contents *ret_partitions);

/* After probe_finish() was successful, with PROBE_COMPARE_TABLE: whether the table on the disk has
 * other partitions than those given to probe_start(). */
bool probe_has_other_table(const struct probe *probe);

/* Ends the child if it still runs, without waiting for it. Takes NULL. */
void probe_free(struct probe *probe);

/* The same, but returns a child that has yet to end, which the kernel may not let it; the caller
 * frees it. NULL if it has. */
struct child *probe_free_but_child(struct probe *probe);
