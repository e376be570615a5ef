/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people, scripts and images say to the shim: references, sizes, slots, options, headers. */
#include "words.h"
#include "drive-option.h"
#include "encode.h"
#include "image-format.h"
#include "image-iscsi.h"
#include "reference.h"
#include "size.h"
#include "slot-set.h"
#include "targets.h"

void fuzz_reference(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_reference_ struct reference reference = {};
	struct hotslot_error error = {};
	int slot = -1;

	if (reference_parse(text, &reference, &error) < 0) {
		hold(*error.message);
		hold(text_is_printable(error.message, strlen(error.message)) ||
			!text_is_printable(text, strlen(text)));
		return;
	}
	hold(reference.kind != REFERENCE_SLOT || reference.slot <= SLOT_MAX);
	hold(reference.kind == REFERENCE_SLOT || *reference.value);
	hold(reference.partition <= 255);
	if (hotslot_slot_parse(text, &slot, NULL) == 0) {
		_cleanup_reference_ struct reference again = {};
		char device[REFERENCE_DEVICE_SIZE];

		hold(slot == (int)reference.slot && reference.kind == REFERENCE_SLOT);
		reference_format_device(reference.slot, device, sizeof(device));
		hold(reference_parse(device, &again, NULL) == 0 && again.slot == reference.slot);
	}
}

static void check_slots(const char *text)
{
	_cleanup_free_ char *formatted = NULL;
	struct slot_set set, again;

	if (slot_set_parse(text, &set) < 0)
		return;
	hold(!slot_set_is_empty(&set));
	hold(slot_set_format(&set, &formatted) == 0);
	hold(slot_set_parse(formatted, &again) == 0);
	hold(memcmp(&set, &again, sizeof(set)) == 0);
}

static void check_iscsi(const char *text)
{
	_cleanup_free_ char *formatted = NULL;
	struct iscsi_uri uri, again;

	if (!iscsi_uri_is(text) || iscsi_uri_parse(text, &uri) < 0)
		return;
	hold(*uri.host && *uri.name);
	hold(iscsi_uri_format(uri.host, *uri.port ? uri.port : NULL, uri.name, &formatted) == 0);
	hold(iscsi_uri_parse(formatted, &again) == 0);
	hold(strcmp(uri.host, again.host) == 0 && strcmp(uri.name, again.name) == 0);
}

static void check_drive(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	struct hotslot_attach_options options = { .size = sizeof(options) };
	struct hotslot_backend_options backend;
	const char *wrong = NULL;

	hold(copy);
	if (drive_parse(copy, &options, &backend, &wrong) < 0)
		hold(wrong);
	else
		hold(*options.image);
}

static void check_line(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	_cleanup_free_ char **words = NULL;
	int count;

	hold(copy);
	if (words_split(copy, &words, &count) < 0)
		return;
	hold(count >= 0 && !words[count]);
	for (int i = 0; i < count; i++)
		hold(words[i] >= copy && words[i] + strlen(words[i]) <= copy + strlen(text));
}

void fuzz_words(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct size parsed;

	if (size_parse(text, &parsed) == 0)
		hold(parsed.bytes <= INT64_MAX);
	check_slots(text);
	check_iscsi(text);
	check_drive(text);
	check_line(text);
}

void fuzz_image(const char *data, size_t size)
{
	size_t length = size < IMAGE_HEADER_SIZE ? size : IMAGE_HEADER_SIZE;
	_cleanup_free_ unsigned char *header = malloc(length ?: 1);
	_cleanup_free_ char *name = fuzz_text(data, size);
	uint64_t bytes;

	hold(header);
	memcpy(header, data, length);
	image_format_from_content(header, length);
	image_format_from_name(name);
	if (image_qcow2_size(header, length, &bytes) == 0)
		hold(strcmp(image_format_from_content(header, length), "qcow2") == 0);
}
