/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking back what was added to a domain to make it ready, and nothing else. */
#include <libvirt/virterror.h>
#include <string.h>

#include "definition-change.h"
#include "definition-lock.h"
#include "enable-state.h"
#include "error.h"
#include "job.h"
#include "parts-note.h"
#include "parts-plan.h"
#include "places.h"
#include "record.h"
#include "unplug.h"

struct disabling {
	struct enable_call *call;
	struct hotslot_domain *domain;
	struct enable_state *state;
	struct parts noted, noted_live;
	struct parts unnamed; /* of the noted ones: libvirt has added them, and enable was broken
				 off */
	struct parts taken;   /* out of the definition */
	struct parts kept;
	struct part unplugged; /* out of the running domain */
	bool is_unplugged;
};

/* Ports go last, with nothing in them any more. */
static const enum part_kind order[] = { PART_CHANNEL, PART_SERIAL, PART_SCSI, PART_PCI };

/* ---- disks in the way ---- */

static const struct xml_disk *find_disk(
	const struct domain_xml *xml, xmlNode *devices, const struct parts *noted)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct part scsi = { .kind = PART_SCSI, .index = xml->disks[i].controller };

		if (xml->disks[i].scsi && parts_has(noted, &scsi) && part_element(devices, &scsi))
			return &xml->disks[i];
	}
	return NULL;
}

static int refuse(const struct disabling *disabling, const struct xml_disk *disk, bool live,
	struct hotslot_error *error)
{
	const char *label = disk->target_dev ? disk->target_dev : "a SCSI host device";

	return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN,
		"Controller scsi %u, which was added to domain %s, has %s (%s%s%s) in %s: detach "
		"it first",
		disk->controller, disabling->domain->name, label,
		place_locate(place_number(disk->target, disk->unit)).text, disk->source ? ", " : "",
		disk->source ?: "", live ? "the running domain" : "the definition");
}

static int parse(xmlDoc *document, struct domain_xml **ret)
{
	_cleanup_free_ char *text = NULL;
	int r = xml_dump(enable_domain_of(document), &text);

	return r < 0 ? r : domain_xml_parse(text, ret);
}

static int check_disks(const struct disabling *disabling, xmlDoc *document,
	const struct parts *noted, bool live, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct xml_disk *disk;
	int r;

	if (!document || !parts_find(noted, PART_SCSI))
		return 0;
	r = parse(document, &xml);
	if (r < 0)
		return error_system(
			error, r, "Cannot parse the XML of domain %s", disabling->domain->name);
	disk = find_disk(xml, enable_devices_of(document), noted);
	return disk ? refuse(disabling, disk, live, error) : 0;
}

/* ---- the definition ---- */

/* libvirt fills a gap in the numbers of ports, and of SCSI controllers below one that has a disk.
 */
static bool has_later(xmlNode *devices, const struct part *part)
{
	if (part->kind != PART_PCI && part->kind != PART_SCSI)
		return false;
	for (xmlNode *node = devices->children; node; node = node->next)
		if (xml_is(node, "controller") &&
			xml_attribute_is(node, "type", part_kind_name(part->kind)) &&
			part_number(node, "index") > part->index)
			return true;
	return false;
}

/* A copy, with the alias that it has. */
static struct part describe(const struct part *part, xmlNode *element)
{
	_cleanup_free_ char *alias = xml_attribute(xml_child(element, "alias"), "name");
	struct part copy = *part;

	snprintf(copy.alias, sizeof(copy.alias), "%s", alias ?: "");
	return copy;
}

static void take_part(struct disabling *disabling, xmlNode *devices, const struct part *part)
{
	bool unnamed = parts_has(&disabling->unnamed, part);
	xmlNode *element = (unnamed ? part_element_any : part_element)(devices, part);
	struct part copy = describe(part, element);

	if (!element)
		return;
	if (part_is_used(devices, part) || has_later(devices, part)) {
		if (!unnamed)
			(void)parts_add(&disabling->kept, &copy);
		return;
	}
	(void)parts_add(&disabling->taken, &copy);
	xml_remove(element);
}

static const struct part *last_port(const struct parts *parts, unsigned below)
{
	const struct part *last = NULL;

	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->parts[i];

		if (part->kind == PART_PCI && part->index < below &&
			(!last || part->index > last->index))
			last = part;
	}
	return last;
}

