/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tabs and line ends in the XML that libvirt gives out. Pure. */
#include "xml-controls.h"

#include <string.h>

/* "&#13;" for one byte. */
#define ESCAPED_SIZE 5

/* What has no references in it. */
static const struct {
	const char *begin, *end;
} raw[] = { { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<?", "?>" } };

/* The length of such a piece that TEXT begins with; 0: it does not. One without an end goes to the
 * end of the text. */
static size_t raw_length(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++) {
		size_t length = strlen(raw[i].begin);
		const char *end;

		if (strncmp(text, raw[i].begin, length) != 0)
			continue;
		end = strstr(text + length, raw[i].end);
		return end ? (size_t)(end - text) + strlen(raw[i].end) : strlen(text);
	}
	return 0;
}

/* Inside of which quotes, if of any, what comes after C is. */
static void follow(char c, bool *in_tag, char *quote)
{
	if (*quote)
		*quote = c == *quote ? '\0' : *quote;
	else if (*in_tag && (c == '"' || c == '\''))
		*quote = c;
	else if (c == '<' || c == '>')
		*in_tag = c == '<';
}

static bool is_lost(char c, bool in_tag, char quote)
{
	if (quote)
		return c == '\t' || c == '\n' || c == '\r';
	return c == '\r' && !in_tag;
}

int xml_escape_controls(const char *text, char **ret)
{
	char *out = calloc(strlen(text) + 1, ESCAPED_SIZE), *end = out, quote = '\0';
	bool in_tag = false;

	if (!out)
		return -ENOMEM;
	while (*text) {
		size_t length = in_tag ? 0 : raw_length(text);

		if (length > 0)
			end = mempcpy(end, text, length);
		else if (is_lost(*text, in_tag, quote))
			end += sprintf(end, "&#%d;", *text);
		else
			*end++ = *text;
		if (length == 0)
			follow(*text, &in_tag, &quote);
		text += length ?: 1;
	}
	*end = '\0';
	*ret = out;
	return 0;
}
