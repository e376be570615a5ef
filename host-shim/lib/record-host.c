/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host says in a disk's record, and whether the guest agrees. */
#include <string.h>

#include "encode.h"
#include "record.h"

static int keep_serial(struct record *record, const char *serial)
{
	_cleanup_free_ char *encoded = malloc(4 * strlen(serial) + 1);

	if (!encoded)
		return -ENOMEM;
	serial_encode(serial, strlen(serial), encoded);
	return record_keep(record, encoded, &record->host_serial);
}

/* As QEMU delivers it: the first bytes. ESCAPED: as libvirt hands it over, with a backslash before
 * each blank. */
static void deliver_serial(const char *serial, bool escaped, char ret[4 * SERIAL_OWN_MAX + 1])
{
	char delivered[SERIAL_OWN_MAX];
	size_t length = 0;

	for (; *serial && length < SERIAL_OWN_MAX; serial++) {
		if (escaped && *serial == ' ') {
			delivered[length++] = '\\';
			if (length == SERIAL_OWN_MAX)
				break;
		}
		delivered[length++] = *serial;
	}
	serial_encode(delivered, length, ret);
}

/* Whether the guest reads another serial than the host has given the disk; QEMU has none of its
 * own. A LUN that is passed through has one. */
static bool is_mismatch(const struct record *record, const struct xml_disk *host)
{
	const char *guests = record->disk.serial ?: "";
	char serial[4 * SERIAL_OWN_MAX + 1];

	if (!record->disk.visible || host->passthrough)
		return false;
	if (!record->host_serial)
		return *guests != '\0';
	if (strcmp(guests, record->host_serial) == 0)
		return false;
	/* Others' serials may be quoted or cut. Versions of libvirt differ in whether they escape.
	 */
	for (int escaped = 0; escaped < 2; escaped++) {
		deliver_serial(host->serial, escaped, serial);
		if (strcmp(guests, serial) == 0)
			return false;
	}
	return true;
}

/* Which disk that serial's link leads to is not known then. */
static void drop_serial_links(struct record *record)
{
	record->disk.by_serial = NULL;
	for (size_t i = 0; i < record->disk.n_partitions; i++)
		record->partitions[i].by_serial = NULL;
}

bool record_is_foreign(const struct xml_disk *host)
{
	return !host->alias || strncmp(host->alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)) != 0;
}

int record_add_host(struct record *record, const struct xml_disk *host)
{
	struct hotslot_disk *disk = &record->disk;
	int r = record_keep(record, host->alias, &disk->alias);

	disk->attached = true;
	disk->host_read_only = host->read_only;
	disk->passthrough = host->passthrough;
	disk->foreign = record_is_foreign(host);
	if (!disk->foreign && disk->alias)
		disk->id = disk->alias + strlen(ALIAS_PREFIX);
	if (r == 0)
		r = record_keep(record, host->target_dev, &disk->target_dev);
	if (r == 0)
		r = record_keep(record, host->source, &disk->source);
	if (r == 0)
		r = record_keep(record, host->format, &disk->format);
	if (r == 0 && host->serial && *host->serial)
		r = keep_serial(record, host->serial);
	if (r < 0)
		return r;
	if (!disk->visible)
		disk->serial = record->host_serial;
	disk->mismatch = is_mismatch(record, host);
	if (disk->mismatch)
		drop_serial_links(record);
	return 0;
}
