/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The <disk> element of a disk that we attach. Pure. */
#include "disk-xml.h"

#include "backend.h"
#include "source-xml.h"

static void write_source(
	struct xml_writer *w, const struct disk_spec *spec, const struct source *source)
{
	source_write(w, source, spec->block);
	if (spec->backend)
		backend_write_source(w, spec->backend, source->kind);
	xml_close(w);
}

static void write_address(struct xml_writer *w, const struct disk_spec *spec)
{
	xml_open(w, "address");
	xml_put(w, "type", "drive");
	xml_putf(w, "controller", "%u", spec->controller);
	xml_put(w, "bus", "0");
	xml_putf(w, "target", "%u", spec->target);
	xml_putf(w, "unit", "%u", spec->unit);
	xml_close(w);
}

static void write_driver(struct xml_writer *w, const struct disk_spec *spec)
{
	xml_open(w, "driver");
	xml_put(w, "name", "qemu");
	xml_put(w, "type", spec->format);
	if (spec->backend)
		backend_write_driver(w, spec->backend);
	xml_close(w);
}

static void write_identity(struct xml_writer *w, const struct disk_spec *spec)
{
	if (spec->serial)
		xml_put_text(w, "serial", spec->serial);
	xml_open(w, "alias");
	xml_put(w, "name", spec->alias);
	xml_close(w);
	write_address(w, spec);
}

static void write_disk(
	struct xml_writer *w, const struct disk_spec *spec, const struct source *source)
{
	xml_open(w, "disk");
	xml_put(w, "type", source_disk_type(source->kind, spec->block));
	xml_put(w, "device", spec->passthrough ? "lun" : "disk");
	write_driver(w, spec);
	write_source(w, spec, source);
	xml_open(w, "target");
	xml_put(w, "dev", spec->target_dev);
	xml_put(w, "bus", "scsi");
	xml_close(w);
	if (spec->backend)
		backend_write_disk(w, spec->backend);
	if (spec->read_only) {
		xml_open(w, "readonly");
		xml_close(w);
	}
	write_identity(w, spec);
	xml_close(w);
}

static void write_element(struct xml_writer *w, const struct disk_spec *spec)
{
	const struct disk_identity identity = {
		.target_dev = spec->target_dev,
		.alias = spec->alias,
		.serial = spec->serial,
		.controller = spec->controller,
		.target = spec->target,
		.unit = spec->unit,
	};
	_cleanup_free_ char *text = NULL;

	if (disk_element_complete(spec->element, &identity, &text) < 0)
		w->failed = true;
	else
		xml_put_raw(w, text);
}

void disk_xml_write(struct xml_writer *writer, const struct disk_spec *spec)
{
	_cleanup_source_ struct source source = {};

	if (spec->element)
		write_element(writer, spec);
	else if (source_parse(spec->source, &source) < 0)
		writer->failed = true;
	else
		write_disk(writer, spec, &source);
}

int disk_xml_format(const struct disk_spec *spec, char **ret)
{
	_cleanup_xml_writer_ struct xml_writer writer = {};
	int r = xml_writer_begin(&writer);

	if (r < 0)
		return r;
	disk_xml_write(&writer, spec);
	return xml_writer_take(&writer, ret);
}
