/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that QEMU has, while libvirt has lost them: it was killed in an attach, after QEMU got the
 * disk and before that was written down. Likewise images that QEMU has open for no disk. */
#pragma once

#include "domain.h"

struct leaked {
	char *alias;
	uint64_t place;
};

/* Returns 1 if QEMU has a disk of our alias at this place, and libvirt has neither: *RET, which the
 * caller ends. 0: it has none. Fails if libvirt does not let QEMU be asked. In a session. */
int leaked_find(struct hotslot_domain *domain, uint64_t place, struct leaked *ret,
	struct hotslot_error *error);
void leaked_done(struct leaked *leaked);

#define _cleanup_leaked_ _cleanup_(leaked_done)

/* Has the guest let go of a disk, as guest_release(). */
typedef int (*leaked_release_fn)(const void *data, struct hotslot_error *error);

/* Detaches it: has the guest let go of it, then QEMU, and closes its images. What fails after the
 * guest has let go of it gives it back to the guest. */
int leaked_remove(struct hotslot_domain *domain, const struct leaked *leaked,
	leaked_release_fn release, const void *data, uint64_t deadline,
	struct hotslot_error *error);

/* Adds to the error that the guest shows a disk which is not in the XML what that means. UNASKED:
 * how leaked_find() has failed, if it has. */
void leaked_explain(const struct hotslot_domain *domain, uint64_t place,
	const struct hotslot_error *unasked, struct hotslot_error *error);

/* Whether an image that is in use, and in no domain of libvirt's, may be free by now: repairs what
 * was broken off in this one, and has its QEMU close the image if it has that open for nobody, as a
 * kill came before the disk. QEMU itself refuses to close others. */
bool leaked_free_image(struct hotslot_domain *domain, const char *image, uint64_t deadline);
