/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A status that is being made, for status*.c alone. */
#pragma once

#include "domain.h"
#include "hotslot.h"
#include "xml.h"

struct status_text;

struct status {
	struct hotslot_status status; /* first: the API's pointer is this one's */
	struct hotslot_agent_info agent;
	struct status_text *texts;	     /* all the strings */
	const struct hotslot_drift **drifts; /* each of them is one of the texts, too */
	bool no_memory;			     /* something could not be kept */
};

struct status *status_new(void);
struct status *status_free(struct status *status);

static inline void status_freep(struct status **status)
{
	status_free(*status);
}

#define _cleanup_status_ _cleanup_(status_freep)

/* A copy that lives as long as the status; NULL of NULL, and if there is no memory, which then is
 * remembered. */
const char *status_keep(struct status *status, const char *text);

/* Adds a drift, with what the format gives as one printable line. */
void status_add(struct status *status, enum hotslot_drift_kind kind, int slot, const char *format,
	...) _printf_(4, 5);

/* A version of a domain's XML, parsed in both ways. */
struct status_xml {
	xmlDoc *document;
	struct domain_xml *xml;
};

/* The slot of a disk, -1 if it has none. */
int status_slot(const struct xml_disk *disk);

/* Whether it is a disk of a user's on the managed controller. */
bool status_has(const struct domain_xml *xml, const struct xml_disk *disk);

/* What to call it in a text: its image, or else its alias. */
const char *status_name(const struct xml_disk *disk);

/* Compares what is now with the definition. Pure. */
void status_compare_config(
	struct status *status, const struct domain_xml *now, const struct domain_xml *config);

/* Whether the domain's QEMU has the files open: one that is paused may have given up its locks, as
 * after a migration. */
enum status_qemu {
	STATUS_QEMU_NONE,
	STATUS_QEMU_STANDS,
	STATUS_QEMU_RUNS,
};

/* Looks for the files of NOW, and of what CONFIG has besides; either may be empty. */
void status_compare_files(struct status *status, const struct status_xml *now,
	const struct status_xml *config, enum status_qemu qemu);

/* Compares what host and guest have: in a session. */
int status_compare_guest(struct status *status, struct hotslot_domain *domain,
	const struct domain_xml *xml, uint64_t deadline, struct hotslot_error *error);
