/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/mountinfo (proc(5)). Pure. */
#include "mountinfo.h"

#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

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
	char *out = s;

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

static int parse_devnum(const char *s, dev_t *ret)
{
	unsigned major, minor;
	char end;

	if (sscanf(s, "%u:%u%c", &major, &minor, &end) != 2)
		return -EBADMSG;
	*ret = makedev(major, minor);
	return 0;
}

static int parse_id(const char *s, int *ret)
{
	uint64_t id;

	if (parse_u64(s, INT_MAX, &id) < 0)
		return -EBADMSG;
	*ret = (int)id;
	return 0;
}

/* Skips the optional fields: they end with a lone hyphen. */
static bool skip_optional(char **rest)
{
	char *field;

	while ((field = strsep(rest, " ")))
		if (!strcmp(field, "-"))
			return true;
	return false;
}

int mount_parse(char *line, struct mount *ret)
{
	char *fields[FIELDS_FIXED], *rest = line;
	struct mount mount = {};
	int r;

	rest[strcspn(rest, "\n")] = '\0';
	for (size_t i = 0; i < FIELDS_FIXED; i++) {
		fields[i] = strsep(&rest, " ");
		if (!fields[i])
			return -EBADMSG;
	}
	if (!skip_optional(&rest))
		return -EBADMSG;
	mount.type = strsep(&rest, " ");
	mount.source = strsep(&rest, " ");
	mount.options = rest;
	if (!mount.type || !mount.source || !mount.options)
		return -EBADMSG;
	if ((r = parse_id(fields[FIELD_ID], &mount.id)) < 0 ||
		(r = parse_id(fields[FIELD_PARENT], &mount.parent)) < 0 ||
		(r = parse_devnum(fields[FIELD_DEVNUM], &mount.devnum)) < 0)
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
