/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References: the texts that name a disk, in every form that hotslot.h lists. Pure. */
#include "reference.h"

#include <string.h>

#include "encode.h"
#include "error.h"
#include "slot.h"

/* The kernel's: SCSI disks have 256 minors, then extended ones; agent/identity/disk.h. */
#define PARTITION_MAX 255

/* Of a wrong text, so much is shown that the rest of the message still fits. */
#define SHOWN_MAX 200

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

#define SD_PREFIX "/dev/sd"
#define BY_SLOT_PREFIX "/dev/disk/by-slot/"
#define BY_SERIAL_PREFIX "/dev/disk/by-serial/"
#define PART_INFIX "-part"

/* What parsing a text comes to, beside a negative errno. */
enum outcome {
	OUTCOME_DISK,
	OUTCOME_UNKNOWN, /* it has no known form */
	OUTCOME_NO_SLOT, /* out of the range of slots */
	OUTCOME_NO_PARTITION,
};

static bool starts_with(const char *text, const char *prefix, const char **ret_rest)
{
	size_t length = strlen(prefix);

	if (strncmp(text, prefix, length) != 0)
		return false;
	*ret_rest = text + length;
	return true;
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, DIGITS)] == '\0';
}

static int parse_number(const char *text, unsigned *ret)
{
	uint64_t slot;

	if (!is_number(text))
		return OUTCOME_UNKNOWN;
	if (parse_u64(text, SLOT_MAX, &slot) < 0)
		return OUTCOME_NO_SLOT;
	*ret = (unsigned)slot;
	return OUTCOME_DISK;
}

/* The kernel writes no 0 in front. */
static int parse_partition(const char *text, unsigned *ret)
{
	uint64_t number;

	if (!is_number(text))
		return OUTCOME_UNKNOWN;
	if (*text == '0' || parse_u64(text, PARTITION_MAX, &number) < 0)
		return OUTCOME_NO_PARTITION;
	*ret = (unsigned)number;
	return OUTCOME_DISK;
}

static int parse_device(const char *name, struct reference *ret)
{
	size_t n = strspn(name, LETTERS);
	unsigned number = 0;
	int r = OUTCOME_DISK;

	if (n == 0)
		return OUTCOME_UNKNOWN;
	for (size_t i = 0; i < n && number <= SLOT_COUNT; i++)
		number = 26 * number + (unsigned)(name[i] - 'a' + 1);
	if (name[n])
		r = parse_partition(name + n, &ret->partition);
	if (r == OUTCOME_DISK && number > SLOT_COUNT)
		r = OUTCOME_NO_SLOT;
	ret->slot = number - 1;
	return r;
}

/* Takes "-partN" off the end of a link's name: no disk's own name ends so, see encode.h. */
static int split_link(const char *name, struct reference *ret, char **ret_name)
{
	size_t end = strlen(name), infix = strlen(PART_INFIX);
	int r = OUTCOME_DISK;

	while (end > 0 && strchr(DIGITS, name[end - 1]))
		end--;
	if (name[end] && end > infix && strncmp(name + end - infix, PART_INFIX, infix) == 0) {
		r = parse_partition(name + end, &ret->partition);
		end -= infix;
	} else {
		end = strlen(name);
	}
	if (r != OUTCOME_DISK)
		return r;
	*ret_name = strndup(name, end);
	return *ret_name ? OUTCOME_DISK : -ENOMEM;
}

static int parse_by_slot(const char *link, struct reference *ret)
{
	_cleanup_free_ char *name = NULL;
	int r = split_link(link, ret, &name);

	if (r != OUTCOME_DISK)
		return r;
	/* The link of slot 7 is not called 07. */
	return name[0] == '0' && name[1] ? OUTCOME_UNKNOWN : parse_number(name, &ret->slot);
}

/* Returns the number of bytes, -EINVAL if it is no encoded serial, -ENOMEM. */
static int decode(const char *name)
{
	_cleanup_free_ char *bytes = malloc(strlen(name) + 1);

	return bytes ? serial_decode(name, bytes) : -ENOMEM;
}

static int parse_by_serial(const char *link, struct reference *ret)
{
	int r = split_link(link, ret, &ret->value);

	ret->kind = REFERENCE_SERIAL;
	if (r != OUTCOME_DISK)
		return r;
	r = decode(ret->value);
	if (r == -ENOMEM)
		return r;
	return r > 0 ? OUTCOME_DISK : OUTCOME_UNKNOWN;
}

int reference_encode_serial(const char *serial, char **ret)
{
	int r = decode(serial);
	char *encoded;

	if (r == -ENOMEM)
		return r;
	if (r == 0)
		return 1;
	encoded = r > 0 ? strdup(serial) : malloc(4 * strlen(serial) + 1);
	if (!encoded)
		return -ENOMEM;
	if (r < 0)
		serial_encode(serial, strlen(serial), encoded);
	*ret = encoded;
	return 0;
}

