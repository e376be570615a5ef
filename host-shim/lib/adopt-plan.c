/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks of a definition get an alias, and which. Pure. */
#include "adopt-plan.h"

#include <string.h>

#include "counterpart.h"
#include "slot.h"

#define SLOT_ID "slot-"
#define USER_PREFIX "ua-"

/* Where it stands on the managed controller, as far as that has slots. */
static int find_slot(const struct domain_xml *xml, const struct xml_disk *disk)
{
	if (!domain_xml_manages(xml, disk) || !slot_exists(disk->target, disk->unit))
		return -1;
	return (int)slot_from_place(disk->target, disk->unit);
}

static bool is_system(const struct domain_xml *xml, const struct xml_disk *disk)
{
	return domain_xml_manages(xml, disk) && disk->target == SLOT_SYSTEM_TARGET;
}

static bool is_wanted(const struct domain_xml *xml, const struct xml_disk *disk, xmlNode *element)
{
	if (disk->alias || is_system(xml, disk))
		return false;
	if (xml_is(element, "hostdev"))
		return disk->passthrough && domain_xml_manages(xml, disk);
	return xml_attribute_is(element, "device", "disk") ||
	       xml_attribute_is(element, "device", "lun");
}

/* ---- choosing ---- */

/* What an alias is chosen by. */
struct choice {
	const struct domain_xml *xml;
	xmlNode *devices, *live_devices; /* live_devices NULL: not running */
	const struct adopt_plan *plan;
};

/* A domain with one alias twice, libvirt does not define. */
static bool device_has(xmlNode *devices, const char *alias)
{
	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next) {
		xmlNode *element = xml_child(node, "alias");

		if (element && xml_attribute_is(element, "name", alias))
			return true;
	}
	return false;
}

static bool is_own(const struct adoption *adoption, const char *alias)
{
	return adoption->live && adoption->live->alias && strcmp(adoption->live->alias, alias) == 0;
}

/* By a device of the definition, in the plan, or by another one that runs: each detach would be of
 * both. */
static bool alias_is_taken(
	const struct choice *choice, const struct adoption *adoption, const char *alias)
{
	for (size_t i = 0; i < choice->plan->n; i++)
		if (strcmp(choice->plan->adoptions[i].alias, alias) == 0)
			return true;
	return device_has(choice->devices, alias) ||
	       (device_has(choice->live_devices, alias) && !is_own(adoption, alias));
}

static bool serial_is_unique(const struct domain_xml *xml, const struct xml_disk *disk)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const char *other = xml->disks[i].serial;

		if (&xml->disks[i] != disk && other && strcmp(other, disk->serial) == 0)
			return false;
	}
	return true;
}

/* "slot-5" is what a disk in slot 5 is called that is given no other name. */
static bool is_slot_id(const char *id)
{
	return strncmp(id, SLOT_ID, strlen(SLOT_ID)) == 0;
}

static bool choose_text(const struct choice *choice, struct adoption *adoption, const char *alias)
{
	if (strlen(alias) >= sizeof(adoption->alias) || alias_is_taken(choice, adoption, alias))
		return false;
	strcpy(adoption->alias, alias);
	return true;
}

static bool choose(const struct choice *choice, struct adoption *adoption, const char *id)
{
	char alias[sizeof(ALIAS_PREFIX) + ID_MAX];

	if (!id || !drive_id_is_valid(id))
		return false;
	snprintf(alias, sizeof(alias), ALIAS_PREFIX "%s", id);
	return choose_text(choice, adoption, alias);
}

static void choose_any(const struct choice *choice, struct adoption *adoption)
{
	const char *label = adoption->disk->target_dev;
	char id[ID_MAX + 1];

	if (!label || strlen(label) > ID_MAX / 2 || !drive_id_is_valid(label))
		label = "disk";
	for (unsigned i = 2;; i++) {
		snprintf(id, sizeof(id), "%s-%u", label, i);
		if (choose(choice, adoption, id))
			return;
	}
}

/* One that somebody has given it is what tells it from others while it runs. */
static bool choose_live(const struct choice *choice, struct adoption *adoption)
{
	const char *alias = adoption->live ? adoption->live->alias : NULL;

	return alias && strncmp(alias, USER_PREFIX, strlen(USER_PREFIX)) == 0 &&
	       choose_text(choice, adoption, alias);
}

static const char *serial_id(const struct choice *choice, const struct xml_disk *disk)
{
	if (!disk->serial || is_slot_id(disk->serial) || !serial_is_unique(choice->xml, disk))
		return NULL;
	return disk->serial;
}

static void choose_alias(const struct choice *choice, struct adoption *adoption)
{
	char slot_id[sizeof(SLOT_ID) + 10] = "";

	if (adoption->slot >= 0)
		snprintf(slot_id, sizeof(slot_id), SLOT_ID "%d", adoption->slot);
	if (choose_live(choice, adoption) ||
		choose(choice, adoption, serial_id(choice, adoption->disk)) ||
		choose(choice, adoption, slot_id) ||
		choose(choice, adoption, adoption->disk->target_dev))
		return;
	choose_any(choice, adoption);
}

/* ---- the plan ---- */

int adopt_plan_make(const struct domain_xml *xml, xmlNode *devices, const struct domain_xml *live,
	xmlNode *live_devices, struct adopt_plan *ret)
{
	_cleanup_adopt_plan_ struct adopt_plan plan = {};
	const struct choice choice = { xml, devices, live_devices, &plan };
	size_t i = 0;

	plan.adoptions = calloc(xml->n_disks + 1, sizeof(*plan.adoptions));
	if (!plan.adoptions)
		return -ENOMEM;
	for (xmlNode *node = devices->children; node; node = node->next) {
		struct adoption *adoption = &plan.adoptions[plan.n];

		if (!xml_is(node, "disk") && !xml_is(node, "hostdev"))
			continue;
		if (i == xml->n_disks)
			return -EBADMSG;
		adoption->disk = &xml->disks[i++];
		if (!is_wanted(xml, adoption->disk, node))
			continue;
		adoption->element = node;
		adoption->slot = find_slot(xml, adoption->disk);
		if (live)
			adoption->live = counterpart_find_certain(live, adoption->disk);
		choose_alias(&choice, adoption);
		plan.n++;
	}
	if (i != xml->n_disks)
		return -EBADMSG;
	*ret = plan;
	plan = (struct adopt_plan){};
	return 0;
}

const char *adopt_plan_id(const struct adoption *adoption)
{
	size_t length = strlen(ALIAS_PREFIX);

	return strncmp(adoption->alias, ALIAS_PREFIX, length) == 0 ? adoption->alias + length
								   : NULL;
}

void adopt_plan_done(struct adopt_plan *plan)
{
	free(plan->adoptions);
}
