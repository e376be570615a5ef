/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Labels, which say whose a disk is: the set of those that a domain has held, and the element of
 * its metadata that keeps it, <labels names='a,b' unlabelled='yes'/>. Pure.
 */
#pragma once

#include "xml.h"

/* A person's or a tenant's name, a UUID, a digest: all shorter than this. */
#define LABEL_LENGTH_MAX 64

/* A domain gets a second one only by being told to; this bounds what every call reads. */
#define LABELS_MAX 32

struct label_set {
	unsigned count;
	char names[LABELS_MAX][LABEL_LENGTH_MAX + 1]; /* in the order in which they came */
	bool nobody;				      /* and disks without a label */
};

bool label_is_valid(const char *label);

/* LABEL NULL stands for nobody's, here and below. */
bool label_set_has(const struct label_set *set, const char *label);

/* Nothing happens if it is there already. -ENOSPC if the set is full. */
int label_set_add(struct label_set *set, const char *label);

/* Adds what OTHER has. */
int label_set_join(struct label_set *set, const struct label_set *other);

/* The first label of the set that a disk of LABEL must not meet, or LABEL_NOBODY; NULL if there is
 * none. As long as there are only disks without a label, one more of them meets none. */
#define LABEL_NOBODY ""
const char *label_set_other(const struct label_set *set, const char *label);

/* The set in a domain's <metadata>, which may be NULL. -EBADMSG if it is none. */
int label_parse(xmlNode *metadata, struct label_set *ret);

/* Between metadata_open() and metadata_close(). An empty set is not written. */
void label_write(struct xml_writer *w, const struct label_set *set);

/* OLD is our element as virDomainGetMetadata() gives it, NULL if there is none. Adds CHANGE to its
 * set, or takes it away, and returns what virDomainSetMetadata() is to get, NULL if nothing is
 * left; and what really changed: if that is nothing, there is no need to set it. -EBADMSG if OLD is
 * no element of ours. The caller frees *ret. */
int label_update(const char *old, const struct label_set *change, bool add,
	struct label_set *ret_changed, char **ret);

static inline bool label_set_is_empty(const struct label_set *set)
{
	return set->count == 0 && !set->nobody;
}
