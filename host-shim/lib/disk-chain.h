/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images that a disk stands on in libvirt's XML: its source, those behind it, and the one that
 * a block job mirrors it to. Pure. */
#pragma once

#include "xml.h"

/* One of them. */
struct chain_image {
	char *source; /* as source_describe() has it */
	bool behind;  /* another one, which is all that is written to */
};

struct disk_chain {
	/* The numbers that libvirt gives them: no two that a run of a domain has had are the
	 * same. */
	unsigned *indexes;
	size_t count;
	struct chain_image *images;
	size_t n_images;
};

/* Reads that of a <disk>. -EBADMSG if a number is none; -ENOMEM. */
int disk_chain_parse(xmlNode *disk, struct disk_chain *ret);

int disk_chain_copy(const struct disk_chain *chain, struct disk_chain *ret);
void disk_chain_done(struct disk_chain *chain);

/* Whether an image is in both. A snapshot puts one in front of the others, a commit takes some
 * away, a copy puts the mirror in the place of all: what was there before and is after tells that
 * the disk was there all the time. */
bool disk_chain_shares(const struct disk_chain *a, const struct disk_chain *b);

/* Whether an image has that number of libvirt's. */
bool disk_chain_has(const struct disk_chain *chain, unsigned index);
