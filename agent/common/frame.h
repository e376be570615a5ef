/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cuts a byte stream into frames: one JSON object a line, 0xFF starts afresh. Pure, no I/O. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util.h"
#include "wire.h"

/* A reader with room for exactly one frame. Zero-initialize; frame_reader_done() frees it. */
struct frame_reader {
	char *buffer; /* HOTSLOT_FRAME_MAX bytes, allocated at the first byte */
	size_t length;
	bool oversized; /* the line is too long: skip to its end */
};

enum frame_result {
	FRAME_NONE = 0,	    /* all bytes taken, no whole frame yet */
	FRAME_READY = 1,    /* *ret_line is a frame */
	FRAME_RESYNC = 2,   /* a 0xFF came: what was before it in the line is gone */
	FRAME_TOO_LONG = 3, /* a line of more than HOTSLOT_FRAME_MAX bytes was dropped */
};

/* Takes bytes from *DATA, *LENGTH (both move on) until one of the results. A frame that is ready
 * is NUL-terminated, without its newline, may hold NULs of its own (*ret_length tells), and lives
 * until the next call. Empty lines are skipped. Returns a frame_result or -ENOMEM. */
int frame_reader_feed(struct frame_reader *reader, const char **data, size_t *length,
	char **ret_line, size_t *ret_length);

/* Forgets the unfinished line. */
void frame_reader_reset(struct frame_reader *reader);

void frame_reader_done(struct frame_reader *reader);

/* Parses a frame: one JSON object, no duplicate keys, nesting bounded by jansson, nothing after
 * it, no NUL. Returns -EBADMSG and says why in *ret_reason (HOTSLOT_REASON_MAX bytes). */
#define HOTSLOT_REASON_MAX 192
int frame_parse(const char *line, size_t length, json_t **ret, char *ret_reason);

/* Formats OBJECT as a frame with its newline. Returns -EMSGSIZE if it is over HOTSLOT_FRAME_MAX.
 * The caller frees *ret. */
int frame_format(const json_t *object, char **ret, size_t *ret_length);
