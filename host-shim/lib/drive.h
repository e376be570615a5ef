/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk to be: its image checked, its slot, serial and alias reserved. */
#pragma once

#include "disk-xml.h"
#include "domain-xml.h"
#include "encode.h"
#include "image.h"
#include "record.h"

/* libvirt's aliases and QEMU's ids may be longer; a person's name for a disk need not. */
#define ID_MAX 64

/* The image that is none: its slot is reserved. */
#define IMAGE_NONE "/dev/null"

struct drive {
	bool reserved;	  /* nothing but a slot */
	bool passthrough; /* the guest talks SCSI with the device itself, whose serial it is */
	bool strict;
	struct image image;
	unsigned slot;
	char serial[SERIAL_OWN_MAX + 1]; /* empty: the device's own */
	char alias[sizeof(ALIAS_PREFIX) + ID_MAX];
	char target_dev[16];
	bool label_kept; /* its element's label is in the XML already, for it */
	struct hotslot_backend_options backend; /* the texts are the caller's */
	struct disk_element *element;		/* a user's own, NULL: none */
};

/* Checks everything that needs no domain. The options get what an XML element says of slot, serial
 * and id; those texts are the drive's, which the caller ends after a failure, too. */
int drive_check(struct hotslot *hotslot, struct hotslot_attach_options *options, struct drive *ret,
	struct hotslot_error *error);

/* Whether an alias can be made of it. */
bool drive_id_is_valid(const char *id);

/* Sets the error that this is no label. */
int drive_bad_label(const char *label, struct hotslot_error *error);

void drive_done(struct drive *drive);

#define _cleanup_drive_ _cleanup_(drive_done)

/* Chooses slot, serial, alias and label, from slot FIRST on if the options name none, so that
 * they are not in XML. A slot that XML has reserved is taken only if it is named. */
int drive_reserve(struct drive *drive, const struct hotslot_attach_options *options,
	const struct domain_xml *xml, unsigned first, struct hotslot_error *error);

/* Sets the error that something is in the slot. */
int drive_slot_taken(const struct domain_xml *xml, unsigned slot, struct hotslot_error *error);

/* Whether a disk in XML has the label. */
bool drive_label_is_taken(const struct domain_xml *xml, const char *label);

/* A label that no disk in XML has: libvirt wants one, nobody goes by it. */
void drive_choose_label(const struct domain_xml *xml, unsigned first, char *ret, size_t size);

/* What it is in XML; the texts stay the drive's. */
void drive_describe(const struct drive *drive, unsigned controller, struct disk_spec *ret);