static void take_parts(struct disabling *disabling, xmlNode *devices)
{
	const struct part *port;
	unsigned below = UINT32_MAX;

	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		/* The last one first: they are noted as they were added. */
		for (size_t i = disabling->noted.n; i-- > 0 && order[k] != PART_PCI;)
			if (disabling->noted.parts[i].kind == order[k])
				take_part(disabling, devices, &disabling->noted.parts[i]);
	while ((port = last_port(&disabling->noted, below))) {
		take_part(disabling, devices, port);
		below = port->index;
	}
}

static int find_unnamed(struct disabling *disabling, struct hotslot_error *error)
{
	xmlNode *devices = enable_devices_of(disabling->state->config);
	int r = parts_find_unnamed(devices, &disabling->noted, &disabling->unnamed);

	for (size_t i = 0; i < disabling->unnamed.n && r == 0; i++)
		r = parts_add(&disabling->noted, &disabling->unnamed.parts[i]);
	return r < 0 ? error_system(error, r, "Cannot find all that was added to domain %s",
			       disabling->domain->name)
		     : 0;
}

static int change_definition(struct disabling *disabling, struct hotslot_error *error)
{
	struct enable_strip strip = { .parts = &disabling->taken, .any = true };
	_cleanup_xml_ xmlDoc *document = xml_read_exactly(disabling->state->text);
	_cleanup_free_ char *text = NULL, *after = NULL;
	int r = -EBADMSG;

	if (document) {
		take_parts(disabling, enable_devices_of(document));
		r = parts_note_replace(enable_domain_of(document), &disabling->kept);
	}
	if (r == 0 && disabling->kept.n == disabling->noted.n)
		return 0;
	if (r == 0)
		r = xml_dump(enable_domain_of(document), &text);
	if (r < 0)
		return error_system(error, r, "Cannot change the definition of domain %s",
			disabling->domain->name);
	error_step(error, "define");
	r = definition_change(disabling->domain, disabling->state->text, text, enable_strip, &strip,
		&after, error);
	return r < 0 ? r : enable_check(disabling->domain, after, &disabling->taken, false, error);
}

/* ---- the running domain ---- */

static int check_unplugged(
	struct disabling *disabling, const char *reason, struct hotslot_error *error)
{
	int r = enable_state_reread(disabling->domain, disabling->state, error);

	if (r < 0)
		return r;
	if (!part_element(enable_devices_of(disabling->state->live), &disabling->unplugged))
		return 0;
	return error_set(error, reason ? HOTSLOT_ERROR_LIBVIRT : HOTSLOT_ERROR_TIMEOUT,
		"The channel of domain %s cannot be unplugged: %s", disabling->domain->name,
		reason ?: "QEMU did not let go of it in time");
}

static int unplug_once(struct disabling *disabling, struct hotslot_error *error)
{
	struct hotslot_domain *domain = disabling->domain;
	_cleanup_free_ char *reason = NULL;
	int r = job_await(domain, domain_deadline(domain), error);

	if (r < 0)
		return r;
	unplug_expect(domain, disabling->unplugged.alias);
	if (virDomainDetachDeviceAlias(
		    domain->domain, disabling->unplugged.alias, VIR_DOMAIN_AFFECT_LIVE) < 0)
		reason = strdup(virGetLastErrorMessage());
	else
		r = unplug_wait(domain, domain_deadline(domain), error);
	unplug_expect(domain, NULL);
	return r < 0 ? r : check_unplugged(disabling, reason, error);
}

/* It may be about to be told that QEMU has let go of it: asked again then, libvirt 9.0 crashes. */
static int await_unplugged(struct disabling *disabling, struct hotslot_error *error)
{
	struct hotslot_domain *domain = disabling->domain;
	int r;

	unplug_expect(domain, disabling->unplugged.alias);
	r = unplug_wait(
		domain, earlier(now_ms() + UNPLUG_HEARD_MS, domain_deadline(domain)), error);
	unplug_expect(domain, NULL);
	return r < 0 ? r : check_unplugged(disabling, NULL, error);
}

/* A daemon that has gone in between may not have heard of it. */
static int unplug_channel(struct disabling *disabling, struct hotslot_error *error)
{
	struct hotslot_domain *domain = disabling->domain;
	unsigned link;
	int r;

	for (;;) {
		link = domain->link;
		r = unplug_once(disabling, error);
		if (r == 0 || domain->link == link || error->code == HOTSLOT_ERROR_NOT_RUNNING)
			return r;
		error_clear(error);
		r = await_unplugged(disabling, error);
		if (r == 0 || error->code != HOTSLOT_ERROR_TIMEOUT)
			return r;
		error_clear(error);
	}
}

