/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a <disk> element has all that another one asks for. Pure. */
#include "disk-compare.h"

#include <stdarg.h>
#include <string.h>

#include "disk-value.h"

#define BLANKS " \t\r\n"

static int differ(char **ret, const char *format, ...) _printf_(2, 3);
static int differ(char **ret, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(ret, format, arguments);
	va_end(arguments);
	if (r >= 0)
		return 1;
	*ret = NULL;
	return -ENOMEM;
}

static int compare_attributes(xmlNode *asked, xmlNode *live, char **ret)
{
	for (xmlAttr *attribute = asked->properties; attribute; attribute = attribute->next) {
		const char *name = (const char *)attribute->name;
		_cleanup_free_ char *wanted = NULL, *found = NULL;

		if (attribute->ns || disk_value_is_left_out(asked, name))
			continue;
		wanted = xml_attribute(asked, name);
		found = xml_attribute(live, name);
		if (!wanted)
			return -ENOMEM;
		if (found ? !disk_value_is_same(asked, name, wanted, found)
			  : !disk_value_is_default(asked, name, wanted))
			return differ(ret, "%s='%s' of <%s>", name, wanted, asked->name);
	}
	return 0;
}

/* Without the blanks around it. The caller frees it. */
static char *take_text(xmlNode *node)
{
	_cleanup_free_ char *text = xml_text(node);
	size_t start, end;

	if (!text)
		return NULL;
	start = strspn(text, BLANKS);
	for (end = strlen(text); end > start && strchr(BLANKS, text[end - 1]); end--)
		;
	return strndup(text + start, end - start);
}

static int compare_text(xmlNode *asked, xmlNode *live, char **ret)
{
	_cleanup_free_ char *wanted = take_text(asked), *found = take_text(live);

	if (!wanted || !found)
		return -ENOMEM;
	if (!*wanted || disk_value_is_same_text(asked, wanted, live, found))
		return 0;
	return differ(ret, "'%s' in <%s>", wanted, asked->name);
}

/* A running disk's, which say nothing of how it is attached; secrets, which libvirt does not tell;
 * what is in another namespace is nothing that it knows. */
static bool is_untold(const xmlNode *node)
{
	return node->ns || xml_is(node, "mirror") || xml_is(node, "privateData") ||
	       xml_is(node, "cookies");
}

static int compare_node(xmlNode *asked, xmlNode *live, char **ret);

/* Any child of LIVE that is like ASKED will do, as there may be several hosts. */
static int compare_child(xmlNode *asked, xmlNode *live, char **ret)
{
	_cleanup_free_ char *first = NULL, *text = take_text(asked);

	for (xmlNode *child = live->children; child; child = child->next) {
		_cleanup_free_ char *difference = NULL;
		int r;

		if (!xml_is(child, (const char *)asked->name))
			continue;
		r = compare_node(asked, child, &difference);
		if (r <= 0)
			return r;
		if (!first)
			first = steal_pointer(difference);
	}
	if (first) {
		*ret = steal_pointer(first);
		return 1;
	}
	if ((text && *text && disk_value_is_default_text(text)) || disk_value_is_nothing(asked))
		return 0;
	return differ(ret, "<%s>", asked->name);
}

static int compare_children(xmlNode *asked, xmlNode *live, bool transient, char **ret)
{
	for (xmlNode *child = asked->children; child; child = child->next) {
		int r;

		if (child->type != XML_ELEMENT_NODE || is_untold(child) ||
			(transient && (xml_is(child, "source") || xml_is(child, "driver") ||
					      xml_is(child, "backingStore"))))
			continue;
		r = compare_child(child, live, ret);
		if (r != 0)
			return r;
	}
	return 0;
}

static int compare_node(xmlNode *asked, xmlNode *live, char **ret)
{
	int r = compare_attributes(asked, live, ret);

	if (r == 0 && !xmlFirstElementChild(asked))
		r = compare_text(asked, live, ret);
	return r == 0 ? compare_children(asked, live, false, ret) : r;
}

int disk_compare(xmlNode *asked, xmlNode *live, char **ret)
{
	/* Its overlay is the source, and the type and the format are the overlay's. */
	if (xml_child(asked, "transient"))
		return compare_children(asked, live, true, ret);
	return compare_node(asked, live, ret);
}

static bool is_at(xmlNode *disk, unsigned controller, unsigned target, unsigned unit)
{
	xmlNode *address = xml_child(disk, "address");
	unsigned c, t, u;

	return address && xml_attribute_is(address, "type", "drive") &&
	       xml_attribute_is(xml_child(disk, "target"), "bus", "scsi") &&
	       xml_number(address, "controller", &c) == 0 && c == controller &&
	       xml_number(address, "target", &t) == 0 && t == target &&
	       xml_number(address, "unit", &u) == 0 && u == unit;
}

xmlNode *disk_compare_find(xmlDoc *domain, unsigned controller, unsigned target, unsigned unit)
{
	xmlNode *devices = xml_child(xmlDocGetRootElement(domain), "devices");

	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next)
		if (xml_is(node, "disk") && is_at(node, controller, target, unit))
			return node;
	return NULL;
}
