/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an image already: a disk of a domain, itself or behind it. */
#pragma once

#include "domain-xml.h"
#include "image.h"

/* The name of an active domain that has the image at PATH, NULL if none is found. The caller frees
 * it. */
char *image_find_user(struct hotslot *hotslot, const char *path);

/* Whether QEMU itself sees to it that no two write to the image. */
bool image_is_guarded(const struct image *image);

/* HOTSLOT_ERROR_IMAGE_IN_USE if a disk of the domain has an image that nothing else guards, as QEMU
 * locks files alone, or, of this host's devices, what has blocks of it: then two would write to
 * them. Not if both only read, or both share it. HOTSLOT, NULL: paths are not this host's, and
 * where volumes are is not known. OWN: the alias of the disk that has it rightly, NULL: none does
 * yet. */
int image_check_disks(struct hotslot *hotslot, const struct image *image,
	const struct domain_xml *xml, const char *domain, const char *own,
	struct hotslot_error *error);

/* The same of all active domains of the connection. */
int image_check_domains(
	struct hotslot *hotslot, const struct image *image, struct hotslot_error *error);

/* The same once a disk of the domain has its image: whoever attached that to another domain at the
 * same time has seen nothing, and what is behind it, only libvirt knows. */
int image_check_attached(struct hotslot *hotslot, const struct domain_xml *xml,
	const struct xml_disk *disk, struct hotslot_error *error);
