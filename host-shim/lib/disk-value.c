/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two values of a <disk> element mean the same. Pure. */
#include "disk-value.h"

#include <ctype.h>
#include <string.h>

/* What an attribute says that libvirt does not write. */
static const struct {
	const char *element, *attribute, *value;
} defaults[] = {
	{ "host", "transport", "tcp" },
	{ "transient", "shareBacking", "no" },
	{ "target", "tray", "closed" },
};

static bool is_number(const char *text, unsigned long long *ret)
{
	char *end;

	if (!strchr("0123456789", *text) || !*text)
		return false;
	*ret = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	return !*end;
}

static bool is_same(const char *a, const char *b)
{
	unsigned long long x, y;

	return strcmp(a, b) == 0 || (is_number(a, &x) && is_number(b, &y) && x == y);
}

static const char *skip_hyphens(const char *text)
{
	return text + strspn(text, "-");
}

/* Of secrets: in capitals, and without hyphens, they are the same (virUUIDParse()). */
static bool is_same_uuid(const char *a, const char *b)
{
	for (;; a++, b++) {
		a = skip_hyphens(a);
		b = skip_hyphens(b);
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

/* An iSCSI target without a LUN has LUN 0: *RET is how long the name of the target is. */
static bool is_lun_0(const char *name, size_t *ret)
{
	const char *slash = strchrnul(name, '/');

	*ret = (size_t)(slash - name);
	return !*slash || strcmp(slash, "/0") == 0;
}

static bool is_same_target(const char *a, const char *b)
{
	size_t m, n;

	return is_lun_0(a, &m) && is_lun_0(b, &n) && m == n && strncmp(a, b, m) == 0;
}

static bool is_iscsi(const xmlNode *node)
{
	return xml_is(node, "source") && xml_attribute_is((xmlNode *)node, "protocol", "iscsi");
}

bool disk_value_is_same(const xmlNode *node, const char *name, const char *a, const char *b)
{
	if (is_same(a, b))
		return true;
	if (xml_is(node, "secret") && strcmp(name, "uuid") == 0)
		return is_same_uuid(a, b);
	return is_iscsi(node) && strcmp(name, "name") == 0 && is_same_target(a, b);
}

/* ---- texts ---- */

static bool is_scaled(const xmlNode *node)
{
	return xml_is(node, "max_size");
}

/* How many bytes a unit has, as libvirt knows them (virScaleInteger()); 0: none. */
static unsigned long long scale_of(const char *unit)
{
	static const char letters[] = "kmgtpe";
	const char *letter;
	unsigned long long scale = 1, base;

	if (!*unit || strcasecmp(unit, "b") == 0 || strcasecmp(unit, "byte") == 0 ||
		strcasecmp(unit, "bytes") == 0)
		return 1;
	letter = strchr(letters, tolower((unsigned char)*unit));
	base = !unit[1] || strcasecmp(unit + 1, "ib") == 0 ? 1024
	       : strcasecmp(unit + 1, "b") == 0		   ? 1000
							   : 0;
	if (!letter || base == 0)
		return 0;
	for (const char *l = letters; l <= letter; l++)
		scale *= base;
	return scale;
}

static bool read_scaled(xmlNode *node, const char *text, unsigned long long *ret)
{
	_cleanup_free_ char *unit = xml_attribute(node, "unit");
	unsigned long long scale = scale_of(unit ?: ""), number;

	return scale > 0 && is_number(text, &number) && !__builtin_mul_overflow(number, scale, ret);
}

bool disk_value_is_same_text(xmlNode *a, const char *a_text, xmlNode *b, const char *b_text)
{
	unsigned long long x, y;

	if (!is_scaled(a))
		return is_same(a_text, b_text);
	return read_scaled(a, a_text, &x) && read_scaled(b, b_text, &y) && x == y;
}

/* ---- what is not written ---- */

bool disk_value_is_default_text(const char *text)
{
	unsigned long long number;

	return strcmp(text, "default") == 0 || (is_number(text, &number) && number == 0);
}

/* A disk that is only read has no snapshots anyway. */
static bool is_moot(const xmlNode *node, const char *name, const char *value)
{
	return xml_is(node, "disk") && strcmp(name, "snapshot") == 0 && strcmp(value, "no") == 0 &&
	       xml_child((xmlNode *)node, "readonly");
}

bool disk_value_is_default(const xmlNode *node, const char *name, const char *value)
{
	if (is_moot(node, name, value))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (xml_is(node, defaults[i].element) && strcmp(name, defaults[i].attribute) == 0 &&
			strcmp(value, defaults[i].value) == 0)
			return true;
	return disk_value_is_default_text(value);
}

static bool has_defaults(const xmlNode *node)
{
	for (xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
		const char *name = (const char *)attribute->name;
		_cleanup_free_ char *value = xml_attribute((xmlNode *)node, name);

		if (!value || !disk_value_is_default(node, name, value))
			return false;
	}
	return true;
}

static bool has_default_text(xmlNode *node)
{
	_cleanup_free_ char *text = xml_text(node);

	return text && disk_value_is_default_text(text);
}

bool disk_value_is_nothing(const xmlNode *node)
{
	static const char *const holders[] = { "blockio", "driver", "geometry", "iotune" };
	bool holder = false;

	for (size_t i = 0; i < ARRAY_SIZE(holders); i++)
		holder |= xml_is(node, holders[i]);
	if (!holder || !has_defaults(node))
		return false;
	for (xmlNode *child = node->children; child; child = child->next)
		if (child->type == XML_ELEMENT_NODE && !has_default_text(child))
			return false;
	return true;
}

bool disk_value_is_left_out(const xmlNode *node, const char *name)
{
	return strcmp(name, "index") == 0 || (is_scaled(node) && strcmp(name, "unit") == 0);
}
