/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making any domain ready for disks to be attached: the channel and the controllers it lacks. */
#include "definition-change.h"
#include "definition-lock.h"
#include "enable-state.h"
#include "error.h"
#include "parts-note.h"
#include "parts-plan.h"
#include "wire.h"

struct enabling {
	struct enable_call *call;
	struct hotslot_domain *domain;
	struct enable_state *state;
	int controller;	     /* -1: whichever */
	struct parts added;  /* to the definition */
	struct part plugged; /* into the running domain */
	bool is_plugged;
	bool changed;
};

/* ---- the definition ---- */

static int write_parts(xmlDoc *document, const struct parts *parts, char **ret)
{
	xmlNode *devices = enable_devices_of(document);
	int r = 0;

	for (size_t i = 0; i < parts->n && r == 0; i++)
		r = part_write(devices, &parts->parts[i]);
	if (r == 0)
		r = parts_note_add(enable_domain_of(document), parts);
	return r < 0 ? r : xml_dump(enable_domain_of(document), ret);
}

/* The caller frees *ret, the definition as it is then. */
static int change_definition(struct enabling *enabling, char **ret, struct hotslot_error *error)
{
	const struct enable_state *state = enabling->state;
	const struct enable_strip strip = {
		.parts = &enabling->added,
		.old = enable_devices_of(state->config),
	};
	_cleanup_xml_ xmlDoc *document = xml_read_exactly(state->text);
	_cleanup_free_ char *text = NULL;
	int r = document ? write_parts(document, &enabling->added, &text) : -EBADMSG;

	if (r < 0)
		return error_system(error, r, "Cannot change the definition of domain %s",
			enabling->domain->name);
	error_step(error, "define");
	r = definition_change(
		enabling->domain, state->text, text, enable_strip, &strip, ret, error);
	if (r == 0)
		r = enable_check(enabling->domain, *ret, &enabling->added, true, error);
	enabling->changed = r == 0;
	return r;
}

/* *ret_text is NULL if there is none. */
static int write_aliases(
	xmlDoc *document, const struct parts *noted, struct parts *ret, char **ret_text)
{
	xmlNode *devices = enable_devices_of(document);
	int r = parts_find_unnamed(devices, noted, ret);

	if (r < 0 || ret->n == 0)
		return r;
	for (size_t i = 0; i < ret->n && r == 0; i++) {
		struct part *port = &ret->parts[i];

		part_choose_alias(devices, port);
		r = part_put_alias(part_element_any(devices, port), port->alias);
	}
	if (r == 0)
		r = parts_note_add(enable_domain_of(document), ret);
	return r < 0 ? r : xml_dump(enable_domain_of(document), ret_text);
}

/* Where there is no port left libvirt makes room. That is ours to take back, too, also if this is
 * broken off before it has an alias: the note says from which number on. */
static int name_ports(struct enabling *enabling, const char *old, struct hotslot_error *error)
{
	_cleanup_xml_ xmlDoc *document = xml_read_exactly(old);
	_cleanup_free_ char *text = NULL, *after = NULL;
	struct parts noted, ports = {};
	const struct enable_strip strip = { .parts = &ports, .any = true };
	int r = enable_read_note(enabling->domain, document, &noted, error);

	if (r < 0)
		return r;
	r = write_aliases(document, &noted, &ports, &text);
	if (r < 0)
		return error_system(error, r, "Cannot change the definition of domain %s",
			enabling->domain->name);
	if (!text)
		return 0;
	error_step(error, "define");
	r = definition_change(enabling->domain, old, text, enable_strip, &strip, &after, error);
	for (size_t i = 0; i < ports.n && r == 0; i++)
		r = parts_add(&enabling->added, &ports.parts[i]);
	enabling->changed |= r == 0;
	return r;
}

/* ---- the running domain ---- */

static int format_channel(const struct part *part, char **ret)
{
	_cleanup_xml_ xmlDoc *document = xml_read("<devices/>");
	xmlNode *devices = enable_domain_of(document);
	int r = devices ? part_write(devices, part) : -ENOMEM;

	return r < 0 ? r : xml_dump(devices->children, ret);
}

static bool has_plugged(const struct enabling *enabling)
{
	return part_element(enable_devices_of(enabling->state->live), &enabling->plugged);
}

