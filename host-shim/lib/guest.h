/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's requests with types. The guest is not trusted: each answer is checked whole. */
#pragma once

#include "domain.h"
#include "record.h"

/* What expect must find; serial NULL, size 0: any. */
struct expectation {
	unsigned slot;
	const char *serial; /* encoded */
	uint64_t size;
	bool read_only;
};

/* A root file system stands on a few disks; more are not believed. */
#define HIDDEN_MAX 64

/* Why the guest does not show disks that the host knows. */
struct guest_hidden {
	bool undecided; /* it cannot tell yet which ones are the system's: all are hidden */
	bool untold;	/* an agent of before it did so does not say: any may be hidden */
	size_t count;
	uint64_t places[HIDDEN_MAX]; /* of the system's own disks */
};

/* Whether a disk at this place is the system's own, or may be, by what the guest says. */
bool guest_hides(const struct guest_hidden *hidden, uint64_t place);

/* The same before it is taken: also if the guest does not say. */
bool guest_may_hide(const struct guest_hidden *hidden, uint64_t place);

/* The inventory, in order. The caller frees *ret with records_free(). */
int guest_disks(struct hotslot_domain *domain, uint64_t deadline, struct record ***ret,
	size_t *ret_count, struct guest_hidden *ret_hidden, struct hotslot_error *error);

/* The same of a guest that is believed to have no more than MAX. */
int guest_disks_up_to(struct hotslot_domain *domain, size_t max, uint64_t deadline,
	struct record ***ret, size_t *ret_count, struct guest_hidden *ret_hidden,
	struct hotslot_error *error);

/* All of it, without waiting for contents that the agent does not know yet: it tells of them. */
int guest_disks_at_once(struct hotslot_domain *domain, uint64_t deadline, struct record ***ret,
	size_t *ret_count, struct guest_hidden *ret_hidden, struct hotslot_error *error);

void records_free(struct record **records, size_t count);

/* The disk that the guest shows at a place, and what it hides; *ret is NULL if none. CONTENTS:
 * waits a moment for what is on the disk. */
int guest_disk_at(struct hotslot_domain *domain, uint64_t place, bool contents, uint64_t deadline,
	struct record **ret, struct guest_hidden *ret_hidden, struct hotslot_error *error);

/* The same of a slot that is to be filled: what the guest said before and its events will do. */
int guest_disk_in_slot(struct hotslot_domain *domain, unsigned slot, uint64_t deadline,
	struct record **ret, struct hotslot_error *error);

/* Tells the guest what to expect before it can come; guest_expect() then takes the answer. */
void guest_expect_early(
	struct hotslot_domain *domain, const struct expectation *expectation, uint64_t deadline);
/* It is not to come any more. */
void guest_expect_no_more(struct hotslot_domain *domain, const struct expectation *expectation);

/* Waits until the disk is there as expected. HOTSLOT_ERROR_NOT_CONFIRMED if it does not come,
 * HOTSLOT_ERROR_MISMATCH if it is another one. */
int guest_expect(struct hotslot_domain *domain, const struct expectation *expectation,
	uint64_t deadline, struct record **ret, struct hotslot_error *error);

enum release {
	RELEASE_ASK,	  /* let go of the disk unless it is in use */
	RELEASE_WAIT,	  /* wait until it is not; an older agent refuses at once */
	RELEASE_FORCE,	  /* also if it is */
	RELEASE_DETACHED, /* the host has unplugged it: wait until it is gone */
};

/* Returns 1 if the guest shows no disk there, or hides it. HOTSLOT_ERROR_DISK_BUSY if the disk is
 * in use. */
int guest_release(struct hotslot_domain *domain, uint64_t place, enum release how,
	uint64_t deadline, struct hotslot_error *error);

/* Who is told of the users of a disk. */
struct guest_audience {
	hotslot_user_fn fn; /* NULL: nobody */
	void *data;
	uint64_t wait_until; /* what is said before is said while it is waited for */
};

/* The same, and tells of who uses the disk, or did: when it was refused, or taken by force. */
int guest_release_telling(struct hotslot_domain *domain, uint64_t place, enum release how,
	uint64_t deadline, const struct guest_audience *audience, struct hotslot_error *error);

/* The disk that was released is to be used again. */
int guest_take_back(struct hotslot_domain *domain, uint64_t place, uint64_t deadline,
	struct hotslot_error *error);

/* The same when the answer to the release did not come: behind it, and without an answer. */
void guest_take_back_later(struct hotslot_domain *domain, uint64_t place, uint64_t deadline);

/* Tells the guest of a new size before it can see it; guest_resize() then takes the answer. */
void guest_resize_early(
	struct hotslot_domain *domain, uint64_t place, uint64_t bytes, uint64_t deadline);
/* It is not to be any more. */
void guest_resize_no_more(struct hotslot_domain *domain, uint64_t place, uint64_t bytes);

/* Waits until the guest sees that the disk, which was as BEFORE, has this size.
 * HOTSLOT_ERROR_NOT_CONFIRMED if it does not come to that, HOTSLOT_ERROR_MISMATCH if it is another
 * one. */
int guest_resize(struct hotslot_domain *domain, const struct record *before, uint64_t bytes,
	uint64_t deadline, struct record **ret, struct hotslot_error *error);

int guest_shutdown(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error);
