/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short names for what we need of libxml2. */
#include "xml.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

static xmlDoc *read_text(const char *text, int options)
{
	size_t length = strlen(text);

	if (length > INT_MAX)
		return NULL;
	return xmlReadMemory(text, (int)length, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | options);
}

xmlDoc *xml_read(const char *text)
{
	return read_text(text, XML_PARSE_NOBLANKS);
}

xmlDoc *xml_read_exactly(const char *text)
{
	return read_text(text, 0);
}

int xml_dump(xmlNode *node, char **ret)
{
	xmlBuffer *buffer = xmlBufferCreate();
	char *text = NULL;

	if (buffer && xmlNodeDump(buffer, node->doc, node, 0, 0) >= 0)
		text = strdup((const char *)xmlBufferContent(buffer));
	if (buffer)
		xmlBufferFree(buffer);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

void xml_remove(xmlNode *node)
{
	if (!node)
		return;
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

bool xml_is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

xmlNode *xml_child(xmlNode *node, const char *name)
{
	for (xmlNode *child = node ? node->children : NULL; child; child = child->next)
		if (xml_is(child, name))
			return child;
	return NULL;
}

/* xmlFree() may be another allocator's: copy. */
static char *take(xmlChar *text)
{
	char *copy = text ? strdup((const char *)text) : NULL;

	xmlFree(text);
	return copy;
}

char *xml_attribute(xmlNode *node, const char *name)
{
	return node ? take(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

char *xml_text(xmlNode *node)
{
	return node ? take(xmlNodeGetContent(node)) : NULL;
}

int xml_number(xmlNode *node, const char *name, unsigned *ret)
{
	_cleanup_free_ char *text = xml_attribute(node, name);
	uint64_t value = 0;

	if (text && parse_u64(text, INT_MAX, &value) < 0)
		return -EBADMSG;
	*ret = (unsigned)value;
	return 0;
}

bool xml_attribute_is(xmlNode *node, const char *name, const char *value)
{
	_cleanup_free_ char *text = xml_attribute(node, name);

	return text && strcmp(text, value) == 0;
}

int xml_writer_begin(struct xml_writer *ret)
{
	*ret = (struct xml_writer){ .buffer = xmlBufferCreate() };
	if (!ret->buffer)
		return -ENOMEM;
	ret->writer = xmlNewTextWriterMemory(ret->buffer, 0);
	if (!ret->writer) {
		xml_writer_done(ret);
		return -ENOMEM;
	}
	xmlTextWriterSetIndent(ret->writer, 1);
	return 0;
}

void xml_open(struct xml_writer *w, const char *name)
{
	w->failed |= xmlTextWriterStartElement(w->writer, (const xmlChar *)name) < 0;
}

void xml_close(struct xml_writer *w)
{
	w->failed |= xmlTextWriterEndElement(w->writer) < 0;
}

/* The character at TEXT, in its shortest form only, as xmlCheckUTF8() does not see to: of another
 * one would come another text. 0 if it is none; *RET is its length. */
static uint32_t read_character(const unsigned char *text, size_t *ret)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	size_t more = *text < 0x80	       ? 0
		      : (*text & 0xe0) == 0xc0 ? 1
		      : (*text & 0xf0) == 0xe0 ? 2
		      : (*text & 0xf8) == 0xf0 ? 3
					       : SIZE_MAX;
	uint32_t character;

	if (more == SIZE_MAX)
		return 0;
	character = *text & (more ? 0x3fU >> more : 0x7fU);
	for (size_t i = 1; i <= more; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text[i] & 0x3f);
	}
	*ret = more + 1;
	return character < least[more] ? 0 : character;
}

/* XML 1.0, Char; without a tab and line ends: libvirt writes those raw into attributes, and reads
 * them as blanks. */
static bool is_xml_character(uint32_t c)
{
	return c >= 0x20 && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff) && c != 0xfffe &&
	       c != 0xffff;
}

bool xml_is_text(const char *text)
{
	size_t length;

	for (const unsigned char *p = (const unsigned char *)text; *p; p += length)
		if (!is_xml_character(read_character(p, &length)))
			return false;
	return true;
}

void xml_put(struct xml_writer *w, const char *attribute, const char *value)
{
	w->failed |= !xml_is_text(value) ||
		     xmlTextWriterWriteAttribute(
			     w->writer, (const xmlChar *)attribute, (const xmlChar *)value) < 0;
}

void xml_putf(struct xml_writer *w, const char *attribute, const char *format, ...)
{
	_cleanup_free_ char *value = NULL;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (r < 0) {
		value = NULL;
		w->failed = true;
		return;
	}
	xml_put(w, attribute, value);
}

void xml_put_text(struct xml_writer *w, const char *element, const char *text)
{
	w->failed |=
		!xml_is_text(text) || xmlTextWriterWriteElement(w->writer, (const xmlChar *)element,
					      (const xmlChar *)text) < 0;
}

void xml_put_raw(struct xml_writer *w, const char *text)
{
	w->failed |= xmlTextWriterWriteRaw(w->writer, (const xmlChar *)text) < 0;
}

int xml_writer_take(struct xml_writer *w, char **ret)
{
	char *text;

	if (xmlTextWriterEndDocument(w->writer) < 0 || w->failed)
		return -EINVAL;
	text = strdup((const char *)xmlBufferContent(w->buffer));
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

void xml_writer_done(struct xml_writer *w)
{
	if (w->writer)
		xmlFreeTextWriter(w->writer);
	if (w->buffer)
		xmlBufferFree(w->buffer);
	*w = (struct xml_writer){};
}
