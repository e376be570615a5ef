/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The live XML of a domain as it was read last. Pure.
 *
 * A domain of a thousand disks has 370 KB of XML: libvirt writes them in 2 ms, and it takes twice
 * as long to parse them, and to free what was parsed. So the bytes are compared instead. Of an
 * element put right behind another one inside of <devices>, XML's grammar says what it means: the
 * same document with that element there. The parser says where the others end.
 */
#include "last-read.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>

#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS)

/* So many bytes at a time are compared first. */
#define STRIDE 4096

/* ---- the whole text ---- */

/* Where the parser found the ends of the disks. */
struct ends {
	size_t *at;
	size_t count, room;
	bool unknown;
};

static bool is_disk(const xmlNode *node)
{
	return xml_is(node, "disk") || xml_is(node, "hostdev");
}

static void add_end(struct ends *ends, long offset)
{
	if (ends->count == ends->room) {
		size_t room = 2 * ends->room + 64;
		size_t *at = reallocarray(ends->at, room, sizeof(*at));

		if (!at) {
			ends->unknown = true;
			return;
		}
		ends->at = at;
		ends->room = room;
	}
	ends->unknown |= offset < 0;
	ends->at[ends->count++] = (size_t)offset;
}

/* The parser is right behind the end of an element, which the tree has as the last one of its
 * parent. */
static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	xmlParserCtxt *parser = data;
	struct ends *ends = parser->_private;
	xmlNode *parent;

	xmlSAX2EndElementNs(parser, name, prefix, uri);
	parent = parser->node;
	if (!parent || !parent->parent || !parent->last || !is_disk(parent->last) ||
		parent->parent != xmlDocGetRootElement(parser->myDoc) ||
		parent != xml_child(parent->parent, "devices"))
		return;
	add_end(ends, xmlByteConsumed(parser));
}

/* *RET_SOUND: no name in it is of a namespace that is not declared. */
static xmlDoc *parse(const char *text, size_t length, struct ends *ends, bool *ret_sound)
{
	xmlParserCtxt *parser = length <= INT_MAX ? xmlNewParserCtxt() : NULL;
	xmlDoc *document;

	if (!parser)
		return NULL;
	if (ends) {
		parser->_private = ends;
		parser->sax->endElementNs = on_end;
	}
	document = xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL, OPTIONS);
	*ret_sound = parser->nsWellFormed;
	xmlFreeParserCtxt(parser);
	return document;
}

/* A fragment of it means the same alone: it has no entities and no default namespace. */
static bool can_be_cut(xmlDoc *document)
{
	xmlNode *root = xmlDocGetRootElement(document), *devices = xml_child(root, "devices");

	return !document->intSubset && devices && !devices->ns && !devices->nsDef;
}

static void forget(struct last_read *last)
{
	free(last->text);
	free(last->ends);
	domain_xml_free(last->xml);
	*last = (struct last_read){};
}

static int parse_all(struct last_read *last, const char *text, size_t length, xmlDoc **ret)
{
	_cleanup_xml_ xmlDoc *document = NULL;
	struct ends ends = {};
	bool sound = false;
	int r;

	free(last->ends);
	last->ends = NULL;
	last->xml = domain_xml_free(last->xml);
	document = parse(text, length, &ends, &sound);
	r = document ? domain_xml_read(document, &last->xml) : -EBADMSG;
	if (r == 0 && sound && !ends.unknown && can_be_cut(document) &&
		ends.count == last->xml->n_disks)
		last->ends = steal_pointer(ends.at);
	free(ends.at);
	if (r == 0)
		*ret = steal_pointer(document);
	return r;
}

/* ---- a disk more or less ---- */

/* A domain that has no more than what LENGTH bytes at TEXT say, if that is one disk. NULL if it is
 * something else, or cannot be told. */
static xmlDoc *parse_disk(const char *text, size_t length)
{
	static const char before[] = "<domain><devices>", after[] = "</devices></domain>";
	size_t size = strlen(before) + length + strlen(after);
	_cleanup_free_ char *whole = malloc(size + 1);
	_cleanup_xml_ xmlDoc *document = NULL;
	bool sound = false;
	xmlNode *root, *devices;

	if (!whole)
		return NULL;
	memcpy(whole, before, strlen(before));
	memcpy(whole + strlen(before), text, length);
	memcpy(whole + strlen(before) + length, after, sizeof(after));
	document = parse(whole, size, NULL, &sound);
	root = document ? xmlDocGetRootElement(document) : NULL;
	devices = xml_child(root, "devices");
	/* Whatever it says, it neither ends <devices> nor has anything else. */
	if (!sound || !devices || root->children != devices || devices->next ||
		!devices->children || devices->children->next || !is_disk(devices->children))
		return NULL;
	return steal_pointer(document);
}

