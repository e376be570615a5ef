/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the live XML of a domain says of its disks, its controllers and its channel. Pure. */
#include "domain-xml.h"

#include <limits.h>
#include <string.h>

#include "domain-controllers.h"
#include "metadata.h"
#include "slot.h"
#include "source-xml.h"
#include "wire.h"
#include "xml.h"

/* Further ones are not of QEMU's making, and would pass for other places. */
static bool is_place(const struct xml_disk *disk)
{
	return disk->bus == 0 && disk->target <= SLOT_SYSTEM_TARGET &&
	       disk->unit < HOTSLOT_PLACE_LUNS;
}

static int parse_address(xmlNode *node, struct xml_disk *disk)
{
	xmlNode *address = xml_child(node, "address");

	if (!address || !xml_attribute_is(address, "type", "drive"))
		return 0;
	if (xml_number(address, "controller", &disk->controller) < 0 ||
		xml_number(address, "bus", &disk->bus) < 0 ||
		xml_number(address, "target", &disk->target) < 0 ||
		xml_number(address, "unit", &disk->unit) < 0)
		return -EBADMSG;
	disk->scsi = is_place(disk);
	return 0;
}

static int parse_disk(xmlNode *node, struct xml_disk *disk)
{
	xmlNode *target = xml_child(node, "target"), *source = xml_child(node, "source");
	int r;

	disk->alias = xml_attribute(xml_child(node, "alias"), "name");
	disk->serial = xml_text(xml_child(node, "serial"));
	disk->source = source_describe(source);
	disk->format = xml_attribute(xml_child(node, "driver"), "type");
	disk->target_dev = xml_attribute(target, "dev");
	disk->read_only = xml_child(node, "readonly");
	disk->shareable = xml_child(node, "shareable");
	disk->transient = xml_child(node, "transient");
	disk->passthrough = xml_attribute_is(node, "device", "lun");
	disk->cdrom = xml_attribute_is(node, "device", "cdrom");
	if (xml_number(source, "index", &disk->index) < 0)
		return -EBADMSG;
	r = disk_chain_parse(node, &disk->chain);
	if (r < 0)
		return r;
	/* IDE, SATA and floppy disks have drive addresses, too. */
	return xml_attribute_is(target, "bus", "scsi") ? parse_address(node, disk) : 0;
}

/* "scsi_host0:0:0:0", as lsscsi counts: adapter, bus, target, unit. */
static char *describe_hostdev(xmlNode *source)
{
	xmlNode *address = xml_child(source, "address");
	_cleanup_free_ char *adapter = xml_attribute(xml_child(source, "adapter"), "name");
	unsigned bus, target;
	_cleanup_free_ char *unit = xml_attribute(address, "unit"); /* 64 bits wide */
	char *text = NULL;

	if (source && xml_attribute_is(source, "protocol", "iscsi"))
		return source_describe(source);
	if (!adapter || !address || xml_number(address, "bus", &bus) < 0 ||
		xml_number(address, "target", &target) < 0 ||
		asprintf(&text, "%s:%u:%u:%s", adapter, bus, target, unit ?: "0") < 0)
		return NULL;
	return text;
}

static int parse_hostdev(xmlNode *node, struct xml_disk *disk)
{
	disk->alias = xml_attribute(xml_child(node, "alias"), "name");
	disk->read_only = xml_child(node, "readonly");
	disk->shareable = xml_child(node, "shareable");
	disk->passthrough = xml_attribute_is(node, "type", "scsi");
	if (disk->passthrough)
		disk->source = describe_hostdev(xml_child(node, "source"));
	return disk->passthrough ? parse_address(node, disk) : 0;
}

static bool is_disk(const xmlNode *node)
{
	return xml_is(node, "disk") || xml_is(node, "hostdev");
}

static int parse_either(xmlNode *node, struct xml_disk *disk)
{
	disk->refs = malloc(sizeof(*disk->refs));
	if (!disk->refs)
		return -ENOMEM;
	*disk->refs = 1;
	return xml_is(node, "disk") ? parse_disk(node, disk) : parse_hostdev(node, disk);
}

