/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that QEMU has, while libvirt has lost them. */
#include "leaked.h"

#include <string.h>

#include "block-nodes.h"
#include "error.h"
#include "guest.h"
#include "image-user.h"
#include "places.h"
#include "qemu-monitor.h"
#include "record.h"
#include "session.h"
#include "unplug.h"
#include "wire.h"

/* What QEMU calls the devices that have an ID; libvirt's aliases are IDs. */
#define DEVICES "/machine/peripheral"

/* The start of its types of SCSI disks; other devices have no place. */
#define DISK_TYPE "child<scsi-"

/* A guest has this long to see that a disk is gone which QEMU has, or may have, still: then waiting
 * longer helps nobody, and each command would. */
#define UNSEEN_MS 500

/* Giving the disk back to the guest. */
#define TAKE_BACK_MS 5000

/* Whose image is in use has an error to be told already. */
#define FREE_IMAGE_MS 5000

#define _cleanup_json_ _cleanup_(json_decrefp) /* jansson's own */

static int get(struct hotslot_domain *domain, const char *alias, const char *property, json_t **ret,
	struct hotslot_error *error)
{
	return qemu_monitor_execute(domain, "qom-get",
		json_pack("{s:s+, s:s}", "path", DEVICES "/", alias, "property", property), ret,
		error);
}

/* 1 if it is a number up to MAX. */
static int get_number(struct hotslot_domain *domain, const char *alias, const char *property,
	uint32_t max, uint32_t *ret, struct hotslot_error *error)
{
	_cleanup_json_ json_t *value = NULL;
	int r = get(domain, alias, property, &value, error);
	json_int_t number = json_integer_value(value);

	if (r < 0 || !json_is_integer(value) || number < 0 || number > max)
		return r;
	*ret = (uint32_t)number;
	return 1;
}

/* 1 if a disk of a user can be there. */
static int get_place(struct hotslot_domain *domain, const char *alias, uint64_t *ret,
	struct hotslot_error *error)
{
	uint32_t target = 0, lun = 0;
	int r = get_number(domain, alias, "scsi-id", SLOT_TARGETS - 1, &target, error);

	if (r > 0)
		r = get_number(domain, alias, "lun", HOTSLOT_PLACE_LUNS - 1, &lun, error);
	if (r > 0)
		*ret = place_number(target, lun);
	return r;
}

static int list_devices(struct hotslot_domain *domain, json_t **ret, struct hotslot_error *error)
{
	return qemu_monitor_execute(
		domain, "qom-list", json_pack("{s:s}", "path", DEVICES), ret, error);
}

