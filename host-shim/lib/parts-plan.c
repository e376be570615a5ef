/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts a domain lacks, and where they go. Pure. */
#include "parts-plan.h"

#include <limits.h>
#include <string.h>

#include "domain-controllers.h"

/* Of a virtio-serial controller, unless it says otherwise. Port 0 is for a console. */
#define PORTS_DEFAULT 31

/* Slots of the PCIe root that neither libvirt nor the machine gives to what it always has: 0 is the
 * host bridge, 1 the first graphics card; from 0x1a on there are USB, sound, SATA. */
#define ROOT_SLOT_MIN 2
#define ROOT_SLOT_MAX 0x19

/* libvirt's limit. */
#define CHASSIS_MAX 255

static bool is_controller(xmlNode *node, const char *type)
{
	return xml_is(node, "controller") && xml_attribute_is(node, "type", type);
}

/* One more than the last, of those that libvirt can have given. */
static unsigned next_index(xmlNode *devices, const char *type)
{
	unsigned next = 0;

	for (xmlNode *node = devices->children; node; node = node->next) {
		unsigned index = part_number(node, "index");

		if (is_controller(node, type) && index >= next && index < INT_MAX)
			next = index + 1;
	}
	return next;
}

bool parts_has_channel(xmlNode *devices)
{
	const struct part channel = { .kind = PART_CHANNEL };

	return part_element_any(devices, &channel);
}

bool parts_has_scsi(xmlNode *devices, int controller)
{
	for (xmlNode *node = devices->children; node; node = node->next)
		if (domain_controllers_is_virtio_scsi(node) &&
			(controller < 0 || part_number(node, "index") == (unsigned)controller))
			return true;
	return false;
}

unsigned parts_next_scsi(xmlNode *devices)
{
	return next_index(devices, "scsi");
}

char *parts_other_scsi(xmlNode *devices, unsigned *ret_index)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		if (!is_controller(node, "scsi") || domain_controllers_is_virtio_scsi(node))
			continue;
		*ret_index = part_number(node, "index");
		return xml_attribute(node, "model") ?: strdup("lsilogic");
	}
	return NULL;
}

/* ---- the channel ---- */

static bool port_is_taken(xmlNode *devices, unsigned controller, unsigned port)
{
	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next) {
		xmlNode *address = part_address(node, "virtio-serial");

		if (address && part_number(address, "controller") == controller &&
			part_number(address, "port") == port)
			return true;
	}
	return false;
}

static unsigned ports_of(xmlNode *controller)
{
	return part_number(controller, "ports") ?: PORTS_DEFAULT;
}

static bool place_is_free(xmlNode *devices, const struct part *place)
{
	const struct part serial = { .kind = PART_SERIAL, .index = place->controller };
	xmlNode *controller = part_element_any(devices, &serial);

	return controller && place->port > 0 && place->port < ports_of(controller) &&
	       !port_is_taken(devices, place->controller, place->port);
}

/* A place that is free here, and in OTHER, which may be NULL, is nobody's. */
static int find_place(xmlNode *devices, xmlNode *other, struct part *ret)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		struct part place = { .kind = PART_CHANNEL };

		if (!is_controller(node, "virtio-serial"))
			continue;
		place.controller = part_number(node, "index");
		for (place.port = 1; place.port < ports_of(node); place.port++)
			if (place_is_free(devices, &place) &&
				!port_is_taken(other, place.controller, place.port)) {
				*ret = place;
				return 0;
			}
	}
	return -ENOENT;
}

int parts_plan_channel(xmlNode *devices, const struct part *wish, struct part *ret)
{
	int r = 0;

	if (wish && place_is_free(devices, wish))
		*ret = *wish;
	else
		r = find_place(devices, NULL, ret);
	if (r == 0)
		part_choose_alias(devices, ret);
	return r;
}

static int plan_channel(xmlNode *devices, xmlNode *live, struct parts *parts)
{
	struct part serial = { .kind = PART_SERIAL }, channel = { .kind = PART_CHANNEL };
	int r = 0;

	if (find_place(devices, live, &channel) < 0) {
		serial.index = next_index(devices, "virtio-serial");
		channel.controller = serial.index;
		channel.port = 1;
		part_choose_alias(devices, &serial);
		r = parts_add(parts, &serial);
	}
	part_choose_alias(devices, &channel);
	return r < 0 ? r : parts_add(parts, &channel);
}

/* ---- ports ---- */

static bool has_pcie_root(xmlNode *devices)
{
	for (xmlNode *node = devices->children; node; node = node->next)
		if (is_controller(node, "pci") && xml_attribute_is(node, "model", "pcie-root"))
			return true;
	return false;
}

static bool is_free_port(xmlNode *devices, xmlNode *node)
{
	struct part port = { .kind = PART_PCI, .index = part_number(node, "index") };

	return is_controller(node, "pci") &&
	       (xml_attribute_is(node, "model", "pcie-root-port") ||
		       xml_attribute_is(node, "model", "pcie-switch-downstream-port")) &&
	       !part_is_used(devices, &port);
}

static bool slot_is_taken(xmlNode *devices, const struct parts *parts, unsigned slot)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		xmlNode *address = part_address(node, "pci");

		if (address && part_number(address, "bus") == 0 &&
			part_number(address, "slot") == slot)
			return true;
	}
	for (size_t i = 0; i < parts->n; i++)
		if (parts->parts[i].kind == PART_PCI && parts->parts[i].slot == slot)
			return true;
	return false;
}

