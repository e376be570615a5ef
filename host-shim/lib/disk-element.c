/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A <disk> element that a user has written: read, and completed. Pure. */
#include "disk-element.h"

#include <string.h>

#include "encode.h"
#include "record.h"
#include "slot.h"
#include "source-xml.h"

/* A longer one is no label that we would make, and "sd" with 13 letters is not needed. */
#define TARGET_DEV_MAX 15

static int refuse(struct hotslot_error *error, const char *what)
{
	return error_set(error, HOTSLOT_ERROR_INVALID, "The XML %s", what);
}

/* ---- the document ---- */

static int check_document(xmlDoc *document, struct hotslot_error *error)
{
	xmlNode *root;

	if (!document)
		return refuse(error, "is not well-formed, or is not one element");
	/* Entities could make a short text a huge one, or read files. */
	if (document->intSubset || document->extSubset)
		return refuse(error, "has a DTD: a <disk> element needs none");
	root = xmlDocGetRootElement(document);
	if (!root || !xml_is(root, "disk"))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML is a <%.40s> element: give one <disk> element",
			root ? (const char *)root->name : "");
	/* libvirt would not find what is in it. */
	if (root->ns)
		return refuse(error, "has a namespace: libvirt's <disk> has none");
	return 0;
}

/* What we go by may be there once: of two, libvirt takes one. */
static int check_once(xmlNode *disk, struct hotslot_error *error)
{
	static const char *const names[] = { "source", "target", "serial", "alias", "address",
		"driver" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		unsigned count = 0;

		for (xmlNode *child = disk->children; child; child = child->next)
			count += xml_is(child, names[i]);
		if (count > 1)
			return error_set(error, HOTSLOT_ERROR_INVALID,
				"The XML has more than one <%s>", names[i]);
	}
	return 0;
}

/* ---- what it says ---- */

/* libvirt takes one in a definition, and nobody knows from where it is meant. WHERE: of which
 * element. */
static int check_absolute(xmlNode *source, const char *where, struct hotslot_error *error)
{
	static const char *const names[] = { "file", "dev", "dir" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xml_attribute(source, names[i]);

		if (path && *path != '/')
			return error_set(error, HOTSLOT_ERROR_INVALID,
				"The XML has %s '%.200s' in <source>%s, which is no absolute path",
				names[i], path, where);
	}
	return 0;
}

/* Of the disk and of all that is behind it. */
static int check_paths(xmlNode *disk, struct hotslot_error *error)
{
	int r = check_absolute(xml_child(disk, "source"), "", error);

	for (xmlNode *behind = xml_child(disk, "backingStore"); behind && r == 0;
		behind = xml_child(behind, "backingStore"))
		r = check_absolute(xml_child(behind, "source"), " of <backingStore>", error);
	return r;
}

static int read_kind(xmlNode *disk, struct disk_element *element, struct hotslot_error *error)
{
	_cleanup_free_ char *device = xml_attribute(disk, "device");

	element->passthrough = device && strcmp(device, "lun") == 0;
	if (device && !element->passthrough && strcmp(device, "disk") != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML has device '%.40s': only 'disk' and 'lun' are attached", device);
	element->read_only = xml_child(disk, "readonly");
	element->shareable = xml_child(disk, "shareable");
	element->transient = xml_child(disk, "transient");
	element->block = xml_attribute_is(disk, "type", "block");
	element->local = element->block || xml_attribute_is(disk, "type", "file") ||
			 !xmlHasProp(disk, (const xmlChar *)"type");
	element->format = xml_attribute(xml_child(disk, "driver"), "type");
	element->source = source_describe(xml_child(disk, "source"));
	if (!element->source)
		return refuse(error, "has no <source> that could be attached");
	return check_paths(disk, error);
}

static int read_target(xmlNode *target, struct disk_element *element, struct hotslot_error *error)
{
	_cleanup_free_ char *bus = xml_attribute(target, "bus");
	const char *dev;

	if (bus && strcmp(bus, "scsi") != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML has bus '%.40s' in <target>: slots are places on a SCSI "
			"controller, so it is 'scsi' or left out",
			bus);
	element->target_dev = xml_attribute(target, "dev");
	dev = element->target_dev;
	if (dev && (strncmp(dev, "sd", 2) != 0 || !dev[2] || strlen(dev) > TARGET_DEV_MAX ||
			   dev[2 + strspn(dev + 2, "abcdefghijklmnopqrstuvwxyz")]))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML has dev '%.40s' in <target>: for a SCSI disk it is sda, sdb, ..., "
			"or left out",
			dev);
	return 0;
}

static int read_serial(xmlNode *node, struct disk_element *element, struct hotslot_error *error)
{
	if (!node)
		return 0;
	if (element->passthrough)
		return refuse(error, "has a <serial>: a LUN has one of its own");
	element->serial = xml_text(node);
	if (!element->serial)
		return error_memory(error);
	if (!serial_is_valid(element->serial))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML has serial '%.40s', which is not 1 to %d characters of A-Z a-z "
			"0-9 _ . + -",
			element->serial, SERIAL_OWN_MAX);
	return 0;
}

