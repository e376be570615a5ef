/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: what state a domain is in, of which generation, and where its definition, its files
 * and its guest differ from it. Part of hotslot.h, which says what holds for all calls; include
 * that.
 */
#ifndef HOTSLOT_STATUS_H
#define HOTSLOT_STATUS_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Something that is not as it is elsewhere. Where "now" is said: in the running domain, or in the
 * saved image that a shut-off one is started from. */
enum hotslot_drift_kind {
	/* Between now and the definition. */
	HOTSLOT_DRIFT_LIVE_ONLY,   /* the definition does not have the disk */
	HOTSLOT_DRIFT_CONFIG_ONLY, /* the definition alone has it */
	HOTSLOT_DRIFT_OTHER_DISK,  /* the slot has another disk in the definition */
	HOTSLOT_DRIFT_OTHER_SLOT,  /* the disk has another place in the definition */
	HOTSLOT_DRIFT_ALIAS,	   /* … another alias of the user's, or none */
	HOTSLOT_DRIFT_SERIAL,
	HOTSLOT_DRIFT_SOURCE,
	HOTSLOT_DRIFT_READ_ONLY,
	HOTSLOT_DRIFT_RESERVED, /* other slots are reserved, or nobody can tell which */
	HOTSLOT_DRIFT_LABELS,	/* other labels are noted */
	/* Between the XML and the host's files, if they are this host's. */
	HOTSLOT_DRIFT_FILE_GONE,     /* any disk's file, or one behind it, is not there */
	HOTSLOT_DRIFT_FILE_REPLACED, /* it is another one than QEMU has open */
	/* Between host and guest. */
	HOTSLOT_DRIFT_NOT_VISIBLE, /* the guest does not show the disk */
	HOTSLOT_DRIFT_GUEST_ONLY,  /* the guest shows a disk that the domain does not have */
	HOTSLOT_DRIFT_RELEASED,	   /* the guest has let go of it, and it is still attached */
	HOTSLOT_DRIFT_GUEST_SERIAL,
	HOTSLOT_DRIFT_GUEST_SIZE,
	HOTSLOT_DRIFT_GUEST_READ_ONLY,
};

/* "live-only" for HOTSLOT_DRIFT_LIVE_ONLY, and so on; never NULL. */
const char *hotslot_drift_name(enum hotslot_drift_kind kind);

/* Made by the library, which may add members at the end, as the next. */
struct hotslot_drift {
	enum hotslot_drift_kind kind;
	int slot;	  /* -1: it is about no slot, or a disk without one */
	const char *text; /* one printable line */
};

struct hotslot_status {
	const char *state; /* "running", "paused", "suspended" (its guest sleeps), "shutting-down",
			      "shut-off", "crashed", "unknown" */
	bool persistent;   /* it has a definition that outlives it */
	bool saved;	   /* shut off, and started from a saved image the next time */
	/* The generation. */
	int id; /* -1: shut off */
	const char *uuid;
	const char *genid;	  /* of the running domain; NULL: none, or shut off */
	const char *config_genid; /* of the definition; NULL: none */
	/* The session. */
	const char *trouble; /* why the guest's part is missing, or not whole; NULL: it is whole */
	const struct hotslot_agent_info *agent; /* NULL: there is no session */
	const char *generation;			/* that the agent was told; NULL likewise */
	bool begun;	      /* this call said hello: no session was there, or of another
				 generation. False: one goes on that this process had */
	int renewed;	      /* the session's hello was of another generation than the agent had
				 been told before, so that it looked at all disks anew: 1 or 0;
				 -1: it cannot be told: an older agent does not say, or
				 the domain has no genid, and when its QEMU was started
				 cannot be seen, so that each connection to libvirt counts
				 as another generation */
	const char *previous; /* the last generation before it that was another; NULL: none */
	int holder; /* the process of this user that spoke with the agent before this call, and may
		       still do so; 0: none is known, or it is this one */
	size_t n_drifts;
	const struct hotslot_drift *const *drifts;
	bool complete; /* these are all; false: the domain runs, and its guest could not be
			  compared, or not wholly: trouble tells why */
};

/* Looks, and changes nothing but that the guest looks at its disks anew where the generation is
 * another. Of a domain that is shut off it compares the files, and the saved image if there is one.
 * That the agent cannot be asked in TIMEOUT_MS (0: 10 s) is no failure: see trouble. The caller
 * frees *ret with hotslot_status_free(). */
int hotslot_status(struct hotslot_domain *domain, unsigned timeout_ms, struct hotslot_status **ret,
	struct hotslot_error *error);

/* Takes NULL. */
void hotslot_status_free(struct hotslot_status *status);

#ifdef __cplusplus
}
#endif

#endif
