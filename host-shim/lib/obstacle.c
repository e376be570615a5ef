/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in the way of an attach, and libvirt does not know of. */
#include "obstacle.h"

#include <string.h>

#include "error.h"
#include "forced.h"
#include "leaked.h"
#include "places.h"

/* libvirt has no code for any of these; the words are QEMU's: from bdrv_assign_node_name() in its
 * block.c, from qdev_set_id(), and from scsi_bus_check_address(). */
#define NODE_TAKEN "Duplicate nodes with node-name"
static const char *const device_taken[] = { "Duplicate device ID '", "lun already used by '" };

char *obstacle_read_alias(const char *refusal)
{
	char *alias = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(device_taken) && !alias; i++) {
		const char *words = strstr(refusal, device_taken[i]);

		if (words)
			(void)sscanf(words + strlen(device_taken[i]), "%m[^']", &alias);
	}
	return alias;
}

struct releasing {
	struct hotslot_domain *domain;
	uint64_t place, deadline;
};

/* The guest may see it by now, and then lets go of it. */
static int release_unseen(const void *data, struct hotslot_error *error)
{
	const struct releasing *unseen = data;
	int r = guest_release(unseen->domain, unseen->place, RELEASE_ASK, unseen->deadline, error);

	if (r <= 0)
		return r;
	return forced_check(unseen->domain, unseen->place, NULL, true, unseen->deadline, error);
}

static int remove_ours(struct hotslot_domain *domain, const struct leaked *leaked,
	uint64_t deadline, struct hotslot_error *refusal)
{
	const struct releasing releasing = { domain, leaked->place, deadline };
	struct hotslot_error error = {};

	if (leaked_remove(domain, leaked, release_unseen, &releasing, "", deadline, &error) < 0) {
		error_append(refusal, "; %s", error.message);
		return 0;
	}
	(void)guest_release(domain, leaked->place, RELEASE_DETACHED, deadline, &error);
	connection_notice(domain->hotslot,
		"QEMU has let go of the disk %s of domain %s, which libvirt had lost: an attach "
		"was broken off",
		place_locate(leaked->place).text, domain->name);
	return OBSTACLE_GONE;
}

static int leave_others(const struct hotslot_domain *domain, const struct leaked *leaked,
	struct hotslot_error *refusal)
{
	error_set(refusal, HOTSLOT_ERROR_SLOT_TAKEN,
		"A disk is %s of domain %s: QEMU has it as %s, and libvirt has lost it: start the "
		"domain anew",
		place_locate(leaked->place).text, domain->name, leaked->alias);
	return OBSTACLE_IN_SLOT;
}

/* By its ID, as a disk with another one's may be at the same place of another controller. */
static int clear_device(struct hotslot_domain *domain, const struct drive *drive, const char *alias,
	uint64_t deadline, struct hotslot_error *refusal)
{
	_cleanup_leaked_ struct leaked leaked = {};
	struct hotslot_error ignored = {};
	int r = leaked_find_named(domain, alias, &leaked, &ignored);

	if (r <= 0 || (leaked.place != drive->slot && strcmp(alias, drive->alias) != 0))
		return 0;
	return r == LEAKED_OURS ? remove_ours(domain, &leaked, deadline, refusal)
				: leave_others(domain, &leaked, refusal);
}

/* Of nodes libvirt has counted on since, also past what a kill in its attach has left, and was not
 * written down: its next try takes the next numbers. */
int obstacle_clear(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline,
	struct hotslot_error *refusal)
{
	_cleanup_free_ char *alias = NULL;

	if (strstr(refusal->message, NODE_TAKEN))
		return OBSTACLE_GONE;
	alias = obstacle_read_alias(refusal->message);
	return alias ? clear_device(domain, drive, alias, deadline, refusal) : 0;
}

/* A session that begins anew, as after each loss, has most of it repaired. */
bool obstacle_clear_own(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline,
	struct hotslot_error *refusal)
{
	if (!leaked_free_image(domain, drive->image.path, deadline))
		return false;
	(void)clear_device(domain, drive, drive->alias, deadline, refusal);
	return true;
}
