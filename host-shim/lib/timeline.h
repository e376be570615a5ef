/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the time of an attach went, and that of a disk's coming: phases on one line. The guest is
 * not trusted: what cannot be so is not known. Pure. */
#pragma once

#include "clock.h"
#include "hotslot.h"

/* A disk's coming as the guest tells it: microseconds of its clock, 0: it does not say. */
struct moments {
	bool told; /* by an agent that knows of times */
	uint64_t expected, kernel, udev, link, report;
};

/* An attach by the host's clock, in microseconds. */
struct attach_moments {
	uint64_t start;
	uint64_t call, called; /* of libvirt */
	uint64_t verified;     /* the XML was read back */
	uint64_t confirmed;    /* by the guest */
	uint64_t end;
};

#define TIMELINE_PHASES_MAX 7

struct timeline {
	struct hotslot_times times; /* first: the API's pointer is the timeline's */
	struct hotslot_phase phases[TIMELINE_PHASES_MAX];
};

/* Of an attach. LINE is where the guest's clock is on ours, NULL if it is on none; RECEIVED, when
 * its confirmation came. */
void timeline_of_attach(const struct attach_moments *attach, const struct moments *guest,
	const struct clock_line *line, uint64_t received, struct timeline *ret);

/* Of a disk that is there, by the guest's clock alone, which was at NOW. */
void timeline_of_disk(const struct moments *guest, uint64_t now, struct timeline *ret);
