/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of the shell as words, quoted as in sh. Pure. */
#include "words.h"

#include <string.h>

#include "util.h"

#define BLANKS " \t\r\n"

/* Copies the quoted text at *IN, without its quotes, to *OUT; both move on. */
static int take_quoted(char **in, char **out)
{
	char quote = *(*in)++;

	while (**in && **in != quote) {
		if (quote == '"' && **in == '\\' && ((*in)[1] == '\\' || (*in)[1] == '"'))
			(*in)++;
		*(*out)++ = *(*in)++;
	}
	if (!**in)
		return -EINVAL;
	(*in)++;
	return 0;
}

/* Takes one word at *LINE, in place. */
static int take_word(char **line)
{
	char *in = *line, *out = in;
	bool more;

	while (*in && !strchr(BLANKS, *in)) {
		if (*in == '\'' || *in == '"') {
			if (take_quoted(&in, &out) < 0)
				return -EINVAL;
			continue;
		}
		if (*in == '\\' && !*++in)
			return -EINVAL;
		*out++ = *in++;
	}
	more = *in;
	*out = '\0';
	*line = more ? in + 1 : in;
	return 0;
}

int words_split(char *line, char ***ret_words, int *ret_count)
{
	/* No line has more words than half its length, rounded up. */
	_cleanup_free_ char **words = calloc(strlen(line) / 2 + 2, sizeof(*words));
	int count = 0;

	if (!words)
		return -ENOMEM;
	for (line += strspn(line, BLANKS); *line && *line != '#'; line += strspn(line, BLANKS)) {
		words[count++] = line;
		if (take_word(&line) < 0)
			return -EINVAL;
	}
	*ret_words = steal_pointer(words);
	*ret_count = count;
	return 0;
}