static bool has_prefix(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The device that I points to is behind it then. NULL: there are no more. */
static const char *next_disk(const json_t *devices, const struct domain_xml *xml, size_t *i)
{
	while (*i < json_array_size(devices)) {
		const json_t *device = json_array_get(devices, (*i)++);
		const char *name = json_string_value(json_object_get(device, "name"));
		const char *type = json_string_value(json_object_get(device, "type"));

		if (name && has_prefix(type, DISK_TYPE) && !domain_xml_disk_by_alias(xml, name))
			return name;
	}
	return NULL;
}

/* Its bus is below its controller, at a path of these names. */
static int is_managed(struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *alias, struct hotslot_error *error)
{
	const struct xml_controller *managed = domain_xml_controller(xml, xml->controller);
	_cleanup_json_ json_t *bus = NULL;
	_cleanup_free_ char *path = NULL;
	int r = get(domain, alias, "parent_bus", &bus, error);

	if (r < 0 || !managed || !managed->alias)
		return r;
	if (asprintf(&path, DEVICES "/%s/", managed->alias) < 0)
		return error_memory(error);
	return has_prefix(json_string_value(bus), path);
}

/* What is looked for: the place, or else the alias. */
static bool is_wanted(const char *wanted, const char *alias)
{
	return !wanted || strcmp(wanted, alias) == 0;
}

static int find(struct hotslot_domain *domain, const char *wanted, uint64_t place,
	const struct domain_xml *xml, struct leaked *ret, struct hotslot_error *error)
{
	_cleanup_json_ json_t *devices = NULL;
	const char *alias;
	uint64_t at;
	size_t i = 0;
	int r = list_devices(domain, &devices, error);

	while (r >= 0 && (alias = next_disk(devices, xml, &i))) {
		r = is_wanted(wanted, alias) ? get_place(domain, alias, &at, error) : 0;
		if (r > 0 && !wanted && at != place)
			r = 0;
		if (r > 0)
			r = is_managed(domain, xml, alias, error);
		if (r <= 0)
			continue;
		*ret = (struct leaked){ .alias = strdup(alias), .place = at };
		return ret->alias ? 1 : error_memory(error);
	}
	return r < 0 ? r : 0;
}

/* QEMU answers between the jobs of libvirt's, so what was under way when it was asked is in the XML
 * by now. */
static int find_lost(struct hotslot_domain *domain, const char *alias, uint64_t place,
	struct leaked *ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *before = NULL, *after = NULL;
	_cleanup_leaked_ struct leaked found = {};
	int r = domain_read(domain, &before, error);

	if (r == 0)
		r = find(domain, alias, place, before, &found, error);
	if (r <= 0)
		return r;
	r = domain_read(domain, &after, error);
	if (r < 0)
		return r;
	if (domain_xml_disk_by_alias(after, found.alias) ||
		domain_xml_is_taken(after, place_target(found.place), place_lun(found.place)))
		return 0;
	*ret = found;
	found = (struct leaked){};
	return has_prefix(ret->alias, ALIAS_PREFIX) ? LEAKED_OURS : LEAKED_FOREIGN;
}

int leaked_find(struct hotslot_domain *domain, uint64_t place, struct leaked *ret,
	struct hotslot_error *error)
{
	return find_lost(domain, NULL, place, ret, error);
}

int leaked_find_named(struct hotslot_domain *domain, const char *alias, struct leaked *ret,
	struct hotslot_error *error)
{
	return find_lost(domain, alias, 0, ret, error);
}

uint64_t leaked_await_until(int found, bool patient, uint64_t deadline)
{
	uint64_t until = now_ms() + UNSEEN_MS;

	return until < deadline && (found == LEAKED_FOREIGN || (found < 0 && !patient)) ? until
											: deadline;
}

void leaked_done(struct leaked *leaked)
{
	free(leaked->alias);
}

/* ---- its images ---- */

static int list_nodes(struct hotslot_domain *domain, json_t **ret, struct hotslot_error *error)
{
	return qemu_monitor_execute(
		domain, "query-named-block-nodes", json_pack("{s:b}", "flat", true), ret, error);
}

static int find_images(struct hotslot_domain *domain, const char *alias, struct block_chain *ret,
	struct hotslot_error *error)
{
	_cleanup_json_ json_t *nodes = NULL, *drive = NULL;
	int r = get(domain, alias, "drive", &drive, error);

	if (r == 0)
		r = list_nodes(domain, &nodes, error);
	if (r < 0)
		return r;
	/* libvirt has not made it like that: QEMU keeps it open. */
	if (block_chain_find(nodes, json_string_value(drive) ?: "", ret) < 0)
		*ret = (struct block_chain){};
	return 0;
}

static int close_node(struct hotslot_domain *domain, unsigned number, const char *kind,
	struct hotslot_error *error)
{
	_cleanup_json_ json_t *unused = NULL;
	_cleanup_free_ char *name = NULL;

	if (asprintf(&name, "libvirt-%u-%s", number, kind) < 0) {
		name = NULL;
		return error_memory(error);
	}
	return qemu_monitor_execute(
		domain, "blockdev-del", json_pack("{s:s}", "node-name", name), &unused, error);
}

/* From the top down, as each node has the next one in use. One that another disk has, too, stays.
 */
static int close_images(
	struct hotslot_domain *domain, const struct block_chain *chain, struct hotslot_error *error)
{
	int r = 0;

	for (unsigned i = 0; i < chain->count && r == 0; i++) {
		r = close_node(domain, chain->first + i, "format", error);
		if (r == 0)
			r = close_node(domain, chain->first + i, "storage", error);
	}
	return r;
}

/* libvirt's numbers in QEMU are those in its XML. */
static bool is_somebodys(const struct domain_xml *xml, unsigned number)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (disk_chain_has(&xml->disks[i].chain, number))
			return true;
	return false;
}

static void close_nobodys(
	struct hotslot_domain *domain, const struct domain_xml *xml, const char *path)
{
	_cleanup_json_ json_t *nodes = NULL;
	struct hotslot_error ignored = {};
	struct block_chain chain;
	size_t i = 0;

	if (list_nodes(domain, &nodes, &ignored) < 0)
		return;
	while (block_chain_next(nodes, path, &i, &chain) == 0)
		if (!is_somebodys(xml, chain.first))
			(void)close_images(domain, &chain, &ignored);
}

