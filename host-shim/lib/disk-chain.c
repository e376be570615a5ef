/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images that a disk stands on in libvirt's XML. Pure. */
#include "disk-chain.h"

#include <string.h>

#include "source-xml.h"

static int add(xmlNode *node, struct disk_chain *chain)
{
	unsigned index = 0, *indexes;

	if (!node)
		return 0;
	if (xml_number(node, "index", &index) < 0)
		return -EBADMSG;
	if (index == 0)
		return 0;
	indexes = reallocarray(chain->indexes, chain->count + 1, sizeof(*indexes));
	if (!indexes)
		return -ENOMEM;
	indexes[chain->count] = index;
	chain->indexes = indexes;
	chain->count++;
	return 0;
}

static int add_image(xmlNode *node, struct disk_chain *chain)
{
	char *source = source_describe(xml_child(node, "source"));
	struct chain_image *images;

	if (!source)
		return 0;
	images = reallocarray(chain->images, chain->n_images + 1, sizeof(*images));
	if (!images) {
		free(source);
		return -ENOMEM;
	}
	images[chain->n_images++] = (struct chain_image){
		.source = source,
		.behind = xml_is(node, "backingStore"),
	};
	chain->images = images;
	return 0;
}

/* NODE: what has a <source> and, inside of it, what is behind that. A <backingStore> has the number
 * itself, others in their source. */
static int add_all(xmlNode *node, struct disk_chain *chain)
{
	int r = 0;

	for (; node && r == 0; node = xml_child(node, "backingStore")) {
		r = add(node, chain);
		if (r == 0)
			r = add(xml_child(node, "source"), chain);
		if (r == 0)
			r = add_image(node, chain);
	}
	return r;
}

int disk_chain_parse(xmlNode *disk, struct disk_chain *ret)
{
	struct disk_chain chain = {};
	int r = add_all(disk, &chain);

	if (r == 0)
		r = add_all(xml_child(disk, "mirror"), &chain);
	if (r < 0) {
		disk_chain_done(&chain);
		return r;
	}
	*ret = chain;
	return 0;
}

static int copy_images(const struct disk_chain *chain, struct disk_chain *ret)
{
	if (chain->n_images == 0)
		return 0;
	ret->images = calloc(chain->n_images, sizeof(*ret->images));
	if (!ret->images)
		return -ENOMEM;
	for (; ret->n_images < chain->n_images; ret->n_images++) {
		struct chain_image *image = &ret->images[ret->n_images];

		*image = chain->images[ret->n_images];
		image->source = strdup(image->source);
		if (!image->source)
			return -ENOMEM;
	}
	return 0;
}

int disk_chain_copy(const struct disk_chain *chain, struct disk_chain *ret)
{
	struct disk_chain copy = { .count = chain->count };

	if (chain->count > 0) {
		copy.indexes = reallocarray(NULL, chain->count, sizeof(*copy.indexes));
		if (!copy.indexes)
			return -ENOMEM;
		memcpy(copy.indexes, chain->indexes, chain->count * sizeof(*copy.indexes));
	}
	if (copy_images(chain, &copy) < 0) {
		disk_chain_done(&copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

void disk_chain_done(struct disk_chain *chain)
{
	for (size_t i = 0; i < chain->n_images; i++)
		free(chain->images[i].source);
	free(chain->images);
	free(chain->indexes);
}

bool disk_chain_has(const struct disk_chain *chain, unsigned index)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->indexes[i] == index)
			return true;
	return false;
}

bool disk_chain_shares(const struct disk_chain *a, const struct disk_chain *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (disk_chain_has(b, a->indexes[i]))
			return true;
	return false;
}
