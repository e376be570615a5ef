/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hotslot-id says of a disk. */
#include "disk-print.h"

#include <sys/sysmacros.h>

#include "identity.h"
#include "places.h"
#include "util.h"

static void print_property(FILE *out, const char *key, const char *value)
{
	fputs(key, out);
	fputs(value, out);
	fputc('\n', out);
}

static void print_number_property(FILE *out, const char *key, uint64_t number)
{
	char value[U64_TEXT_SIZE];

	format_u64(value, number);
	print_property(out, key, value);
}

static void print_properties(FILE *out, const struct disk *disk, bool claimed)
{
	print_property(out, "HOTSLOT_STATUS=", disk_status_name(disk->status));
	if (!disk_is_ours(disk))
		return;
	if (disk->status == DISK_SLOTTED)
		print_number_property(out, "HOTSLOT_SLOT=", disk->slot);
	print_property(out, "HOTSLOT_CONTROLLER=", disk->controller);
	print_number_property(out, "HOTSLOT_TARGET=", disk->target);
	print_number_property(out, "HOTSLOT_LUN=", disk->lun);
	if (*disk->serial)
		print_property(out, "HOTSLOT_SERIAL=", disk->serial);
	if (claimed)
		print_property(out, "HOTSLOT_BY_SERIAL=", "1");
}

static void print_text(FILE *out, const struct disk *disk)
{
	fprintf(out, "%s: %s", disk->name,
		disk->status == DISK_FOREIGN   ? "not on the managed controller"
		: disk->status == DISK_SYSTEM  ? "the system's own disk, hidden"
		: disk->status == DISK_SLOTTED ? "slot"
					       : "no slot, LUN above 255");
	if (disk->status == DISK_SLOTTED)
		fprintf(out, " %u", disk->slot);
	fputc('\n', out);
	if (*disk->controller)
		fprintf(out, "  controller  %s\n  address     target %u, LUN %u\n",
			disk->controller, disk->target, disk->lun);
	if (!disk_is_ours(disk))
		return;
	fprintf(out, "  serial      %s\n", *disk->serial ? disk->serial : "none");
	fprintf(out, "  size        %llu bytes, blocks of %u\n", (unsigned long long)disk->size,
		disk->block_size);
	fprintf(out, "  read-only   %s\n", disk->read_only ? "yes" : "no");
	fprintf(out, "  device      %u:%u, disk sequence number %llu\n", major(disk->devnum),
		minor(disk->devnum), (unsigned long long)disk->diskseq);
}

static void print_string(FILE *out, const char *key, const char *value)
{
	fprintf(out, "  \"%s\": \"", key);
	for (; *value; value++) {
		unsigned char byte = (unsigned char)*value;

		if (byte < ' ')
			fprintf(out, "\\u%04x", byte);
		else if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else
			fputc(byte, out);
	}
	fputs("\",\n", out);
}

static void print_number(FILE *out, const char *key, uint64_t value)
{
	fprintf(out, "  \"%s\": %llu,\n", key, (unsigned long long)value);
}

/* By hand, as no JSON library is in the helper: it is linked with a small C library. */
static void print_json(FILE *out, const struct disk *disk)
{
	char devnum[DEVNUM_TEXT_SIZE];

	fputs("{\n", out);
	if (disk_is_ours(disk)) {
		print_number(out, "place", place_number(disk->target, disk->lun));
		if (disk->status == DISK_SLOTTED)
			print_number(out, "slot", disk->slot);
		else
			fputs("  \"slot\": null,\n", out);
		print_number(out, "target", disk->target);
		print_number(out, "lun", disk->lun);
		if (*disk->serial)
			print_string(out, "serial", disk->serial);
		else
			fputs("  \"serial\": null,\n", out);
	}
	print_string(out, "name", disk->name);
	if (disk_is_ours(disk)) {
		devnum_format(disk->devnum, devnum);
		print_string(out, "devnum", devnum);
		print_number(out, "diskseq", disk->diskseq);
		print_number(out, "size", disk->size);
		print_number(out, "block-size", disk->block_size);
		fprintf(out, "  \"read-only\": %s,\n", disk->read_only ? "true" : "false");
	}
	fprintf(out, "  \"status\": \"%s\"\n}\n", disk_status_name(disk->status));
}

int disk_print(FILE *out, const struct disk *disk, enum disk_format format, bool claimed)
{
	if (format == DISK_AS_PROPERTIES)
		print_properties(out, disk, claimed);
	else if (format == DISK_AS_TEXT)
		print_text(out, disk);
	else
		print_json(out, disk);
	if (fflush(out) == EOF)
		return -errno;
	return ferror(out) ? -EIO : 0;
}
