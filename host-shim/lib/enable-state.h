/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain as it is defined and as it runs, for what adds parts to it and takes them back. */
#pragma once

#include "domain.h"
#include "parts.h"

struct enable_state {
	bool active, persistent;
	char *text;	       /* of the definition; NULL: transient */
	xmlDoc *config, *live; /* NULL: there is none */
};

/* Reads both. */
int enable_state_read(
	struct hotslot_domain *domain, struct enable_state *ret, struct hotslot_error *error);
void enable_state_done(struct enable_state *state);

#define _cleanup_enable_state_ _cleanup_(enable_state_done)

/* A call that adds parts, or takes them back. */
struct enable_call {
	struct hotslot_domain *domain;
	struct enable_state state;
	hotslot_part_fn fn;
	void *data;
};

/* Has RUN do what is to be done in the call. */
int enable_run(struct enable_call *call, int (*run)(struct enable_call *, struct hotslot_error *),
	struct hotslot_error *error);

/* Tells the caller of a part. */
void enable_tell(const struct enable_call *call, enum hotslot_part_state state,
	const struct part *part, bool now, bool next_boot);

/* The <domain> of a document and its <devices>; NULL if the document is. */
xmlNode *enable_domain_of(xmlDoc *document);
xmlNode *enable_devices_of(xmlDoc *document);

/* Reads the running domain anew. */
int enable_state_reread(
	struct hotslot_domain *domain, struct enable_state *state, struct hotslot_error *error);

/* What is noted in the metadata of a document, which may be NULL: nothing, if there is no note. */
int enable_read_note(const struct hotslot_domain *domain, xmlDoc *document, struct parts *ret,
	struct hotslot_error *error);

/* Changes the note in the running domain's metadata. PARTS NULL: takes it away. */
int enable_note_live(
	struct hotslot_domain *domain, struct parts *parts, struct hotslot_error *error);

/* Whether all of PARTS are in the definition TEXT, or none: somebody else may have defined another
 * one at once. */
int enable_check(const struct hotslot_domain *domain, const char *text, const struct parts *parts,
	bool wanted, struct hotslot_error *error);

/* If the domain has a managed save image: says that it keeps its own XML. */
void enable_notice_saved(struct hotslot_domain *domain, const char *what);

/* Takes a part out of what is compared: see definition-change.h. */
struct enable_strip {
	const struct parts *parts;
	bool any;     /* even without an alias of ours */
	xmlNode *old; /* and PCI controllers that are not in these devices; NULL: none */
};
void enable_strip(xmlNode *domain, const void *strip);
