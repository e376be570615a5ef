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
};

struct reference {
	enum reference_kind kind;
	unsigned slot;	    /* of REFERENCE_SLOT */
	char *value;	    /* of the others: the serial, encoded; the alias; the ID */
	unsigned partition; /* 0: the whole disk */
};

/* Parses TEXT. HOTSLOT_ERROR_INVALID if it is none of the forms, or out of range. */
int reference_parse(const char *text, struct reference *ret, struct hotslot_error *error);

/* The same, where a partition will not do. */
int reference_parse_disk(const char *text, struct reference *ret, struct hotslot_error *error);

void reference_done(struct reference *reference);

#define _cleanup_reference_ _cleanup_(reference_done)

/* The longest: "/dev/sd", letters for any unsigned number, the NUL. */
#define REFERENCE_DEVICE_SIZE 16

/* "/dev/sda" for slot 0, …, "/dev/sdz", "/dev/sdaa", …: libguestfs's and the kernel's way of
 * counting. */
void reference_format_device(unsigned slot, char *ret, size_t size);