static size_t common(const char *a, const char *b, size_t length)
{
	size_t n = 0;

	while (length - n >= STRIDE && memcmp(a + n, b + n, STRIDE) == 0)
		n += STRIDE;
	while (n < length && a[n] == b[n])
		n++;
	return n;
}

/* How many of the disks end in the part that is the same. */
static size_t count_same(const struct last_read *last, const char *text, size_t length)
{
	size_t same = common(last->text, text, last->length < length ? last->length : length);
	size_t low = 0, high = last->xml->n_disks;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (last->ends[middle] <= same)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The ends of all disks from that number on are so much later. */
static void move_ends(struct last_read *last, size_t from, size_t by)
{
	for (size_t i = from; i < last->xml->n_disks; i++)
		last->ends[i] += by;
}

static int add_disk(struct last_read *last, size_t at, size_t length, xmlNode *node)
{
	size_t n = last->xml->n_disks;
	size_t *ends = reallocarray(last->ends, n + 1, sizeof(*ends));
	int r;

	if (!ends)
		return -ENOMEM;
	last->ends = ends;
	r = domain_xml_insert(last->xml, at, node);
	if (r < 0)
		return r;
	memmove(ends + at + 1, ends + at, (n - at) * sizeof(*ends));
	ends[at] = ends[at - 1];
	move_ends(last, at, length);
	return 0;
}

/* Returns 1 if TEXT is the last one and a disk behind another one; *ret has it. */
static int parse_more(struct last_read *last, const char *text, size_t length, xmlDoc **ret)
{
	_cleanup_xml_ xmlDoc *document = NULL;
	size_t more = length - last->length, at = count_same(last, text, length), end;
	int r;

	if (at == 0)
		return 0;
	end = last->ends[at - 1];
	if (memcmp(text + end + more, last->text + end, last->length - end) != 0)
		return 0;
	document = parse_disk(text + end, more);
	if (!document)
		return 0;
	r = add_disk(
		last, at, more, xml_child(xmlDocGetRootElement(document), "devices")->children);
	if (r < 0)
		return r;
	*ret = steal_pointer(document);
	return 1;
}

/* Returns 1 if TEXT is the last one without a disk that was behind another one. */
static int parse_less(struct last_read *last, const char *text, size_t length)
{
	_cleanup_xml_ xmlDoc *document = NULL;
	size_t less = last->length - length, at = count_same(last, text, length), end;

	if (at == 0 || at == last->xml->n_disks)
		return 0;
	end = last->ends[at - 1];
	if (last->ends[at] - end != less ||
		memcmp(text + end, last->text + end + less, length - end) != 0)
		return 0;
	document = parse_disk(last->text + end, less);
	if (!document)
		return 0;
	domain_xml_remove(last->xml, at);
	memmove(last->ends + at, last->ends + at + 1,
		(last->xml->n_disks - at) * sizeof(*last->ends));
	move_ends(last, at, -less);
	return 1;
}

static int parse_change(struct last_read *last, const char *text, size_t length, xmlDoc **ret)
{
	if (!last->text || !last->ends)
		return 0;
	if (length > last->length)
		return parse_more(last, text, length, ret);
	return length < last->length ? parse_less(last, text, length) : 0;
}

/* ---- either ---- */

static bool is_last(const struct last_read *last, const char *text, size_t length)
{
	return last->text && last->length == length && memcmp(last->text, text, length) == 0;
}

static int take(struct last_read *last, char *text, size_t length, struct domain_xml **ret)
{
	if (text != last->text)
		free(last->text);
	last->text = text;
	last->length = length;
	*ret = domain_xml_copy(last->xml);
	return *ret ? 0 : -ENOMEM;
}

int last_read_parse(struct last_read *last, char *text, struct domain_xml **ret)
{
	_cleanup_xml_ xmlDoc *document = NULL;
	size_t length = strlen(text);
	int r = is_last(last, text, length) ? 1 : parse_change(last, text, length, &document);

	if (r == 0)
		r = parse_all(last, text, length, &document);
	if (r >= 0)
		return take(last, text, length, ret);
	free(text);
	forget(last);
	return r;
}

int last_read_parse_new(
	struct last_read *last, char *text, xmlDoc **ret_document, struct domain_xml **ret)
{
	_cleanup_xml_ xmlDoc *document = NULL;
	size_t length = strlen(text);
	int r = parse_change(last, text, length, &document);

	/* It has nothing new, or that is not known. */
	if (r >= 0 && !document)
		r = parse_all(last, text, length, &document);
	if (r < 0) {
		free(text);
		forget(last);
		return r;
	}
	r = take(last, text, length, ret);
	if (r == 0)
		*ret_document = steal_pointer(document);
	return r;
}

void last_read_done(struct last_read *last)
{
	forget(last);
}
