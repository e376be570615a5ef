/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/mountinfo (proc(5)). Pure. */
#include "mountinfo.h"

#include <limits.h>
#include <string.h>

#include "util.h"

/* Fields before the optional ones: id, parent, major:minor, root, mount point, options. */
enum {
	FIELD_ID = 0,
	FIELD_PARENT = 1,
	FIELD_DEVNUM = 2,
	FIELD_ROOT = 3,
	FIELD_POINT = 4,
	FIELDS_FIXED = 6
};

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* The kernel writes blanks, newlines and backslashes as \ooo. */
static void unescape(char *s)
{
	char *out;

	while (*s && *s != '\\')
		s++;
	out = s;
	while (*s) {
		if (s[0] == '\\' && is_octal(s + 1)) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

static int parse_id(const char *s, int *ret)
{
	uint32_t id;

	if (!take_u32(&s, &id) || *s || id > INT_MAX)
		return -EBADMSG;
	*ret = (int)id;
	return 0;
}

/* The field that *REST starts with, cut off; NULL behind the last one. */
static char *take_field(char **rest)
{
	char *field = *rest, *end = field;

	if (!field)
		return NULL;
	while ((unsigned char)*end > ' ' || (*end && *end != ' ' && *end != '\n'))
		end++;
	*rest = *end == ' ' ? end + 1 : NULL;
	*end = '\0';
	return field;
}

/* Skips the optional fields: they end with a lone hyphen. */
static bool skip_optional(char **rest)
{
	char *field;

	while ((field = take_field(rest)))
		if (!strcmp(field, "-"))
			return true;
	return false;
}

int mount_parse(char *line, struct mount *ret)
{
	char *fields[FIELDS_FIXED], *rest = line;
	struct mount mount = {};
	int r;

	for (size_t i = 0; i < FIELDS_FIXED; i++) {
		fields[i] = take_field(&rest);
		if (!fields[i])
			return -EBADMSG;
	}
	if (!skip_optional(&rest))
		return -EBADMSG;
	mount.type = take_field(&rest);
	mount.source = take_field(&rest);
	mount.options = take_field(&rest);
	if (!mount.type || !mount.source || !mount.options)
		return -EBADMSG;
	if ((r = parse_id(fields[FIELD_ID], &mount.id)) < 0 ||
		(r = parse_id(fields[FIELD_PARENT], &mount.parent)) < 0 ||
		(r = devnum_parse(fields[FIELD_DEVNUM], &mount.devnum)) < 0)
		return r;
	mount.root = fields[FIELD_ROOT];
	mount.point = fields[FIELD_POINT];
	unescape(mount.root);
	unescape(mount.point);
	unescape(mount.source);
	unescape(mount.options);
	*ret = mount;
	return 0;
}

/* The length of the option at S, up to a comma that is not escaped. */
static size_t option_length(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != ',')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n;
}

const char *mount_option(const char *options, const char *key, size_t *ret_length)
{
	size_t key_length = strlen(key);

	while (*options) {
		size_t n = option_length(options);

		if (n > key_length && !strncmp(options, key, key_length) &&
			options[key_length] == '=') {
			*ret_length = n - key_length - 1;
			return options + key_length + 1;
		}
		options += n;
		options += *options == ',';
	}
	return NULL;
}
