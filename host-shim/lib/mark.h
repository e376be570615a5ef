/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mark of a domain that is being launched: <launching pid='212' start='8171'/> in our element
 * of its metadata, from its first moment until the guest has confirmed all of its drives. Pure, but
 * for what says whether the launcher still runs.
 */
#pragma once

#include "xml.h"

/* The process that launches it; two of one pid have started at different times. */
struct launcher {
	int pid;	/* 0: not known */
	uint64_t start; /* clock ticks after this host's boot: proc(5), /proc/PID/stat */
};

/* The caller's own. */
struct launcher launcher_self(void);

/* Whether it still runs, on this host. */
bool launcher_runs(const struct launcher *launcher);

/* Whether there is a mark in a domain's <metadata>, which may be NULL. One that cannot be read was
 * left by nobody. */
bool mark_parse(xmlNode *metadata, struct launcher *ret);

/* Between metadata_open() and metadata_close(). */
void mark_write(struct xml_writer *w, const struct launcher *launcher);

/* OLD is our element as virDomainGetMetadata() gives it. Returns what virDomainSetMetadata() is to
 * get, without the mark; NULL in *ret if nothing is left. -ENOENT if it has none. The caller frees
 * *ret. */
int mark_remove(const char *old, char **ret);
