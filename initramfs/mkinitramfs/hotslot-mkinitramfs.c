/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot-mkinitramfs: builds the appliance's initramfs from the files of this machine. */
#include <getopt.h>
#include <string.h>

#include "appliance.h"
#include "archive.h"
#include "log.h"
#include "util.h"

enum { EXIT_USAGE = 2 };

struct options {
	struct appliance appliance;
	enum compression compression;
	const char *output;
	bool list;
};

static void print_usage(FILE *out)
{
	fputs("Usage: hotslot-mkinitramfs [OPTION]... -o FILE\n"
	      "Builds the initramfs of a hotslot appliance from the files of this machine.\n"
	      "\n"
	      "  -o, --output FILE        the initramfs\n"
	      "  -k, --kernel RELEASE     for this kernel (default: the running one)\n"
	      "      --modules DIR        for the kernel of this tree, lib/modules/RELEASE\n"
	      "      --module NAME        load this kernel module too (repeatable)\n"
	      "      --root-modules LIST  file systems of a root disk, with commas, or none\n"
	      "                           (default: ext4, squashfs and erofs, if there are any)\n"
	      "      --no-udev            leave udevd out\n"
	      "      --add FILE[:DEST]    add a file, a program with its libraries (repeatable)\n"
	      "      --compress METHOD    none (the default, boots fastest), gzip or zstd\n"
	      "      --init PATH          take this hotslot-init, and so on; the defaults are\n"
	      "      --agent PATH         beside this program, or where they are installed\n"
	      "      --id PATH\n"
	      "      --rules PATH         the udev rules, 60-hotslot.rules\n"
	      "      --list               print the paths in the initramfs\n"
	      "  -h, --help               print this\n"
	      "  -V, --version            print the version\n",
		out);
}

enum {
	OPTION_MODULES = 256,
	OPTION_MODULE,
	OPTION_ROOT_MODULES,
	OPTION_NO_UDEV,
	OPTION_ADD,
	OPTION_COMPRESS,
	OPTION_LIST,
	OPTION_PART, /* and the PARTS after it */
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "modules", required_argument, NULL, OPTION_MODULES },
	{ "module", required_argument, NULL, OPTION_MODULE },
	{ "root-modules", required_argument, NULL, OPTION_ROOT_MODULES },
	{ "no-udev", no_argument, NULL, OPTION_NO_UDEV },
	{ "add", required_argument, NULL, OPTION_ADD },
	{ "compress", required_argument, NULL, OPTION_COMPRESS },
	{ "init", required_argument, NULL, OPTION_PART + PART_INIT },
	{ "agent", required_argument, NULL, OPTION_PART + PART_AGENT },
	{ "id", required_argument, NULL, OPTION_PART + PART_ID },
	{ "rules", required_argument, NULL, OPTION_PART + PART_RULES },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{},
};

static int fail_usage(void)
{
	fputs("Try 'hotslot-mkinitramfs --help'.\n", stderr);
	return -EINVAL;
}

static int set_compression(struct options *options, const char *name)
{
	if (compression_parse(name, &options->compression) == 0)
		return 0;
	log_error("there is no compression '%s'; there are none, gzip and zstd", name);
	return fail_usage();
}

static int set_option(struct options *options, int option)
{
	struct appliance *appliance = &options->appliance;

	switch (option) {
	case 'o':
		options->output = optarg;
		return 0;
	case 'k':
		appliance->release = optarg;
		return 0;
	case OPTION_MODULES:
		appliance->module_tree = optarg;
		return 0;
	case OPTION_MODULE:
		appliance->modules[appliance->n_modules++] = optarg;
		return 0;
	case OPTION_ROOT_MODULES:
		appliance->root_modules = optarg;
		return 0;
	case OPTION_NO_UDEV:
		appliance->udevd = false;
		return 0;
	case OPTION_ADD:
		appliance->additions[appliance->n_additions++] = optarg;
		return 0;
	case OPTION_COMPRESS:
		return set_compression(options, optarg);
	case OPTION_LIST:
		options->list = true;
		return 0;
	default:
		if (option < OPTION_PART)
			return fail_usage();
		appliance->parts[option - OPTION_PART].path = optarg;
		return 0;
	}
}

enum parse_result {
	PARSE_OK = 0,
	PARSE_DONE = 1, /* help or version was printed */
};

static int parse_options(int argc, char **argv, struct options *options)
{
	int option, r;

	while ((option = getopt_long(argc, argv, "o:k:hV", long_options, NULL)) >= 0) {
		if (option == 'h') {
			print_usage(stdout);
			return PARSE_DONE;
		}
		if (option == 'V') {
			puts("hotslot-mkinitramfs " HOTSLOT_VERSION);
			return PARSE_DONE;
		}
		r = set_option(options, option);
		if (r < 0)
			return r;
	}
	if (optind < argc)
		log_error("'%s' is no option", argv[optind]);
	else if (!options->output && !options->list)
		log_error("where to write? Say -o FILE");
	else
		return PARSE_OK;
	return fail_usage();
}

static int build(const struct options *options)
{
	_cleanup_(image_done) struct image image = {};
	int r = appliance_collect(&options->appliance, &image);

	if (r < 0)
		return r;
	for (size_t i = 0; options->list && i < image.count; i++)
		printf("%s\n", image.entries[i].path);
	if (options->list && (fflush(stdout) == EOF || ferror(stdout)))
		return -errno;
	return options->output ? archive_save(&image, options->compression, options->output) : 0;
}

int main(int argc, char **argv)
{
	_cleanup_free_ const char **modules = calloc((size_t)argc, sizeof(*modules));
	_cleanup_free_ const char **additions = calloc((size_t)argc, sizeof(*additions));
	struct options options = { .appliance = APPLIANCE_INIT };
	int r;

	log_open("hotslot-mkinitramfs");
	if (!modules || !additions)
		return EXIT_FAILURE;
	options.appliance.modules = modules;
	options.appliance.additions = additions;
	r = parse_options(argc, argv, &options);
	if (r == PARSE_DONE)
		return EXIT_SUCCESS;
	if (r < 0)
		return EXIT_USAGE;
	r = build(&options);
	if (r == -ENOMEM) /* all else is said where it happens */
		log_error("out of memory");
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
