/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames: however the bytes are cut into pieces, the same lines come out. */
#include "frame.h"
#include "targets.h"

/* One step of FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x100000001b3);
}

/* What is well-formed is so again once it was written. */
static void check_parsed(const char *line, size_t length)
{
	char reason[HOTSLOT_REASON_MAX];
	_cleanup_free_ char *text = NULL;
	json_t *object, *again;
	size_t text_length;

	if (frame_parse(line, length, &object, reason) < 0) {
		hold(memchr(reason, '\0', sizeof(reason)));
		return;
	}
	if (frame_format(object, &text, &text_length) == 0) {
		hold(text_length <= HOTSLOT_FRAME_MAX && text[text_length - 1] == '\n');
		hold(!memchr(text, '\n', text_length - 1));
		hold(frame_parse(text, text_length - 1, &again, reason) == 0);
		hold(json_equal(object, again));
		json_decref(again);
	}
	json_decref(object);
}

/* Reads it in pieces of at most PIECE bytes. Returns a hash of all results. */
static uint64_t read_all(const char *data, size_t size, size_t piece, bool parse)
{
	struct frame_reader reader = {};
	uint64_t hash = 0;

	while (size > 0) {
		size_t length = size < piece ? size : piece, line_length;
		const char *next = data;
		char *line;
		int r;

		size -= length;
		data += length;
		while ((r = frame_reader_feed(&reader, &next, &length, &line, &line_length)) > 0) {
			hash = mix(hash, (uint64_t)r);
			if (r != FRAME_READY)
				continue;
			hold(line_length < HOTSLOT_FRAME_MAX && line[line_length] == '\0');
			for (size_t i = 0; i < line_length; i++)
				hash = mix(hash, (unsigned char)line[i]);
			if (parse)
				check_parsed(line, line_length);
		}
		hold(r == FRAME_NONE && length == 0);
	}
	frame_reader_done(&reader);
	return hash;
}

void fuzz_frame(const char *data, size_t size)
{
	size_t piece = size > 0 ? (unsigned char)data[0] % 64 + 1 : 1;

	hold(read_all(data, size, SIZE_MAX, true) == read_all(data, size, piece, false));
}
