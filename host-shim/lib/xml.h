/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short names for what we need of libxml2. */
#pragma once

#include <libxml/tree.h>
#include <libxml/xmlwriter.h>

#include "util.h"

/* Parses a text, without network, entities or output. NULL if it is not well-formed. */
xmlDoc *xml_read(const char *text);

/* The same, with the blanks between elements: for what is to be written back. */
xmlDoc *xml_read_exactly(const char *text);

/* An element as text, as it is. The caller frees *ret. */
int xml_dump(xmlNode *node, char **ret);

/* Takes an element out of its document and frees it. Takes NULL. */
void xml_remove(xmlNode *node);

static inline void xml_freep(xmlDoc **document)
{
	xmlFreeDoc(*document);
}

#define _cleanup_xml_ _cleanup_(xml_freep)

bool xml_is(const xmlNode *node, const char *name);

/* The first child element of that name. Takes NULL. */
xmlNode *xml_child(xmlNode *node, const char *name);

/* Copies, freed by the caller with free(). NULL if there is none, or NODE is NULL. */
char *xml_attribute(xmlNode *node, const char *name);
char *xml_text(xmlNode *node);

/* A decimal number of at most INT_MAX, as libvirt writes indices; 0, libvirt's default, if it is
 * left out. -EBADMSG if it is none. */
int xml_number(xmlNode *node, const char *name, unsigned *ret);

bool xml_attribute_is(xmlNode *node, const char *name, const char *value);

/* Whether libvirt reads a text as it was written: libxml2 would write bytes that no parser
 * takes. */
bool xml_is_text(const char *text);

/* Writes XML to memory: open elements, give them attributes and text, close them. What fails,
 * fails at the end. */
struct xml_writer {
	xmlBuffer *buffer;
	xmlTextWriter *writer;
	bool failed;
};

int xml_writer_begin(struct xml_writer *ret);
void xml_open(struct xml_writer *w, const char *name);
void xml_close(struct xml_writer *w);
void xml_put(struct xml_writer *w, const char *attribute, const char *value);
void xml_putf(struct xml_writer *w, const char *attribute, const char *format, ...) _printf_(3, 4);
void xml_put_text(struct xml_writer *w, const char *element, const char *text);
/* Elements that are XML already, and well-formed. */
void xml_put_raw(struct xml_writer *w, const char *text);

/* Returns -ENOMEM, or -EINVAL if something given is not valid UTF-8. The caller frees *ret. */
int xml_writer_take(struct xml_writer *w, char **ret);
void xml_writer_done(struct xml_writer *w);

#define _cleanup_xml_writer_ _cleanup_(xml_writer_done)
