/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot-id: says who a disk is, to udev as properties, to a person as text or JSON. */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "claim.h"
#include "disk-print.h"
#include "identity.h"
#include "log.h"

#define STATE_DIRECTORY "/run/hotslot"

static void print_usage(FILE *out)
{
	fputs("Usage: hotslot-id [--udev [--claim] | --json] [DEVICE]\n"
	      "       hotslot-id --pass-on\n"
	      "Says who a disk is: its slot, its serial, and whether it is the system's own.\n"
	      "\n"
	      "DEVICE is a node (/dev/sda), a path below /sys, or a kernel name (sda). Without it\n"
	      "the device is the one of the udev event in the environment (DEVPATH).\n"
	      "\n"
	      "  -u, --udev     print HOTSLOT_ properties (the default without DEVICE)\n"
	      "      --claim    and claim the name of its serial, unless another disk has it: "
	      "then\n"
	      "                 HOTSLOT_BY_SERIAL=1 is printed, too; for udev's rule\n"
	      "      --pass-on  a disk is gone: have udev look again at those that could not "
	      "claim\n"
	      "                 a name which nobody has any more; for udev's rule\n"
	      "  -j, --json     print a JSON object\n"
	      "  -h, --help     print this\n"
	      "  -V, --version  print the version\n"
	      "\n"
	      "Exit status: 0 if the disk could be judged, whatever it is; 1 if not; 2 for wrong\n"
	      "usage.\n",
		out);
}

/* A partition's directory is below its disk's: "…/block/sda/sda1" is about "…/block/sda". */
static void strip_partition(const struct view *view, char *devpath)
{
	char path[PATH_MAX];
	char *slash;

	if (path_join(path, sizeof(path), devpath, "partition") == 0 &&
		faccessat(view->sys, path, F_OK, 0) == 0 && (slash = strrchr(devpath, '/')))
		*slash = '\0';
}

