/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host knows of a domain's parts, without its guest: QEMU, controllers, channel. */
#include <string.h>

#include "doctor-work.h"
#include "domain-controllers.h"
#include "parts.h"
#include "slot.h"

void doctor_qemu(struct doctor *doctor)
{
	xmlNode *root = xmlDocGetRootElement(doctor->document);
	_cleanup_free_ char *emulator = xml_text(xml_child(xml_child(root, "devices"), "emulator"));
	bool kvm = xml_attribute_is(root, "type", "kvm");
	_cleanup_connection_ virConnectPtr connection = connection_get(doctor->hotslot);
	unsigned long version = 0;

	(void)virConnectGetVersion(connection, &version);
	doctor_ok(doctor, "qemu", "The host's QEMU is %lu.%lu.%lu; the domain has %s, with %s",
		version / 1000000, version / 1000 % 1000, version % 1000,
		emulator ?: "the default one", kvm ? "KVM" : "TCG, which is slower than KVM");
}

/* SCSI controllers of other models: libvirt's default on x86 is one. */
static unsigned count_others(struct doctor *doctor)
{
	xmlNode *devices = xml_child(xmlDocGetRootElement(doctor->document), "devices");
	unsigned n = 0;

	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next)
		n += xml_is(node, "controller") && xml_attribute_is(node, "type", "scsi");
	return n - (unsigned)doctor->xml->n_controllers;
}

static void no_controller(struct doctor *doctor)
{
	unsigned others = count_others(doctor);
	const char *advice = "'hotslot enable DOM' adds one to the definition: start it anew then";

	if (others > 0)
		doctor_fail(doctor, "controller", -1, HOTSLOT_ERROR_NO_CONTROLLER, advice,
			"It has no virtio-scsi controller; %u SCSI controller%s of another model",
			others, others > 1 ? "s are" : " is");
	else
		doctor_fail(doctor, "controller", -1, HOTSLOT_ERROR_NO_CONTROLLER, advice,
			"It has no virtio-scsi controller");
}

void doctor_controllers(struct doctor *doctor)
{
	const struct domain_xml *xml = doctor->xml;
	const struct xml_controller *managed = domain_xml_controller(xml, xml->controller);
	char path[PCI_PATH_TEXT_SIZE];

	if (xml->n_controllers == 0) {
		no_controller(doctor);
		return;
	}
	if (!managed) {
		doctor_fail(doctor, "controller", -1, HOTSLOT_ERROR_NO_CONTROLLER,
			"leave --controller out, or name one that 'virsh dumpxml DOM' has",
			"It has no virtio-scsi controller %d", xml->controller);
		return;
	}
	pci_path_format(&managed->path, path);
	if (!*path && xml->n_controllers > 1 && doctor->runs)
		doctor_say(doctor, "controller", -1, HOTSLOT_HEALTH_WARNING,
			"give each a PCI address",
			"Controller %u is managed, of %zu; the XML does not tell where it is",
			managed->index, xml->n_controllers);
	else
		doctor_ok(doctor, "controller", "Controller %u is managed%s%s; %zu virtio-scsi %s",
			managed->index, *path ? ", at PCI " : "", path, xml->n_controllers,
			xml->n_controllers > 1 ? "controllers in all" : "controller");
}

void doctor_channel(struct doctor *doctor)
{
	const struct domain_xml *xml = doctor->xml;
	const struct part channel = { .kind = PART_CHANNEL };
	xmlNode *node = part_element_any(
		xml_child(xmlDocGetRootElement(doctor->document), "devices"), &channel);

	if (node && !part_is_open(node))
		doctor_fail(doctor, "channel", -1, HOTSLOT_ERROR_NO_CHANNEL,
			"take it out with 'virsh edit DOM'; 'hotslot enable DOM' then adds one",
			"The channel " HOTSLOT_PORT_NAME " is no UNIX socket that QEMU listens at");
	else if (!xml->has_channel)
		doctor_fail(doctor, "channel", -1, HOTSLOT_ERROR_NO_CHANNEL,
			"'hotslot enable DOM' adds it, also to a running domain; by hand it is "
			"<channel type='unix'><target type='virtio' name='" HOTSLOT_PORT_NAME
			"'/></channel>",
			"It has no virtio channel " HOTSLOT_PORT_NAME);
	else if (!doctor->runs)
		doctor_ok(doctor, "channel", HOTSLOT_PORT_NAME " is there");
	else if (xml->channel_connected)
		doctor_ok(doctor, "channel",
			HOTSLOT_PORT_NAME " is there, and the guest has it open");
	else
		doctor_say(doctor, "channel", -1, HOTSLOT_HEALTH_WARNING,
			"start hotslot-agent in the guest; if it runs, see whether the guest has "
			"the driver virtio_console",
			HOTSLOT_PORT_NAME " is there, but nothing in the guest has it open");
}
