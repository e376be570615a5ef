/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a console's log, for an error. */
#include "console-log.h"

#include <fcntl.h>
#include <string.h>

#include "error.h"
#include "xml.h"

/* What fits in an error beside the reason: some lines. */
#define TAIL_MAX 600

void console_log_append(struct hotslot_error *error, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char tail[TAIL_MAX + 1], *line, *state = NULL;
	const char *separator = "; the console said: ";
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t length;

	if (end <= 0)
		return;
	length = pread(fd, tail, TAIL_MAX, end > TAIL_MAX ? end - TAIL_MAX : 0);
	if (length <= 0)
		return;
	tail[length] = '\0';
	for (line = strtok_r(tail, "\r\n", &state); line; line = strtok_r(NULL, "\r\n", &state)) {
		error_append(error, "%s%s", separator, line);
		separator = " | ";
	}
}

/* NULL: none. */
static char *find_log(xmlNode *devices)
{
	for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next)
		if ((xml_is(node, "serial") || xml_is(node, "console")) &&
			xml_attribute_is(node, "type", "file"))
			return xml_attribute(xml_child(node, "source"), "path");
	return NULL;
}

void console_log_append_of(struct hotslot_domain *domain, struct hotslot_error *error)
{
	_cleanup_free_ char *text = virDomainGetXMLDesc(domain->domain, 0);
	_cleanup_xml_ xmlDoc *document = text ? xml_read(text) : NULL;
	xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
	_cleanup_free_ char *path = root ? find_log(xml_child(root, "devices")) : NULL;

	if (path && domain->hotslot->local)
		console_log_append(error, path);
	else
		error_append(error, "; 'virsh console %s' may tell more", domain->name);
}
