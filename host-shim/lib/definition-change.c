/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change of a domain's persistent definition, and of nothing else in it. */
#include "definition-change.h"

#include <string.h>

#include "definition-events.h"
#include "definition-lock.h"
#include "definition.h"
#include "error.h"

static int strip_text(const char *text, definition_strip_fn strip, const void *data, char **ret)
{
	_cleanup_xml_ xmlDoc *document = xml_read(text);
	xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;

	if (!root)
		return -EBADMSG;
	strip(root, data);
	return xml_dump(root, ret);
}

int definition_is_same(const char *a, const char *b, definition_strip_fn strip, const void *data)
{
	_cleanup_free_ char *left = NULL, *right = NULL;
	int r = strip_text(a, strip, data, &left);

	if (r == 0)
		r = strip_text(b, strip, data, &right);
	return r < 0 ? r : strcmp(left, right) == 0;
}

/* A daemon that has gone may have done what it could not say any more: then the definition is not
 * what it was BEFORE. Who calls reads what it is. */
static int define(struct hotslot_domain *domain, const char *before, const char *text,
	struct hotslot_error *error)
{
	for (;;) {
		virDomainPtr defined =
			virDomainDefineXML(virDomainGetConnect(domain->domain), text);
		_cleanup_free_ char *now = NULL;
		int r;

		if (defined) {
			virDomainFree(defined);
			return 0;
		}
		if (!domain_reopened(domain))
			return error_libvirt(
				error, "Cannot change the definition of domain %s", domain->name);
		r = definition_read_text(domain, &now, error);
		if (r < 0 || strcmp(now, before) != 0)
			return r;
	}
}

static int check_unchanged(
	struct hotslot_domain *domain, const char *old, struct hotslot_error *error)
{
	_cleanup_free_ char *now = NULL;
	int r = definition_read_text(domain, &now, error);

	if (r < 0 || strcmp(now, old) == 0)
		return r;
	return error_set(error, HOTSLOT_ERROR_LIBVIRT,
		"Somebody else has changed the definition of domain %s meanwhile: nothing is done, "
		"try again",
		domain->name);
}

/* ---- when more is different ---- */

/* Where libvirt makes room for a device, it adds controllers and moves what is there. */
struct wider {
	definition_strip_fn strip;
	const void *data;
};

static void strip_room(xmlNode *domain, const void *data)
{
	const struct wider *wider = data;
	xmlNode *devices = xml_child(domain, "devices"), *next;

	wider->strip(domain, wider->data);
	for (xmlNode *node = devices ? devices->children : NULL; node; node = next) {
		next = node->next;
		xml_remove(xml_is(node, "controller") ? node : xml_child(node, "address"));
	}
}

/* A change that is made. */
struct change {
	struct hotslot_domain *domain;
	const char *text;
	struct wider wider;
	char *now;	   /* what libvirt has made of TEXT; NULL: it is not known */
	unsigned defined;  /* so often */
	bool to_be_undone; /* there is more, and all of it is ours or libvirt's */
};

static int is_same(const struct change *change, const char *a, const char *b)
{
	return definition_is_same(a, b, change->wider.strip, change->wider.data);
}

static int check_result(struct change *change, const char *old, struct hotslot_error *error)
{
	int r = is_same(change, old, change->now);

	if (r == 0)
		change->to_be_undone =
			definition_is_same(old, change->now, strip_room, &change->wider) > 0;
	if (r < 0)
		return error_system(
			error, r, "Cannot parse the definition of domain %s", change->domain->name);
	if (r == 0 && change->to_be_undone)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"libvirt changes more in the definition of domain %s than it was told to",
			change->domain->name);
	if (r == 0)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Somebody else has changed the definition of domain %s at the same time: "
			"it is left as it is now; look at it, and try again",
			change->domain->name);
	return 0;
}

static int make(struct change *change, const char *old, struct hotslot_error *error)
{
	int r = define(change->domain, old, change->text, error);

	change->defined++;
	free(steal_pointer(change->now));
	change->to_be_undone = false;
	if (r == 0)
		r = definition_read_text(change->domain, &change->now, error);
	return r < 0 ? r : check_result(change, old, error);
}

/* What is not as it was just read has been changed by somebody else meanwhile. The caller frees
 * *ret, what the definition is then. */
static int undo(struct change *change, const char *old, char **ret, struct hotslot_error *error)
{
	_cleanup_free_ char *latest = NULL;
	int r = definition_read_text(change->domain, &latest, error);

	if (r == 0 && strcmp(latest, change->now) != 0)
		r = error_set(error, HOTSLOT_ERROR_LIBVIRT, "somebody else has changed it");
	if (r == 0)
		r = define(change->domain, change->now, old, error);
	change->defined++;
	return r < 0 ? r : definition_read_text(change->domain, ret, error);
}

/* libvirt may write another text when it reads its own: it appends SCSI controllers that are
 * missing, and sorts them only then. What it has changed of OLD is nothing of ours, if it does so
 * without us, too. */
static int undo_or_make_again(
	struct change *change, const char *old, int r, struct hotslot_error *error)
{
	_cleanup_free_ char *again = NULL;
	struct hotslot_error other = {};

	if (undo(change, old, &again, &other) < 0)
		error_append(error, "; it could not be undone: %s", other.message);
	else if (strcmp(again, old) == 0)
		error_append(error, "; it is as it was before");
	else if (is_same(change, again, change->now) <= 0)
		error_append(error, "; it is what libvirt makes of what it was before");
	else {
		error_clear(error);
		return make(change, again, error);
	}
	return r;
}

/* What was undone may have been somebody else's, too. */
static void tell_of_others(const struct change *change, const struct definition_events *told,
	struct hotslot_error *error)
{
	struct hotslot_error other = {};

	if (definition_events_check(change->domain, told, change->defined, &other) < 0)
		error_append(error, "; %s", other.message);
}

int definition_change(struct hotslot_domain *domain, const char *old, const char *text,
	definition_strip_fn strip, const void *data, char **ret, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	struct change change = { .domain = domain, .text = text, .wider = { strip, data } };
	struct definition_events told;
	bool undone;
	int r = definition_lock(domain, &lock, error);

	if (r < 0)
		return r;
	told = definition_events_note(domain);
	r = check_unchanged(domain, old, error);
	if (r == 0)
		r = make(&change, old, error);
	undone = r < 0 && change.to_be_undone;
	if (undone)
		r = undo_or_make_again(&change, old, r, error);
	if (r < 0 && undone)
		tell_of_others(&change, &told, error);
	if (r == 0)
		r = definition_events_check(domain, &told, change.defined, error);
	if (r < 0)
		free(change.now);
	else
		*ret = change.now;
	return r;
}
