/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a detach does to the persistent definition: alone, or after the running domain.
 *
 * The running domain comes first, as the guest may refuse: then nothing has changed. Whoever is
 * killed after it leaves the disk in the definition alone; the same detach once more takes it from
 * there.
 */
#include <string.h>

#include "config.h"
#include "counterpart.h"
#include "detach-work.h"
#include "error.h"
#include "places.h"
#include "reserve.h"

static int take_defined(
	struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	bool named = detach->reference.kind == REFERENCE_ALIAS && disk->alias;

	if (disk->target == SLOT_SYSTEM_TARGET)
		return error_set(error, HOTSLOT_ERROR_PROTECTED,
			"The disk %s in the definition of domain %s is the system's own",
			disk->alias ?: disk->target_dev, detach->domain->name);
	if (!detach->options.foreign && !named && record_is_foreign(disk))
		return error_set(error, HOTSLOT_ERROR_FOREIGN,
			"Somebody else has attached the disk %s to the definition of domain %s: "
			"say --foreign",
			place_locate(place_number(disk->target, disk->unit)).text,
			detach->domain->name);
	xml_disk_done(&detach->defined);
	detach->defined = (struct xml_disk){};
	if (xml_disk_copy(disk, &detach->defined) < 0)
		return error_memory(error);
	detach->in_definition = true;
	return 0;
}

/* Of an alias that both have, the image tells more. */
static void tell_of_rival(const struct detach *detach, const struct domain_xml *xml,
	const struct xml_disk *disk, const char *where)
{
	const struct xml_disk *rival = counterpart_find_rival(xml, disk);
	const char *name;

	if (!rival)
		return;
	name = rival->alias;
	if (name && disk->alias && strcmp(name, disk->alias) == 0 && rival->source)
		name = rival->source;
	connection_notice(detach->domain->hotslot, "The %s %s has another disk %s, %s; it stays",
		where, detach->domain->name,
		place_locate(place_number(rival->target, rival->unit)).text,
		name ?: rival->source ?: "without a name");
}

/* The disk that the running domain has. What else is at its place in the definition is another one.
 */
static int find_counterpart(
	struct detach *detach, const struct domain_xml *definition, struct hotslot_error *error)
{
	const struct xml_disk *disk = counterpart_find_certain(definition, &detach->disk);

	if (disk)
		return take_defined(detach, disk, error);
	tell_of_rival(detach, definition, &detach->disk, "definition of domain");
	return 0;
}

/* The running domain has none of that name. Its disk may have another one there: an alias that the
 * definition alone has until the next boot. */
static int find_by_name(struct detach *detach, const struct domain_xml *xml,
	const struct domain_xml *definition, int r, struct hotslot_error *error)
{
	const struct xml_disk *disk, *live;
	struct hotslot_error ignored = {};
	int found;

	if (config_lookup(detach->domain, definition, &detach->reference, &disk, &ignored) < 0)
		return r;
	error_begin(error, NULL);
	error_step(error, "check");
	live = counterpart_find_certain(xml, disk);
	if (live && domain_xml_manages(xml, live)) {
		detach->place = place_number(live->target, live->unit);
		r = detach_choose(detach, live, error);
	} else if (r < 0) {
		detach->place = place_number(disk->target, disk->unit);
		r = DETACH_CONFIG_ONLY;
	}
	if (!live)
		tell_of_rival(detach, xml, disk, "running domain");
	found = r < 0 ? r : take_defined(detach, disk, error);
	return found < 0 ? found : r;
}

static bool is_absent(const struct hotslot_error *error)
{
	return error->code == HOTSLOT_ERROR_NO_DISK || error->code == HOTSLOT_ERROR_SLOT_EMPTY;
}

int detach_find_both(
	struct detach *detach, const struct domain_xml *xml, int r, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *definition = NULL;
	int found;

	/* In the first turn of a wait. */
	if (detach->looked || (r < 0 && !is_absent(error)))
		return r;
	found = config_read(detach->domain, xml->controller, &definition, error);
	if (found < 0)
		return found;
	detach->looked = true;
	if (r != 0)
		return find_by_name(detach, xml, definition, r, error);
	found = find_counterpart(detach, definition, error);
	return found < 0 ? found : r;
}

static int partial(
	struct detach *detach, const struct hotslot_error *why, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_PARTIAL,
		"The disk %s is detached from the running domain %s, and is still in its "
		"definition, which has it back at the next boot: 'detach --config' takes it from "
		"there: %s",
		place_locate(detach->place).text, detach->domain->name, why->message);
}

/* Whether the running domain does not have the disk any more, whatever the guest says. */
static bool is_gone(const struct detach *detach, int r, const struct hotslot_error *error)
{
	return r == 0 || strcmp(error->step, "gone") == 0 ||
	       (is_absent(error) && !detach->resolved);
}

int detach_finish_config(struct detach *detach, int r, struct hotslot_error *error)
{
	struct hotslot_error other = {};

	if (!detach->in_definition || !is_gone(detach, r, error))
		return r;
	if (is_absent(error))
		r = 0;
	if (config_remove(detach->domain, &detach->defined, &other) < 0) {
		error_step(error, "define");
		return partial(detach, &other, error);
	}
	if (r < 0)
		error_append(error, "; its definition does not have the disk any more");
	return r;
}

/* ---- the definition alone ---- */

static int unreserve(struct detach *detach, const struct domain_xml *definition, int r,
	struct hotslot_error *error)
{
	if (error->code != HOTSLOT_ERROR_SLOT_EMPTY ||
		!reserve_has(definition, detach->reference.slot))
		return r;
	error_begin(error, NULL);
	return reserve_remove(detach->domain, detach->reference.slot, HOTSLOT_SCOPE_CONFIG, error);
}

int detach_config(struct detach *detach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *definition = NULL;
	const struct xml_disk *disk;
	int r = config_read(detach->domain, -1, &definition, error);

	if (r < 0)
		return r;
	r = config_lookup(detach->domain, definition, &detach->reference, &disk, error);
	if (r < 0)
		return unreserve(detach, definition, r, error);
	r = take_defined(detach, disk, error);
	if (r < 0)
		return r;
	error_step(error, "define");
	return config_remove(detach->domain, &detach->defined, error);
}
