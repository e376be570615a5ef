/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain as it is defined and as it runs, for what adds parts to it and takes them back. */
#include "enable-state.h"

#include "definition.h"
#include "domain-ask.h"
#include "element.h"
#include "error.h"
#include "parts-note.h"
#include "parts-plan.h"

xmlNode *enable_domain_of(xmlDoc *document)
{
	return document ? xmlDocGetRootElement(document) : NULL;
}

xmlNode *enable_devices_of(xmlDoc *document)
{
	return xml_child(enable_domain_of(document), "devices");
}

/* The note is in an element of ours, of which libvirt keeps one. */
static int parse(
	struct hotslot_domain *domain, const char *text, xmlDoc **ret, struct hotslot_error *error)
{
	_cleanup_xml_ xmlDoc *document = xml_read_exactly(text);
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = enable_devices_of(document) ? domain_xml_parse(text, &xml) : -EBADMSG;

	if (r < 0)
		return error_system(error, r, "Cannot parse the XML of domain %s", domain->name);
	r = domain_check_metadata(domain, xml, error);
	if (r < 0)
		return r;
	*ret = steal_pointer(document);
	return 0;
}

int enable_state_reread(
	struct hotslot_domain *domain, struct enable_state *state, struct hotslot_error *error)
{
	_cleanup_free_ char *text = domain_get_xml(domain, 0);
	xmlDoc *live = NULL;
	int r;

	if (!text)
		return error_libvirt(error, "Cannot read domain %s", domain->name);
	r = parse(domain, text, &live, error);
	if (r < 0)
		return r;
	xmlFreeDoc(state->live);
	state->live = live;
	return 0;
}

static int ask(
	struct hotslot_domain *domain, struct enable_state *state, struct hotslot_error *error)
{
	int active = domain_is_active(domain);
	int persistent = domain_is_persistent(domain);

	if (active < 0 || persistent < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	state->active = active;
	state->persistent = persistent;
	return 0;
}

int enable_state_read(
	struct hotslot_domain *domain, struct enable_state *ret, struct hotslot_error *error)
{
	_cleanup_enable_state_ struct enable_state state = {};
	int r = ask(domain, &state, error);

	if (r == 0 && state.persistent)
		r = definition_read_text(domain, &state.text, error);
	if (r == 0 && state.persistent)
		r = parse(domain, state.text, &state.config, error);
	if (r == 0 && state.active)
		r = enable_state_reread(domain, &state, error);
	if (r < 0)
		return r;
	*ret = state;
	state = (struct enable_state){};
	return 0;
}

void enable_state_done(struct enable_state *state)
{
	free(state->text);
	xmlFreeDoc(state->config);
	xmlFreeDoc(state->live);
}

int enable_read_note(const struct hotslot_domain *domain, xmlDoc *document, struct parts *ret,
	struct hotslot_error *error)
{
	struct parts noted = {};
	int r = document ? parts_note_read(enable_domain_of(document), &noted) : -ENOENT;

	if (r < 0 && r != -ENOENT)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"The metadata of domain %s has a note of what was added to it that cannot "
			"be read: correct or remove it with 'virsh metadata'",
			domain->name);
	*ret = noted;
	return 0;
}

static int with_note(const char *old, void *data, char **ret)
{
	return old || data ? parts_note_update(old, data, ret) : 1;
}

int enable_note_live(
	struct hotslot_domain *domain, struct parts *parts, struct hotslot_error *error)
{
	return element_change(domain, VIR_DOMAIN_AFFECT_LIVE, with_note, parts, error);
}

int enable_check(const struct hotslot_domain *domain, const char *text, const struct parts *parts,
	bool wanted, struct hotslot_error *error)
{
	_cleanup_xml_ xmlDoc *document = xml_read(text);

	for (size_t i = 0; i < parts->n; i++)
		if (!part_element(enable_devices_of(document), &parts->parts[i]) == wanted)
			return error_set(error, HOTSLOT_ERROR_LIBVIRT,
				"The definition of domain %s is not what it was changed to: "
				"somebody else has changed it at the same time; look at it, and "
				"try again",
				domain->name);
	return 0;
}

void enable_notice_saved(struct hotslot_domain *domain, const char *what)
{
	if (domain_has_saved(domain) == 1)
		connection_notice(domain->hotslot,
			"Domain %s has a managed save image, which keeps its own XML: started from "
			"it, the domain is without %s, until it is shut off and booted",
			domain->name, what);
}

void enable_tell(const struct enable_call *call, enum hotslot_part_state state,
	const struct part *part, bool now, bool next_boot)
{
	struct hotslot_part told = {
		.size = sizeof(told),
		.state = state,
		.kind = part_kind_name(part->kind),
		.index = part->kind == PART_CHANNEL ? -1 : (int)part->index,
		.alias = *part->alias ? part->alias : NULL,
		.now = now,
		.next_boot = next_boot,
	};

	if (call->fn)
		call->fn(call->data, &told);
}

int enable_run(struct enable_call *call, int (*run)(struct enable_call *, struct hotslot_error *),
	struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *begun = NULL;
	struct hotslot_error ignored;
	int r;

	error = error_begin(error, &ignored);
	error_step(error, "check");
	r = domain_begin(call->domain, 0, &begun, error);
	if (r == 0)
		r = run(call, error);
	enable_state_done(&call->state);
	return r;
}

void enable_strip(xmlNode *domain, const void *data)
{
	const struct enable_strip *strip = data;
	xmlNode *devices = xml_child(domain, "devices");
	struct parts made = {};

	if (!devices)
		return;
	for (size_t i = 0; i < strip->parts->n; i++)
		xml_remove((strip->any ? part_element_any : part_element)(
			devices, &strip->parts->parts[i]));
	if (strip->old && parts_find_new(strip->old, devices, &made) == 0)
		for (size_t i = 0; i < made.n; i++)
			xml_remove(part_element_any(devices, &made.parts[i]));
	parts_note_remove(domain);
}
