/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: domains that others have made: aliases for the disks that they have, and what they
 * lack for a disk to be attached. Part of hotslot.h, which says what holds for all calls; include
 * that.
 *
 * These calls change a domain's persistent definition, in nothing but what they say: if libvirt
 * would change more, it gets its old definition back, and the call fails with
 * HOTSLOT_ERROR_LIBVIRT. They talk with no guest.
 */
#ifndef HOTSLOT_DOMAIN_H
#define HOTSLOT_DOMAIN_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All domains of a connection, running or not, by name. The caller frees *ret with
 * hotslot_domains_free(). */
int hotslot_domains(struct hotslot *hotslot, struct hotslot_domain ***ret, size_t *ret_count,
	struct hotslot_error *error);
void hotslot_domains_free(struct hotslot_domain **domains, size_t count);

/* ---- Adopting: aliases for disks that have none ---- */

/* A disk of the definition, and the alias that it gets there. */
struct hotslot_adoption {
	size_t size;
	const char *target_dev; /* libvirt's label, "vda"; NULL: a SCSI host device */
	int slot;		/* -1: not on the managed controller, or unslotted */
	const char *serial;	/* NULL if it has none */
	const char *id;		/* of the alias, "ua-hotslot-ID"; NULL if it is none of ours */
	const char *alias;
	const char *live_alias; /* the one that the running domain keeps for the disk until the next
				   boot; NULL: not running, or the disk is not attached now */
};
typedef void (*hotslot_adoption_fn)(void *data, const struct hotslot_adoption *adoption);

struct hotslot_adopt_options {
	size_t size;
	hotslot_adoption_fn plan;    /* told of each disk before anything is done; NULL: nobody */
	bool (*confirm)(void *data); /* then asked once, if there is a disk at all: false leaves all
					as it is. NULL: nobody is asked */
	void *data;		     /* for both */
};
#define HOTSLOT_ADOPT_INIT                                   \
	{                                                    \
		.size = sizeof(struct hotslot_adopt_options) \
	}

/* Gives the disks of the persistent definition that have no alias one of ours, all or none: disks
 * and LUNs on whatever bus, and SCSI host devices on the managed controller; no drives for CDs and
 * nothing at the system target. If it runs under an alias that somebody has given it, it is that
 * one. Else the ID is the serial, if it can be one and no other disk has it; else "slot-N" on the
 * managed controller; else the label. Of a transient domain there is no definition:
 * HOTSLOT_ERROR_TRANSIENT. OPTIONS may be NULL. */
int hotslot_adopt(struct hotslot_domain *domain, const struct hotslot_adopt_options *options,
	struct hotslot_error *error);

/* ---- Enabling: the channel and the controllers that attaching a disk needs ---- */

enum hotslot_part_state {
	HOTSLOT_PART_ADDED,
	HOTSLOT_PART_PENDING, /* was in the definition, comes with the next boot */
	HOTSLOT_PART_REMOVED,
	HOTSLOT_PART_KEPT, /* was added, and stays as long as others need it */
};

struct hotslot_part {
	size_t size;
	enum hotslot_part_state state;
	const char *kind;  /* "channel", or of a controller: "virtio-serial", "scsi", "pci" */
	int index;	   /* of a controller; -1: it is the channel */
	const char *alias; /* NULL if it is none of ours */
	bool now;	   /* in the running domain */
	bool next_boot;	   /* in the definition, so from the next boot on */
};
typedef void (*hotslot_part_fn)(void *data, const struct hotslot_part *part);

/* "added" for HOTSLOT_PART_ADDED, and so on. */
const char *hotslot_part_state_name(enum hotslot_part_state state);

/* Adds what the domain lacks of the agent's channel, a virtio-serial controller for it and a
 * virtio-scsi controller, with ports for these where the machine needs them, and keeps a note of
 * that in the domain's metadata. It is added to the definition; to a running domain only the
 * channel is, if there is a place for it. A transient domain that lacks a controller fails with
 * HOTSLOT_ERROR_TRANSIENT. If hotslot_domain_set_controller() has named a controller that the
 * definition lacks, it is added if it is the next one, and else that is
 * HOTSLOT_ERROR_NO_CONTROLLER. FN is told of each part that is new or that comes with the next
 * boot; of none, if the domain is ready already. What is still to be done in the guest is a notice.
 */
int hotslot_enable(
	struct hotslot_domain *domain, hotslot_part_fn fn, void *data, struct hotslot_error *error);

/* Takes back what hotslot_enable() has added, and nothing else: from the definition; from a running
 * domain only the channel, controllers go with the next boot. Fails with HOTSLOT_ERROR_SLOT_TAKEN
 * while a disk is on the virtio-scsi controller that was added. A part that others need by now is
 * kept, and stays noted: a later call takes it back when they do not. FN is told of each part; of
 * none, if nothing was added. */
int hotslot_disable(
	struct hotslot_domain *domain, hotslot_part_fn fn, void *data, struct hotslot_error *error);

#ifdef __cplusplus
}
#endif

#endif
