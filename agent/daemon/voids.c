/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that the kernel still has, though others or none are in their places by now. */
#include "voids.h"

#include <sys/sysmacros.h>

#include "util.h"

struct voided {
	struct voided *next;
	uint32_t place;
	dev_t devnum;
	uint64_t diskseq;
};

void voids_add(struct voids *voids, uint32_t place, dev_t devnum, uint64_t diskseq)
{
	struct voided *voided = malloc(sizeof(*voided));

	if (!voided)
		return;
	*voided = (struct voided){ voids->first, place, devnum, diskseq };
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
		if (v->place == place)
			return true;
	return false;
}

static void drop(struct voided **link)
{
	struct voided *voided = *link;

	*link = voided->next;
	free(voided);
}

bool voids_remove(struct voids *voids, uint64_t diskseq, uint32_t *ret_place)
{
	for (struct voided **link = &voids->first; *link; link = &(*link)->next) {
		if ((*link)->diskseq != diskseq)
			continue;
		*ret_place = (*link)->place;
		drop(link);
		return true;
	}
	return false;
}

void voids_prune(struct voids *voids, int sysfd)
{
	struct voided **link = &voids->first;

	while (*link) {
		char path[64];
		uint64_t diskseq;

		snprintf(path, sizeof(path), "dev/block/%u:%u/diskseq", major((*link)->devnum),
			minor((*link)->devnum));
		if (read_attr_u64_at(sysfd, path, &diskseq) == 0 && diskseq == (*link)->diskseq)
			link = &(*link)->next;
		else
			drop(link);
	}
}

void voids_done(struct voids *voids)
{
	while (voids->first)
		drop(&voids->first);
}
