/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a block device is the root disk that was asked for. */
#include "root-match.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "place.h"
#include "root-probe.h"
#include "util.h"

int root_spec_parse(const char *text, struct root_spec *ret)
{
	static const struct {
		const char *prefix;
		enum root_kind kind;
	} prefixes[] = {
		{ "LABEL=", ROOT_LABEL },
		{ "UUID=", ROOT_UUID },
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

static bool is_at_system_target(const struct block_device *device)
{
	struct place place;

	return place_parse(device->disk, &place) == PLACE_VIRTIO_SCSI &&
	       place.target == SLOT_SYSTEM_TARGET;
}

/* Whether it is in a place for users' disks, which can have any label and UUID. */
static bool is_users(const struct block_device *device)
{
	struct place place;
	int r = place_parse(device->disk, &place);

	return r < 0 || (r == PLACE_VIRTIO_SCSI && place.target != SLOT_SYSTEM_TARGET);
}

static bool is_node(const struct block_device *device, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == device->devnum;
}

/* What can be said without reading the disk. */
static bool may_match(const struct root_spec *spec, const struct block_device *device)
{
	if (device->empty)
		return false;
	switch (spec->kind) {
	case ROOT_NODE:
		return is_node(device, spec->value);
	case ROOT_SYSTEM:
		return is_at_system_target(device);
	default:
		return !is_users(device);
	}
}

static bool contents_match(const struct root_spec *spec, const struct root_contents *contents)
{
	switch (spec->kind) {
	case ROOT_LABEL:
		return !strcmp(contents->label, spec->value);
	case ROOT_UUID:
		return !strcmp(contents->uuid, spec->value);
	case ROOT_NODE:
		return true;
	case ROOT_SYSTEM:
		/* The whole disk, else the first partition with a file system: partitions are
		 * told in order. */
		return !strcmp(contents->usage, "filesystem");
	}
	return false;
}

bool root_matches(const struct root_spec *spec, const struct block_device *device, struct root *ret)
{
	struct root_contents contents;
	int r;

	if (!may_match(spec, device))
		return false;
	r = root_probe(device->node, &contents);
	if (r < 0)
		log_warning("cannot tell what is on %s: %s", device->node,
			r == -ENOTUNIQ ? "there are signs of several things" : strerror(-r));
	if (r < 0 || !contents_match(spec, &contents))
		return false;
	strcpy(ret->node, device->node);
	strcpy(ret->type, contents.type);
	return true;
}
