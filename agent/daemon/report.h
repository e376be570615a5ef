/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's whole record as JSON, as agent/PROTOCOL.md has it. */
#pragma once

#include <jansson.h>

#include "tracker.h"

/* What a frame holds besides records, and then some: an id of 64 bytes, each escaped to six; a
 * nonce of 64; 64 hidden places of up to eight with their comma; four numbers of up to twenty; and
 * names and punctuation, not 200. That makes 1,250 or so; with the times of a record and the clock,
 * seven numbers and their names, 1,500. */
#define REPORT_ENVELOPE_MAX 1792

/* Builds the record. Its links are checked at this moment. Partitions that would make a frame with
 * it too long are left out and counted. Returns a new reference, NULL without memory. */
json_t *report_disk(const struct tracker *tracker, const struct entry *entry);

/* The same, and says whether this still is the disk, is to be used, and no link that it and its
 * partitions can have is missing. */
json_t *report_disk_looking(
	const struct tracker *tracker, const struct entry *entry, bool *ret_complete);

/* The data of disk-removed. */
json_t *report_removed(const struct entry *entry);

/* Whether all links that the disk and its partitions can have are there and lead to their numbers.
 */
bool report_is_linked(const struct tracker *tracker, const struct entry *entry);

/* A hash that differs if the record does. Never 0. */
uint64_t report_hash(const json_t *record);
