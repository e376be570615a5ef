/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of what was added to a domain for us, in its metadata. Pure. */
#include "parts-note.h"

#include <limits.h>
#include <string.h>

#include "metadata.h"

#define ENABLED "enabled"
#define PARTS "parts"
#define METADATA "metadata"
#define ROOM "room"

/* All parts, each with its number and a blank. */
#define NOTE_SIZE (PARTS_MAX * 32)

/* Indented as libvirt does it, where a document keeps its blanks. */
#define INDENT "\n    "

/* ---- text ---- */

static int parse_part(char *word, struct part *ret)
{
	char *number = strchr(word, ':');
	uint64_t index = 0;

	if (number)
		*number++ = '\0';
	for (enum part_kind kind = PART_CHANNEL; kind <= PART_PCI; kind++) {
		if (strcmp(word, part_kind_name(kind)) != 0)
			continue;
		if (!number != (kind == PART_CHANNEL) ||
			(number && parse_u64(number, INT_MAX, &index) < 0))
			return -EBADMSG;
		*ret = (struct part){ .kind = kind, .index = (unsigned)index };
		return 0;
	}
	return -EBADMSG;
}

static int parse_note(char *text, struct parts *ret)
{
	struct parts parts = {};

	for (char *word; (word = strsep(&text, " "));) {
		struct part part;
		int r = 0;

		if (strcmp(word, METADATA) == 0)
			parts.metadata = true;
		else
			r = parse_part(word, &part) < 0 || parts_add(&parts, &part) < 0;
		if (r)
			return -EBADMSG;
	}
	*ret = parts;
	return 0;
}

static int join(struct parts *parts, const struct parts *more)
{
	int r = 0;

	for (size_t i = 0; i < more->n && r == 0; i++)
		if (!parts_has(parts, &more->parts[i]))
			r = parts_add(parts, &more->parts[i]);
	parts->metadata |= more->metadata;
	parts->room = more->room ?: parts->room;
	return r;
}

static void format_note(const struct parts *parts, char ret[NOTE_SIZE])
{
	size_t length = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->parts[i];

		length += snprintf(ret + length, NOTE_SIZE - length, "%s%s", length ? " " : "",
			part_kind_name(part->kind));
		if (part->kind != PART_CHANNEL)
			length += snprintf(ret + length, NOTE_SIZE - length, ":%u", part->index);
	}
	if (parts->metadata)
		snprintf(ret + length, NOTE_SIZE - length, "%s" METADATA, length ? " " : "");
}

/* ---- element ---- */

static xmlNode *find_ours(xmlNode *domain)
{
	xmlNode *metadata = xml_child(domain, METADATA);

	for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next)
		if (node->ns && metadata_is(node, METADATA_KEY))
			return node;
	return NULL;
}

static xmlNode *find_note(xmlNode *ours)
{
	for (xmlNode *node = ours ? ours->children : NULL; node; node = node->next)
		if (metadata_is(node, ENABLED))
			return node;
	return NULL;
}

static int read_note(xmlNode *ours, struct parts *ret)
{
	xmlNode *note = find_note(ours);
	_cleanup_free_ char *text = xml_attribute(note, PARTS), *room = xml_attribute(note, ROOM);
	struct parts parts = {};
	uint64_t number = 0;
	int r;

	if (!note)
		return -ENOENT;
	r = text ? parse_note(text, &parts) : -EBADMSG;
	if (r == 0 && room && parse_u64(room, INT_MAX, &number) < 0)
		r = -EBADMSG;
	if (r < 0)
		return r;
	parts.room = (unsigned)number;
	*ret = parts;
	return 0;
}

/* More than one is nothing of ours, and would hide what is written. */
static void remove_notes(xmlNode *ours)
{
	xmlNode *note;

	while ((note = find_note(ours)))
		xml_remove(note);
}

static bool put(xmlNode *note, const char *name, const char *value)
{
	return xmlNewProp(note, (const xmlChar *)name, (const xmlChar *)value);
}

