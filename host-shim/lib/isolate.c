/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether disks may meet in a domain, by their labels, which its metadata keeps. */
#include "isolate.h"

#include <string.h>

#include "config.h"
#include "definition-lock.h"
#include "domain-ask.h"
#include "element.h"
#include "error.h"
#include "record.h"
#include "slot.h"

static int too_many(const char *name, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_LABEL,
		"Domain %s has held disks of %d labels; more are not kept", name, LABELS_MAX);
}

int isolate_refuse(const char *name, const struct label_set *held, const char *label,
	struct hotslot_error *error)
{
	const char *other = label_set_other(held, label);

	if (!other)
		return 0;
	if (!label)
		return error_set(error, HOTSLOT_ERROR_LABEL,
			"Domain %s is for disks of the label %s: one without a label would share "
			"their fate; give it that label, another domain, or --any-label",
			name, other);
	if (!*other)
		return error_set(error, HOTSLOT_ERROR_LABEL,
			"Domain %s has held disks without a label: one of the label %s would share "
			"their fate; give it another domain, or --any-label",
			name, label);
	return error_set(error, HOTSLOT_ERROR_LABEL,
		"Domain %s has held a disk of the label %s, or is meant for them: one of the label "
		"%s would share their fate; give it another domain, or --any-label",
		name, other, label);
}

/* On the managed controller, but for the system's own. As long as the domain has no label, that is
 * every one of them; afterwards, those that did not come through us. */
static bool has_unlabelled(const struct domain_xml *xml)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (domain_xml_manages(xml, disk) && disk->target != SLOT_SYSTEM_TARGET &&
			(xml->labels.count == 0 || record_is_foreign(disk)))
			return true;
	}
	return false;
}

static struct label_set find_held(const struct domain_xml *xml)
{
	struct label_set held = xml->labels;

	held.nobody = held.nobody || has_unlabelled(xml);
	return held;
}

int isolate_check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *label, struct hotslot_error *error)
{
	struct label_set held;

	if (!label && xml->labels.count == 0)
		return 0;
	held = find_held(xml);
	return isolate_refuse(domain->name, &held, label, error);
}

struct change {
	const struct label_set *labels;
	bool add;
	struct label_set *ret_changed;
};

static int update(const char *old, void *data, char **ret)
{
	const struct change *change = data;
	int r = label_update(old, change->labels, change->add, change->ret_changed, ret);

	return r < 0 ? r : label_set_is_empty(change->ret_changed);
}

/* Changes the running domain's metadata or that of its configuration: FLAGS say which. */
static int change_element(struct hotslot_domain *domain, const struct label_set *labels, bool add,
	unsigned flags, struct label_set *ret_changed, struct hotslot_error *error)
{
	struct change change = { labels, add, ret_changed };
	int r = element_change(domain, flags, update, &change, error);

	return r == -ENOSPC ? too_many(domain->name, error) : r;
}

static int record_config(struct hotslot_domain *domain, const struct label_set *change,
	struct label_set *ret_changed, struct hotslot_error *error)
{
	int persistent = domain_is_persistent(domain);

	if (persistent < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	*ret_changed = (struct label_set){};
	return persistent ? change_element(domain, change, true, VIR_DOMAIN_AFFECT_CONFIG,
				    ret_changed, error)
			  : 0;
}

static int count_defined(struct hotslot_domain *domain, size_t *ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	size_t n = 0;
	int r = definition_read(domain, &xml, error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < xml->n_disks; i++)
		n += domain_xml_manages(xml, &xml->disks[i]);
	*ret = n;
	return 0;
}

/* What a disk that never came brought is forgotten again; what was only missing is not. */
static void note(
	struct label_set *recorded, const struct label_set *changed, const struct label_set *before)
{
	recorded->nobody |= changed->nobody && !before->nobody;
	for (unsigned i = 0; i < changed->count; i++)
		if (!label_set_has(before, changed->names[i]))
			(void)label_set_add(recorded, changed->names[i]);
}

static int record_live(struct hotslot_domain *domain, const struct label_set *change,
	const struct isolation *written, struct label_set *ret_changed, struct hotslot_error *error)
{
	struct hotslot_error other = {};
	int r = change_element(domain, change, true, VIR_DOMAIN_AFFECT_LIVE, ret_changed, error);

	if (r < 0 && isolate_forget(domain, written, &other) < 0)
		error_append(error,
			"; the domain's configuration has the label, the running domain does not: "
			"%s",
			other.message);
	return r;
}

/* The running domain last: as long as it does not have the label, somebody writes it to both. */
static int record(struct hotslot_domain *domain, const struct label_set *before,
	const struct label_set *change, struct isolation *recorded, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	struct isolation written = {};
	struct label_set config, live = {};
	int r = definition_lock(domain, &lock, error);

	if (r == 0)
		r = record_config(domain, change, &config, error);
	if (r < 0)
		return r;
	note(&written.config, &config, before);
	if (!label_set_is_empty(&written.config))
		r = count_defined(domain, &recorded->defined, error);
	if (r < 0)
		return r;
	written.defined = recorded->defined;
	if (change->count != before->count || change->nobody != before->nobody)
		r = record_live(domain, change, &written, &live, error);
	if (r < 0)
		return r;
	(void)label_set_join(&recorded->config, &written.config);
	(void)label_set_join(&recorded->live, &live);
	return 0;
}

int isolate_record(struct hotslot_domain *domain, const struct domain_xml *xml, const char *label,
	struct isolation *recorded, struct hotslot_error *error)
{
	struct label_set held;

