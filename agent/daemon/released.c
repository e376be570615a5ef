/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that were released in this session, which the host unplugs: what came to their places. */
#include "released.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"

struct released_disk {
	struct released_disk *next;
	uint32_t place;
	uint64_t diskseq, size;
	bool replaced; /* another one has come: the host has unplugged it */
	char serial[SERIAL_ENCODED_MAX + 1];
};

static struct released_disk **find(struct released *released, uint32_t place)
{
	struct released_disk **link = &released->first;

	while (*link && (*link)->place != place)
		link = &(*link)->next;
	return link;
}

void released_note(struct released *released, const struct disk *disk)
{
	struct released_disk *new = malloc(sizeof(*new));

	released_forget(released, disk_place(disk));
	if (!new)
		return;
	*new = (struct released_disk){ .next = released->first,
		.place = disk_place(disk),
		.diskseq = disk->diskseq,
		.size = disk->size };
	strcpy(new->serial, disk->serial);
	released->first = new;
}

bool released_find(const struct released *released, uint32_t place, uint64_t *ret_diskseq)
{
	const struct released_disk *found = released->first;

	while (found && found->place != place)
		found = found->next;
	if (!found)
		return false;
	*ret_diskseq = found->diskseq;
	return true;
}

bool released_note_new(struct released *released, const struct disk *disk)
{
	struct released_disk *before = *find(released, disk_place(disk));

	if (!before)
		return false;
	before->replaced |= before->size != disk->size || strcmp(before->serial, disk->serial) != 0;
	if (before->replaced)
		return false;
	before->diskseq = disk->diskseq;
	return true;
}

void released_forget(struct released *released, uint32_t place)
{
	struct released_disk **link = find(released, place), *found = *link;

	if (!found)
		return;
	*link = found->next;
	free(found);
}

void released_done(struct released *released)
{
	while (released->first)
		released_forget(released, released->first->place);
}
