/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References: the texts that name a disk, in every form that hotslot.h lists. Pure. */
#pragma once

#include "hotslot.h"
#include "util.h"

enum reference_kind {
	REFERENCE_SLOT,
	REFERENCE_SERIAL,
	REFERENCE_ALIAS,
	REFERENCE_ID,
	REFERENCE_VOLUME,
};

struct reference {
	enum reference_kind kind;
	unsigned slot;	    /* of REFERENCE_SLOT */
	char *value;	    /* of the others: the serial, encoded; the alias; the ID; the volume */
	unsigned partition; /* 0: the whole disk */
};

/* Parses TEXT. HOTSLOT_ERROR_INVALID if it is none of the forms, or out of range. */
int reference_parse(const char *text, struct reference *ret, struct hotslot_error *error);

/* A serial as *ret of REFERENCE_SERIAL has it: encoded, or as it is. Returns 0, 1 if it is empty,
 * or -ENOMEM. The caller frees *ret. */
int reference_encode_serial(const char *serial, char **ret);

/* The same, where a partition will not do. */
int reference_parse_disk(const char *text, struct reference *ret, struct hotslot_error *error);

void reference_done(struct reference *reference);

#define _cleanup_reference_ _cleanup_(reference_done)

/* The longest: "/dev/sd", letters for any unsigned number, the NUL. */
#define REFERENCE_DEVICE_SIZE 16

/* "/dev/sda" for slot 0, …, "/dev/sdz", "/dev/sdaa", …: libguestfs's and the kernel's way of
 * counting. */
void reference_format_device(unsigned slot, char *ret, size_t size);
