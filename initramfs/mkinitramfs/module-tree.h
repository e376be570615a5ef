/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules of one kernel, in lib/modules/RELEASE. Reads the tree itself and not modules.dep: a
 * kernel that was only unpacked has none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct kmod_ctx;

struct module_file {
	char *name; /* with '_' for '-' */
	char *path; /* relative to the tree */
};

struct module_tree {
	char *path;
	struct kmod_ctx *kmod;
	struct module_file *files; /* sorted by name */
	size_t count;
	char *builtin; /* modules.builtin, a path a line */
};

/* Opens a tree. Logs what fails. The caller frees *ret with module_tree_free(). */
int module_tree_open(const char *path, struct module_tree **ret);
/* Takes NULL. */
void module_tree_free(struct module_tree *tree);
static inline void module_tree_freep(struct module_tree **tree)
{
	module_tree_free(*tree);
}

/* The kernel's release: the last part of the tree's path. */
const char *module_tree_release(const struct module_tree *tree);

/* Finds the file of a module, or NULL; '-' and '_' are the same. */
const struct module_file *module_tree_find_file(const struct module_tree *tree, const char *name);

/* Whether the kernel has it without any file. */
bool module_tree_is_builtin(const struct module_tree *tree, const char *name);
