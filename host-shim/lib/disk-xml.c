/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The <disk> element of a disk that we attach. Pure. */
#include "disk-xml.h"

#include "image-iscsi.h"

static void write_network(struct xml_writer *w, const char *uri)
{
	struct iscsi_uri iscsi;

	if (iscsi_uri_parse(uri, &iscsi) < 0) {
		w->failed = true;
		return;
	}
	xml_open(w, "source");
	xml_put(w, "protocol", "iscsi");
	xml_put(w, "name", iscsi.name);
	xml_open(w, "host");
	xml_put(w, "name", iscsi.host);
	xml_put(w, "port", iscsi.port);
	xml_close(w);
	xml_close(w);
}

static void write_source(struct xml_writer *w, const struct disk_spec *spec)
{
	if (spec->network) {
		write_network(w, spec->source);
		return;
	}
	xml_open(w, "source");
	xml_put(w, spec->block ? "dev" : "file", spec->source);
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

void disk_xml_write(struct xml_writer *writer, const struct disk_spec *spec)
{
	const char *type = spec->network ? "network" : spec->block ? "block" : "file";

	xml_open(writer, "disk");
	xml_put(writer, "type", type);
	xml_put(writer, "device", spec->passthrough ? "lun" : "disk");
	xml_open(writer, "driver");
	xml_put(writer, "name", "qemu");
	xml_put(writer, "type", spec->format);
	xml_close(writer);
	write_source(writer, spec);
	xml_open(writer, "target");
	xml_put(writer, "dev", spec->target_dev);
	xml_put(writer, "bus", "scsi");
	xml_close(writer);
	if (spec->read_only) {
		xml_open(writer, "readonly");
		xml_close(writer);
	}
	if (spec->serial)
		xml_put_text(writer, "serial", spec->serial);
	xml_open(writer, "alias");
	xml_put(writer, "name", spec->alias);
	xml_close(writer);
	write_address(writer, spec);
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
