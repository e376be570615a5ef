/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person or a program reads: lines on standard error, JSON on standard output. */
#pragma once

#include <jansson.h>

#include "client.h"

/* TEXT with everything that a terminal could act on as \xNN; backslashes stay, since the library
 * has used them for that already. The caller frees it; NULL if there is no memory. */
char *printable(const char *text);

/* SUBJECT without the user and password of a URI: it may be refused for them, but is not to be
 * printed with them. The caller frees it; NULL if there is no memory. */
char *without_secret(const char *subject);

/* Prints "hotslot: [line N: ][COMMAND: ][SUBJECT: ]MESSAGE[; NOTE]" on standard error. SUBJECT is
 * left out where MESSAGE names it. */
void print_line(struct client *client, const char *subject, const char *message, const char *note);

/* Reports a failure: a line on standard error and, with --json, RESULT with "error" added to it.
 * Takes over RESULT; RESULT and NOTE may be NULL. Returns the status. */
int fail(struct client *client, json_t *result, const char *subject,
	const struct hotslot_error *error, const char *note);

/* The same; takes over DETAILS, an object whose members the JSON error gets, too. */
int fail_with(struct client *client, json_t *result, const char *subject,
	const struct hotslot_error *error, const char *note, json_t *details);

/* Where the disk is after what was done by half, for fail_with(); NULL for any other error. */
json_t *partial_json(const struct hotslot_error *error);

/* Reports that the command is called in a wrong way. Returns STATUS_INVALID. */
int fail_usage(struct client *client, const char *message);

/* Ends a command that has succeeded: with --json, prints RESULT. Takes over RESULT, which is NULL
 * if there was no memory for it. Returns the status. */
int finish(struct client *client, json_t *result);

/* A JSON string; null if TEXT is NULL, encoded as printable() does it if TEXT is no UTF-8. */
json_t *json_text(const char *text);

/* Prints a JSON object on one line, on a terminal too: one of many. Returns -1 if that fails. */
int print_json_line(const json_t *object);

/* What an agent says of itself as JSON; NULL if there is no memory. */
json_t *agent_json(const struct hotslot_agent_info *info);

/* A disk as JSON, and a partition; NULL if there is no memory. */
json_t *disk_json(const struct hotslot_disk *disk);
json_t *partition_json(const struct hotslot_partition *partition);
