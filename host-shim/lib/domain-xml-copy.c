/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the XML of a domain says: made, copied and freed. Pure. */
#include "domain-xml.h"

#include <string.h>

struct domain_xml *domain_xml_new(void)
{
	_cleanup_domain_xml_ struct domain_xml *xml = calloc(1, sizeof(*xml));

	if (!xml)
		return NULL;
	xml->id = -1;
	xml->controllers = calloc(1, sizeof(*xml->controllers));
	if (!xml->controllers)
		return NULL;
	xml->n_controllers = xml->scsi_gap = 1;
	return steal_pointer(xml);
}

void xml_disk_done(struct xml_disk *disk)
{
	if (disk->refs && __atomic_sub_fetch(disk->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(disk->refs);
	free(disk->alias);
	free(disk->serial);
	free(disk->source);
	free(disk->format);
	free(disk->target_dev);
	disk_chain_done(&disk->chain);
}

static bool copy_text(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

int xml_disk_copy(const struct xml_disk *disk, struct xml_disk *ret)
{
	struct xml_disk copy = *disk;

	if (disk->refs) {
		__atomic_add_fetch(disk->refs, 1, __ATOMIC_RELAXED);
		*ret = copy;
		return 0;
	}
	copy.alias = copy.serial = copy.source = copy.format = copy.target_dev = NULL;
	copy.chain = (struct disk_chain){};
	if (!copy_text(disk->alias, &copy.alias) || !copy_text(disk->serial, &copy.serial) ||
		!copy_text(disk->source, &copy.source) || !copy_text(disk->format, &copy.format) ||
		!copy_text(disk->target_dev, &copy.target_dev) ||
		disk_chain_copy(&disk->chain, &copy.chain) < 0) {
		xml_disk_done(&copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

int domain_xml_add(struct domain_xml *xml, const struct xml_disk *disk)
{
	struct xml_disk *disks =
		reallocarray(xml->disks, xml->n_disks + 1, sizeof(struct xml_disk));
	int r;

	if (!disks)
		return -ENOMEM;
	xml->disks = disks;
	r = xml_disk_copy(disk, &xml->disks[xml->n_disks]);
	if (r == 0)
		xml->n_disks++;
	return r;
}

static int copy_controllers(const struct domain_xml *xml, struct domain_xml *copy)
{
	copy->controllers = calloc(xml->n_controllers + 1, sizeof(*copy->controllers));
	if (!copy->controllers)
		return -ENOMEM;
	for (; copy->n_controllers < xml->n_controllers; copy->n_controllers++) {
		const struct xml_controller *from = &xml->controllers[copy->n_controllers];
		struct xml_controller *to = &copy->controllers[copy->n_controllers];

		*to = *from;
		if (!copy_text(from->alias, &to->alias))
			return -ENOMEM;
	}
	return 0;
}

static int copy_disks(const struct domain_xml *xml, struct domain_xml *copy)
{
	copy->disks = calloc(xml->n_disks + 1, sizeof(*copy->disks));
	if (!copy->disks)
		return -ENOMEM;
	for (; copy->n_disks < xml->n_disks; copy->n_disks++)
		if (xml_disk_copy(&xml->disks[copy->n_disks], &copy->disks[copy->n_disks]) < 0)
			return -ENOMEM;
	return 0;
}

struct domain_xml *domain_xml_copy(const struct domain_xml *xml)
{
	_cleanup_domain_xml_ struct domain_xml *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *xml;
	copy->uuid = copy->genid = copy->channel_path = NULL;
	copy->controllers = NULL;
	copy->disks = NULL;
	copy->n_controllers = copy->n_disks = 0;
	if (!copy_text(xml->uuid, &copy->uuid) || !copy_text(xml->genid, &copy->genid) ||
		!copy_text(xml->channel_path, &copy->channel_path) ||
		copy_controllers(xml, copy) < 0 || copy_disks(xml, copy) < 0)
		return NULL;
	return steal_pointer(copy);
}

struct domain_xml *domain_xml_free(struct domain_xml *xml)
{
	if (!xml)
		return NULL;
	for (size_t i = 0; i < xml->n_disks; i++)
		xml_disk_done(&xml->disks[i]);
	free(xml->disks);
	for (size_t i = 0; i < xml->n_controllers; i++)
		free(xml->controllers[i].alias);
	free(xml->controllers);
	free(xml->uuid);
	free(xml->genid);
	free(xml->channel_path);
	free(xml);
	return NULL;
}
