/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing a disk into a domain's persistent definition, and taking it out.
 *
 * libvirt takes a disk out by its alias, which looks it up in the definition and so cannot miss it
 * (tried with 9.0, running and shut off). One without an alias it takes out by the target name of
 * the element that it is given, and by nothing else: so that is the element as it was read just
 * before, and what is left is read after.
 */
#include <string.h>

#include "config.h"
#include "definition-lock.h"
#include "error.h"
#include "job.h"
#include "xml.h"

int config_add(struct hotslot_domain *domain, const char *text, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	uint64_t deadline = domain_deadline(domain);
	bool again = false;
	int r = definition_lock(domain, &lock, error);

	if (r < 0)
		return r;
	do {
		r = job_await(domain, deadline, error);
		if (r < 0)
			return r;
		r = virDomainAttachDeviceFlags(domain->domain, text, VIR_DOMAIN_AFFECT_CONFIG);
	} while (r < 0 && (job_came_between(domain, deadline) ||
				  (domain_reopened(domain) && (again = true))));
	if (r == 0 || again)
		return 0;
	return error_libvirt(error, "Cannot attach to the definition of domain %s", domain->name);
}

static const char *name_of(const struct xml_disk *disk)
{
	return disk->alias ?: disk->target_dev ?: disk->source ?: "without a name";
}

static int gone_already(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_NO_DISK,
		"The disk %s in the definition of domain %s has changed meanwhile", name_of(disk),
		domain->name);
}

static const struct xml_disk *find_same(const struct domain_xml *xml, const struct xml_disk *disk)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (xml_disk_is_same(&xml->disks[i], disk))
			return &xml->disks[i];
	return NULL;
}

/* ---- its element ---- */

static xmlNode *find_node(xmlNode *devices, size_t number)
{
	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next)
		if ((xml_is(node, "disk") || xml_is(node, "hostdev")) && number-- == 0)
			return node;
	return NULL;
}

static int dump(xmlDoc *document, xmlNode *node, char **ret)
{
	xmlBuffer *buffer = xmlBufferCreate();
	char *text = NULL;

	if (buffer && xmlNodeDump(buffer, document, node, 0, 0) >= 0)
		text = strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

/* domain_xml has disks and hostdevs in the order of their elements. */
static int read_element(struct hotslot_domain *domain, const struct xml_disk *disk, char **ret,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	const struct xml_disk *found;
	xmlNode *node = NULL;
	int r = definition_read_text(domain, &text, error);

	if (r < 0)
		return r;
	r = domain_xml_parse(text, &xml);
	found = r == 0 ? find_same(xml, disk) : NULL;
	if (r == 0 && !found)
		return gone_already(domain, disk, error);
	document = r == 0 ? xml_read(text) : NULL;
	if (document)
		node = find_node(xml_child(xmlDocGetRootElement(document), "devices"),
			(size_t)(found - xml->disks));
	r = node ? dump(document, node, ret) : r < 0 ? r : -EBADMSG;
	return r < 0 ? error_system(
			       error, r, "Cannot parse the definition of domain %s", domain->name)
		     : 0;
}

static int remove_by_element(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	_cleanup_free_ char *text = NULL;
	int r = read_element(domain, disk, &text, error);

	if (r < 0)
		return r;
	return virDomainDetachDeviceFlags(domain->domain, text, VIR_DOMAIN_AFFECT_CONFIG);
}

/* To ask twice does no harm. */
static int ask_to_remove(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	uint64_t deadline = domain_deadline(domain);
	int r;

	do {
		r = job_await(domain, deadline, error);
		if (r == 0 && disk->alias)
			r = virDomainDetachDeviceAlias(
				domain->domain, disk->alias, VIR_DOMAIN_AFFECT_CONFIG);
		else if (r == 0)
			r = remove_by_element(domain, disk, error);
		if (r < 0 && error->code != HOTSLOT_ERROR_NONE)
			return r;
	} while (r < 0 && (job_came_between(domain, deadline) || domain_reopened(domain)));
	if (r == 0)
		return 0;
	return error_libvirt(error, "Cannot detach the disk %s from the definition of domain %s",
		name_of(disk), domain->name);
}

/* ---- and what is left ---- */

/* Whatever libvirt said: its codes do not tell a disk that is gone from one that it keeps. */
static int check_left(const struct hotslot_domain *domain, const struct xml_disk *disk,
	const struct domain_xml *before, const struct domain_xml *after, const char *reason,
	struct hotslot_error *error)
{
	if (find_same(after, disk))
		return error_set(error, HOTSLOT_ERROR_LIBVIRT, "%s",
			reason ?: "libvirt has left it where it was");
	for (size_t i = 0; i < before->n_disks; i++)
		if (!xml_disk_is_same(&before->disks[i], disk) &&
			!find_same(after, &before->disks[i]))
			connection_notice(domain->hotslot,
				"While the disk %s left the definition of domain %s, the disk %s "
				"left it or changed, too",
				name_of(disk), domain->name, name_of(&before->disks[i]));
	return 0;
}

int config_remove(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *before = NULL, *after = NULL;
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	struct hotslot_error refused = {};
	bool failed;
	int r = definition_lock(domain, &lock, error);

	if (r == 0)
		r = definition_read(domain, &before, error);
	if (r < 0)
		return r;
	if (!find_same(before, disk))
		return gone_already(domain, disk, error);
	r = ask_to_remove(domain, disk, &refused);
	failed = r < 0;
	r = definition_read(domain, &after, error);
	if (r < 0)
		return r;
	return check_left(domain, disk, before, after, failed ? refused.message : NULL, error);
}
