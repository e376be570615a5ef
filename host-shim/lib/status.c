/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What state a domain is in, of which generation, and what differs from it. Nothing is changed, so
 * the session is not begun by session_open(), which repairs what it finds.
 */
#include <libvirt/virterror.h>
#include <string.h>

#include "agreement.h"
#include "domain-ask.h"
#include "error.h"
#include "options.h"
#include "session-state.h"
#include "status-work.h"
#include "turn.h"

/* A person waits for it, and the host's part needs no agent. */
#define TIMEOUT_STATUS_MS 10000

struct look {
	struct hotslot_domain *domain;
	struct status *status;
	uint64_t deadline;
	bool runs;		       /* its guest does */
	bool left;		       /* it was migrated from here */
	bool connected;		       /* with the agent */
	unsigned hellos;	       /* of the session, before that */
	struct status_xml now, config; /* empty: there is none */
};

static void status_xml_done(struct status_xml *xml)
{
	xmlFreeDoc(xml->document);
	domain_xml_free(xml->xml);
}

static void look_done(struct look *look)
{
	status_xml_done(&look->now);
	status_xml_done(&look->config);
}

#define _cleanup_look_ _cleanup_(look_done)

/* ---- the domain ---- */

static const char *name_state(int state)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return "running";
	case VIR_DOMAIN_PAUSED:
		return "paused";
	case VIR_DOMAIN_PMSUSPENDED:
		return "suspended";
	case VIR_DOMAIN_SHUTDOWN:
		return "shutting-down";
	case VIR_DOMAIN_SHUTOFF:
		return "shut-off";
	case VIR_DOMAIN_CRASHED:
		return "crashed";
	default:
		return "unknown";
	}
}

static int look_at_state(struct look *look, struct hotslot_error *error)
{
	struct hotslot_status *status = &look->status->status;
	int state, reason, persistent = domain_is_persistent(look->domain);

	if (persistent < 0 && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return error_set(error, HOTSLOT_ERROR_NO_DOMAIN, "There is no domain '%s' any more",
			look->domain->name);
	if (persistent < 0 || domain_get_state(look->domain, &state, &reason) < 0)
		return error_libvirt(error, "Cannot ask about domain %s", look->domain->name);
	status->state = name_state(state);
	status->persistent = persistent > 0;
	look->runs = state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED;
	look->left = state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_MIGRATED;
	return 0;
}

/* TEXT is libvirt's, of which NULL is an error. It is freed. */
static int take_xml(struct look *look, char *text, const char *what, struct status_xml *ret,
	struct hotslot_error *error)
{
	_cleanup_free_ char *owned = text;
	int r, controller = domain_controller(look->domain);

	if (!owned)
		return error_libvirt(
			error, "Cannot read %s of domain %s", what, look->domain->name);
	ret->document = xml_read(owned);
	r = ret->document ? domain_xml_parse(owned, &ret->xml) : -EBADMSG;
	if (r < 0)
		return error_system(
			error, r, "Cannot parse %s of domain %s", what, look->domain->name);
	if (controller >= 0)
		ret->xml->controller = controller;
	return 0;
}

static int read_saved(struct look *look, struct hotslot_error *error)
{
	if (domain_has_saved(look->domain) <= 0)
		return 0;
	look->status->status.saved = true;
	return take_xml(
		look, domain_get_saved_xml(look->domain), "the saved image", &look->now, error);
}

static int read_xml(struct look *look, struct hotslot_error *error)
{
	int r = 0;

	look_done(look);
	look->now = look->config = (struct status_xml){};
	look->status->status.saved = false;
	if (look->status->status.persistent)
		r = take_xml(look, domain_get_xml(look->domain, VIR_DOMAIN_XML_INACTIVE),
			"the definition", &look->config, error);
	if (r == 0)
		r = take_xml(look, domain_get_xml(look->domain, 0), "the XML", &look->now, error);
	if (r < 0 || look->now.xml->id >= 0)
		return r;
	/* It is the definition once more. */
	status_xml_done(&look->now);
	look->now = (struct status_xml){};
	return read_saved(look, error);
}

static void note_generation(struct look *look)
{
	struct hotslot_status *status = &look->status->status;
	const struct domain_xml *now = look->now.xml, *config = look->config.xml;

	status->uuid = status_keep(look->status, look->domain->uuid);
	if (config)
		status->config_genid = status_keep(look->status, config->genid);
	if (!now || now->id < 0)
		return;
	status->id = now->id;
	status->genid = status_keep(look->status, now->genid);
}

/* ---- the agent ---- */

static void give_up(struct look *look, const char *why)
{
	look->status->status.trouble = status_keep(look->status, why);
}

/* Takes the turn, if nobody has it; what is not used is given back at the end of the call. */
static void find_holder(struct look *look)
{
	struct hotslot_domain *domain = look->domain;
	uint64_t again;

	if (session_find_turn(domain) == 0 && turn_try(domain->turn, &again) < 0)
		look->status->status.holder = turn_holder(domain->turn);
}

static unsigned count_hellos(const struct hotslot_domain *domain)
{
	return domain->session ? session_hellos(domain) : 0;
}

static void take_agent(struct look *look)
{
	const struct session *session = look->domain->session;
	struct hotslot_status *status = &look->status->status;

	look->status->agent = session->hello.info;
	status->agent = &look->status->agent;
	status->begun = look->hellos != count_hellos(look->domain);
	/* Otherwise each connection says that it is another one. */
	status->renewed = look->domain->generation_lasts ? session->hello.renewed : -1;
	status->generation = status_keep(look->status, session->generation);
	if (*session->hello.previous)
		status->previous = status_keep(look->status, session->hello.previous);
}

/* One that goes on while the guest stands still. */
static void take_session(struct look *look)
{
	bool alive;

	pthread_mutex_lock(&look->domain->events->lock);
	alive = session_is_alive(look->domain);
	pthread_mutex_unlock(&look->domain->events->lock);
	if (alive)
		take_agent(look);
}

static bool can_ask(const struct look *look)
{
	const struct domain_xml *now = look->now.xml;

	return now && now->id >= 0 && now->has_channel && look->runs;
}

/* Who has the turn before us may change the domain while it is waited for: what there is, is read
 * after that. */
static void connect_agent(struct look *look)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error error = {};
	int r;

	find_holder(look);
	r = domain_read(look->domain, &xml, &error);
	if (r == 0)
		r = session_connect(look->domain, look->deadline, &error);
	if (r < 0)
		give_up(look, error.message);
	look->connected = r >= 0;
}

