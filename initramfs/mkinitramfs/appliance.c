/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What our appliance consists of: PID 1, the agent, udevd with its rules, kernel modules. */
#include "appliance.h"

#include <limits.h>
#include <string.h>

#include "drivers.h"
#include "log.h"
#include "part.h"
#include "program.h"
#include "util.h"

#define LIBEXEC "/usr/lib/hotslot/"
#define UDEV "/usr/lib/udev/"

/* udevd looks the groups of its stock rules up, and complains about each that is missing. Nobody
 * else in the appliance cares for the numbers: Debian's where it has fixed ones. */
static const char groups[] = "root:x:0:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nkmem:x:15:\ndialout:x:20:\n"
			     "cdrom:x:24:\ntape:x:26:\naudio:x:29:\nvideo:x:44:\nsgx:x:991:\n"
			     "render:x:992:\nkvm:x:993:\ninput:x:994:\nnogroup:x:65534:\n";

static const char users[] = "root:x:0:0:root:/root:/bin/sh\n"
			    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

static int add_skeleton(struct image *image)
{
	static const struct {
		const char *path;
		const char *target; /* NULL: a directory */
	} skeleton[] = {
		{ "/bin", "usr/bin" },
		{ "/sbin", "usr/sbin" },
		{ "/lib", "usr/lib" },
		{ "/lib64", "usr/lib64" },
		{ "/usr/bin", NULL },
		{ "/usr/sbin", NULL },
		{ "/usr/lib", NULL },
		{ "/usr/lib64", NULL },
		{ "/dev", NULL },
		{ "/etc", NULL },
		{ "/proc", NULL },
		{ "/run", NULL },
		{ "/sys", NULL },
		{ "/sysroot", NULL },
		{ "/tmp", NULL },
		{ "/var/run", "../run" },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(skeleton) && r == 0; i++)
		r = skeleton[i].target
			    ? image_add_symlink(image, skeleton[i].path, skeleton[i].target)
			    : image_add_directory(image, skeleton[i].path, 0755);
	if (r == 0)
		r = image_add_console(image);
	if (r == 0)
		r = image_add_text(image, "/etc/passwd", users);
	if (r == 0)
		r = image_add_text(image, "/etc/group", groups);
	return r;
}

/* FILE, or FILE:DESTINATION, where the destination starts with a slash. */
static int add_addition(struct image *image, const char *addition)
{
	_cleanup_free_ char *source = strdup(addition), *real = NULL;
	char *colon = source ? strrchr(source, ':') : NULL;

	if (!source)
		return -ENOMEM;
	if (colon && colon[1] == '/') {
		*colon = '\0';
		return program_add(image, colon + 1, source);
	}
	real = realpath(source, NULL);
	return program_add(image, real ? real : source, source);
}

static int add_part(const struct appliance *appliance, enum part_index index, struct image *image,
	const char *path)
{
	_cleanup_free_ char *source = NULL;
	int r = part_find(&appliance->parts[index], &source);

	return r < 0 ? r : program_add(image, path, source);
}

/* The first of several places, by distribution. The caller frees *ret. */
static int find_first(const char *const *candidates, char **ret)
{
	for (size_t i = 0; candidates[i]; i++) {
		*ret = realpath(candidates[i], NULL);
		if (*ret)
			return 0;
	}
	log_error("there is no %s on this machine: install udev, or leave it out with --no-udev",
		candidates[0]);
	return -ENOENT;
}

/* Since systemd 251 udevd is a symlink to udevadm, and goes by the name that it is called. */
static int add_udevd_programs(struct image *image)
{
	static const char *const udevd[] = { "/usr/lib/systemd/systemd-udevd",
		"/lib/systemd/systemd-udevd", NULL };
	static const char *const udevadm[] = { "/usr/bin/udevadm", "/bin/udevadm", NULL };
	_cleanup_free_ char *daemon = NULL, *tool = NULL;
	int r = find_first(udevd, &daemon);

	if (r == 0)
		r = find_first(udevadm, &tool);
	if (r == 0)
		r = program_add(image, "/usr/bin/udevadm", tool);
	if (r < 0)
		return r;
	if (strcmp(daemon, tool))
		return program_add(image, "/usr/lib/systemd/systemd-udevd", daemon);
	return image_add_symlink(image, "/usr/lib/systemd/systemd-udevd", "/usr/bin/udevadm");
}

static int add_udevd(const struct appliance *appliance, struct image *image)
{
	/* Not the persistent-storage rules: they cost a disk 200 ms. */
	static const char *const stock[] = { "/usr/lib/udev/rules.d/50-udev-default.rules",
		"/lib/udev/rules.d/50-udev-default.rules", NULL };
	_cleanup_free_ char *rules = NULL;
	int r = add_udevd_programs(image);

	if (r == 0)
		r = find_first(stock, &rules);
	if (r == 0)
		r = program_add(image, UDEV "rules.d/50-udev-default.rules", rules);
	if (r == 0)
		r = add_part(appliance, PART_ID, image, UDEV "hotslot-id");
	if (r == 0)
		r = add_part(appliance, PART_RULES, image, UDEV "rules.d/60-hotslot.rules");
	return r;
}

int appliance_collect(const struct appliance *appliance, struct image *image)
{
	int r = 0;

	/* First, so that they can stand in for what is ours. */
	for (size_t i = 0; i < appliance->n_additions && r == 0; i++)
		r = add_addition(image, appliance->additions[i]);
	if (r == 0)
		r = add_skeleton(image);
	if (r == 0)
		r = add_part(appliance, PART_INIT, image, "/init");
	if (r == 0)
		r = add_part(appliance, PART_AGENT, image, LIBEXEC "hotslot-agent");
	if (r == 0 && appliance->udevd)
		r = add_udevd(appliance, image);
	return r < 0 ? r : drivers_add(appliance, image);
}
