/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk comes from: the text of an image, and a <disk> element of the user's. */
#include "source.h"
#include "disk-compare.h"
#include "disk-element.h"
#include "disk-xml.h"
#include "encode.h"
#include "source-compare.h"
#include "source-xml.h"
#include "targets.h"

/* What is read from the XML that is made of TEXT. */
static void check_xml(const char *text, const char *canonical)
{
	const struct disk_spec spec = {
		.source = text,
		.format = "raw",
		.target_dev = "sda",
		.alias = "ua-hotslot-x",
	};
	_cleanup_free_ char *disk = NULL, *again = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;

	if (disk_xml_format(&spec, &disk) < 0)
		return;
	document = xml_read(disk);
	if (!document) /* UTF-8 that is no character */
		return;
	again = source_describe(xml_child(xmlDocGetRootElement(document), "source"));
	hold(again && strcmp(again, canonical) == 0);
}

void fuzz_source(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *once = NULL, *twice = NULL;
	_cleanup_source_ struct source source = {}, same = {};

	if (source_parse(text, &source) < 0)
		return;
	hold(source.kind == source_kind(text) && source.n_hosts <= SOURCE_HOSTS_MAX);
	hold(source_format(&source, &once) == 0);
	hold(source_parse(once, &same) == 0);
	hold(source_format(&same, &twice) == 0 && strcmp(once, twice) == 0);
	hold(source_is_same(text, once, false) && source_is_same(once, text, true));
	check_xml(text, once);
}

/* What is completed has what it was given, and can be read again. */
static void check_completed(const struct disk_element *element)
{
	const struct disk_identity identity = {
		.target_dev = element->target_dev ?: "sdb",
		.alias = "ua-hotslot-x",
		.serial = element->passthrough ? NULL : element->serial ?: "s",
		.controller = element->controller,
		.target = 1,
		.unit = 2,
	};
	_cleanup_free_ char *text = NULL, *lost = NULL;
	struct disk_element *again = NULL;
	struct hotslot_error error = {};

	hold(disk_element_complete(element, &identity, &text) == 0);
	if (strlen(text) > DISK_ELEMENT_MAX)
		return;
	hold(disk_element_parse(text, &again, &error) == 0);
	hold(again->slot == 258 && strcmp(again->id, "x") == 0);
	hold(strcmp(again->source, element->source) == 0);
	hold(!identity.serial || strcmp(again->serial, identity.serial) == 0);
	hold(disk_compare(xmlDocGetRootElement(again->document),
		     xmlDocGetRootElement(again->document), &lost) == 0);
	disk_element_free(again);
}

void fuzz_element(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct disk_element *element = NULL;
	struct hotslot_error error = {};

	if (disk_element_parse(text, &element, &error) < 0) {
		hold(*error.message && text_is_printable(error.message, strlen(error.message)));
		return;
	}
	check_completed(element);
	disk_element_free(element);
}
