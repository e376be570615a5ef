/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved slots, in the domain's metadata. */
#include "reserve.h"

#include "config.h"
#include "definition-lock.h"
#include "domain-ask.h"
#include "drive.h"
#include "element.h"
#include "error.h"
#include "metadata.h"
#include "options.h"
#include "session.h"
#include "slot.h"

bool reserve_has(const struct domain_xml *xml, unsigned slot)
{
	return slot_set_has(&xml->reserved, slot);
}

struct change {
	const struct slot_set *slots;
	bool add;
	char *old; /* what was there before; NULL: nothing */
};

static int update(const char *old, void *data, char **ret)
{
	struct change *change = data;
	int r = metadata_update(old, change->slots, change->add, ret);

	if (r < 0)
		return r;
	if (!old)
		return !*ret;
	change->old = strdup(old);
	return change->old ? 0 : -ENOMEM;
}

/* Changes the reservations of the running domain or of its configuration: FLAGS say which. The
 * caller frees *ret_old, what was there before; it may be NULL, or there was nothing. */
static int change_element(struct hotslot_domain *domain, const struct slot_set *slots, bool add,
	unsigned flags, char **ret_old, struct hotslot_error *error)
{
	struct change change = { .slots = slots, .add = add };
	int r = element_change(domain, flags, update, &change, error);

	if (r == 0 && ret_old)
		*ret_old = steal_pointer(change.old);
	free(change.old);
	return r;
}

/* Its disks come with the next boot, and would be in reserved slots. */
static int check_definition(
	struct hotslot_domain *domain, const struct slot_set *slots, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = definition_read(domain, &xml, error);

	for (int i = slot_set_next(slots, 0); r == 0 && i >= 0; i = slot_set_next(slots, i + 1))
		if (domain_xml_is_taken(xml, slot_target((unsigned)i), slot_lun((unsigned)i)))
			r = error_set(error, HOTSLOT_ERROR_SLOT_TAKEN,
				"The definition of domain %s has a disk in slot %d", domain->name,
				i);
	return r;
}

/* The running domain last: its metadata counts, so whoever is killed before it has done nothing and
 * does it again. Each gets the change, on top of what it has, which may differ. Both or, as far as
 * libvirt lets us, neither. */
static int store(struct hotslot_domain *domain, const struct slot_set *change, bool add,
	enum hotslot_scope scope, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	_cleanup_free_ char *old = NULL;
	struct hotslot_error other = {};
	int persistent = domain_is_persistent(domain), r = 0;

	if (persistent < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	if (persistent)
		r = definition_lock(domain, &lock, error);
	if (r == 0 && persistent && add)
		r = check_definition(domain, change, error);
	if (r == 0 && persistent)
		r = change_element(domain, change, add, VIR_DOMAIN_AFFECT_CONFIG, &old, error);
	if (r < 0 || scope == HOTSLOT_SCOPE_CONFIG)
		return r;
	r = change_element(domain, change, add, VIR_DOMAIN_AFFECT_LIVE, NULL, error);
	if (r < 0 && persistent && element_set(domain, VIR_DOMAIN_AFFECT_CONFIG, old, &other) < 0)
		error_append(error,
			"; the domain's configuration has the change, the running domain does not: "
			"%s",
			other.message);
	return r;
}

static struct slot_set one(unsigned slot)
{
	struct slot_set set = {};

	slot_set_add(&set, slot);
	return set;
}

int reserve_add(struct hotslot_domain *domain, unsigned slot, enum hotslot_scope scope,
	struct hotslot_error *error)
{
	struct slot_set change = one(slot);

	return store(domain, &change, true, scope, error);
}

int reserve_remove(struct hotslot_domain *domain, unsigned slot, enum hotslot_scope scope,
	struct hotslot_error *error)
{
	struct slot_set change = one(slot);

	return store(domain, &change, false, scope, error);
}

int reserve_fill(struct hotslot_domain *domain, unsigned slot, enum hotslot_scope where,
	struct hotslot_error *error)
{
	struct slot_set change = one(slot);

	return change_element(domain, &change, false,
		where == HOTSLOT_SCOPE_LIVE ? VIR_DOMAIN_AFFECT_LIVE : VIR_DOMAIN_AFFECT_CONFIG,
		NULL, error);
}

static int check_reserve(const struct domain_xml *xml, unsigned slot, struct hotslot_error *error)
{
	if (reserve_has(xml, slot))
		return error_set(
			error, HOTSLOT_ERROR_RESERVED, "Slot %u is reserved already", slot);
	if (domain_xml_is_taken(xml, slot_target(slot), slot_lun(slot)))
		return drive_slot_taken(xml, slot, error);
	return 0;
}

static int check_unreserve(const struct domain_xml *xml, unsigned slot, struct hotslot_error *error)
{
	if (reserve_has(xml, slot))
		return 0;
	return error_set(error, HOTSLOT_ERROR_SLOT_EMPTY, "Slot %u is not reserved", slot);
}

static int collect(
	const int *slots, size_t count, struct slot_set *ret, struct hotslot_error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (slots[i] < 0 || slots[i] > SLOT_MAX)
			return error_set(error, HOTSLOT_ERROR_INVALID,
				"Slot %d is out of range: slots are 0 to %d", slots[i], SLOT_MAX);
		if (slot_set_has(ret, (unsigned)slots[i]))
			return error_set(
				error, HOTSLOT_ERROR_INVALID, "Slot %d is given twice", slots[i]);
		slot_set_add(ret, (unsigned)slots[i]);
	}
	return 0;
}