static int parse_serial(const char *serial, struct reference *ret)
{
	int r = reference_encode_serial(serial, &ret->value);

	ret->kind = REFERENCE_SERIAL;
	if (r < 0)
		return r;
	return r > 0 ? OUTCOME_UNKNOWN : OUTCOME_DISK;
}

static int parse_value(const char *value, enum reference_kind kind, struct reference *ret)
{
	if (!*value)
		return OUTCOME_UNKNOWN;
	ret->kind = kind;
	ret->value = strdup(value);
	return ret->value ? OUTCOME_DISK : -ENOMEM;
}

static int parse(const char *text, struct reference *ret)
{
	const char *rest;

	if (starts_with(text, SD_PREFIX, &rest))
		return parse_device(rest, ret);
	if (starts_with(text, BY_SLOT_PREFIX, &rest))
		return parse_by_slot(rest, ret);
	if (starts_with(text, BY_SERIAL_PREFIX, &rest))
		return parse_by_serial(rest, ret);
	if (starts_with(text, "serial:", &rest))
		return parse_serial(rest, ret);
	if (starts_with(text, "alias:", &rest))
		return parse_value(rest, REFERENCE_ALIAS, ret);
	if (starts_with(text, "id:", &rest))
		return parse_value(rest, REFERENCE_ID, ret);
	if (starts_with(text, "volume:", &rest))
		return parse_value(rest, REFERENCE_VOLUME, ret);
	return parse_number(text, &ret->slot);
}

/* OTHERS: what it could have been but for a slot. */
static int wrong(
	const char *text, int r, const char *what, const char *others, struct hotslot_error *error)
{
	if (r < 0)
		return error_memory(error);
	if (r == OUTCOME_NO_SLOT && is_number(text))
		return error_set(error, HOTSLOT_ERROR_INVALID, "slot %.*s: slots are 0 to %d",
			SHOWN_MAX, text, SLOT_MAX);
	if (r == OUTCOME_NO_SLOT)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"'%.*s' is beyond the last slot: slots are 0 to %d", SHOWN_MAX, text,
			SLOT_MAX);
	if (r == OUTCOME_NO_PARTITION)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"'%.*s' names no partition: partitions are 1 to %d", SHOWN_MAX, text,
			PARTITION_MAX);
	return error_set(error, HOTSLOT_ERROR_INVALID,
		"'%.*s' is no %s: use a slot from 0 to %d, %s", SHOWN_MAX, text, what, SLOT_MAX,
		others);
}

int reference_parse(const char *text, struct reference *ret, struct hotslot_error *error)
{
	_cleanup_reference_ struct reference reference = {};
	int r = parse(text ?: "", &reference);

	if (r != OUTCOME_DISK)
		return wrong(text ?: "", r, "disk",
			"/dev/sdX, serial:S, alias:A, id:I, volume:V, /dev/disk/by-slot/N or "
			"/dev/disk/by-serial/S",
			error);
	*ret = reference;
	reference.value = NULL;
	return 0;
}

int reference_parse_disk(const char *text, struct reference *ret, struct hotslot_error *error)
{
	_cleanup_reference_ struct reference reference = {};
	int r = reference_parse(text, &reference, error);

	if (r < 0)
		return r;
	if (reference.partition > 0 && reference.kind == REFERENCE_SLOT)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"'%s' names partition %u of the disk in slot %u; name the disk", text,
			reference.partition, reference.slot);
	if (reference.partition > 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"'%.*s' names partition %u of the disk with serial %.*s; name the disk",
			SHOWN_MAX, text, reference.partition, SHOWN_MAX, reference.value);
	*ret = reference;
	reference.value = NULL;
	return 0;
}

void reference_done(struct reference *reference)
{
	free(reference->value);
}

int hotslot_slot_parse(const char *text, int *ret, struct hotslot_error *error)
{
	_cleanup_reference_ struct reference reference = {};
	struct hotslot_error ignored;
	int r = parse(text ?: "", &reference);

	error = error_begin(error, &ignored);
	if (r == OUTCOME_DISK && (reference.kind != REFERENCE_SLOT || reference.partition > 0))
		r = OUTCOME_UNKNOWN;
	if (r != OUTCOME_DISK)
		return wrong(text ?: "", r, "slot", "/dev/sdX or /dev/disk/by-slot/N", error);
	*ret = (int)reference.slot;
	return 0;
}

void reference_format_device(unsigned slot, char *ret, size_t size)
{
	char letters[8]; /* seven count beyond any unsigned number */
	size_t n = sizeof(letters) - 1;
	uint64_t number = (uint64_t)slot + 1;

	letters[n] = '\0';
	for (; number > 0; number = (number - 1) / 26)
		letters[--n] = (char)('a' + (number - 1) % 26);
	snprintf(ret, size, SD_PREFIX "%s", letters + n);
}
