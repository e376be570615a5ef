/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: where the time of an attach went, and that of the coming of a disk that is there.
 * Part of hotslot.h, which says what holds for all calls; include that.
 */
#ifndef HOTSLOT_TIMING_H
#define HOTSLOT_TIMING_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether later calls on the domain ask for times; not at first. Then the disks of hotslot_attach()
 * and of hotslot_list() and hotslot_resolve() have them, if the guest shows the disk. An attach
 * compares the guest's clock with the host's once all else is done, for which it asks the agent a
 * few times more. */
void hotslot_domain_set_timing(struct hotslot_domain *domain, bool timing);

/* A part of an attach: "check", "libvirt", "verify", "kernel", "udev", "link", "report"; of a
 * disk's coming, the last four. They overlap: the guest's kernel scans while libvirt's call goes
 * on. See hotslot(1), TIMES. */
struct hotslot_phase {
	const char *name;
	bool known;   /* else the others are 0 */
	double start; /* ms after the call began; of a disk that is there, after the first that is
			 known of its coming */
	double duration; /* ms */
};

enum hotslot_told {
	HOTSLOT_TOLD,		 /* the guest's phases are as it says */
	HOTSLOT_TOLD_NOTHING,	 /* its agent is of before there were times */
	HOTSLOT_TOLD_IMPOSSIBLE, /* it says what cannot be: its phases are not known */
};

/* Made by the library, which may add members at the end. */
struct hotslot_times {
	enum hotslot_told told;
	double total; /* ms: the call of hotslot_attach(); of a disk that is there, from when it was
			 expected until it was reported, 0: not known */
	double error; /* ms: so far off may what the guest says be on the line of the host's clock;
			 0 where nothing of it is on that */
	double age;   /* ms by the guest's clock, of a disk that is there: since it was; -1: not
			 known, or of an attach */
	size_t n_phases;
	const struct hotslot_phase *phases; /* in order */
};

#ifdef __cplusplus
}
#endif

#endif
