/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a block device is the root disk that was asked for. */
#include "root-match.h"

#include <blkid.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "place.h"
#include "util.h"

int root_spec_parse(const char *text, struct root_spec *ret)
{
	static const struct {
		const char *prefix;
		enum root_kind kind;
	} prefixes[] = {
		{ "LABEL=", ROOT_LABEL },
		{ "UUID=", ROOT_UUID },
		{ "PARTUUID=", ROOT_PARTUUID },
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i].prefix);

		if (strncmp(text, prefixes[i].prefix, length) || !text[length])
			continue;
		*ret = (struct root_spec){ prefixes[i].kind, text + length };
		return 0;
	}
	if (!strcmp(text, "system"))
		*ret = (struct root_spec){ ROOT_SYSTEM, NULL };
	else if (!strncmp(text, "/dev/", strlen("/dev/")))
		*ret = (struct root_spec){ ROOT_NODE, text };
	else
		return -EINVAL;
	return 0;
}

static void free_probe(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

static bool has_value(blkid_probe probe, const char *key, const char *value)
{
	const char *found;

	return blkid_probe_lookup_value(probe, key, &found, NULL) == 0 && !strcmp(found, value);
}

/* At the system target, a whole disk or a partition of it. */
static bool is_at_system_target(struct udev_device *device)
{
	struct udev_device *disk =
		udev_device_get_parent_with_subsystem_devtype(device, "block", "disk");
	struct place place;

	if (!disk)
		disk = device;
	return place_parse(udev_device_get_devpath(disk), &place) == PLACE_VIRTIO_SCSI &&
	       place.target == SLOT_SYSTEM_TARGET;
}

static bool is_node(struct udev_device *device, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode) &&
	       st.st_rdev == udev_device_get_devnum(device);
}

/* What can be said without reading the disk. */
static bool may_match(const struct root_spec *spec, struct udev_device *device)
{
	switch (spec->kind) {
	case ROOT_NODE:
		return is_node(device, spec->value);
	case ROOT_SYSTEM:
		return is_at_system_target(device);
	default:
		return true;
	}
}

static bool contents_match(const struct root_spec *spec, blkid_probe probe)
{
	switch (spec->kind) {
	case ROOT_LABEL:
		return has_value(probe, "LABEL", spec->value);
	case ROOT_UUID:
		return has_value(probe, "UUID", spec->value);
	case ROOT_PARTUUID:
		return has_value(probe, "PART_ENTRY_UUID", spec->value);
	case ROOT_NODE:
		return true;
	case ROOT_SYSTEM:
		/* The whole disk, else the first partition with a file system: partitions are
		 * told in order. */
		return has_value(probe, "USAGE", "filesystem");
	}
	return false;
}

static bool probe_matches(const struct root_spec *spec, const char *node, struct root *ret)
{
	_cleanup_(free_probe) blkid_probe probe = blkid_new_probe_from_filename(node);
	const char *type;

	if (!probe)
		return false;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe,
		BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	/* Signs of several file systems at once are an error, too. */
	if (blkid_do_safeprobe(probe) != 0 || !contents_match(spec, probe))
		return false;
	if (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) < 0)
		type = "";
	return (size_t)snprintf(ret->node, sizeof(ret->node), "%s", node) < sizeof(ret->node) &&
	       (size_t)snprintf(ret->type, sizeof(ret->type), "%s", type) < sizeof(ret->type);
}

bool root_matches(const struct root_spec *spec, struct udev_device *device, struct root *ret)
{
	const char *node = udev_device_get_devnode(device);
	struct root root;

	if (!node || !may_match(spec, device) || !probe_matches(spec, node, &root))
		return false;
	*ret = root;
	return true;
}
