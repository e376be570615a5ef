/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's XML: libvirt writes it, but what is in it others may have said. */
#include "domain-xml.h"

#include "label.h"
#include "metadata.h"
#include "parts-note.h"
#include "parts-plan.h"
#include "targets.h"

static void check_domain(const struct domain_xml *xml, const char *guest)
{
	for (size_t i = 0; i < xml->n_controllers; i++) {
		char text[PCI_PATH_TEXT_SIZE];

		pci_path_format(&xml->controllers[i].path, text);
		hold(memchr(text, '\0', sizeof(text)));
		pci_path_is(&xml->controllers[i].path, guest);
		hold(pci_path_compare(&xml->controllers[i].path, &xml->controllers[i].path) == 0);
	}
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		hold(xml_disk_is_same(disk, disk));
		if (domain_xml_manages(xml, disk))
			hold(domain_xml_disk_at(xml, disk->target, disk->unit));
		if (disk->alias)
			hold(domain_xml_disk_by_alias(xml, disk->alias));
	}
	hold(xml->controller < 0 || domain_xml_controller(xml, xml->controller));
}

/* What is added to it is all that is taken back. */
static void check_parts(const char *text)
{
	_cleanup_xml_ xmlDoc *document = xml_read(text);
	xmlNode *domain = xmlDocGetRootElement(document), *devices = xml_child(domain, "devices");
	struct parts parts = {}, noted = {}, found;

	if (!devices || parts_plan(devices, NULL, -1, &parts) < 0)
		return;
	for (size_t i = 0; i < parts.n; i++) {
		hold(!part_element_any(devices, &parts.parts[i]));
		hold(part_write(devices, &parts.parts[i]) == 0);
		hold(part_element(devices, &parts.parts[i]));
	}
	hold(parts_has_channel(devices) && parts_has_scsi(devices, -1));
	if (parts.n == 0 || parts_note_add(domain, &parts) < 0)
		return;
	hold(parts_note_read(domain, &noted) == 0 && noted.n >= parts.n);
	if (parts_find_unnamed(devices, &noted, &found) == 0)
		for (size_t i = 0; i < found.n; i++)
			hold(part_element_any(devices, &found.parts[i]) &&
				found.parts[i].index >= noted.room);
	parts_note_remove(domain);
	hold(parts_note_read(domain, &noted) < 0);
}

/* The XML, and how the guest names its controller. */
void fuzz_domain(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_part(&data, &size), *guest = fuzz_text(data, size);
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;

	if (domain_xml_parse(text, &xml) < 0)
		return;
	check_domain(xml, guest);
	check_parts(text);
}

static void check_labels(const char *text)
{
	_cleanup_free_ char *whole = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	struct label_set set;

	hold(asprintf(&whole, "<metadata>%s</metadata>", text) >= 0);
	document = xml_read(whole);
	if (!document || label_parse(xmlDocGetRootElement(document), &set) < 0)
		return;
	hold(set.count <= LABELS_MAX);
	for (unsigned i = 0; i < set.count; i++)
		hold(label_is_valid(set.names[i]) && label_set_has(&set, set.names[i]));
}

/* What was reserved and then is not any more leaves what it was. */
void fuzz_metadata(const char *data, size_t size)
{
	_cleanup_free_ char *old = fuzz_text(data, size), *more = NULL, *less = NULL;
	struct slot_set change = {};

	check_labels(old);
	slot_set_add(&change, 0);
	slot_set_add(&change, SLOT_MAX);
	if (metadata_update(old, &change, true, &more) < 0)
		return;
	hold(more);
	hold(metadata_update(more, &change, false, &less) == 0);
	if (less) {
		_cleanup_free_ char *again = NULL;

		hold(metadata_update(less, &change, true, &again) == 0);
	}
}