static int compare_guest(struct look *look, struct hotslot_error *error)
{
	const char *controller = session_info(look->domain)->controller;
	int r = agreement_check(look->domain, look->now.xml, controller, error);

	return r < 0 ? r
		     : status_compare_guest(
			       look->status, look->domain, look->now.xml, look->deadline, error);
}

/* The agent may have gone while it was asked for its disks: then it is another one that has
 * answered, to a hello of its own. */
static void ask_agent(struct look *look)
{
	struct hotslot_error error = {};

	if (compare_guest(look, &error) < 0)
		give_up(look, error.message);
	if (look->domain->session->ready)
		take_agent(look);
}

static void look_at_agent(struct look *look)
{
	const struct domain_xml *now = look->now.xml;

	if (!now || now->id < 0) {
		give_up(look, look->left ? "The domain was migrated to another host"
					 : "The domain is shut off");
	} else if (!now->has_channel) {
		give_up(look, "The domain has no virtio channel " HOTSLOT_PORT_NAME);
	} else if (!look->runs) {
		if (!look->status->status.holder)
			find_holder(look);
		take_session(look);
		give_up(look, "The guest stands still, so its agent cannot answer");
	} else if (look->connected) {
		ask_agent(look);
	}
}

/* ---- all of it ---- */

static enum status_qemu find_qemu(const struct look *look)
{
	if (!look->now.xml || look->now.xml->id < 0)
		return STATUS_QEMU_NONE;
	return look->runs ? STATUS_QEMU_RUNS : STATUS_QEMU_STANDS;
}

/* It may have been started, or have ended, between the two. */
static int look_at_domain(struct look *look, struct hotslot_error *error)
{
	const char *const *state = &look->status->status.state, *before;
	int r = look_at_state(look, error);

	if (r == 0)
		r = read_xml(look, error);
	if (r < 0)
		return r;
	before = *state;
	r = look_at_state(look, error);
	return r < 0 || *state == before ? r : read_xml(look, error);
}

static void look_at_metadata(struct look *look, const struct domain_xml *xml)
{
	struct hotslot_error error = {};

	if (xml && domain_check_metadata(look->domain, xml, &error) < 0)
		status_add(look->status, HOTSLOT_DRIFT_RESERVED, -1, "%s", error.message);
}

static int look_at_all(struct look *look, struct hotslot_error *error)
{
	int r = look_at_domain(look, error);

	look->hellos = count_hellos(look->domain);
	if (r == 0 && can_ask(look)) {
		connect_agent(look);
		r = look_at_domain(look, error);
	}
	if (r < 0)
		return r;
	note_generation(look);
	look_at_metadata(look, look->now.xml);
	look_at_metadata(look, look->config.xml);
	if (look->now.xml && look->config.xml)
		status_compare_config(look->status, look->now.xml, look->config.xml);
	if (look->domain->hotslot->local)
		status_compare_files(look->status, &look->now, &look->config, find_qemu(look));
	look_at_agent(look);
	if (look->status->status.begun)
		session_end(look->domain);
	look->status->status.complete =
		!look->status->status.trouble || look->status->status.id < 0;
	return look->status->no_memory ? error_memory(error) : 0;
}

int hotslot_status(struct hotslot_domain *domain, unsigned timeout_ms, struct hotslot_status **ret,
	struct hotslot_error *error)
{
	_cleanup_status_ struct status *status = status_new();
	_cleanup_look_ struct look look = { .domain = domain, .status = status };
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error ignored;
	int r;

	error = error_begin(error, &ignored);
	if (!status)
		return error_memory(error);
	r = domain_begin(domain, timeout_ms ?: TIMEOUT_STATUS_MS, &call, error);
	if (r < 0)
		return r;
	look.deadline = deadline_after(timeout_ms, TIMEOUT_STATUS_MS);
	r = look_at_all(&look, error);
	if (r < 0)
		return r;
	*ret = &steal_pointer(status)->status;
	return 0;
}
