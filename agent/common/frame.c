/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cuts a byte stream into frames: one JSON object a line, 0xFF starts afresh. Pure, no I/O. */
#include "frame.h"

#include <string.h>

#include "json-format.h"

/* Takes one byte. Returns what it completes, FRAME_NONE if nothing. */
static enum frame_result take_byte(struct frame_reader *reader, char byte)
{
	if ((unsigned char)byte == HOTSLOT_RESYNC) {
		frame_reader_reset(reader);
		return FRAME_RESYNC;
	}
	if (byte != '\n') {
		/* The newline counts, too. */
		if (reader->length >= HOTSLOT_FRAME_MAX - 1)
			reader->oversized = true;
		else
			reader->buffer[reader->length++] = byte;
		return FRAME_NONE;
	}
	if (reader->oversized) {
		frame_reader_reset(reader);
		return FRAME_TOO_LONG;
	}
	return reader->length ? FRAME_READY : FRAME_NONE;
}

int frame_reader_feed(struct frame_reader *reader, const char **data, size_t *length,
	char **ret_line, size_t *ret_length)
{
	if (!reader->buffer && *length) {
		reader->buffer = malloc(HOTSLOT_FRAME_MAX);
		if (!reader->buffer)
			return -ENOMEM;
	}
	while (*length) {
		enum frame_result result = take_byte(reader, **data);

		(*data)++;
		(*length)--;
		if (result == FRAME_NONE)
			continue;
		if (result == FRAME_READY) {
			reader->buffer[reader->length] = '\0';
			*ret_line = reader->buffer;
			*ret_length = reader->length;
			reader->length = 0;
		}
		return result;
	}
	return FRAME_NONE;
}

void frame_reader_reset(struct frame_reader *reader)
{
	reader->length = 0;
	reader->oversized = false;
}

void frame_reader_done(struct frame_reader *reader)
{
	free(reader->buffer);
	*reader = (struct frame_reader){};
}

int frame_parse(const char *line, size_t length, json_t **ret, char *ret_reason)
{
	json_error_t error;
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

	if (!object) {
		snprintf(ret_reason, HOTSLOT_REASON_MAX, "%s", error.text);
		return -EBADMSG;
	}
	if (!json_is_object(object)) {
		json_decref(object);
		snprintf(ret_reason, HOTSLOT_REASON_MAX, "not a JSON object");
		return -EBADMSG;
	}
	*ret = object;
	return 0;
}

int frame_format(const json_t *object, char **ret, size_t *ret_length)
{
	_cleanup_free_ char *frame = NULL;
	size_t length;
	int r = json_format(object, &frame, &length);

	if (r < 0)
		return r;
	if (length + 1 > HOTSLOT_FRAME_MAX)
		return -EMSGSIZE;
	frame[length] = '\n';
	frame[length + 1] = '\0';
	*ret = steal_pointer(frame);
	*ret_length = length + 1;
	return 0;
}