static int change_live(struct disabling *disabling, struct hotslot_error *error)
{
	const struct part *channel = parts_find(&disabling->noted_live, PART_CHANNEL);
	xmlNode *devices = enable_devices_of(disabling->state->live), *element = NULL;
	int r = 0;

	if (!devices)
		return 0;
	error_step(error, "unplug");
	if (channel)
		element = part_element(devices, channel);
	if (element) {
		disabling->unplugged = describe(channel, element);
		r = unplug_channel(disabling, error);
		disabling->is_unplugged = r == 0;
	}
	return r < 0 ? r : enable_note_live(disabling->domain, NULL, error);
}

/* ---- what is told ---- */

static void tell_parts(struct disabling *disabling)
{
	for (size_t i = 0; i < disabling->taken.n; i++) {
		const struct part *part = &disabling->taken.parts[i];

		enable_tell(disabling->call, HOTSLOT_PART_REMOVED, part,
			part->kind == PART_CHANNEL && disabling->is_unplugged, true);
	}
	if (disabling->is_unplugged && !parts_find(&disabling->taken, PART_CHANNEL))
		enable_tell(
			disabling->call, HOTSLOT_PART_REMOVED, &disabling->unplugged, true, false);
	for (size_t i = 0; i < disabling->kept.n; i++)
		enable_tell(
			disabling->call, HOTSLOT_PART_KEPT, &disabling->kept.parts[i], false, true);
}

/* That is no reason to keep the channel: adopt gives disks our aliases that were there before. */
static void notice_disks(const struct disabling *disabling)
{
	const struct enable_state *state = disabling->state;
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;

	if (!disabling->is_unplugged && !parts_find(&disabling->taken, PART_CHANNEL))
		return;
	if (parse(state->live ?: state->config, &xml) < 0)
		return;
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (record_is_foreign(disk) || !domain_xml_manages(xml, disk))
			continue;
		connection_notice(disabling->domain->hotslot,
			"Domain %s has disks of hotslot's, %s for one: without the channel no "
			"guest lets go of them, and they cannot be detached while it runs; "
			"'hotslot enable' adds the channel again",
			disabling->domain->name, disk->alias);
		return;
	}
}

static int check(struct disabling *disabling, struct hotslot_error *error)
{
	const struct enable_state *state = disabling->state;
	int r = enable_read_note(disabling->domain, state->config, &disabling->noted, error);

	if (r == 0)
		r = enable_read_note(disabling->domain, state->live, &disabling->noted_live, error);
	if (r == 0)
		r = check_disks(disabling, state->config, &disabling->noted, false, error);
	if (r == 0)
		r = check_disks(disabling, state->live, &disabling->noted_live, true, error);
	/* One that was taken out of the definition, and added again, runs without a note. */
	if (r == 0)
		r = check_disks(disabling, state->live, &disabling->noted, true, error);
	return r;
}

static int disable_definition(struct disabling *disabling, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	int r = definition_lock(disabling->domain, &lock, error);

	if (r == 0)
		r = enable_state_read(disabling->domain, disabling->state, error);
	if (r == 0)
		r = check(disabling, error);
	if (r < 0 || (disabling->noted.n == 0 && !disabling->noted.metadata))
		return r;
	r = find_unnamed(disabling, error);
	return r < 0 ? r : change_definition(disabling, error);
}

/* The definition first: who is broken off then does the rest when asked again. */
static int disable(struct enable_call *call, struct hotslot_error *error)
{
	struct disabling disabling = {
		.call = call, .domain = call->domain, .state = &call->state
	};
	int r = disable_definition(&disabling, error);

	/* Nothing of the plan has come true. */
	if (r < 0)
		return r;
	r = change_live(&disabling, error);
	tell_parts(&disabling);
	notice_disks(&disabling);
	if (r == 0 && disabling.taken.n > 0)
		enable_notice_saved(call->domain, "this change");
	return r;
}

int hotslot_disable(
	struct hotslot_domain *domain, hotslot_part_fn fn, void *data, struct hotslot_error *error)
{
	struct enable_call call = { .domain = domain, .fn = fn, .data = data };

	return enable_run(&call, disable, error);
}
