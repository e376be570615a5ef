/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that the kernel still has, though others or none are in their places by now. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct voided;

struct voids {
	struct voided *first;
};

/* Without memory it is not noted. */
void voids_add(struct voids *voids, uint32_t place, dev_t devnum, uint64_t diskseq);
bool voids_has(const struct voids *voids, uint64_t diskseq);
bool voids_has_place(const struct voids *voids, uint32_t place);

/* The kernel has dropped it, and looks whether another one is there. Returns false if there is
 * none; else its place. */
bool voids_drop(struct voids *voids, uint64_t diskseq, uint32_t *ret_place);

/* Until when the disk that has taken a dropped one's place may still come, by now_ms(); 0: none
 * may. */
uint64_t voids_await(struct voids *voids, uint32_t place);

/* It has come. */
void voids_settle(struct voids *voids, uint32_t place);

/* Has those dropped that the kernel below SYSFD has not any more. */
void voids_prune(struct voids *voids, int sysfd);

void voids_done(struct voids *voids);
