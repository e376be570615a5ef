/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt knows of a volume of a storage pool. */
#pragma once

#include "connection.h"
#include "source.h"

/* The format that it says the volume has, NULL if it does not say: no pool, no volume. The caller
 * frees it. */
char *image_volume_format(struct hotslot *hotslot, const struct source *source);

/* Where it says that the volume is: a path, of a pool of files or devices. Likewise. */
char *image_volume_path(struct hotslot *hotslot, const struct source *source);
