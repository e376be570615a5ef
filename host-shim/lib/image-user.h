/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an image already: a disk of a domain, itself or behind it. */
#pragma once

#include "domain-xml.h"
#include "image.h"

/* Whether two texts of source.h mean one image. LOCAL: paths are this host's, where a file can have
 * several names. */
bool image_is_same(const char *a, const char *b, bool local);

/* The name of an active domain that has the image at PATH, NULL if none is found. The caller frees
 * it. */
char *image_find_user(struct hotslot *hotslot, const char *path);

/* HOTSLOT_ERROR_IMAGE_IN_USE if a disk of the domain has an image that nothing else guards, as QEMU
 * locks files and devices alone: then two would write to it. Not if both only read, or both share
 * it. */
int image_check_disks(const struct image *image, const struct domain_xml *xml, const char *domain,
	struct hotslot_error *error);

/* The same of all active domains of the connection. */
int image_check_domains(
	struct hotslot *hotslot, const struct image *image, struct hotslot_error *error);
