/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every unit test includes: cmocka with what it needs, and trees of files to read from. */
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util.h"

/* A temporary directory; remove_tree() removes it with all that is in it. */
struct tree {
	char path[64];
	int fd;
};

void make_tree(struct tree *tree);
void remove_tree(struct tree *tree);

/* Writes a file below the tree, with the directories above it. */
void put_bytes(const struct tree *tree, const char *path, const void *data, size_t length);
void put_text(const struct tree *tree, const char *path, const char *text);

/* Makes a link below the tree, with the directories above it; TARGET is taken as it is. */
void put_link(const struct tree *tree, const char *path, const char *target);

/* A directory of it. The caller closes it. */
int open_below(const struct tree *tree, const char *path);

/* Makes a link from PATH to the place TARGET of the tree, relative as in sysfs: both are paths
 * below the same top directory TOP ("sys"). */
void put_sys_link(const struct tree *tree, const char *top, const char *path, const char *target);

/* A generator of numbers that repeats itself for the same seed. The seed is printed, and can be
 * given in HOTSLOT_TEST_SEED. */
struct generator {
	uint64_t state;
};

void seed_generator(struct generator *generator);
uint32_t next_number(struct generator *generator, uint32_t bound);
