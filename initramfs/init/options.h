/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel command line says to hotslot-init: its hotslot.* parameters. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's longest command line (s390); x86 has 2048. */
#define CMDLINE_MAX 65536

/* A root disk is on a bus that was scanned when the drivers came up: seconds under load. */
#define ROOT_TIMEOUT_DEFAULT_S 30
#define ROOT_TIMEOUT_MAX_S 3600

/* Mirrors of the links; as many as hotslot-agent(8) takes. */
#define OPTION_MIRRORS_MAX 8

/* More than any chroot's path, and short enough for all of them on x86's command line. */
#define OPTION_MIRROR_SIZE 256

struct options {
	bool links_by_udev;	 /* hotslot.links=udev; the agent makes them otherwise */
	bool no_agent;		 /* hotslot.agent=no; udev makes the links then */
	bool no_contents;	 /* hotslot.contents=no; the agent looks at disks otherwise */
	bool all_uevents;	 /* hotslot.uevents=all; udevd hears of less otherwise */
	const char *root;	 /* hotslot.root=; NULL: stay in the initramfs */
	const char *root_type;	 /* hotslot.rootfstype= */
	const char *root_flags;	 /* hotslot.rootflags= */
	bool root_writable;	 /* hotslot.rootrw */
	uint64_t root_timeout_s; /* hotslot.roottimeout= */
	const char *init;	 /* hotslot.init= */
	char *exec;		 /* hotslot.exec=, see split_words() */
	bool power_off_at_end;	 /* hotslot.execend=poweroff */
	const char *mirrors[OPTION_MIRRORS_MAX]; /* hotslot.mirror=, each of them */
	size_t n_mirrors;
};

/* Parses TEXT, the kernel's command line, in place; the strings in RET live in it. Double quotes
 * as the kernel takes them: around a value or a whole parameter. The last of several wins, unless
 * all of them count; what is not ours or not known is left alone. Returns -EINVAL for a value that
 * makes no sense; then *ret_wrong is the parameter. */
int options_parse(char *text, struct options *ret, const char **ret_wrong);

/* Words of a command that hotslot.exec= may have. */
#define WORDS_MAX 64

/* Splits TEXT in place at blanks; single quotes keep them in a word. WORDS has room for
 * WORDS_MAX + 1 and ends with NULL. Returns their number, -EINVAL for an open quote, -E2BIG. */
int split_words(char *text, char **ret_words);
