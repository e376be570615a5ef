/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where our own programs and files are on this machine. */
#include "part.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>

#include "log.h"
#include "util.h"

static int find_own_directory(char *ret)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);

	if (n < 0)
		return -errno;
	ret[n] = '\0';
	dirname(ret);
	return 0;
}

int part_find(const struct part *part, char **ret)
{
	/* In a build tree; then as installed. */
	static const char *const below[] = { "", "../udev-rules/" };
	static const char *const installed[] = { HOTSLOT_LIBEXECDIR "/", HOTSLOT_SBINDIR "/",
		HOTSLOT_UDEVDIR "/", HOTSLOT_UDEVDIR "/rules.d/" };
	char own[PATH_MAX], path[2 * PATH_MAX];
	int r;

	if (part->path) {
		*ret = strdup(part->path);
		return *ret ? 0 : -ENOMEM;
	}
	r = find_own_directory(own);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(below) + ARRAY_SIZE(installed); i++) {
		if (i < ARRAY_SIZE(below))
			snprintf(path, sizeof(path), "%s/%s%s", own, below[i], part->name);
		else
			snprintf(path, sizeof(path), "%s%s", installed[i - ARRAY_SIZE(below)],
				part->name);
		if (access(path, R_OK) < 0)
			continue;
		*ret = strdup(path);
		return *ret ? 0 : -ENOMEM;
	}
	log_error("cannot find %s: build or install it, or say where it is with %s PATH",
		part->name, part->option);
	return -ENOENT;
}