static int put_note(xmlNode *ours, const struct parts *parts)
{
	char text[NOTE_SIZE], room[16];
	xmlNode *note;

	remove_notes(ours);
	format_note(parts, text);
	snprintf(room, sizeof(room), "%u", parts->room);
	note = xmlNewChild(ours, NULL, (const xmlChar *)ENABLED, NULL);
	return note && put(note, PARTS, text) && (parts->room == 0 || put(note, ROOM, room))
		       ? 0
		       : -ENOMEM;
}

static int add_note(xmlNode *ours, const struct parts *parts)
{
	struct parts all = {};
	int r = read_note(ours, &all);

	if (r == 0 || r == -ENOENT)
		r = join(&all, parts);
	return r < 0 ? r : put_note(ours, &all);
}

/* ---- in a domain ---- */

static bool is_blank(const xmlNode *node)
{
	return node && xmlIsBlankNode((xmlNode *)node);
}

/* Libvirt keeps the blanks of the metadata as they are. */
static xmlNode *make_ours(xmlNode *metadata)
{
	bool exact = is_blank(metadata->children);
	xmlNode *last = metadata->last, *ours = xmlNewNode(NULL, (const xmlChar *)METADATA_KEY);
	xmlNs *ns =
		ours ? xmlNewNs(ours, (const xmlChar *)METADATA_URI, (const xmlChar *)METADATA_KEY)
		     : NULL;

	if (!ns)
		return NULL;
	xmlSetNs(ours, ns);
	if (!exact || !is_blank(last))
		return xmlAddChild(metadata, ours);
	if (!xmlAddPrevSibling(last, ours))
		return NULL;
	return xmlAddPrevSibling(ours, xmlNewText((const xmlChar *)INDENT)) ? ours : NULL;
}

int parts_note_read(xmlNode *domain, struct parts *ret)
{
	return read_note(find_ours(domain), ret);
}

int parts_note_add(xmlNode *domain, const struct parts *parts)
{
	xmlNode *metadata = xml_child(domain, METADATA), *ours = find_ours(domain);
	struct parts all = *parts;

	if (!metadata) {
		metadata = xmlNewChild(domain, NULL, (const xmlChar *)METADATA, NULL);
		all.metadata = true;
	}
	if (!ours)
		ours = metadata ? make_ours(metadata) : NULL;
	return ours ? add_note(ours, &all) : -ENOMEM;
}

int parts_note_replace(xmlNode *domain, const struct parts *parts)
{
	xmlNode *ours = find_ours(domain);
	struct parts old = {}, all = *parts;

	if (parts->n == 0) {
		parts_note_remove(domain);
		return 0;
	}
	(void)read_note(ours, &old);
	all.metadata = old.metadata;
	all.room = old.room;
	return put_note(ours, &all);
}

/* With the blanks before it: what was there is there again, to the byte. */
static void remove_exactly(xmlNode *node)
{
	if (is_blank(node->prev))
		xml_remove(node->prev);
	xml_remove(node);
}

static bool has_content(const xmlNode *node)
{
	for (const xmlNode *child = node->children; child; child = child->next)
		if (!is_blank(child))
			return true;
	return false;
}

/* Without an element, libvirt writes it without blanks. */
static void empty(xmlNode *metadata)
{
	while (is_blank(metadata->children))
		xml_remove(metadata->children);
}

void parts_note_remove(xmlNode *domain)
{
	xmlNode *metadata = xml_child(domain, METADATA), *ours = find_ours(domain);
	struct parts parts = {};

	if (!find_note(ours))
		return;
	(void)read_note(ours, &parts);
	remove_notes(ours);
	if (has_content(ours) || ours->properties)
		return;
	remove_exactly(ours);
	if (has_content(metadata))
		return;
	if (parts.metadata)
		xml_remove(metadata);
	else
		empty(metadata);
}

int parts_note_update(const char *old, const struct parts *parts, char **ret)
{
	_cleanup_xml_ xmlDoc *document = xml_read(old ?: "<" METADATA_KEY "/>");
	xmlNode *ours = document ? xmlDocGetRootElement(document) : NULL;
	int r = 0;

	if (!ours || !xml_is(ours, METADATA_KEY))
		return -EBADMSG;
	if (parts)
		r = add_note(ours, parts);
	else
		remove_notes(ours);
	return r < 0 ? r : metadata_format(document, ours, ret);
}
