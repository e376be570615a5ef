/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The <disk> element of a disk that we attach. Pure. */
#pragma once

#include <stdbool.h>

#include "disk-element.h"
#include "hotslot.h"
#include "xml.h"

struct disk_spec {
	const char *source; /* as source.h has it */
	const char *format; /* "raw", "qcow2", … */
	const char *target_dev;
	const char *serial; /* NULL: none, as of a LUN that is passed through */
	const char *alias;
	bool block;	  /* a block device, no file */
	bool network;	  /* neither a file nor a device: source says what */
	bool passthrough; /* device='lun' */
	bool read_only;
	unsigned controller, target, unit;
	const struct hotslot_backend_options *backend; /* NULL: nothing is said */
	const struct disk_element *element; /* a user's: then only what identifies it is added, and
					       what is above it and no identity is not looked at */
};

void disk_xml_write(struct xml_writer *writer, const struct disk_spec *spec);

/* The element alone. -EINVAL if a text in it cannot be XML or the source is none. The caller frees
 * *ret. */
int disk_xml_format(const struct disk_spec *spec, char **ret);
