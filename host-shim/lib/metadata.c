/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our element in a domain's <metadata>: <hotslot><reserved slots='0-3,17'/></hotslot>. Pure. */
#include "metadata.h"

#include <string.h>

#define RESERVED "reserved"
#define SLOTS "slots"

static bool is_in_namespace(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
	       strcmp((const char *)node->ns->href, METADATA_URI) == 0;
}

/* In what virDomainGetMetadata() gives, libvirt has taken our namespace off. */
bool metadata_is(const xmlNode *node, const char *name)
{
	return xml_is(node, name) && (!node->ns || is_in_namespace(node));
}

static int parse_element(xmlNode *element, struct slot_set *ret)
{
	bool found = false;

	if (!xml_is(element, METADATA_KEY))
		return -EBADMSG;
	for (xmlNode *node = element->children; node; node = node->next) {
		_cleanup_free_ char *slots = NULL;
		int r;

		if (!metadata_is(node, RESERVED))
			continue;
		slots = xml_attribute(node, SLOTS);
		if (found || !slots)
			return -EBADMSG;
		r = slot_set_parse(slots, ret);
		if (r < 0)
			return r;
		found = true;
	}
	return 0;
}

int metadata_parse(xmlNode *metadata, struct slot_set *ret)
{
	struct slot_set set = {};
	bool found = false;

	for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next) {
		int r;

		if (!is_in_namespace(node))
			continue;
		r = found ? -EBADMSG : parse_element(node, &set);
		if (r < 0)
			return r;
		found = true;
	}
	*ret = set;
	return 0;
}

static void remove_reserved(xmlNode *element)
{
	for (xmlNode *next, *node = element->children; node; node = next) {
		next = node->next;
		if (!metadata_is(node, RESERVED))
			continue;
		xmlUnlinkNode(node);
		xmlFreeNode(node);
	}
}

static int add_reserved(xmlNode *element, const struct slot_set *reserved)
{
	_cleanup_free_ char *text = NULL;
	int r = slot_set_format(reserved, &text);
	xmlNode *node;

	if (r < 0)
		return r;
	node = xmlNewChild(element, NULL, (const xmlChar *)RESERVED, NULL);
	if (!node || !xmlNewProp(node, (const xmlChar *)SLOTS, (const xmlChar *)text))
		return -ENOMEM;
	return 0;
}

int metadata_format(xmlDoc *document, xmlNode *element, char **ret)
{
	xmlBuffer *buffer;
	char *text = NULL;

	if (!element->children && !element->properties) {
		*ret = NULL;
		return 0;
	}
	buffer = xmlBufferCreate();
	if (buffer && xmlNodeDump(buffer, document, element, 0, 0) >= 0)
		text = strdup((const char *)xmlBufferContent(buffer));
	if (buffer)
		xmlBufferFree(buffer);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

int metadata_update(const char *old, const struct slot_set *change, bool add, char **ret)
{
	_cleanup_xml_ xmlDoc *document = xml_read(old ?: "<" METADATA_KEY "/>");
	xmlNode *element = document ? xmlDocGetRootElement(document) : NULL;
	struct slot_set reserved = {};
	int r = element ? parse_element(element, &reserved) : -EBADMSG;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(reserved.words); i++)
		reserved.words[i] = add ? reserved.words[i] | change->words[i]
					: reserved.words[i] & ~change->words[i];
	remove_reserved(element);
	if (!slot_set_is_empty(&reserved)) {
		r = add_reserved(element, &reserved);
		if (r < 0)
			return r;
	}
	return metadata_format(document, element, ret);
}

void metadata_open(struct xml_writer *w)
{
	xml_open(w, "metadata");
	xml_open(w, METADATA_KEY ":" METADATA_KEY);
	xml_put(w, "xmlns:" METADATA_KEY, METADATA_URI);
}

void metadata_put_reserved(struct xml_writer *w, const struct slot_set *reserved)
{
	_cleanup_free_ char *text = NULL;

	if (slot_set_is_empty(reserved))
		return;
	if (slot_set_format(reserved, &text) < 0) {
		w->failed = true;
		return;
	}
	xml_open(w, METADATA_KEY ":" RESERVED);
	xml_put(w, SLOTS, text);
	xml_close(w);
}

void metadata_close(struct xml_writer *w)
{
	xml_close(w);
	xml_close(w);
}
