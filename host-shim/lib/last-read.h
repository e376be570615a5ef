/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live XML of a domain as it was read last: the next text is often the same, or has one disk
 * more or less. Then what it says is known without parsing all of it. Pure. */
#pragma once

#include "domain-xml.h"

struct last_read {
	char *text; /* NULL: none */
	size_t length;
	struct domain_xml *xml;
	/* Where in TEXT each disk of XML ends, in order; NULL: not known. */
	size_t *ends;
};

/* Reads TEXT, which it takes over in any case. The caller frees *ret. -EBADMSG and -ENOMEM as
 * domain_xml_parse(). */
int last_read_parse(struct last_read *last, char *text, struct domain_xml **ret);

/* The same, and the caller frees *ret_document: it has every disk that TEXT has and the text before
 * it had not, and may have others. */
int last_read_parse_new(
	struct last_read *last, char *text, xmlDoc **ret_document, struct domain_xml **ret);

void last_read_done(struct last_read *last);