static int find_by_path(const struct view *view, const char *device, char *ret, size_t size)
{
	_cleanup_free_ char *real = NULL;
	struct stat st;
	char name[32];

	real = realpath(device, NULL);
	if (!real)
		return -errno;
	if (!strncmp(real, "/sys/devices/", strlen("/sys/devices/"))) {
		if ((size_t)snprintf(ret, size, "%s", real + strlen("/sys/")) >= size)
			return -ENAMETOOLONG;
		return 0;
	}
	if (stat(real, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	snprintf(name, sizeof(name), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	return view_find_block(view, name, ret, size);
}

/* Of a device that somebody has named. */
static int find_named(const struct view *view, const char *device, char **ret)
{
	char devpath[PATH_MAX];
	int r = strchr(device, '/') ? find_by_path(view, device, devpath, sizeof(devpath))
				    : view_find_block(view, device, devpath, sizeof(devpath));

	if (r < 0)
		return r;
	strip_partition(view, devpath);
	*ret = strdup(devpath);
	return *ret ? 0 : -ENOMEM;
}

/* Of udev's event, which says whether it is a whole disk's. */
static int find_in_event(const struct view *view, char **ret)
{
	const char *devpath = getenv("DEVPATH"), *type = getenv("DEVTYPE");

	if (!devpath || *devpath != '/')
		return -ENOENT;
	*ret = strdup(devpath + 1);
	if (!*ret)
		return -ENOMEM;
	if (!type || strcmp(type, "disk"))
		strip_partition(view, *ret);
	return 0;
}

/* Finds the sysfs directory of DEVICE, or of udev's environment if it is NULL. */
static int find_device(const struct view *view, const char *device, char **ret)
{
	return device ? find_named(view, device, ret) : find_in_event(view, ret);
}

/* Where the agent makes the links, there is nothing to claim. */
static bool may_claim(const struct disk *disk)
{
	return disk_is_ours(disk) && *disk->serial &&
	       access(STATE_DIRECTORY "/links-by-agent", F_OK) < 0;
}

static int open_state(void)
{
	int fd = open(STATE_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0 && errno == ENOENT) {
		r = make_directories(STATE_DIRECTORY);
		if (r < 0)
			return r;
		fd = open(STATE_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

/* Whoever cannot claim has no name, and none that it had before, when it had a serial or was not
 * the system's. */
static bool claim(const struct view *view, const struct disk *disk)
{
	_cleanup_close_ int state = -1;
	bool may = may_claim(disk);
	int r;

	if (!may && access(STATE_DIRECTORY "/" CLAIMS_OWN_DIRECTORY, F_OK) < 0)
		return false;
	r = state = open_state();
	if (r >= 0)
		r = may ? claim_serial(state, view, disk) : claim_drop(state, view, disk);
	if (r < 0)
		log_error("%s: cannot claim the name of serial %s: %s", disk->name, disk->serial,
			strerror(-r));
	return may && r == CLAIM_HELD;
}

static int pass_on(const struct view *view)
{
	_cleanup_close_ int state = open_state();
	int r = state;

	if (r >= 0)
		r = claim_pass_on(state, view);
	if (r < 0)
		log_error("cannot pass on the names of serials: %s", strerror(-r));
	return r < 0 ? r : 0;
}

struct options {
	const char *device; /* NULL: udev's */
	enum disk_format format;
	bool claim;
	bool pass_on;
};

static int judge(const struct view *view, const struct options *options)
{
	const char *device = options->device;
	struct identity_error error = {};
	_cleanup_free_ char *devpath = NULL;
	struct identity identity;
	struct disk disk;
	int r;

	r = find_device(view, device, &devpath);
	if (r < 0) {
		log_error("%s: %s",
			device ? device : "no device given, and no udev event (DEVPATH)",
			r == -ENODEV ? "no such block device" : strerror(-r));
		return r;
	}
	r = identity_read_for(view, devpath, &identity);
	if (r < 0) {
		log_error("%s: cannot tell the managed controller: %s; see /etc/" CONTROLLER_CONFIG,
			devpath, strerror(-r));
		return r;
	}
	r = disk_identify(view, &identity, devpath, &disk, &error);
	if (r < 0) {
		log_error("%s: %s: %s", devpath, error.attribute, error.reason);
		return r;
	}
	/* In one write. */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	r = disk_print(stdout, &disk, options->format, options->claim && claim(view, &disk));
	if (r < 0)
		log_error("%s: cannot print: %s", disk.name, strerror(-r));
	return r;
}

static int run(const struct options *options)
{
	struct view view; /* closed by the program's end, as is all that it has */
	int r;

	r = view_open("", &view);
	if (r < 0) {
		log_error("cannot open /sys and /proc: %s", strerror(-r));
		return r;
	}
	return options->pass_on ? pass_on(&view) : judge(&view, options);
}

/* Returns 1 if the program is to go on, else 0 or -EINVAL. */
static int parse_options(int argc, char *argv[], struct options *ret)
{
	enum { OPTION_CLAIM = 256, OPTION_PASS_ON };
	static const struct option options[] = {
		{ "udev", no_argument, NULL, 'u' },
		{ "json", no_argument, NULL, 'j' },
		{ "claim", no_argument, NULL, OPTION_CLAIM },
		{ "pass-on", no_argument, NULL, OPTION_PASS_ON },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{},
	};
	bool udev = false, json = false;
	int c;

	while ((c = getopt_long(argc, argv, "ujhV", options, NULL)) >= 0) {
		switch (c) {
		case 'u':
			udev = true;
			break;
		case 'j':
			json = true;
			break;
		case OPTION_CLAIM:
			ret->claim = true;
			break;
		case OPTION_PASS_ON:
			ret->pass_on = true;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		case 'V':
			puts("hotslot-id " HOTSLOT_VERSION);
			return 0;
		default:
			return -EINVAL;
		}
	}
	if (argc - optind > 1 || (udev && json) || (ret->claim && !udev) ||
		(ret->pass_on && (udev || json || argc > optind)))
		return -EINVAL;
	ret->device = argv[optind];
	ret->format = json		     ? DISK_AS_JSON
		      : udev || !ret->device ? DISK_AS_PROPERTIES
					     : DISK_AS_TEXT;
	return 1;
}

int main(int argc, char *argv[])
{
	struct options options = {};
	int r;

	log_open("hotslot-id");
	r = parse_options(argc, argv, &options);
	if (r < 0) {
		print_usage(stderr);
		return 2;
	}
	return r > 0 && run(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
