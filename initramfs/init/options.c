/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel command line says to hotslot-init: its hotslot.* parameters. Pure. */
#include "options.h"

#include <string.h>

#include "util.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Cuts one parameter off, as lib/cmdline.c's next_arg() does: a quote at the start of the
 * parameter or of its value, and one at its end, are not part of it. */
static char *next_parameter(char **text, char **ret_value)
{
	char *start = *text, *value = NULL, *end;
	bool quoted = false, whole;

	while (is_blank(*start))
		start++;
	if (!*start)
		return NULL;
	whole = *start == '"';
	if (whole) {
		start++;
		quoted = true;
	}
	for (end = start; *end && (quoted || !is_blank(*end)); end++) {
		if (*end == '"')
			quoted = !quoted;
		else if (*end == '=' && !value)
			value = end + 1;
	}
	*text = *end ? end + 1 : end;
	*end = '\0';
	if (end > start && end[-1] == '"' && (whole || (value && *value == '"')))
		end[-1] = '\0';
	if (value) {
		value[-1] = '\0';
		value += *value == '"';
	}
	*ret_value = value;
	return start;
}

static int choose(const char *value, const char *no, const char *yes, bool *ret)
{
	if (strcmp(value, no) && strcmp(value, yes))
		return -EINVAL;
	*ret = !strcmp(value, yes);
	return 0;
}

static int set_text(char *value, const char **ret)
{
	if (!*value)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int add_mirror(struct options *options, char *value)
{
	if (*value != '/' || strlen(value) >= OPTION_MIRROR_SIZE ||
		options->n_mirrors == OPTION_MIRRORS_MAX)
		return -EINVAL;
	options->mirrors[options->n_mirrors++] = value;
	return 0;
}

static int set_parameter(struct options *options, const char *name, char *value)
{
	static char none[] = "";

	if (!strcmp(name, "rootrw")) {
		options->root_writable = true;
		return value ? -EINVAL : 0;
	}
	if (!value)
		value = none;
	if (!strcmp(name, "links"))
		return choose(value, "agent", "udev", &options->links_by_udev);
	if (!strcmp(name, "agent"))
		return choose(value, "yes", "no", &options->no_agent);
	if (!strcmp(name, "contents"))
		return choose(value, "yes", "no", &options->no_contents);
	if (!strcmp(name, "mirror"))
		return add_mirror(options, value);
	if (!strcmp(name, "uevents"))
		return choose(value, "fewer", "all", &options->all_uevents);
	if (!strcmp(name, "root"))
		return set_text(value, &options->root);
	if (!strcmp(name, "rootfstype"))
		return set_text(value, &options->root_type);
	if (!strcmp(name, "rootflags"))
		return set_text(value, &options->root_flags);
	if (!strcmp(name, "roottimeout"))
		return parse_u64(value, ROOT_TIMEOUT_MAX_S, &options->root_timeout_s);
	if (!strcmp(name, "init"))
		return set_text(value, &options->init);
	if (!strcmp(name, "exec"))
		options->exec = value;
	if (!strcmp(name, "execend"))
		return choose(value, "stay", "poweroff", &options->power_off_at_end);
	return 0;
}

int options_parse(char *text, struct options *ret, const char **ret_wrong)
{
	static const char prefix[] = "hotslot.";
	struct options options = { .root_timeout_s = ROOT_TIMEOUT_DEFAULT_S };
	char *name, *value;

	while ((name = next_parameter(&text, &value))) {
		if (strncmp(name, prefix, strlen(prefix)))
			continue;
		if (set_parameter(&options, name + strlen(prefix), value) < 0) {
			*ret_wrong = name;
			return -EINVAL;
		}
	}
	/* Nobody else is there to make them. */
	options.links_by_udev |= options.no_agent;
	*ret = options;
	return 0;
}

int split_words(char *text, char **ret_words)
{
	char *words[WORDS_MAX + 1];
	int n = 0;

	for (;;) {
		char *out;
		bool quoted = false;

		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		if (n == WORDS_MAX)
			return -E2BIG;
		for (out = words[n++] = text; *text && (quoted || !is_blank(*text)); text++) {
			if (*text == '\'')
				quoted = !quoted;
			else
				*out++ = *text;
		}
		if (quoted)
			return -EINVAL;
		text += *text != '\0';
		*out = '\0';
	}
	words[n] = NULL;
	memcpy(ret_words, words, ((size_t)n + 1) * sizeof(*words));
	return n;
}
