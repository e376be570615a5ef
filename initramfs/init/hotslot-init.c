/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot-init: PID 1 of a hotslot appliance. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "early.h"
#include "load.h"
#include "log.h"
#include "options.h"
#include "root.h"
#include "shutdown.h"
#include "supervise.h"
#include "switch.h"
#include "util.h"

enum { EXIT_USAGE = 2 };

static const char usage[] = "Usage: hotslot-init\n"
			    "PID 1 of a hotslot appliance; hotslot-mkinitramfs(8) puts it there.\n"
			    "See hotslot-init(8) for its kernel parameters.\n";

/* RET's strings live in *RET_TEXT. */
static int read_options(char **ret_text, struct options *ret)
{
	const char *wrong;
	size_t length;
	int r = read_file_at(AT_FDCWD, "/proc/cmdline", CMDLINE_MAX, ret_text, &length);

	if (r < 0) {
		log_error("cannot read /proc/cmdline: %s", strerror(-r));
		return r;
	}
	r = options_parse(*ret_text, ret, &wrong);
	if (r < 0)
		log_error("the kernel parameter %s has a wrong value", wrong);
	return r;
}

static int load(enum load_part part)
{
	int r = load_modules(MODULE_LIST, part);

	if (r == -ENOENT)
		log_error("there is no " MODULE_LIST " in the initramfs");
	return r;
}

/* Inserting the drivers of disks, and their scan, takes longer than all the rest. An agent has to
 * wait for them only if the root disk may be among the disks, or if nobody is there to insert them
 * beside it. */
static bool agent_comes_first(const struct options *options)
{
	return !options->root && !options->init && !options->no_agent;
}

/* Returns only if something failed, which is logged. */
static void run(void)
{
	enum load_part later = 0;
	_cleanup_free_ char *text = NULL;
	struct options options;
	struct root root;
	int old_root = -1;

	if (early_mount() < 0 || read_options(&text, &options) < 0 ||
		early_state(!options.links_by_udev) < 0)
		return;
	if (agent_comes_first(&options))
		later = LOAD_REST;
	if (load(LOAD_ALL & ~later) < 0)
		return;
	/* The agent comes after: it must never take the root disk for a user's. */
	if (options.root &&
		(root_find(&options, &root) < 0 || switch_root(&options, &root, &old_root) < 0))
		return;
	if (options.init)
		supervise_hand_over(&options, old_root);
	else
		supervise(&options, old_root, later);
}

int main(int argc, char **argv)
{
	if (getpid() != 1) {
		if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
			puts("hotslot-init " HOTSLOT_VERSION);
			return EXIT_SUCCESS;
		}
		if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		}
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	log_open("hotslot-init");
	umask(022);
	supervise_block_signals();
	run();
	give_up();
}
