/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a domain needs for us that others may not have given it. Pure. */
#include "parts.h"

#include <string.h>

#include "device-xml.h"
#include "wire.h"

/* What libvirt knows an element of the kind by. */
static const struct {
	const char *name, *alias, *model;
} kinds[] = {
	[PART_CHANNEL] = { "channel", "agent", NULL },
	[PART_SERIAL] = { "virtio-serial", "virtio-serial", NULL },
	[PART_SCSI] = { "scsi", "scsi", "virtio-scsi" },
	[PART_PCI] = { "pci", "pci", "pcie-root-port" },
};

const char *part_kind_name(enum part_kind kind)
{
	return kinds[kind].name;
}

const struct part *parts_find(const struct parts *parts, enum part_kind kind)
{
	for (size_t i = 0; i < parts->n; i++)
		if (parts->parts[i].kind == kind)
			return &parts->parts[i];
	return NULL;
}

bool parts_has(const struct parts *parts, const struct part *part)
{
	for (size_t i = 0; i < parts->n; i++)
		if (parts->parts[i].kind == part->kind && parts->parts[i].index == part->index)
			return true;
	return false;
}

int parts_add(struct parts *parts, const struct part *part)
{
	if (parts->n == PARTS_MAX)
		return -ENOSPC;
	parts->parts[parts->n++] = *part;
	return 0;
}

unsigned part_number(xmlNode *node, const char *attribute)
{
	_cleanup_free_ char *text = xml_attribute(node, attribute);

	return text ? (unsigned)strtoul(text, NULL, 0) : 0;
}

xmlNode *part_address(xmlNode *device, const char *type)
{
	xmlNode *address = xml_child(device, "address");

	return address && xml_attribute_is(address, "type", type) ? address : NULL;
}

static bool is_part(xmlNode *node, const struct part *part)
{
	xmlNode *target;

	if (part->kind != PART_CHANNEL)
		return xml_is(node, "controller") &&
		       xml_attribute_is(node, "type", kinds[part->kind].name) &&
		       part_number(node, "index") == part->index;
	target = xml_is(node, "channel") ? xml_child(node, "target") : NULL;
	return target && xml_attribute_is(target, "type", "virtio") &&
	       xml_attribute_is(target, "name", HOTSLOT_PORT_NAME);
}

xmlNode *part_element_any(xmlNode *devices, const struct part *part)
{
	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next)
		if (is_part(node, part))
			return node;
	return NULL;
}

xmlNode *part_element(xmlNode *devices, const struct part *part)
{
	xmlNode *node = part_element_any(devices, part);
	_cleanup_free_ char *alias = xml_attribute(xml_child(node, "alias"), "name");

	return alias && strncmp(alias, DEVICE_ALIAS_PREFIX, strlen(DEVICE_ALIAS_PREFIX)) == 0
		       ? node
		       : NULL;
}

static bool alias_is_taken(xmlNode *devices, const char *alias)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		xmlNode *element = xml_child(node, "alias");

		if (element && xml_attribute_is(element, "name", alias))
			return true;
	}
	return false;
}

bool part_is_open(xmlNode *channel)
{
	return xml_attribute_is(channel, "type", "unix") &&
	       !xml_attribute_is(xml_child(channel, "source"), "mode", "connect");
}

void part_choose_alias(xmlNode *devices, struct part *part)
{
	char base[PART_ALIAS_SIZE / 2 + 16];

	if (part->kind == PART_CHANNEL)
		snprintf(base, sizeof(base), DEVICE_ALIAS_PREFIX "%s", kinds[part->kind].alias);
	else
		snprintf(base, sizeof(base), DEVICE_ALIAS_PREFIX "%s%u", kinds[part->kind].alias,
			part->index);
	snprintf(part->alias, sizeof(part->alias), "%s", base);
	/* Another device may have it. */
	for (unsigned i = 2; alias_is_taken(devices, part->alias); i++)
		snprintf(part->alias, sizeof(part->alias), "%s-%u", base, i);
}

/* ---- elements ---- */

static xmlNode *add(xmlNode *parent, const char *name)
{
	return parent ? xmlNewChild(parent, NULL, (const xmlChar *)name, NULL) : NULL;
}

static bool put(xmlNode *node, const char *name, const char *value)
{
	return node && xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

static bool put_number(xmlNode *node, const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return put(node, name, text);
}

int part_put_alias(xmlNode *element, const char *alias)
{
	return put(add(element, "alias"), "name", alias) ? 0 : -ENOMEM;
}

static bool write_channel(xmlNode *node, const struct part *part)
{
	xmlNode *target = add(node, "target"), *address = add(node, "address");

	return put(node, "type", "unix") && put(target, "type", "virtio") &&
	       put(target, "name", HOTSLOT_PORT_NAME) && put(address, "type", "virtio-serial") &&
	       put_number(address, "controller", part->controller) && put(address, "bus", "0") &&
	       put_number(address, "port", part->port);
}

/* On the root bus, and on a slot of its own: libvirt would make it a function of another's, and
 * that one another device. */
static bool write_place(xmlNode *node, unsigned slot)
{
	xmlNode *address = add(node, "address");

	return put(address, "type", "pci") && put(address, "domain", "0") &&
	       put(address, "bus", "0") && put_number(address, "slot", slot) &&
	       put(address, "function", "0");
}

static bool write_controller(xmlNode *node, const struct part *part)
{
	const char *model = kinds[part->kind].model;

	return put(node, "type", kinds[part->kind].name) &&
	       put_number(node, "index", part->index) && (!model || put(node, "model", model)) &&
	       (part->chassis == 0 || put_number(add(node, "target"), "chassis", part->chassis)) &&
	       (part->kind != PART_PCI || write_place(node, part->slot));
}

int part_write(xmlNode *devices, const struct part *part)
{
	bool channel = part->kind == PART_CHANNEL;
	xmlNode *node = add(devices, channel ? "channel" : "controller");

	if (!(channel ? write_channel(node, part) : write_controller(node, part)))
		return -ENOMEM;
	return part_put_alias(node, part->alias);
}

/* ---- users ---- */

static bool uses(xmlNode *node, const struct part *part)
{
	static const struct {
		const char *type, *attribute;
	} addresses[] = {
		[PART_SERIAL] = { "virtio-serial", "controller" },
		[PART_SCSI] = { "drive", "controller" },
		[PART_PCI] = { "pci", "bus" },
	};
	xmlNode *address = part_address(node, addresses[part->kind].type);

	if (!address || part_number(address, addresses[part->kind].attribute) != part->index)
		return false;
	/* IDE, SATA and floppy disks have such addresses, too. */
	return part->kind != PART_SCSI || xml_is(node, "hostdev") ||
	       xml_attribute_is(xml_child(node, "target"), "bus", "scsi");
}

bool part_is_used(xmlNode *devices, const struct part *part)
{
	if (part->kind == PART_CHANNEL)
		return false;
	for (xmlNode *node = devices->children; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE && uses(node, part))
			return true;
	return false;
}