static int parse_disks(xmlNode *devices, struct domain_xml *xml)
{
	xml->disks = calloc(xmlChildElementCount(devices) + 1, sizeof(*xml->disks));
	if (!xml->disks)
		return -ENOMEM;
	for (xmlNode *node = devices->children; node; node = node->next) {
		int r = is_disk(node) ? parse_either(node, &xml->disks[xml->n_disks++]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int domain_xml_insert(struct domain_xml *xml, size_t at, xmlNode *node)
{
	struct xml_disk disk = {}, *disks;
	int r = parse_either(node, &disk);

	disks = r == 0 ? reallocarray(xml->disks, xml->n_disks + 1, sizeof(*disks)) : NULL;
	if (!disks) {
		xml_disk_done(&disk);
		return r < 0 ? r : -ENOMEM;
	}
	memmove(disks + at + 1, disks + at, (xml->n_disks - at) * sizeof(*disks));
	disks[at] = disk;
	xml->disks = disks;
	xml->n_disks++;
	domain_controllers_choose(xml);
	return 0;
}

void domain_xml_remove(struct domain_xml *xml, size_t at)
{
	xml_disk_done(&xml->disks[at]);
	xml->n_disks--;
	memmove(xml->disks + at, xml->disks + at + 1, (xml->n_disks - at) * sizeof(*xml->disks));
	domain_controllers_choose(xml);
}

static void parse_channel(xmlNode *devices, struct domain_xml *xml)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		xmlNode *target = xml_is(node, "channel") ? xml_child(node, "target") : NULL;
		xmlNode *source = xml_child(node, "source");

		if (!target || !xml_attribute_is(target, "type", "virtio") ||
			!xml_attribute_is(target, "name", HOTSLOT_PORT_NAME))
			continue;
		xml->has_channel = true;
		free(xml->channel_path);
		xml->channel_path = xml_attribute(source, "path");
		xml->channel_bound = xml->channel_path && xml_attribute_is(node, "type", "unix") &&
				     xml_attribute_is(source, "mode", "bind");
		xml->channel_connected = xml_attribute_is(target, "state", "connected");
	}
}

static int parse_domain(xmlNode *root, struct domain_xml *xml)
{
	_cleanup_free_ char *id = NULL;
	xmlNode *devices;
	uint64_t value;
	int r;

	if (!root || !xml_is(root, "domain"))
		return -EBADMSG;
	id = xml_attribute(root, "id");
	if (id && parse_u64(id, INT_MAX, &value) < 0)
		return -EBADMSG;
	xml->id = id ? (int)value : -1;
	xml->uuid = xml_text(xml_child(root, "uuid"));
	xml->genid = xml_text(xml_child(root, "genid"));
	r = metadata_parse(xml_child(root, "metadata"), &xml->reserved);
	if (r == -ENOMEM)
		return r;
	xml->bad_metadata = r < 0 || label_parse(xml_child(root, "metadata"), &xml->labels) < 0;
	xml->launching = mark_parse(xml_child(root, "metadata"), &xml->launcher);
	devices = xml_child(root, "devices");
	if (!devices)
		return 0;
	parse_channel(devices, xml);
	r = domain_controllers_parse(devices, xml);
	if (r == 0)
		r = parse_disks(devices, xml);
	domain_controllers_choose(xml);
	return r;
}

int domain_xml_parse(const char *text, struct domain_xml **ret)
{
	_cleanup_xml_ xmlDoc *document = xml_read(text);

	return document ? domain_xml_read(document, ret) : -EBADMSG;
}

int domain_xml_read(xmlDoc *document, struct domain_xml **ret)
{
	_cleanup_domain_xml_ struct domain_xml *xml = calloc(1, sizeof(*xml));
	int r;

	if (!xml)
		return -ENOMEM;
	xml->controller = -1;
	r = parse_domain(xmlDocGetRootElement(document), xml);
	if (r < 0)
		return r;
	*ret = steal_pointer(xml);
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_at_same_place(const struct xml_disk *a, const struct xml_disk *b)
{
	return a->scsi && b->scsi && a->controller == b->controller && a->target == b->target &&
	       a->unit == b->unit;
}

static bool has_same_image(const struct xml_disk *a, const struct xml_disk *b)
{
	return (a->index == b->index && is_same_text(a->source, b->source)) ||
	       disk_chain_shares(&a->chain, &b->chain);
}

/* On other buses, the label is the place. */
static bool has_not_moved(const struct xml_disk *a, const struct xml_disk *b)
{
	return (!a->scsi && !b->scsi) || is_at_same_place(a, b);
}

bool xml_disk_is_same(const struct xml_disk *a, const struct xml_disk *b)
{
	return has_not_moved(a, b) && is_same_text(a->alias, b->alias) &&
	       is_same_text(a->serial, b->serial) && has_same_image(a, b) &&
	       is_same_text(a->target_dev, b->target_dev) && a->passthrough == b->passthrough;
}

bool xml_disk_shares(const struct xml_disk *a, const struct xml_disk *b)
{
	return is_at_same_place(a, b) || (a->alias && is_same_text(a->alias, b->alias)) ||
	       (a->target_dev && is_same_text(a->target_dev, b->target_dev));
}

static bool is_on_controller(const struct domain_xml *xml, const struct xml_disk *disk)
{
	return disk->scsi && xml->controller >= 0 && disk->controller == (unsigned)xml->controller;
}

bool domain_xml_has_gap(const struct domain_xml *xml)
{
	return xml->controller >= 0 && xml->scsi_gap < (unsigned)xml->controller;
}

bool domain_xml_manages(const struct domain_xml *xml, const struct xml_disk *disk)
{
	return !disk->cdrom && is_on_controller(xml, disk);
}

bool domain_xml_is_taken(const struct domain_xml *xml, unsigned target, unsigned unit)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (is_on_controller(xml, &xml->disks[i]) && xml->disks[i].target == target &&
			xml->disks[i].unit == unit)
			return true;
	return false;
}

void domain_xml_add_taken(const struct domain_xml *xml, struct slot_set *slots)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (is_on_controller(xml, disk) && disk->target < SLOT_SYSTEM_TARGET &&
			disk->unit < SLOT_LUNS)
			slot_set_add(slots, slot_from_place(disk->target, disk->unit));
	}
}

const struct xml_disk *domain_xml_disk_at(
	const struct domain_xml *xml, unsigned target, unsigned unit)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (domain_xml_manages(xml, disk) && disk->target == target && disk->unit == unit)
			return disk;
	}
	return NULL;
}

const struct xml_disk *domain_xml_disk_by_alias(const struct domain_xml *xml, const char *alias)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (xml->disks[i].alias && strcmp(xml->disks[i].alias, alias) == 0)
			return &xml->disks[i];
	return NULL;
}