/* A daemon that has gone may have plugged it in. Reads the running domain anew in any case. */
static int attach_or_find(struct enabling *enabling, const char *text, struct hotslot_error *error)
{
	struct hotslot_domain *domain = enabling->domain;

	for (;;) {
		bool attached = virDomainAttachDeviceFlags(
					domain->domain, text, VIR_DOMAIN_AFFECT_LIVE) == 0;
		int r;

		if (!attached && !domain_reopened(domain))
			return error_libvirt(
				error, "Cannot plug the channel into domain %s", domain->name);
		r = enable_state_reread(domain, enabling->state, error);
		if (r < 0 || attached || has_plugged(enabling))
			return r;
	}
}

/* What is noted and is not there is nothing to take back. */
static int plug(struct enabling *enabling, struct hotslot_error *error)
{
	struct hotslot_domain *domain = enabling->domain;
	struct parts parts = { .n = 1, .parts = { enabling->plugged } };
	_cleanup_free_ char *text = NULL;
	int r = format_channel(&enabling->plugged, &text);

	if (r < 0)
		return error_system(error, r, "Cannot make the channel of domain %s", domain->name);
	r = enable_note_live(domain, &parts, error);
	if (r == 0)
		r = attach_or_find(enabling, text, error);
	if (r == 0 && !has_plugged(enabling))
		r = error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Domain %s does not have the channel that was plugged in", domain->name);
	enabling->is_plugged = r == 0;
	return r;
}

static int change_live(struct enabling *enabling, struct hotslot_error *error)
{
	xmlNode *live = enable_devices_of(enabling->state->live);
	const struct part *wish = parts_find(&enabling->added, PART_CHANNEL);
	int r;

	if (!live || parts_has_channel(live) ||
		parts_plan_channel(live, wish, &enabling->plugged) < 0)
		return 0;
	error_step(error, "plug");
	r = plug(enabling, error);
	if (r < 0 && enabling->changed)
		error_append(error, "; the definition has it: it comes with the next boot");
	return r;
}

/* A definition is what a controller takes. */
static int check_transient(const struct enabling *enabling, struct hotslot_error *error)
{
	xmlNode *live = enable_devices_of(enabling->state->live);
	struct part place;
	const char *lacks = NULL;

	if (enabling->state->persistent)
		return 0;
	if (!parts_has_scsi(live, enabling->controller))
		lacks = "virtio-scsi";
	else if (!parts_has_channel(live) && parts_plan_channel(live, NULL, &place) < 0)
		lacks = "virtio-serial";
	if (!lacks)
		return 0;
	return error_set(error, HOTSLOT_ERROR_TRANSIENT,
		"Domain %s is transient and lacks a %s controller, which only the next boot could "
		"bring: define it, or start it with one",
		enabling->domain->name, lacks);
}

/* A domain can have one channel of the name, and through any other kind nobody reaches the agent.
 */
static int check_channel(struct enabling *enabling, xmlDoc *document, struct hotslot_error *error)
{
	const struct part channel = { .kind = PART_CHANNEL };
	xmlNode *devices = enable_devices_of(document), *node;
	_cleanup_free_ char *type = NULL;

	node = devices ? part_element_any(devices, &channel) : NULL;
	if (!node || part_is_open(node))
		return 0;
	type = xml_attribute(node, "type");
	return error_set(error, HOTSLOT_ERROR_NO_CHANNEL,
		"The channel " HOTSLOT_PORT_NAME " of domain %s is of the type %s, and has to be a "
		"UNIX socket that QEMU listens at: take it out of the domain",
		enabling->domain->name, type ?: "none");
}

/* ---- what is told ---- */

/* In the definition already, and not in the running domain. */
static void tell_pending(struct enabling *enabling)
{
	xmlNode *config = enable_devices_of(enabling->state->config);
	xmlNode *live = enable_devices_of(enabling->state->live);
	struct parts noted = {};

	if (!live || !config ||
		parts_note_read(enable_domain_of(enabling->state->config), &noted) < 0)
		return;
	for (size_t i = 0; i < noted.n; i++) {
		const struct part *part = &noted.parts[i];

		if (part_element(config, part) && !part_element_any(live, part))
			enable_tell(enabling->call, HOTSLOT_PART_PENDING, part, false, true);
	}
}

