/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Giving aliases to the disks of a definition that have none. */
#include "adopt-plan.h"
#include "definition-change.h"
#include "definition.h"
#include "domain-ask.h"
#include "enable-state.h"
#include "error.h"
#include "options.h"
#include "parts.h"

struct adopting {
	struct hotslot_domain *domain;
	struct hotslot_adopt_options options;
	char *text; /* of the definition */
	xmlDoc *document, *live_document;
	struct domain_xml *xml, *live; /* live NULL: not running */
	struct adopt_plan plan;
};

static void done(struct adopting *adopting)
{
	free(adopting->text);
	xmlFreeDoc(adopting->document);
	xmlFreeDoc(adopting->live_document);
	domain_xml_free(adopting->xml);
	domain_xml_free(adopting->live);
	adopt_plan_done(&adopting->plan);
}

static int read_live(struct adopting *adopting, struct hotslot_error *error)
{
	int active = domain_is_active(adopting->domain);

	if (active < 0)
		return error_libvirt(error, "Cannot ask about domain %s", adopting->domain->name);
	return active ? domain_read_document(
				adopting->domain, &adopting->live_document, &adopting->live, error)
		      : 0;
}

static int make_plan(struct adopting *adopting, struct hotslot_error *error)
{
	struct hotslot_domain *domain = adopting->domain;
	int controller = domain_controller(domain);
	int r = domain_xml_parse(adopting->text, &adopting->xml);

	if (r == 0 && controller >= 0)
		adopting->xml->controller = controller;
	adopting->document = xml_read_exactly(adopting->text);
	if (r == 0 && !enable_devices_of(adopting->document))
		r = -EBADMSG;
	if (r == 0)
		r = adopt_plan_make(adopting->xml, enable_devices_of(adopting->document),
			adopting->live, enable_devices_of(adopting->live_document),
			&adopting->plan);
	if (r < 0)
		return error_system(
			error, r, "Cannot parse the definition of domain %s", domain->name);
	return domain_check_metadata(domain, adopting->xml, error);
}

static void tell(const struct adopting *adopting, const struct adoption *adoption)
{
	const struct xml_disk *disk = adoption->disk;
	struct hotslot_adoption told = {
		.size = sizeof(told),
		.target_dev = disk->target_dev,
		.slot = adoption->slot,
		.serial = disk->serial,
		.id = adopt_plan_id(adoption),
		.alias = adoption->alias,
		.live_alias = adoption->live ? adoption->live->alias : NULL,
	};

	adopting->options.plan(adopting->options.data, &told);
}

/* The aliases alone differ, and nothing but aliases. */
static void strip_aliases(xmlNode *domain, const void *data)
{
	const struct adopt_plan *plan = data;
	xmlNode *devices = xml_child(domain, "devices");

	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next) {
		xmlNode *alias = xml_child(node, "alias");

		for (size_t i = 0; alias && i < plan->n; i++)
			if (xml_attribute_is(alias, "name", plan->adoptions[i].alias)) {
				xml_remove(alias);
				alias = NULL;
			}
	}
}

/* An alias that libvirt does not like, it drops in silence. */
static int check_aliases(
	const struct adopting *adopting, const char *text, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_xml_parse(text, &xml);

	if (r < 0)
		return error_system(error, r, "Cannot parse the definition of domain %s",
			adopting->domain->name);
	for (size_t i = 0; i < adopting->plan.n; i++)
		if (!domain_xml_disk_by_alias(xml, adopting->plan.adoptions[i].alias))
			return error_set(error, HOTSLOT_ERROR_LIBVIRT,
				"libvirt did not take the alias %s in domain %s",
				adopting->plan.adoptions[i].alias, adopting->domain->name);
	return 0;
}

static int write_aliases(struct adopting *adopting, char **ret)
{
	int r = 0;

	for (size_t i = 0; i < adopting->plan.n && r == 0; i++)
		r = part_put_alias(
			adopting->plan.adoptions[i].element, adopting->plan.adoptions[i].alias);
	return r < 0 ? r : xml_dump(enable_domain_of(adopting->document), ret);
}

static int change(struct adopting *adopting, struct hotslot_error *error)
{
	_cleanup_free_ char *text = NULL, *after = NULL;
	int r = write_aliases(adopting, &text);

	if (r < 0)
		return error_system(error, r, "Cannot change the definition of domain %s",
			adopting->domain->name);
	error_step(error, "define");
	r = definition_change(adopting->domain, adopting->text, text, strip_aliases,
		&adopting->plan, &after, error);
	if (r == 0)
		r = check_aliases(adopting, after, error);
	if (r == 0)
		enable_notice_saved(adopting->domain, "the new aliases");
	return r;
}

static int adopt(struct adopting *adopting, struct hotslot_error *error)
{
	const struct hotslot_adopt_options *options = &adopting->options;
	int r = definition_read_text(adopting->domain, &adopting->text, error);

	if (r == 0)
		r = read_live(adopting, error);
	if (r == 0)
		r = make_plan(adopting, error);
	for (size_t i = 0; i < adopting->plan.n && options->plan && r == 0; i++)
		tell(adopting, &adopting->plan.adoptions[i]);
	if (r < 0 || adopting->plan.n == 0 ||
		(options->confirm && !options->confirm(options->data)))
		return r;
	return change(adopting, error);
}

int hotslot_adopt(struct hotslot_domain *domain, const struct hotslot_adopt_options *options,
	struct hotslot_error *error)
{
	static const struct hotslot_adopt_options defaults = HOTSLOT_ADOPT_INIT;
	struct adopting adopting = { .domain = domain };
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error ignored;
	int r;

	error = error_begin(error, &ignored);
	error_step(error, "check");
	options_copy(&adopting.options, sizeof(adopting.options), options ?: &defaults);
	r = domain_begin(domain, 0, &call, error);
	if (r == 0)
		r = adopt(&adopting, error);
	done(&adopting);
	return r;
}
