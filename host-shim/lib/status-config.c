/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a domain, as it is now, and its definition differ in their disks. Pure. */
#include <string.h>

#include "counterpart.h"
#include "places.h"
#include "status-work.h"

/* libvirt makes others up at each boot, and leaves them out of the definition. */
static const char *user_alias(const struct xml_disk *disk)
{
	return disk->alias && strncmp(disk->alias, "ua-", strlen("ua-")) == 0 ? disk->alias : NULL;
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ?: "", b ?: "") == 0;
}

static void compare_texts(struct status *status, enum hotslot_drift_kind kind,
	const struct xml_disk *disk, const char *what, const char *now, const char *config)
{
	if (!is_same_text(now, config))
		status_add(status, kind, status_slot(disk),
			"%s has the %s %s, and %s in the definition", status_name(disk), what,
			now ?: "none", config ?: "none");
}

static bool is_moved(
	const struct domain_xml *config, const struct xml_disk *disk, const struct xml_disk *other)
{
	return !status_has(config, other) || disk->target != other->target ||
	       disk->unit != other->unit;
}

static void compare_disks(struct status *status, const struct domain_xml *config,
	const struct xml_disk *disk, const struct xml_disk *other)
{
	if (!status_has(config, other))
		status_add(status, HOTSLOT_DRIFT_OTHER_SLOT, status_slot(disk),
			"%s is on no managed controller in the definition", status_name(disk));
	else if (is_moved(config, disk, other))
		status_add(status, HOTSLOT_DRIFT_OTHER_SLOT, status_slot(disk),
			"%s is %s in the definition", status_name(disk),
			place_locate(place_number(other->target, other->unit)).text);
	compare_texts(
		status, HOTSLOT_DRIFT_ALIAS, disk, "alias", user_alias(disk), user_alias(other));
	compare_texts(status, HOTSLOT_DRIFT_SERIAL, disk, "serial", disk->serial, other->serial);
	/* One is the overlay of the other. */
	if (!disk->transient || !other->transient)
		compare_texts(
			status, HOTSLOT_DRIFT_SOURCE, disk, "image", disk->source, other->source);
	if (disk->read_only != other->read_only)
		status_add(status, HOTSLOT_DRIFT_READ_ONLY, status_slot(disk),
			"%s is %s, and %s in the definition", status_name(disk),
			disk->read_only ? "read-only" : "writable",
			other->read_only ? "read-only" : "writable");
}

/* The place is all that tells of either, and it is the same: a snapshot, a copy or another medium
 * has changed the image of one of them. */
static bool is_anonymous(const struct xml_disk *disk)
{
	return !disk->serial && !user_alias(disk);
}

static bool has_other_image(const struct xml_disk *disk, const struct xml_disk *rival)
{
	return rival && is_anonymous(disk) && is_anonymous(rival) && !disk->passthrough &&
	       !rival->passthrough && disk->cdrom == rival->cdrom;
}

/* What has no counterpart, but shares its place with something else that has none. */
static const struct xml_disk *find_rival(
	const struct domain_xml *xml, const struct xml_disk *disk, const struct domain_xml *others)
{
	const struct xml_disk *rival = domain_xml_disk_at(others, disk->target, disk->unit);

	return rival && !counterpart_find(xml, rival) ? rival : NULL;
}

/* With one image they are not told apart by that. */
static void tell_rival(
	struct status *status, const struct xml_disk *disk, const struct xml_disk *rival)
{
	if (is_same_text(disk->source, rival->source))
		status_add(status, HOTSLOT_DRIFT_OTHER_DISK, status_slot(disk),
			"%s is there with the alias %s and the serial %s, and in the definition "
			"with %s and %s",
			status_name(disk), disk->alias ?: "none", disk->serial ?: "none",
			rival->alias ?: "none", rival->serial ?: "none");
	else
		status_add(status, HOTSLOT_DRIFT_OTHER_DISK, status_slot(disk),
			"%s is there, and in the definition %s", status_name(disk),
			status_name(rival));
}

static void compare_live(struct status *status, const struct domain_xml *now,
	const struct domain_xml *config, const struct xml_disk *disk)
{
	const struct xml_disk *other = counterpart_find(config, disk);
	const struct xml_disk *rival = other ? NULL : find_rival(now, disk, config);

	if (other || has_other_image(disk, rival))
		compare_disks(status, config, disk, other ?: rival);
	else if (rival)
		tell_rival(status, disk, rival);
	else
		status_add(status, HOTSLOT_DRIFT_LIVE_ONLY, status_slot(disk),
			"%s is not in the definition: it does not come back at the next boot",
			status_name(disk));
}

static void compare_config(struct status *status, const struct domain_xml *now,
	const struct domain_xml *config, const struct xml_disk *disk)
{
	if (!counterpart_find(now, disk) && !find_rival(config, disk, now))
		status_add(status, HOTSLOT_DRIFT_CONFIG_ONLY, status_slot(disk),
			"%s is in the definition alone: it comes at the next boot",
			status_name(disk));
}

/* The slots of A that are not in B, nor filled by a disk of FILLED. */
static void tell_reserved(struct status *status, const struct domain_xml *a,
	const struct domain_xml *b, const struct domain_xml *filled, const char *where)
{
	struct slot_set rest = a->reserved;
	_cleanup_free_ char *text = NULL;

	for (int slot = slot_set_next(&rest, 0); slot >= 0;
		slot = slot_set_next(&rest, (unsigned)slot + 1))
		if (slot_set_has(&b->reserved, (unsigned)slot) ||
			domain_xml_disk_at(
				filled, slot_target((unsigned)slot), slot_lun((unsigned)slot)))
			slot_set_remove(&rest, (unsigned)slot);
	if (slot_set_is_empty(&rest))
		return;
	if (slot_set_format(&rest, &text) < 0)
		status->no_memory = true;
	else
		status_add(
			status, HOTSLOT_DRIFT_RESERVED, -1, "Reserved %s alone: %s", where, text);
}

static void tell_labels(struct status *status, const struct label_set *a, const struct label_set *b,
	const char *where)
{
	for (unsigned i = 0; i < a->count; i++)
		if (!label_set_has(b, a->names[i]))
			status_add(status, HOTSLOT_DRIFT_LABELS, -1,
				"The label %s is noted %s alone", a->names[i], where);
	if (a->nobody && !b->nobody)
		status_add(status, HOTSLOT_DRIFT_LABELS, -1,
			"Disks without a label are noted %s alone", where);
}

void status_compare_config(
	struct status *status, const struct domain_xml *now, const struct domain_xml *config)
{
	static const char here[] = "now", there[] = "in the definition";

	for (size_t i = 0; i < now->n_disks; i++)
		if (status_has(now, &now->disks[i]))
			compare_live(status, now, config, &now->disks[i]);
	for (size_t i = 0; i < config->n_disks; i++)
		if (status_has(config, &config->disks[i]))
			compare_config(status, now, config, &config->disks[i]);
	/* What a disk fills is reserved in the definition still, if that does not have the disk:
	 * see reserve_fill(). */
	tell_reserved(status, now, config, config, here);
	tell_reserved(status, config, now, now, there);
	tell_labels(status, &now->labels, &config->labels, here);
	tell_labels(status, &config->labels, &now->labels, there);
}