static void tell_parts(struct enabling *enabling)
{
	for (size_t i = 0; i < enabling->added.n; i++) {
		const struct part *part = &enabling->added.parts[i];

		enable_tell(enabling->call, HOTSLOT_PART_ADDED, part,
			part->kind == PART_CHANNEL && enabling->is_plugged, true);
	}
	if (enabling->is_plugged && !parts_find(&enabling->added, PART_CHANNEL))
		enable_tell(enabling->call, HOTSLOT_PART_ADDED, &enabling->plugged, true, false);
	tell_pending(enabling);
}

static void notice_controller(struct enabling *enabling)
{
	const struct part *scsi = parts_find(&enabling->added, PART_SCSI);
	_cleanup_free_ char *model = NULL;
	unsigned index;

	if (scsi)
		model = parts_other_scsi(enable_devices_of(enabling->state->config), &index);
	if (model)
		connection_notice(enabling->domain->hotslot,
			"SCSI controller %u of domain %s is of the model %s, which stays as it is: "
			"disks are attached to controller %u",
			index, enabling->domain->name, model, scsi->index);
}

static void notice_guest(struct enabling *enabling)
{
	if (enabling->changed || enabling->is_plugged)
		connection_notice(enabling->domain->hotslot,
			"The guest of domain %s needs hotslot-agent(8), unless it is there already",
			enabling->domain->name);
	if (enabling->changed)
		enable_notice_saved(enabling->domain, "what was added");
}

static int plan(struct enabling *enabling, struct hotslot_error *error)
{
	xmlNode *config = enable_devices_of(enabling->state->config);
	int r = parts_plan(config, enable_devices_of(enabling->state->live), enabling->controller,
		&enabling->added);

	if (r == -EEXIST)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"SCSI controller %d of domain %s is no virtio-scsi one, and stays as it "
			"is: "
			"--controller %u adds one",
			enabling->controller, enabling->domain->name, parts_next_scsi(config));
	if (r == -ERANGE)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"Domain %s has no SCSI controller %d, and no number can be left out: the "
			"next is %u",
			enabling->domain->name, enabling->controller, parts_next_scsi(config));
	return r < 0 ? error_system(
			       error, r, "Cannot plan what domain %s needs", enabling->domain->name)
		     : 0;
}

/* Two that add to one definition would do the same twice. */
static int enable_definition(struct enabling *enabling, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	struct enable_state *state = enabling->state;
	_cleanup_free_ char *now = NULL;
	struct parts noted;
	int r = definition_lock(enabling->domain, &lock, error);

	if (r == 0)
		r = enable_state_read(enabling->domain, state, error);
	if (r == 0)
		r = check_transient(enabling, error);
	if (r == 0)
		r = check_channel(enabling, state->config, error);
	if (r == 0)
		r = check_channel(enabling, state->live, error);
	if (r == 0)
		r = enable_read_note(enabling->domain, state->config, &noted, error);
	if (r == 0)
		r = enable_read_note(enabling->domain, state->live, &noted, error);
	if (r == 0 && state->persistent)
		r = plan(enabling, error);
	if (r == 0 && enabling->added.n > 0)
		r = change_definition(enabling, &now, error);
	if (r == 0 && state->persistent)
		r = name_ports(enabling, now ?: state->text, error);
	return r;
}

static int enable(struct enable_call *call, struct hotslot_error *error)
{
	struct enabling enabling = { .controller = domain_controller(call->domain),
		.call = call,
		.domain = call->domain,
		.state = &call->state };
	int r = enable_definition(&enabling, error);

	if (r < 0)
		return r;
	r = change_live(&enabling, error);
	tell_parts(&enabling);
	notice_controller(&enabling);
	notice_guest(&enabling);
	return r;
}

int hotslot_enable(
	struct hotslot_domain *domain, hotslot_part_fn fn, void *data, struct hotslot_error *error)
{
	struct enable_call call = { .domain = domain, .fn = fn, .data = data };

	return enable_run(&call, enable, error);
}

const char *hotslot_part_state_name(enum hotslot_part_state state)
{
	static const char *const names[] = { "added", "pending", "removed", "kept" };

	return (size_t)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}
