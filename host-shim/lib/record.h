/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's record: what the guest says of it and what the host says, in one. */
#pragma once

#include <jansson.h>

#include "domain-xml.h"
#include "hotslot.h"
#include "reference.h"
#include "timeline.h"

struct record {
	struct hotslot_disk disk;  /* first: the API's pointer is the record's */
	uint64_t place;		   /* sorts records; the protocol's */
	struct record_text *texts; /* all the strings */
	const char *host_serial;   /* the XML's, encoded; NULL: none */
	struct hotslot_partition *partitions;
	char device[REFERENCE_DEVICE_SIZE];
	size_t memory; /* bytes, of what it consists of */
	struct moments moments;
	struct clock_sample sample; /* of the request that has confirmed it */
	struct timeline *timeline;  /* NULL: none */
	int64_t seq; /* what the guest says is true since this event of the session, 0: the first */
};

/* Bytes that the disks of one guest may take of our memory: a thousand with thirty partitions each,
 * or 25,000 with none. Ends a list without end. */
#define RECORDS_MEMORY_MAX (16 << 20)

static inline struct record *record_of(struct hotslot_disk *disk)
{
	return (struct record *)disk;
}

/* A disk at a place of the managed controller of which nothing is known yet. NULL: no memory. */
struct record *record_new(unsigned target, unsigned lun);

/* Takes NULL, returns NULL. */
struct record *record_free(struct record *record);

static inline void record_freep(struct record **record)
{
	record_free(*record);
}

#define _cleanup_record_ _cleanup_(record_freep)

/* A copy that lives as long as the record, or NULL of NULL. */
int record_keep(struct record *record, const char *text, const char **ret);

/* What a guest says, as in agent/PROTOCOL.md. -EBADMSG if any of it is not as it says there. */
int record_from_json(const json_t *json, struct record **ret);

/* Has room for its times, which the caller fills in. */
int record_add_timeline(struct record *record);

/* Adds what the live XML says. If the guest reads another serial than that, the record says so. */
int record_add_host(struct record *record, const struct xml_disk *disk);

/* A copy of what a guest says; nothing of the host's may be in it yet. */
int record_copy(const struct record *record, struct record **ret);

/* Whether two records of a place say the same. */
bool record_is_same(const struct record *a, const struct record *b);

/* Whether others have attached it: it has no alias of ours. */
bool record_is_foreign(const struct xml_disk *host);

/* The alias that an ID gives. */
#define ALIAS_PREFIX "ua-hotslot-"
