/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The <disk> element of a disk that we attach. Pure. */
#include "disk-xml.h"

void disk_xml_write(struct xml_writer *writer, const struct disk_spec *spec)
{
	xml_open(writer, "disk");
	xml_put(writer, "type", spec->block ? "block" : "file");
	xml_put(writer, "device", "disk");
	xml_open(writer, "driver");
	xml_put(writer, "name", "qemu");
	xml_put(writer, "type", spec->format);
	xml_close(writer);
	xml_open(writer, "source");
	xml_put(writer, spec->block ? "dev" : "file", spec->source);
	xml_close(writer);
	xml_open(writer, "target");
	xml_put(writer, "dev", spec->target_dev);
	xml_put(writer, "bus", "scsi");
	xml_close(writer);
	if (spec->read_only) {
		xml_open(writer, "readonly");
		xml_close(writer);
	}
	xml_put_text(writer, "serial", spec->serial);
	xml_open(writer, "alias");
	xml_put(writer, "name", spec->alias);
	xml_close(writer);
	xml_open(writer, "address");
	xml_put(writer, "type", "drive");
	xml_putf(writer, "controller", "%u", spec->controller);
	xml_put(writer, "bus", "0");
	xml_putf(writer, "target", "%u", spec->target);
	xml_putf(writer, "unit", "%u", spec->unit);
	xml_close(writer);
	xml_close(writer);
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
