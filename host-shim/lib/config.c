/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a domain's persistent definition for its disks, and finding one there. */
#include "config.h"

#include <string.h>

#include "domain-ask.h"
#include "encode.h"
#include "error.h"
#include "places.h"
#include "record.h"
#include "reserve.h"
#include "resolve.h"
#include "volume.h"

int config_is_running(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int active = domain_is_active(domain);

	return active >= 0 ? active
			   : error_libvirt(error, "Cannot ask about domain %s", domain->name);
}

static int check_persistent(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int persistent = domain_is_persistent(domain);

	if (persistent > 0)
		return 0;
	if (persistent < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	return error_set(error, HOTSLOT_ERROR_TRANSIENT,
		"Domain %s is transient: it has no definition that outlives it, so --persistent "
		"and --config have nothing to change",
		domain->name);
}

/* A domain that was saved comes back with the disks that it was saved with. */
static void tell_of_saved(struct hotslot_domain *domain)
{
	if (domain_has_saved(domain) > 0)
		connection_notice(domain->hotslot,
			"Domain %s has a managed save image, which keeps the disks that it had: "
			"its "
			"definition holds from the boot after that on",
			domain->name);
}

int config_scope(struct hotslot_domain *domain, enum hotslot_scope wanted, enum hotslot_scope *ret,
	struct hotslot_error *error)
{
	int r = 0;

	if (wanted != HOTSLOT_SCOPE_LIVE && wanted != HOTSLOT_SCOPE_PERSISTENT &&
		wanted != HOTSLOT_SCOPE_CONFIG)
		return error_set(error, HOTSLOT_ERROR_INVALID, "Scope %d is none", (int)wanted);
	if (wanted != HOTSLOT_SCOPE_LIVE)
		r = check_persistent(domain, error);
	if (r == 0 && wanted != HOTSLOT_SCOPE_LIVE)
		r = config_is_running(domain, error);
	if (r < 0)
		return r;
	if (r == 0 && wanted != HOTSLOT_SCOPE_LIVE) {
		tell_of_saved(domain);
		wanted = HOTSLOT_SCOPE_CONFIG;
	}
	*ret = wanted;
	return 0;
}

int config_advise(struct hotslot_domain *domain, int r, struct hotslot_error *error)
{
	if (r < 0 && error->code == HOTSLOT_ERROR_NOT_RUNNING && domain_is_active(domain) == 0 &&
		domain_is_persistent(domain) > 0)
		error_append(error, "; --config is for its definition");
	return r;
}

/* ---- reading ---- */

static int check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	if (xml->controller < 0)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"The definition of domain %s has no virtio-scsi controller: "
			"'hotslot enable' adds one",
			domain->name);
	if (!domain_xml_controller(xml, xml->controller))
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"The definition of domain %s has no virtio-scsi controller %d",
			domain->name, xml->controller);
	return domain_check_metadata(domain, xml, error);
}

int config_read(struct hotslot_domain *domain, int controller, struct domain_xml **ret,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = definition_read(domain, &xml, error);

	if (r < 0)
		return r;
	if (controller >= 0)
		xml->controller = controller;
	r = check(domain, xml, error);
	if (r == 0)
		*ret = steal_pointer(xml);
	return r;
}

int config_read_default(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	return config_read(domain, -1, ret, error);
}

int config_read_either(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	int r = config_is_running(domain, error);

	if (r < 0)
		return r;
	return r > 0 ? domain_read_checked(domain, ret, error)
		     : config_read(domain, -1, ret, error);
}

/* ---- finding ---- */

static int find_slot(const struct hotslot_domain *domain, const struct domain_xml *xml,
	unsigned slot, const struct xml_disk **ret, struct hotslot_error *error)
{
	*ret = resolve_host(xml, slot);
	if (*ret)
		return 0;
	if (reserve_has(xml, slot))
		return error_set(error, HOTSLOT_ERROR_SLOT_EMPTY,
			"Slot %u is reserved in the definition of domain %s; no disk is in it",
			slot, domain->name);
	return error_set(error, HOTSLOT_ERROR_SLOT_EMPTY,
		"No disk is in slot %u in the definition of domain %s", slot, domain->name);
}

static bool has_name(const struct xml_disk *disk, const struct reference *reference)
{
	_cleanup_free_ char *serial = NULL;

	if (reference->kind == REFERENCE_ALIAS)
		return disk->alias && strcmp(disk->alias, reference->value) == 0;
	if (reference->kind == REFERENCE_ID)
		return !record_is_foreign(disk) &&
		       strcmp(disk->alias + strlen(ALIAS_PREFIX), reference->value) == 0;
	serial = disk->serial ? malloc(4 * strlen(disk->serial) + 1) : NULL;
	if (!serial)
		return false;
	serial_encode(disk->serial, strlen(disk->serial), serial);
	return strcmp(serial, reference->value) == 0;
}

static const char *kind_of(const struct reference *reference)
{
	switch (reference->kind) {
	case REFERENCE_ALIAS:
		return "alias";
	case REFERENCE_ID:
		return "id";
	case REFERENCE_VOLUME:
		return "volume";
	default:
		return "serial";
	}
}

/* -ENOTUNIQ if there are several, -ENOENT if none. */
static int find_named(const struct domain_xml *xml, const struct reference *reference,
	const struct xml_disk **ret)
{
	const struct xml_disk *found = NULL;

	for (size_t i = 0; i < xml->n_disks; i++) {
		if (!domain_xml_manages(xml, &xml->disks[i]) ||
			!has_name(&xml->disks[i], reference))
			continue;
		if (found)
			return -ENOTUNIQ;
		found = &xml->disks[i];
	}
	if (!found)
		return -ENOENT;
	*ret = found;
	return 0;
}

static int find_volume(const struct domain_xml *xml, const struct reference *reference,
	const struct xml_disk **ret)
{
	const struct xml_disk *found;
	int r = volume_find(xml, reference->value, &found);

	if (r < 0)
		return r;
	if (r == VOLUME_NONE || !domain_xml_manages(xml, found))
		return -ENOENT;
	*ret = found;
	return 0;
}

int config_lookup(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct reference *reference, const struct xml_disk **ret, struct hotslot_error *error)
{
	bool volume = reference->kind == REFERENCE_VOLUME;
	const struct xml_disk *found = NULL;
	int r;

	if (reference->kind == REFERENCE_SLOT)
		return find_slot(domain, xml, reference->slot, ret, error);
	r = (volume ? find_volume : find_named)(xml, reference, &found);
	if (r == -ENOTUNIQ)
		return error_set(error, HOTSLOT_ERROR_AMBIGUOUS,
			"Several disks in the definition of domain %s have the %s %s", domain->name,
			kind_of(reference), reference->value);
	if (r == -ENOENT)
		return error_set(error, HOTSLOT_ERROR_NO_DISK,
			"No disk in the definition of domain %s has the %s %s", domain->name,
			kind_of(reference), reference->value);
	if (r < 0)
		return error_memory(error);
	if (found->target == SLOT_SYSTEM_TARGET)
		return error_set(error, HOTSLOT_ERROR_PROTECTED,
			"The disk with the %s %s of domain %s is the system's own",
			kind_of(reference), reference->value, domain->name);
	*ret = found;
	return 0;
}
