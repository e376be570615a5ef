/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for how the host serves a disk: options of attach, and parts of --drive. */
#pragma once

#include <getopt.h>
#include <stddef.h>

#include "hotslot.h"

/* Each is the value of its long option; the order is that of the table of words. */
enum {
	DISK_OPTION_FIRST = 300,
	DISK_CACHE = DISK_OPTION_FIRST,
	DISK_IO,
	DISK_DISCARD,
	DISK_DETECT_ZEROES,
	DISK_SHAREABLE,
	DISK_IOPS,
	DISK_READ_IOPS,
	DISK_WRITE_IOPS,
	DISK_BPS,
	DISK_READ_BPS,
	DISK_WRITE_BPS,
	DISK_IOTHREAD,
	DISK_LUKS,
	DISK_USER,
	DISK_SECRET,
	DISK_OPTION_END,
};

/* Entries of a table of long options. */
#define DISK_OPTIONS                                                              \
	{ "cache", required_argument, NULL, DISK_CACHE },                         \
		{ "io", required_argument, NULL, DISK_IO },                       \
		{ "discard", required_argument, NULL, DISK_DISCARD },             \
		{ "detect-zeroes", required_argument, NULL, DISK_DETECT_ZEROES }, \
		{ "shareable", no_argument, NULL, DISK_SHAREABLE },               \
		{ "iops", required_argument, NULL, DISK_IOPS },                   \
		{ "read-iops", required_argument, NULL, DISK_READ_IOPS },         \
		{ "write-iops", required_argument, NULL, DISK_WRITE_IOPS },       \
		{ "bps", required_argument, NULL, DISK_BPS },                     \
		{ "read-bps", required_argument, NULL, DISK_READ_BPS },           \
		{ "write-bps", required_argument, NULL, DISK_WRITE_BPS },         \
		{ "iothread", required_argument, NULL, DISK_IOTHREAD },           \
		{ "luks", required_argument, NULL, DISK_LUKS },                   \
		{ "user", required_argument, NULL, DISK_USER },                   \
	{                                                                         \
		"secret", required_argument, NULL, DISK_SECRET                    \
	}

/* The help of these options. */
#define DISK_OPTIONS_HELP                                                                        \
	"  --cache C          none, writeback, writethrough, directsync or unsafe\n"             \
	"  --io I             threads, native or io_uring\n"                                     \
	"  --discard D        unmap, so that what the guest discards is freed, or ignore\n"      \
	"  --detect-zeroes Z  on, off or unmap\n"                                                \
	"  --shareable        other domains may write to it at the same time; raw only\n"        \
	"  --bps N, --read-bps N, --write-bps N\n"                                               \
	"                     at most so many bytes a second; with K, M, G for powers of 1024\n" \
	"  --iops N, --read-iops N, --write-iops N\n"                                            \
	"                     at most so many operations a second\n"                             \
	"  --iothread N       only if IOThread N serves the controller\n"                        \
	"  --luks SECRET      libvirt's secret, its UUID or usage name, that opens the image\n"  \
	"  --user U --secret SECRET\n"                                                           \
	"                     of an iSCSI or RBD server; the secret is libvirt's\n"

/* The option of a word of LENGTH characters, -1 if it is none of them. */
int disk_option_find(const char *word, size_t length);

const char *disk_option_name(int option);

/* Whether the option has a value. */
bool disk_option_takes_value(int option);

/* Sets it. -EINVAL if VALUE is none for it: *ret_wrong says what it should be. */
int disk_option_set(struct hotslot_backend_options *options, int option, const char *value,
	const char **ret_wrong);
