/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An examination of a domain that is under way, for doctor*.c alone. */
#pragma once

#include "disks.h"
#include "domain.h"
#include "qemu-question.h"
#include "xml.h"

struct doctor {
	struct hotslot *hotslot;
	const char *name;
	int controller; /* the one to manage, -1: the default */
	unsigned timeout_ms;
	uint64_t deadline;
	uint64_t ask_until; /* when to have no further disk say who it is */
	hotslot_finding_fn fn;
	void *data;
	struct hotslot_error *error; /* the first thing that has failed */
	int result;

	struct hotslot_domain *domain;
	bool runs; /* its guest does */
	xmlDoc *document;
	struct domain_xml *xml; /* live, or of the configuration */
	const char *unknown;	/* why the agent cannot be asked; NULL: it can */

	struct qemu_question *question; /* whether QEMU answers libvirt; NULL: not asked */
};

/* Tells of a finding. ADVICE may be NULL; "DOM" in it stands for the domain. SLOT -1: none. */
void doctor_say(struct doctor *doctor, const char *subject, int slot, enum hotslot_health health,
	const char *advice, const char *format, ...) _printf_(6, 7);

/* The same for what has failed; the first one's code and text are the error of the call. */
void doctor_fail(struct doctor *doctor, const char *subject, int slot, enum hotslot_error_code code,
	const char *advice, const char *format, ...) _printf_(6, 7);

#define doctor_unknown(doctor, subject, why) \
	doctor_say(doctor, subject, -1, HOTSLOT_HEALTH_UNKNOWN, NULL, "%s", why)
#define doctor_ok(doctor, subject, ...) \
	doctor_say(doctor, subject, -1, HOTSLOT_HEALTH_OK, NULL, __VA_ARGS__)

/* What the host knows: QEMU, controllers, channel. */
void doctor_qemu(struct doctor *doctor);
void doctor_controllers(struct doctor *doctor);
void doctor_channel(struct doctor *doctor);

/* Has the agent answer, without having it change anything. Says in doctor->unknown why it cannot.
 * The second ends a session that the first began. */
bool doctor_connect(struct doctor *doctor);
void doctor_disconnect(struct doctor *doctor, bool begun);

/* What the agent says of itself. */
void doctor_agent(struct doctor *doctor);

void doctor_disks(struct doctor *doctor);
