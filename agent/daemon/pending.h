/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that wait: for a disk, its release, its size, its contents. */
#pragma once

#include "server.h"

/* An event takes milliseconds; after this long without one the kernel is asked to look. */
#define PENDING_SCAN_MS 1000

/* The host says that it has unplugged the disk, so dropping a released one is right at any time. A
 * lost event never comes: the driver's rescan after an overflow passes over one that is offline. */
#define PENDING_DELETE_MS 100

/* The kernel is at the same still, or at too much else: it is asked after this long, then after
 * twice as long and so on. */
#define PENDING_AGAIN_MS 100
#define PENDING_AGAIN_MAX_MS 3200

/* A release by force gives up what hangs so long before its deadline: time to answer, also on a
 * busy machine. Of a short deadline it is half. */
#define PENDING_HURRY_MS 5000

enum pending_kind {
	PENDING_EXPECT,
	PENDING_RELEASE, /* until the guest cannot use the disk */
	PENDING_GONE,	 /* until the kernel has no disk there */
	PENDING_RESIZE,	 /* until the disk has another size */
	PENDING_DISKS,	 /* until the contents of a page's disks are known */
};

struct pending {
	struct pending *next;
	enum pending_kind kind;
	json_t *id;
	uint64_t asked_at; /* now_ms() */
	uint64_t asked_us; /* the same by now_us() */
	bool timing;	   /* the answer is to say when things were */
	bool checked;	   /* in this round */
	uint64_t deadline; /* now_ms() */
	uint64_t look_at;  /* when to have the kernel look by itself; UINT64_MAX once it has */
	uint64_t put_off;  /* how long that was put off last, in ms */
	bool queued;	   /* it waits for its turn; see turns.h */
	uint32_t place;	   /* for disks, the first one of the page */
	uint64_t size;	   /* expect, resize; UINT64_MAX: any */
	/* expect */
	char serial[SERIAL_ENCODED_MAX + 1]; /* empty: any */
	int read_only;			     /* -1: any */
	/* release */
	bool force;
	bool wait;	   /* for a disk in use */
	uint64_t hurry_at; /* by force: when to give up what hangs, in now_ms(); 0: never */
	/* disks */
	size_t limit;
	/* gone */
	uint64_t diskseq; /* of the disk that it is about */
};

/* Has a request wait, or answers it at once. Copies WAIT; holds a reference to its id. Returns a
 * negative errno and fills *FAILURE if too many wait. */
int pending_add(struct server *server, const struct pending *wait, struct failure *failure);

/* Whether somebody waits for a disk to come to PLACE. */
bool pending_expects(const struct server *server, uint32_t place);

/* When the last of those who wait for a disk to come began to, in now_ms(); 0: nobody does. */
uint64_t pending_expected_at(const struct server *server);

/* Answers those whose condition or deadline has come. */
void pending_check_all(struct server *server);

/* Releases that are not refused with the others. */
enum pending_spare {
	PENDING_SPARE_FORCED = 1 << 0,
	PENDING_SPARE_WAITING = 1 << 1, /* for a disk in use */
};

/* Answers the requests of a kind that wait for PLACE with FAILURE, but for those of SPARE; takes
 * its extra. */
void pending_refuse(struct server *server, enum pending_kind kind, uint32_t place, unsigned spare,
	struct failure *failure);

/* Answers the requests that have this id with Canceled, and takes disks that they had begun to
 * release back into use. Returns how many. */
size_t pending_cancel(struct server *server, const json_t *id);

/* Whether somebody waits for contents. */
bool pending_wants_contents(const struct server *server);

/* Forgets all: their session is over. */
void pending_drop_all(struct server *server);

uint64_t pending_deadline(const struct server *server);
