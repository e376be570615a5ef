/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image's first bytes and its name say of its format. Pure. */
#include "image-format.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

#include "util.h"

/* The signatures are those of QEMU's block drivers (block/NAME.c, their probe functions). */
static const struct {
	const char *ending;
	const char *format; /* as libvirt names it */
	size_t offset;
	size_t length; /* of the signature, 0: none */
	const char *signature;
} formats[] = {
	{ ".qcow2", "qcow2", 0, 4, "QFI\xfb" },
	{ ".vmdk", "vmdk", 0, 4, "KDMV" },
	{ ".vdi", "vdi", 64, 4, "\x7f\x10\xda\xbe" },
	{ ".qed", "qed", 0, 4, "QED" },
	{ ".raw", "raw", 0, 0, "" },
	{ ".img", "raw", 0, 0, "" },
};

/* Bytes 4..7 of a qcow2 header are its version, 24..31 the size; both big endian. */
#define QCOW2_VERSION_OFFSET 4
#define QCOW2_SIZE_OFFSET 24

const char *image_format_from_name(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t ending = strlen(formats[i].ending);

		if (length > ending && strcasecmp(name + length - ending, formats[i].ending) == 0)
			return formats[i].format;
	}
	return NULL;
}

const char *image_format_from_content(const unsigned char *header, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t end = formats[i].offset + formats[i].length;

		if (formats[i].length > 0 && length >= end &&
			memcmp(header + formats[i].offset, formats[i].signature,
				formats[i].length) == 0)
			return formats[i].format;
	}
	return NULL;
}

int image_qcow2_size(const unsigned char *header, size_t length, uint64_t *ret)
{
	const char *format = image_format_from_content(header, length);
	uint32_t version;
	uint64_t size;

	if (length < QCOW2_SIZE_OFFSET + sizeof(size) || !format || strcmp(format, "qcow2") != 0)
		return -EBADMSG;
	memcpy(&version, header + QCOW2_VERSION_OFFSET, sizeof(version));
	memcpy(&size, header + QCOW2_SIZE_OFFSET, sizeof(size));
	if (be32toh(version) < 2 || be32toh(version) > 3)
		return -EBADMSG;
	*ret = be64toh(size);
	return 0;
}
