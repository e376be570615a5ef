/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that QEMU has, while libvirt has lost them: it was killed in an attach, after QEMU got the
 * disk and before that was written down. Likewise images that QEMU has open for no disk. */
#pragma once

#include "domain.h"

struct leaked {
	char *alias;
	uint64_t place;
};

enum {
	LEAKED_OURS = 1,
	LEAKED_FOREIGN = 2, /* its alias is not ours: only to be told of */
};

/* Returns one of these if QEMU has a disk at this place, and libvirt has neither that alias nor
 * one there: *RET, which the caller ends. 0: it has none. Fails if libvirt does not let QEMU be
 * asked. In a session. */
int leaked_find(struct hotslot_domain *domain, uint64_t place, struct leaked *ret,
	struct hotslot_error *error);

/* The same of the disk that QEMU has under this alias, wherever it is. */
int leaked_find_named(struct hotslot_domain *domain, const char *alias, struct leaked *ret,
	struct hotslot_error *error);

void leaked_done(struct leaked *leaked);

#define _cleanup_leaked_ _cleanup_(leaked_done)

/* Has the guest let go of a disk, as guest_release(), or take it back. */
typedef int (*leaked_release_fn)(const void *data, struct hotslot_error *error);

/* Until when, of DEADLINE, the guest is to see that a disk is gone, by FOUND, what leaked_find()
 * has returned. PATIENT: if QEMU could not be asked, too, all the time that there is. */
uint64_t leaked_await_until(int found, bool patient, uint64_t deadline);

/* Detaches one of ours: has the guest let go of it, then QEMU, and closes its images. What fails
 * after the guest has let go of it gives it back to the guest. CURE: what the error advises, before
 * starting the domain anew. */
int leaked_remove(struct hotslot_domain *domain, const struct leaked *leaked,
	leaked_release_fn release, const void *data, const char *cure, uint64_t deadline,
	struct hotslot_error *error);

/* Adds to the error that the guest shows a disk which is not in the XML what that means. LEAKED:
 * what leaked_find() has found, if it has, of others; UNASKED: how it has failed, if it has. */
void leaked_explain(const struct hotslot_domain *domain, uint64_t place,
	const struct leaked *leaked, const struct hotslot_error *unasked,
	struct hotslot_error *error);

/* Whether an image that is in use, and in no domain of libvirt's, may be free by now: repairs what
 * was broken off in this one, and has its QEMU close the image if it has that open for nobody, as a
 * kill came before the disk. QEMU itself refuses to close others. */
bool leaked_free_image(struct hotslot_domain *domain, const char *image, uint64_t deadline);