static bool chassis_is_taken(xmlNode *devices, const struct parts *parts, unsigned chassis)
{
	for (xmlNode *node = devices->children; node; node = node->next)
		if (is_controller(node, "pci") &&
			part_number(xml_child(node, "target"), "chassis") == chassis)
			return true;
	for (size_t i = 0; i < parts->n; i++)
		if (parts->parts[i].kind == PART_PCI && parts->parts[i].chassis == chassis)
			return true;
	return false;
}

/* libvirt gives a port its index, whether another has that or not, and QEMU does not start then. */
static unsigned choose_chassis(xmlNode *devices, const struct parts *parts, unsigned index)
{
	unsigned chassis = CHASSIS_MAX;

	if (!chassis_is_taken(devices, parts, index))
		return 0;
	while (chassis > 1 && chassis_is_taken(devices, parts, chassis))
		chassis--;
	return chassis;
}

static int add_port(xmlNode *devices, unsigned index, struct parts *parts)
{
	struct part port = { .kind = PART_PCI, .index = index, .slot = ROOT_SLOT_MIN };

	while (port.slot <= ROOT_SLOT_MAX && slot_is_taken(devices, parts, port.slot))
		port.slot++;
	if (port.slot > ROOT_SLOT_MAX || index > INT_MAX)
		return 0; /* libvirt knows of other ways */
	port.chassis = choose_chassis(devices, parts, index);
	part_choose_alias(devices, &port);
	return parts_add(parts, &port);
}

/* A port for each controller, where they need one. */
static int plan_ports(xmlNode *devices, struct parts *parts)
{
	unsigned next = next_index(devices, "pci"), needed = 0;
	int r = 0;

	if (!has_pcie_root(devices))
		return 0;
	for (size_t i = 0; i < parts->n; i++)
		needed += parts->parts[i].kind != PART_CHANNEL;
	for (xmlNode *node = devices->children; node && needed > 0; node = node->next)
		needed -= is_free_port(devices, node);
	for (; needed > 0 && r == 0; needed--)
		r = add_port(devices, next++, parts);
	return r;
}

/* The next number after those that are there and are planned. */
static unsigned find_room(xmlNode *devices, const struct parts *parts)
{
	unsigned room = next_index(devices, "pci");
	bool controllers = false;

	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->parts[i];

		controllers |= part->kind != PART_CHANNEL;
		if (part->kind == PART_PCI && part->index >= room)
			room = part->index + 1;
	}
	return controllers && room <= INT_MAX ? room : 0;
}

static int plan_scsi(xmlNode *devices, int controller, struct parts *parts)
{
	struct part scsi = { .kind = PART_SCSI, .index = parts_next_scsi(devices) };

	if (parts_has_scsi(devices, controller))
		return 0;
	if (controller >= 0 && scsi.index != (unsigned)controller) {
		scsi.index = (unsigned)controller;
		return part_element_any(devices, &scsi) ? -EEXIST : -ERANGE;
	}
	part_choose_alias(devices, &scsi);
	return parts_add(parts, &scsi);
}

int parts_plan(xmlNode *devices, xmlNode *live, int controller, struct parts *ret)
{
	struct parts parts = {};
	int r = 0;

	if (!parts_has_channel(devices))
		r = plan_channel(devices, live, &parts);
	if (r == 0)
		r = plan_scsi(devices, controller, &parts);
	if (r == 0)
		r = plan_ports(devices, &parts);
	if (r < 0)
		return r;
	parts.room = find_room(devices, &parts);
	*ret = parts;
	return 0;
}

static bool is_plugged(xmlNode *part, const struct part *port)
{
	xmlNode *address = part_address(part, "pci");

	return address && part_number(address, "bus") == port->index;
}

static bool holds_one(xmlNode *devices, const struct part *port, const struct parts *noted,
	const struct parts *found)
{
	for (size_t i = 0; i < noted->n; i++)
		if (is_plugged(part_element(devices, &noted->parts[i]), port))
			return true;
	for (size_t i = 0; i < found->n; i++)
		if (is_plugged(part_element_any(devices, &found->parts[i]), port))
			return true;
	return false;
}

static xmlNode *find_next_unnamed(
	xmlNode *devices, const struct parts *noted, const struct parts *found, struct part *ret)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		*ret = (struct part){ .kind = PART_PCI, .index = part_number(node, "index") };
		if (is_controller(node, "pci") && ret->index >= noted->room &&
			!xml_child(node, "alias") && !parts_has(found, ret) &&
			holds_one(devices, ret, noted, found))
			return node;
	}
	return NULL;
}

int parts_find_unnamed(xmlNode *devices, const struct parts *noted, struct parts *ret)
{
	struct parts found = {};
	struct part port;

	while (noted->room > 0 && find_next_unnamed(devices, noted, &found, &port)) {
		int r = parts_add(&found, &port);

		if (r < 0)
			return r;
	}
	*ret = found;
	return 0;
}

int parts_find_new(xmlNode *old, xmlNode *devices, struct parts *ret)
{
	struct parts parts = {};

	for (xmlNode *node = devices->children; node; node = node->next) {
		struct part port = { .kind = PART_PCI };
		int r;

		if (!is_controller(node, "pci"))
			continue;
		port.index = part_number(node, "index");
		if (part_element_any(old, &port))
			continue;
		r = parts_add(&parts, &port);
		if (r < 0)
			return r;
	}
	*ret = parts;
	return 0;
}
