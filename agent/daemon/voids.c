/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that the kernel still has, though others or none are in their places by now. */
#include "voids.h"

#include "presence.h"
#include "util.h"

/* The kernel's scan of one place takes some ms; for a busy guest. */
#define REPLACE_MS 1000

struct voided {
	struct voided *next;
	uint32_t place;
	dev_t devnum;
	uint64_t diskseq;
	uint64_t until; /* it is dropped, and another may come; 0: not yet */
};

void voids_add(struct voids *voids, uint32_t place, dev_t devnum, uint64_t diskseq)
{
	struct voided *voided = malloc(sizeof(*voided));

	(void)voids_await(voids, place); /* forgets those of long ago */
	if (!voided)
		return;
	*voided = (struct voided){ voids->first, place, devnum, diskseq, 0 };
	voids->first = voided;
}

bool voids_has(const struct voids *voids, uint64_t diskseq)
{
	for (const struct voided *v = voids->first; v; v = v->next)
		if (v->diskseq == diskseq)
			return true;
	return false;
}

bool voids_has_place(const struct voids *voids, uint32_t place)
{
	for (const struct voided *v = voids->first; v; v = v->next)
		if (v->place == place && v->until == 0)
			return true;
	return false;
}

static void forget(struct voided **link)
{
	struct voided *voided = *link;

	*link = voided->next;
	free(voided);
}

bool voids_drop(struct voids *voids, uint64_t diskseq, uint32_t *ret_place)
{
	for (struct voided *v = voids->first; v; v = v->next) {
		if (v->diskseq != diskseq || v->until > 0)
			continue;
		v->until = now_ms() + REPLACE_MS;
		*ret_place = v->place;
		return true;
	}
	return false;
}

uint64_t voids_await(struct voids *voids, uint32_t place)
{
	struct voided **link = &voids->first;
	uint64_t now = now_ms(), until = 0;

	while (*link) {
		const struct voided *v = *link;

		if (v->until > 0 && v->until <= now) {
			forget(link);
			continue;
		}
		if (v->place == place && v->until > until)
			until = v->until;
		link = &(*link)->next;
	}
	return until;
}

void voids_settle(struct voids *voids, uint32_t place)
{
	struct voided **link = &voids->first;

	while (*link) {
		if ((*link)->place == place && (*link)->until > 0)
			forget(link);
		else
			link = &(*link)->next;
	}
}

void voids_prune(struct voids *voids, int sysfd)
{
	for (struct voided *v = voids->first; v; v = v->next) {
		if (v->until == 0 && presence_check(sysfd, v->devnum, v->diskseq) == 0)
			v->until = now_ms() + REPLACE_MS;
	}
}

void voids_done(struct voids *voids)
{
	while (voids->first)
		forget(&voids->first);
}
