/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Labels, which say whose a disk is: the set of those that a domain has held. Pure. */
#include "label.h"

#include <string.h>

#include "metadata.h"

#define LABELS "labels"
#define NAMES "names"
#define UNLABELLED "unlabelled"

/* All names, with a comma or a NUL behind each. */
#define NAMES_SIZE (LABELS_MAX * (LABEL_LENGTH_MAX + 1) + 1)

bool label_is_valid(const char *label)
{
	static const char valid[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t length = strlen(label);

	return length > 0 && length <= LABEL_LENGTH_MAX && strspn(label, valid) == length;
}

bool label_set_has(const struct label_set *set, const char *label)
{
	if (!label)
		return set->nobody;
	for (unsigned i = 0; i < set->count; i++)
		if (strcmp(set->names[i], label) == 0)
			return true;
	return false;
}

int label_set_add(struct label_set *set, const char *label)
{
	if (label_set_has(set, label))
		return 0;
	if (!label) {
		set->nobody = true;
		return 0;
	}
	if (set->count == LABELS_MAX)
		return -ENOSPC;
	snprintf(set->names[set->count++], sizeof(set->names[0]), "%s", label);
	return 0;
}

int label_set_join(struct label_set *set, const struct label_set *other)
{
	int r = 0;

	set->nobody |= other->nobody;
	for (unsigned i = 0; i < other->count && r == 0; i++)
		r = label_set_add(set, other->names[i]);
	return r;
}

const char *label_set_other(const struct label_set *set, const char *label)
{
	for (unsigned i = 0; i < set->count; i++)
		if (!label || strcmp(set->names[i], label) != 0)
			return set->names[i];
	return label && set->nobody ? LABEL_NOBODY : NULL;
}

/* What A has and B has not. */
static void subtract(const struct label_set *a, const struct label_set *b, struct label_set *ret)
{
	*ret = (struct label_set){ .nobody = a->nobody && !b->nobody };
	for (unsigned i = 0; i < a->count; i++)
		if (!label_set_has(b, a->names[i]))
			(void)label_set_add(ret, a->names[i]);
}

/* ---- the element ---- */

static int parse_names(const char *names, struct label_set *ret)
{
	while (*names) {
		size_t length = strcspn(names, ",");
		char label[LABEL_LENGTH_MAX + 1];
		int r;

		if (length > LABEL_LENGTH_MAX)
			return -EBADMSG;
		memcpy(label, names, length);
		label[length] = '\0';
		r = label_is_valid(label) ? label_set_add(ret, label) : -EBADMSG;
		if (r < 0)
			return -EBADMSG;
		names += length;
		if (*names && !*++names)
			return -EBADMSG;
	}
	return 0;
}

static int parse_set(xmlNode *node, struct label_set *ret)
{
	_cleanup_free_ char *names = xml_attribute(node, NAMES);
	_cleanup_free_ char *unlabelled = xml_attribute(node, UNLABELLED);

	if (!names || (unlabelled && strcmp(unlabelled, "yes") != 0))
		return -EBADMSG;
	ret->nobody = unlabelled;
	return parse_names(names, ret);
}

static int parse_element(xmlNode *element, struct label_set *ret)
{
	struct label_set set = {};
	bool found = false;

	for (xmlNode *node = element->children; node; node = node->next) {
		int r;

		if (!metadata_is(node, LABELS))
			continue;
		r = found ? -EBADMSG : parse_set(node, &set);
		if (r < 0)
			return r;
		found = true;
	}
	*ret = set;
	return 0;
}

int label_parse(xmlNode *metadata, struct label_set *ret)
{
	*ret = (struct label_set){};
	for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next)
		if (node->ns && metadata_is(node, METADATA_KEY))
			return parse_element(node, ret);
	return 0;
}

static void format_names(const struct label_set *set, char ret[NAMES_SIZE])
{
	size_t length = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < set->count; i++)
		length += snprintf(
			ret + length, NAMES_SIZE - length, "%s%s", i > 0 ? "," : "", set->names[i]);
}

void label_write(struct xml_writer *w, const struct label_set *set)
{
	char names[NAMES_SIZE];

	if (label_set_is_empty(set))
		return;
	format_names(set, names);
	xml_open(w, METADATA_KEY ":" LABELS);
	xml_put(w, NAMES, names);
	if (set->nobody)
		xml_put(w, UNLABELLED, "yes");
	xml_close(w);
}

static void remove_set(xmlNode *element)
{
	for (xmlNode *next, *node = element->children; node; node = next) {
		next = node->next;
		if (!metadata_is(node, LABELS))
			continue;
		xmlUnlinkNode(node);
		xmlFreeNode(node);
	}
}

static int put_set(xmlNode *element, const struct label_set *set)
{
	char names[NAMES_SIZE];
	xmlNode *node;

	remove_set(element);
	if (label_set_is_empty(set))
		return 0;
	format_names(set, names);
	node = xmlNewChild(element, NULL, (const xmlChar *)LABELS, NULL);
	if (!node || !xmlNewProp(node, (const xmlChar *)NAMES, (const xmlChar *)names))
		return -ENOMEM;
	if (set->nobody && !xmlNewProp(node, (const xmlChar *)UNLABELLED, (const xmlChar *)"yes"))
		return -ENOMEM;
	return 0;
}

int label_update(const char *old, const struct label_set *change, bool add,
	struct label_set *ret_changed, char **ret)
{
	_cleanup_xml_ xmlDoc *document = xml_read(old ?: "<" METADATA_KEY "/>");
	xmlNode *element = document ? xmlDocGetRootElement(document) : NULL;
	struct label_set before, after;
	int r = element && xml_is(element, METADATA_KEY) ? parse_element(element, &before)
							 : -EBADMSG;

	if (r < 0)
		return r;
	after = before;
	if (add)
		r = label_set_join(&after, change);
	else
		subtract(&before, change, &after);
	if (r == 0)
		r = put_set(element, &after);
	if (r == 0)
		r = metadata_format(document, element, ret);
	if (r < 0)
		return r;
	if (add)
		subtract(&after, &before, ret_changed);
	else
		subtract(&before, &after, ret_changed);
	return 0;
}
