/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the files of a domain's disks are there, and are those that QEMU has open. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "block-nodes.h"
#include "image.h"
#include "status-work.h"

/* Far behind the bytes that QEMU locks, and any image's end. */
#define UNUSED_BYTE (INT64_C(1) << 60)

/* A file that cannot be looked at is none that is gone. */
static bool is_gone(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Some file systems have no locks, and then QEMU has none there. */
static bool has_locks(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_start = UNUSED_BYTE, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* QEMU holds locks on a file that it has open, as image-lock.c has it. */
static bool is_replaced(const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 && has_locks(fd) && image_is_open(fd) == 0;
}

static void look_at_file(struct status *status, const struct xml_disk *disk, int slot,
	const char *path, enum status_qemu qemu)
{
	const char *what =
		disk->source && strcmp(disk->source, path) != 0 ? "its backing file " : "";

	if (path[0] != '/')
		return;
	if (is_gone(path))
		status_add(status, HOTSLOT_DRIFT_FILE_GONE, slot, "%s%s is not there%s", what, path,
			qemu != STATUS_QEMU_NONE ? "; QEMU has it open still" : "");
	else if (qemu == STATUS_QEMU_RUNS && !*what && is_replaced(path))
		status_add(status, HOTSLOT_DRIFT_FILE_REPLACED, slot,
			"%s is another file than the one that QEMU has open", path);
}

static void look_at_disk(struct status *status, xmlNode *node, const struct xml_disk *disk,
	int slot, enum status_qemu qemu)
{
	xmlNode *behind = xml_child(node, "backingStore");

	if (disk->source)
		look_at_file(status, disk, slot, disk->source, qemu);
	for (unsigned i = 0; behind && i < BLOCK_CHAIN_MAX; i++) {
		_cleanup_free_ char *path = xml_attribute(xml_child(behind, "source"), "file");

		if (path)
			look_at_file(status, disk, slot, path, qemu);
		behind = xml_child(behind, "backingStore");
	}
}

static bool has_source(const struct domain_xml *xml, const char *source)
{
	for (size_t i = 0; xml && source && i < xml->n_disks; i++)
		if (xml->disks[i].source && strcmp(xml->disks[i].source, source) == 0)
			return true;
	return false;
}

/* Those that BESIDES does not have. On any bus, and the system's, too: a domain does not start
 * without the file of one. */
static void look_at_disks(struct status *status, const struct status_xml *xml,
	const struct domain_xml *besides, enum status_qemu qemu)
{
	xmlNode *devices = xml_child(xmlDocGetRootElement(xml->document), "devices");
	size_t i = 0;

	/* In the order of the XML, as domain_xml_parse() keeps them. */
	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next) {
		const struct xml_disk *disk;

		if (!xml_is(node, "disk") && !xml_is(node, "hostdev"))
			continue;
		disk = &xml->xml->disks[i++];
		if (!has_source(besides, disk->source))
			look_at_disk(status, node, disk,
				status_has(xml->xml, disk) ? status_slot(disk) : -1, qemu);
	}
}

void status_compare_files(struct status *status, const struct status_xml *now,
	const struct status_xml *config, enum status_qemu qemu)
{
	if (now->xml)
		look_at_disks(status, now, NULL, qemu);
	if (config->xml)
		look_at_disks(status, config, now->xml, STATUS_QEMU_NONE);
}
