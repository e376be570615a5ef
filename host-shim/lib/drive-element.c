/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drive that is given as a <disk> element, and what it asks of the controller. */
#include "drive-element.h"

#include <string.h>

#include "backend.h"
#include "error.h"

/* What an element says itself is said once. */
static int check_alone(const struct hotslot_attach_options *options, const struct drive *drive,
	struct hotslot_error *error)
{
	const char *name = options->image	  ? "image"
			   : options->format	  ? "format"
			   : options->read_only	  ? "mode"
			   : options->passthrough ? "LUN"
						  : backend_first_set(&drive->backend);

	if (!name)
		return 0;
	return error_set(error, HOTSLOT_ERROR_INVALID,
		"The disk is given as XML, so its %s has to be said there", name);
}

static int disagree(
	struct hotslot_error *error, const char *what, const char *element, const char *option)
{
	return error_set(error, HOTSLOT_ERROR_INVALID,
		"The XML says %s %s, which contradicts the %s that was asked for", what, element,
		option);
}

static int take_text(
	const char *what, const char *element, const char **option, struct hotslot_error *error)
{
	if (element && *option && strcmp(element, *option) != 0)
		return disagree(error, what, element, *option);
	if (element)
		*option = element;
	return 0;
}

static int take_slot(int element, int *option, struct hotslot_error *error)
{
	char one[16], other[16];

	if (element >= 0 && *option >= 0 && element != *option) {
		snprintf(one, sizeof(one), "%d", element);
		snprintf(other, sizeof(other), "%d", *option);
		return disagree(error, "slot", one, other);
	}
	if (element >= 0)
		*option = element;
	return 0;
}

/* What others ask a drive, which need not know that there is an element. */
static int describe(struct drive *drive, struct hotslot_error *error)
{
	const struct disk_element *element = drive->element;

	drive->passthrough = element->passthrough;
	drive->backend.shareable = element->shareable;
	drive->image = (struct image){
		.path = strdup(element->source),
		.format = element->format,
		.block = element->block,
		.network = !element->local,
		.read_only = element->read_only,
		.shared = element->shareable,
	};
	return drive->image.path ? 0 : error_memory(error);
}

int drive_take_element(
	struct hotslot_attach_options *options, struct drive *drive, struct hotslot_error *error)
{
	int r = check_alone(options, drive, error);

	if (r == 0)
		r = disk_element_parse(options->xml, &drive->element, error);
	if (r == 0)
		r = take_text("serial", drive->element->serial, &options->serial, error);
	if (r == 0)
		r = take_text("id", drive->element->id, &options->id, error);
	if (r == 0)
		r = take_slot(drive->element->slot, &options->slot, error);
	return r == 0 ? describe(drive, error) : r;
}

/* What is written to a transient disk goes elsewhere. */
int drive_check_element(
	struct hotslot *hotslot, const struct drive *drive, bool used, struct hotslot_error *error)
{
	struct image image = drive->image;

	image.read_only |= drive->element->transient;
	image.used = used;
	return image_check_given(hotslot, &image, error);
}

int drive_check_controller(
	const struct drive *drive, const struct domain_xml *xml, struct hotslot_error *error)
{
	const struct disk_element *element = drive->element;
	const struct xml_controller *controller = domain_xml_controller(xml, xml->controller);
	unsigned wanted = drive->backend.iothread, served = controller ? controller->iothread : 0;

	if (element && element->slot >= 0 && xml->controller >= 0 &&
		element->controller != (unsigned)xml->controller)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"The XML names controller %u, but controller %d is managed: see "
			"--controller",
			element->controller, xml->controller);
	if (!wanted || wanted == served)
		return 0;
	if (!served)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"IOThread %u cannot serve the disk: its controller %d has none, and a SCSI "
			"disk has its controller's (<driver iothread='%u'/> there, while the "
			"domain "
			"is shut off)",
			wanted, xml->controller, wanted);
	return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
		"IOThread %u cannot serve the disk: its controller %d is served by IOThread %u",
		wanted, xml->controller, served);
}
