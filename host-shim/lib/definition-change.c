/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change of a domain's persistent definition, and of nothing else in it. */
#include "definition-change.h"

#include <string.h>

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

struct wider {
	definition_strip_fn strip;
	const void *data;
};

/* Where libvirt makes room for a device, it adds controllers and moves what is there. */
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

/* *ret_ours: all of it is ours or libvirt's. */
static int check_result(struct hotslot_domain *domain, const char *old, const char *now,
	const struct wider *wider, bool *ret_ours, struct hotslot_error *error)
{
	int r = definition_is_same(old, now, wider->strip, wider->data);

	if (r == 0)
		*ret_ours = definition_is_same(old, now, strip_room, wider) > 0;
	if (r < 0)
		return error_system(
			error, r, "Cannot parse the definition of domain %s", domain->name);
	if (r == 0 && *ret_ours)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"libvirt changes more in the definition of domain %s than it was told to",
			domain->name);
	if (r == 0)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Somebody else has changed the definition of domain %s at the same time: "
			"it is left as it is now, with both changes; try again",
			domain->name);
	return 0;
}

/* What is not as it was just read has been changed by somebody else meanwhile. */
static void undo(struct hotslot_domain *domain, const char *old, const char *now,
	struct hotslot_error *error)
{
	_cleanup_free_ char *latest = NULL;
	struct hotslot_error other = {};
	int r = definition_read_text(domain, &latest, &other);

	if (r == 0 && strcmp(latest, now) != 0)
		r = error_set(&other, HOTSLOT_ERROR_LIBVIRT, "somebody else has changed it");
	if (r == 0)
		r = define(domain, now, old, &other);
	if (r < 0)
		error_append(error, "; it could not be undone: %s", other.message);
	else
		error_append(error, "; it is as it was before");
}

int definition_change(struct hotslot_domain *domain, const char *old, const char *text,
	definition_strip_fn strip, const void *data, char **ret, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct turn *lock = NULL;
	const struct wider wider = { strip, data };
	_cleanup_free_ char *now = NULL;
	bool ours = false;
	int r = definition_lock(domain, &lock, error);

	if (r == 0)
		r = check_unchanged(domain, old, error);
	if (r == 0)
		r = define(domain, old, text, error);
	if (r < 0)
		return r;
	r = definition_read_text(domain, &now, error);
	if (r < 0)
		return r;
	r = check_result(domain, old, now, &wider, &ours, error);
	if (r < 0 && ours)
		undo(domain, old, now, error);
	if (r < 0)
		return r;
	*ret = steal_pointer(now);
	return 0;
}
