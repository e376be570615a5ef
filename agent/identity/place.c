/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk is, read off its sysfs path. Pure. */
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* What Linux adds to a LUN in flat space addressing. */
#define LUN_FLAT_SPACE 16384

/* /devices/pci…/FUNCTION/…/virtioN: deeper than any bus. */
#define COMPONENTS_MAX 32

struct component {
	const char *start;
	size_t length;
};

static int split_path(const char *path, struct component *ret, size_t *ret_count)
{
	size_t n = 0;

	while (*path) {
		size_t length = 0;

		while (path[length] && path[length] != '/')
			length++;
		if (length > 0) {
			if (n == COMPONENTS_MAX)
				return -E2BIG;
			ret[n++] = (struct component){ path, length };
		}
		path += length;
		while (*path == '/')
			path++;
	}
	*ret_count = n;
	return 0;
}

/* Whether C is PREFIX and a decimal number, "host2". */
static bool is_numbered(const struct component *c, const char *prefix)
{
	size_t length = strlen(prefix);

	if (c->length <= length || strncmp(c->start, prefix, length))
		return false;
	for (size_t i = length; i < c->length; i++)
		if (c->start[i] < '0' || c->start[i] > '9')
			return false;
	return true;
}

static bool is_equal(const struct component *c, const char *text)
{
	return c->length == strlen(text) && !strncmp(c->start, text, c->length);
}

/* Names the controller whose virtioN is component number VIRTIO. */
static int name_controller(const struct component *parts, size_t virtio, char *ret, size_t size)
{
	const char *start, *end;

	if (virtio < 2 || !is_equal(&parts[0], "devices"))
		return -EINVAL;
	/* Everything hangs below a PCI root, which adds nothing; other buses keep theirs. */
	start = parts[strncmp(parts[1].start, "pci", 3) ? 1 : 2].start;
	end = parts[virtio - 1].start + parts[virtio - 1].length;
	if (start >= end)
		return -EINVAL;
	if ((size_t)(end - start) >= size)
		return -E2BIG;
	memcpy(ret, start, (size_t)(end - start));
	ret[end - start] = '\0';
	return 0;
}

int place_parse_controller(const char *devpath, char *ret, size_t size)
{
	struct component parts[COMPONENTS_MAX];
	size_t n;
	int r;

	r = split_path(devpath, parts, &n);
	if (r < 0)
		return r;
	if (n < 3 || !is_numbered(&parts[n - 1], "virtio"))
		return -EINVAL;
	return name_controller(parts, n - 1, ret, size);
}

/* Reads the next of the numbers of "H:C:T:L". */
static int take_number(const char **s, char end, uint32_t *ret)
{
	return take_u32(s, ret) && *(*s)++ == end ? 0 : -EINVAL;
}

static int parse_address(const struct component *address, struct place *ret)
{
	const char *s = address->start;
	uint32_t host;
	int r;

	if ((r = take_number(&s, ':', &host)) < 0 ||
		(r = take_number(&s, ':', &ret->channel)) < 0 ||
		(r = take_number(&s, ':', &ret->target)) < 0 ||
		(r = take_number(&s, '/', &ret->lun)) < 0)
		return r;
	if (s != address->start + address->length + 1)
		return -EINVAL;
	if (ret->lun >= LUN_FLAT_SPACE)
		ret->lun -= LUN_FLAT_SPACE;
	return 0;
}

int place_parse(const char *devpath, struct place *ret)
{
	/* From the end: block, sdX after virtioN, hostN, targetH:C:T, H:C:T:L. */
	struct component parts[COMPONENTS_MAX];
	struct place place = {};
	size_t n;
	int r;

	r = split_path(devpath, parts, &n);
	if (r == -E2BIG)
		return PLACE_ELSEWHERE;
	if (n < 8 || !is_numbered(&parts[n - 5], "host") || !is_numbered(&parts[n - 6], "virtio"))
		return PLACE_ELSEWHERE;
	if (!is_equal(&parts[n - 2], "block") || parts[n - 1].length >= sizeof(place.name))
		return -EINVAL;
	r = name_controller(parts, n - 6, place.controller, sizeof(place.controller));
	if (r < 0)
		return r;
	r = parse_address(&parts[n - 3], &place);
	if (r < 0)
		return r;
	memcpy(place.name, parts[n - 1].start, parts[n - 1].length);
	*ret = place;
	return PLACE_VIRTIO_SCSI;
}