	if (!label && xml->labels.count == 0)
		return 0;
	held = find_held(xml);
	if (label_set_add(&held, label) < 0)
		return too_many(domain->name, error);
	return record(domain, &xml->labels, &held, recorded, error);
}

int isolate_record_config(struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *label, struct isolation *recorded, struct hotslot_error *error)
{
	struct label_set held, config;
	int r;

	if (!label && xml->labels.count == 0)
		return 0;
	held = find_held(xml);
	if (label_set_add(&held, label) < 0)
		return too_many(domain->name, error);
	r = record_config(domain, &held, &config, error);
	if (r < 0)
		return r;
	note(&recorded->config, &config, &xml->labels);
	return count_defined(domain, &recorded->defined, error);
}

int isolate_mend(struct hotslot_domain *domain, const struct domain_xml *xml, bool *ret_mended,
	struct hotslot_error *error)
{
	struct label_set changed = {};
	int r = 0;

	if (!label_set_is_empty(&xml->labels))
		r = record_config(domain, &xml->labels, &changed, error);
	if (r < 0)
		return r;
	*ret_mended = !label_set_is_empty(&changed);
	return 0;
}

static int forget_config(struct hotslot_domain *domain, const struct isolation *recorded,
	struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	struct label_set undone = {};
	size_t defined;
	int r = definition_lock(domain, &lock, error);

	if (r == 0)
		r = count_defined(domain, &defined, error);
	if (r < 0)
		return r;
	if (defined > recorded->defined)
		return error_set(error, HOTSLOT_ERROR_LABEL,
			"another disk has come to the definition of domain %s meanwhile, which may "
			"count on it",
			domain->name);
	return change_element(
		domain, &recorded->config, false, VIR_DOMAIN_AFFECT_CONFIG, &undone, error);
}

int isolate_forget(struct hotslot_domain *domain, const struct isolation *recorded,
	struct hotslot_error *error)
{
	struct label_set undone = {};
	int r = 0;

	if (!label_set_is_empty(&recorded->config))
		r = forget_config(domain, recorded, error);
	if (r == 0 && !label_set_is_empty(&recorded->live))
		r = change_element(
			domain, &recorded->live, false, VIR_DOMAIN_AFFECT_LIVE, &undone, error);
	return r;
}

/* The texts stand behind the pointers to them. */
static const char **copy_labels(const struct label_set *set)
{
	size_t size = (set->count + 1) * sizeof(char *);
	const char **labels = calloc(1, size + sizeof(set->names));
	char *texts;

	if (!labels)
		return NULL;
	texts = (char *)labels + size;
	memcpy(texts, set->names, sizeof(set->names));
	for (unsigned i = 0; i < set->count; i++)
		labels[i] = texts + i * sizeof(set->names[0]);
	return labels;
}

static int list_labels(struct hotslot_domain *domain,
	int (*read)(struct hotslot_domain *, struct domain_xml **, struct hotslot_error *),
	const char ***ret, size_t *ret_count, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error ignored;
	const char **labels;
	int r;

	error = error_begin(error, &ignored);
	r = domain_begin(domain, 0, &call, error);
	if (r == 0)
		r = read(domain, &xml, error);
	if (r < 0)
		return r;
	labels = copy_labels(&xml->labels);
	if (!labels)
		return error_memory(error);
	*ret = labels;
	*ret_count = xml->labels.count + xml->labels.nobody;
	return 0;
}

int hotslot_labels(struct hotslot_domain *domain, const char ***ret, size_t *ret_count,
	struct hotslot_error *error)
{
	return list_labels(domain, config_read_either, ret, ret_count, error);
}

int hotslot_labels_config(struct hotslot_domain *domain, const char ***ret, size_t *ret_count,
	struct hotslot_error *error)
{
	return list_labels(domain, config_read_default, ret, ret_count, error);
}
