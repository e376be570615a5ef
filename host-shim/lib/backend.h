/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the host serves a disk (caching, limits, secrets): checked, and written as XML. Pure. */
#pragma once

#include "error.h"
#include "source.h"
#include "xml.h"

/* The name of an option that is set, but for iothread, which is of the controller; NULL if none
 * is. */
const char *backend_first_set(const struct hotslot_backend_options *options);

/* Whether the options go together, and with an image of that kind. */
int backend_check(const struct hotslot_backend_options *options, enum source_kind kind,
	bool passthrough, struct hotslot_error *error);

/* The parts of the <disk> element: attributes of <driver>, children of <source> and of <disk>. */
void backend_write_driver(struct xml_writer *w, const struct hotslot_backend_options *options);
void backend_write_source(
	struct xml_writer *w, const struct hotslot_backend_options *options, enum source_kind kind);
void backend_write_disk(struct xml_writer *w, const struct hotslot_backend_options *options);