static int read_alias(xmlNode *node, struct disk_element *element, struct hotslot_error *error)
{
	_cleanup_free_ char *name = xml_attribute(node, "name");

	if (!node)
		return 0;
	if (!name || strncmp(name, ALIAS_PREFIX, strlen(ALIAS_PREFIX)) != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML has alias '%.80s', which is not " ALIAS_PREFIX
			"ID: leave it out, and give an id",
			name ?: "");
	element->id = strdup(name + strlen(ALIAS_PREFIX));
	return element->id ? 0 : error_memory(error);
}

static int read_number(xmlNode *node, const char *name, unsigned *ret, struct hotslot_error *error)
{
	if (xml_number(node, name, ret) == 0)
		return 0;
	return error_set(
		error, HOTSLOT_ERROR_INVALID, "The XML has no number as %s in <address>", name);
}

static int read_address(xmlNode *node, struct disk_element *element, struct hotslot_error *error)
{
	unsigned bus, target, unit;
	int r;

	element->slot = -1;
	if (!node)
		return 0;
	if (!xml_attribute_is(node, "type", "drive"))
		return refuse(error, "has an <address> that is not of type 'drive': leave it out, "
				     "and give a slot");
	r = read_number(node, "controller", &element->controller, error);
	if (r == 0)
		r = read_number(node, "bus", &bus, error);
	if (r == 0)
		r = read_number(node, "target", &target, error);
	if (r == 0)
		r = read_number(node, "unit", &unit, error);
	if (r < 0)
		return r;
	if (bus != 0 || target >= SLOT_SYSTEM_TARGET || unit >= SLOT_LUNS)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The XML has an <address> that is no slot: bus 0, target 0 to %d, unit 0 "
			"to %d are",
			SLOT_SYSTEM_TARGET - 1, SLOT_LUNS - 1);
	element->slot = (int)slot_from_place(target, unit);
	return 0;
}

static int read_disk(xmlNode *disk, struct disk_element *element, struct hotslot_error *error)
{
	int r = check_once(disk, error);

	if (r == 0)
		r = read_kind(disk, element, error);
	if (r == 0)
		r = read_target(xml_child(disk, "target"), element, error);
	if (r == 0)
		r = read_serial(xml_child(disk, "serial"), element, error);
	if (r == 0)
		r = read_alias(xml_child(disk, "alias"), element, error);
	return r < 0 ? r : read_address(xml_child(disk, "address"), element, error);
}

int disk_element_parse(const char *text, struct disk_element **ret, struct hotslot_error *error)
{
	struct disk_element *element;
	int r;

	if (strlen(text) > DISK_ELEMENT_MAX)
		return refuse(error, "is longer than 1 MiB: no <disk> element is");
	element = calloc(1, sizeof(*element));
	if (!element)
		return error_memory(error);
	element->document = xml_read(text);
	r = check_document(element->document, error);
	if (r == 0)
		r = read_disk(xmlDocGetRootElement(element->document), element, error);
	if (r < 0)
		disk_element_free(element);
	else
		*ret = element;
	return r;
}

struct disk_element *disk_element_free(struct disk_element *element)
{
	if (!element)
		return NULL;
	xmlFreeDoc(element->document);
	free(element->serial);
	free(element->id);
	free(element->target_dev);
	free(element->format);
	free(element->source);
	free(element);
	return NULL;
}

/* ---- completing it ---- */

static xmlNode *have_child(xmlNode *disk, const char *name)
{
	return xml_child(disk, name) ?: xmlNewChild(disk, disk->ns, (const xmlChar *)name, NULL);
}

static bool set(xmlNode *node, const char *name, const char *value)
{
	return node && xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

static bool set_number(xmlNode *node, const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return set(node, name, text);
}

static bool complete(xmlNode *disk, const struct disk_identity *identity)
{
	xmlNode *target = have_child(disk, "target"), *alias = have_child(disk, "alias");
	xmlNode *address = have_child(disk, "address");

	return set(target, "dev", identity->target_dev) && set(target, "bus", "scsi") &&
	       set(alias, "name", identity->alias) && set(address, "type", "drive") &&
	       set_number(address, "controller", identity->controller) &&
	       set_number(address, "bus", 0) && set_number(address, "target", identity->target) &&
	       set_number(address, "unit", identity->unit) &&
	       (!identity->serial || xml_child(disk, "serial") ||
		       xmlNewTextChild(disk, disk->ns, (const xmlChar *)"serial",
			       (const xmlChar *)identity->serial));
}

static int dump(xmlDoc *document, char **ret)
{
	xmlBuffer *buffer = xmlBufferCreate();
	int r = -ENOMEM;

	if (buffer && xmlNodeDump(buffer, document, xmlDocGetRootElement(document), 0, 1) >= 0) {
		*ret = strdup((const char *)xmlBufferContent(buffer));
		r = *ret ? 0 : -ENOMEM;
	}
	xmlBufferFree(buffer);
	return r;
}

int disk_element_complete(
	const struct disk_element *element, const struct disk_identity *identity, char **ret)
{
	_cleanup_xml_ xmlDoc *copy = xmlCopyDoc(element->document, 1);

	if (!copy || !complete(xmlDocGetRootElement(copy), identity))
		return -ENOMEM;
	return dump(copy, ret);
}
