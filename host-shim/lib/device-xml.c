/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The elements of the devices that we make, other than disks: controllers, the agent's channel, a
 * console. Pure. */
#include "device-xml.h"

#include <string.h>

#include "wire.h"

static void write_alias(struct xml_writer *w, const char *alias)
{
	xml_open(w, "alias");
	xml_put(w, "name", alias);
	xml_close(w);
}

/* A SCSI controller without a model is an lsilogic one; any other is of virtio already. */
static const char *model_of(const struct device_controller *controller)
{
	switch (controller->model) {
	case HOTSLOT_VIRTIO_TRANSITIONAL:
		return "virtio-transitional";
	case HOTSLOT_VIRTIO_NON_TRANSITIONAL:
		return "virtio-non-transitional";
	case HOTSLOT_VIRTIO_DEFAULT:
		break;
	}
	return strcmp(controller->type, "scsi") == 0 ? "virtio-scsi" : NULL;
}

void device_xml_controller(struct xml_writer *w, const struct device_controller *controller)
{
	const char *model = model_of(controller);

	xml_open(w, "controller");
	xml_put(w, "type", controller->type);
	xml_putf(w, "index", "%u", controller->index);
	if (model)
		xml_put(w, "model", model);
	if (controller->iothread) {
		xml_open(w, "driver");
		xml_put(w, "iothread", "1");
		xml_close(w);
	}
	xml_open(w, "alias");
	xml_putf(w, "name", DEVICE_ALIAS_PREFIX "%s%u", controller->type, controller->index);
	xml_close(w);
	xml_close(w);
}

void device_xml_channel(struct xml_writer *w)
{
	xml_open(w, "channel");
	xml_put(w, "type", "unix");
	xml_open(w, "target");
	xml_put(w, "type", "virtio");
	xml_put(w, "name", HOTSLOT_PORT_NAME);
	xml_close(w);
	write_alias(w, DEVICE_ALIAS_CHANNEL);
	xml_close(w);
}

void device_xml_console(struct xml_writer *w, const char *path)
{
	xml_open(w, "serial");
	xml_put(w, "type", "file");
	xml_open(w, "source");
	xml_put(w, "path", path);
	xml_close(w);
	write_alias(w, DEVICE_ALIAS_CONSOLE);
	xml_close(w);
}