bool leaked_free_image(struct hotslot_domain *domain, const char *image, uint64_t deadline)
{
	_cleanup_free_ char *path = image[0] == '/' ? strdup(image) : realpath(image, NULL);
	_cleanup_free_ char *user = path ? image_find_user(domain->hotslot, path) : NULL;
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored = {};
	uint64_t until = now_ms() + FREE_IMAGE_MS;

	if (!path || user ||
		session_open(domain, until < deadline ? until : deadline, &xml, &ignored) < 0)
		return false;
	close_nobodys(domain, xml, path);
	return true;
}

/* ---- its end ---- */

static int check_gone(
	struct hotslot_domain *domain, const struct leaked *leaked, struct hotslot_error *error)
{
	_cleanup_json_ json_t *devices = NULL;
	int r = list_devices(domain, &devices, error);
	const json_t *device;
	size_t i;

	if (r < 0)
		return r;
	json_array_foreach(devices, i, device)
	{
		const char *name = json_string_value(json_object_get(device, "name"));

		if (name && strcmp(name, leaked->alias) == 0)
			return error_set(error, HOTSLOT_ERROR_TIMEOUT,
				"QEMU did not let go of the disk %s of domain %s in time",
				leaked->alias, domain->name);
	}
	return 0;
}

/* QEMU closes nothing that a device has: its event comes when that is gone, too. */
static int delete_device(struct hotslot_domain *domain, const struct leaked *leaked,
	uint64_t deadline, struct hotslot_error *error)
{
	_cleanup_json_ json_t *unused = NULL;
	int removals = qemu_monitor_hear_removals(domain, error), r;

	if (removals < 0)
		return removals;
	unplug_expect(domain, leaked->alias);
	r = qemu_monitor_execute(
		domain, "device_del", json_pack("{s:s}", "id", leaked->alias), &unused, error);
	if (r == 0)
		r = unplug_wait(domain, deadline, error);
	unplug_expect(domain, NULL);
	qemu_monitor_ignore(domain, removals);
	return r < 0 ? r : check_gone(domain, leaked, error);
}

static int unplug_leaked(struct hotslot_domain *domain, const struct leaked *leaked,
	uint64_t deadline, struct hotslot_error *error)
{
	struct hotslot_error other = {};
	struct block_chain chain;
	int r = find_images(domain, leaked->alias, &chain, error);

	if (r == 0)
		r = delete_device(domain, leaked, deadline, error);
	/* A backing file may be another disk's by now. */
	if (r == 0 && close_images(domain, &chain, &other) < 0)
		connection_notice(domain->hotslot, "%s", other.message);
	return r;
}

static int unplug_or_give_back(struct hotslot_domain *domain, const struct leaked *leaked,
	uint64_t deadline, struct hotslot_error *error)
{
	struct hotslot_error other = {};
	int r = unplug_leaked(domain, leaked, deadline, error);

	if (r < 0 && error->code != HOTSLOT_ERROR_NOT_RUNNING &&
		guest_take_back(domain, leaked->place, now_ms() + TAKE_BACK_MS, &other) < 0)
		error_append(error, "; the guest does not use it again: %s", other.message);
	return r;
}

int leaked_remove(struct hotslot_domain *domain, const struct leaked *leaked,
	leaked_release_fn release, const void *data, const char *cure, uint64_t deadline,
	struct hotslot_error *error)
{
	uint64_t place = leaked->place;
	int r = release(data, error);

	if (r > 0)
		r = error_set(error, HOTSLOT_ERROR_AGENT, "The agent contradicts itself");
	else if (r == 0)
		r = unplug_or_give_back(domain, leaked, deadline, error);
	if (r == 0 || error->code == HOTSLOT_ERROR_NOT_RUNNING)
		return r;
	error_append(error,
		"; libvirt has lost the disk %s, and QEMU has it: %sstart the domain anew",
		place_locate(place).text, cure);
	return r;
}

void leaked_explain(const struct hotslot_domain *domain, uint64_t place,
	const struct leaked *leaked, const struct hotslot_error *unasked,
	struct hotslot_error *error)
{
	error_append(error, "; domain %s has no disk %s, and its guest still shows one",
		domain->name, place_locate(place).text);
	if (leaked->alias)
		error_append(error,
			"; QEMU has it as %s, and libvirt has lost it: start the domain anew",
			leaked->alias);
	else if (unasked->code == HOTSLOT_ERROR_LIBVIRT)
		error_append(error,
			"; if QEMU has it and libvirt has lost it, start the domain anew: %s",
			unasked->message);
}