/* Of a domain that is shut off, there is the configuration alone: that is locked then, as nothing
 * else keeps others from changing it. */
static int open_either(struct hotslot_domain *domain, struct domain_xml **ret,
	enum hotslot_scope *ret_scope, struct hotslot_domain **ret_lock,
	struct hotslot_error *error)
{
	int r = config_is_running(domain, error);

	if (r < 0)
		return r;
	*ret_scope = r > 0 ? HOTSLOT_SCOPE_LIVE : HOTSLOT_SCOPE_CONFIG;
	if (r > 0)
		return session_open(domain, domain_deadline(domain), ret, error);
	r = definition_lock(domain, ret_lock, error);
	/* Who had the lock may have had it for long. To have it, and wait for the agent, may not
	 * be. */
	if (r == 0)
		r = config_is_running(domain, error);
	if (r > 0)
		return error_set(error, HOTSLOT_ERROR_BUSY,
			"Domain %s was started meanwhile: nothing is done, try again",
			domain->name);
	return r < 0 ? r : config_read(domain, -1, ret, error);
}

/* Adds what is in CHANGE to what is reserved, or takes it off: all, or none. */
static int change_set(struct hotslot_domain *domain, const struct slot_set *change, bool add,
	struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	enum hotslot_scope scope;
	int r = open_either(domain, &xml, &scope, &lock, error);

	if (r < 0)
		return r;
	error_step(error, "reserve");
	for (int i = slot_set_next(change, 0); i >= 0; i = slot_set_next(change, i + 1)) {
		r = (add ? check_reserve : check_unreserve)(xml, (unsigned)i, error);
		if (r < 0)
			return r;
	}
	return store(domain, change, add, scope, error);
}

static int change(struct hotslot_domain *domain, const int *slots, size_t count, bool add,
	struct hotslot_error *error)
{
	struct hotslot_error ignored;
	struct slot_set set = {};
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	error_step(error, "check");
	r = collect(slots, count, &set, error);
	if (r == 0)
		r = domain_begin(domain, 0, &call, error);
	return r < 0 ? r : change_set(domain, &set, add, error);
}

int hotslot_reserve(
	struct hotslot_domain *domain, const int *slots, size_t count, struct hotslot_error *error)
{
	return change(domain, slots, count, true, error);
}

int hotslot_unreserve(
	struct hotslot_domain *domain, const int *slots, size_t count, struct hotslot_error *error)
{
	return change(domain, slots, count, false, error);
}

static int list_reserved(struct hotslot_domain *domain,
	int (*read)(struct hotslot_domain *, struct domain_xml **, struct hotslot_error *),
	int **ret, size_t *ret_count, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored;
	size_t count = 0;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	r = domain_begin(domain, 0, &call, error);
	if (r == 0)
		r = read(domain, &xml, error);
	if (r < 0)
		return r;
	/* One more, as there may be none at all. */
	*ret = calloc(slot_set_count(&xml->reserved) + 1, sizeof(**ret));
	if (!*ret)
		return error_memory(error);
	for (int slot = slot_set_next(&xml->reserved, 0); slot >= 0;
		slot = slot_set_next(&xml->reserved, (unsigned)slot + 1))
		(*ret)[count++] = slot;
	*ret_count = count;
	return 0;
}

int hotslot_reserved(
	struct hotslot_domain *domain, int **ret, size_t *ret_count, struct hotslot_error *error)
{
	return list_reserved(domain, config_read_either, ret, ret_count, error);
}

int hotslot_reserved_config(
	struct hotslot_domain *domain, int **ret, size_t *ret_count, struct hotslot_error *error)
{
	return list_reserved(domain, config_read_default, ret, ret_count, error);
}
