/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The <disk> element of a disk that we attach. Pure. */
#pragma once

#include <stdbool.h>

#include "xml.h"

struct disk_spec {
	const char *source; /* absolute path, or an iscsi:// URI */
	const char *format; /* "raw", "qcow2", … */
	const char *target_dev;
	const char *serial; /* NULL: none, as of a LUN that is passed through */
	const char *alias;
	bool block;	  /* a block device, no file */
	bool network;	  /* neither: source is a URI */
	bool passthrough; /* device='lun' */
	bool read_only;
	unsigned controller, target, unit;
};

void disk_xml_write(struct xml_writer *writer, const struct disk_spec *spec);

/* The element alone. -EINVAL if a text in it cannot be XML or the URI is none. The caller frees
 * *ret. */
int disk_xml_format(const struct disk_spec *spec, char **ret);
