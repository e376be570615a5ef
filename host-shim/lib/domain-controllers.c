/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtio-scsi controllers of a domain, and which of them is managed. Pure. */
#include "domain-controllers.h"

#include "slot.h"

bool domain_controllers_is_virtio_scsi(xmlNode *node)
{
	/* Without a model it is another one: the default on x86 is lsilogic. */
	return xml_is(node, "controller") && xml_attribute_is(node, "type", "scsi") &&
	       (xml_attribute_is(node, "model", "virtio-scsi") ||
		       xml_attribute_is(node, "model", "virtio-transitional") ||
		       xml_attribute_is(node, "model", "virtio-non-transitional"));
}

static int parse_iothread(xmlNode *node, struct xml_controller *controller)
{
	xmlNode *driver = xml_child(node, "driver");

	return driver ? xml_number(driver, "iothread", &controller->iothread) : 0;
}

static bool has_scsi(xmlNode *devices, unsigned index)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		unsigned number;

		if (xml_is(node, "controller") && xml_attribute_is(node, "type", "scsi") &&
			xml_number(node, "index", &number) == 0 && number == index)
			return true;
	}
	return false;
}

int domain_controllers_parse(xmlNode *devices, struct domain_xml *xml)
{
	while (has_scsi(devices, xml->scsi_gap))
		xml->scsi_gap++;
	xml->controllers = calloc(xmlChildElementCount(devices) + 1, sizeof(*xml->controllers));
	if (!xml->controllers)
		return -ENOMEM;
	for (xmlNode *node = devices->children; node; node = node->next) {
		struct xml_controller *controller = &xml->controllers[xml->n_controllers];
		int r;

		if (!domain_controllers_is_virtio_scsi(node))
			continue;
		xml->n_controllers++;
		controller->alias = xml_attribute(xml_child(node, "alias"), "name");
		r = xml_number(node, "index", &controller->index);
		if (r == 0)
			r = pci_path_parse(devices, node, &controller->path);
		if (r == 0)
			r = parse_iothread(node, controller);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool holds_system(const struct domain_xml *xml, const struct xml_controller *controller)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (disk->scsi && disk->controller == controller->index &&
			disk->target == SLOT_SYSTEM_TARGET)
			return true;
	}
	return false;
}

/* Where every one holds a system disk, the guest manages none; then it is said of the first. */
static bool is_before(const struct domain_xml *xml, const struct xml_controller *a,
	const struct xml_controller *b)
{
	int r = holds_system(xml, a) - holds_system(xml, b);

	if (r == 0)
		r = pci_path_compare(&a->path, &b->path);
	return r < 0 || (r == 0 && a->index < b->index);
}

void domain_controllers_choose(struct domain_xml *xml)
{
	const struct xml_controller *best = NULL;

	for (size_t i = 0; i < xml->n_controllers; i++)
		if (!best || is_before(xml, &xml->controllers[i], best))
			best = &xml->controllers[i];
	xml->controller = best ? (int)best->index : -1;
}

const struct xml_controller *domain_xml_controller(const struct domain_xml *xml, int index)
{
	for (size_t i = 0; i < xml->n_controllers; i++)
		if ((int)xml->controllers[i].index == index)
			return &xml->controllers[i];
	return NULL;
}
