/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A <disk> element that a user has written, to be attached: what it says of its identity and its
 * place is taken, what it lacks is added, the rest stays as it is. Pure.
 */
#pragma once

#include "error.h"
#include "xml.h"

/* The longest text that is taken, in bytes: libvirt's for a whole domain is 10 MiB over the wire,
 * and a disk with a long chain of backing files has a few KiB. */
#define DISK_ELEMENT_MAX (1024 * 1024)

struct disk_element {
	xmlDoc *document;
	char *serial, *id, *target_dev, *format; /* NULL: it has none */
	char *source;				 /* as source_describe() has it */
	bool passthrough, read_only, shareable, transient;
	bool block;	     /* a block device of the host */
	bool local;	     /* that, or a file */
	int slot;	     /* -1: it has no address */
	unsigned controller; /* of the address */
};

/* Fails with HOTSLOT_ERROR_INVALID if TEXT is no <disk> element, or none of a SCSI disk that could
 * be ours. *RET is ended with disk_element_free(). */
int disk_element_parse(const char *text, struct disk_element **ret, struct hotslot_error *error);

struct disk_element *disk_element_free(struct disk_element *element);

/* What is added. */
struct disk_identity {
	const char *target_dev, *alias;
	const char *serial; /* NULL: none */
	unsigned controller, target, unit;
};

/* The text of the element with all that IDENTITY says. The caller frees *ret. */
int disk_element_complete(
	const struct disk_element *element, const struct disk_identity *identity, char **ret);
