/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order in which modules have to be inserted. */
#pragma once

#include "module-tree.h"

/* Called with the path of a module, relative to the tree. SOFT: what needs it may do without, for
 * instance because the processor lacks what it drives. */
typedef int (*module_fn)(void *data, const char *path, bool soft);

/* Calls FN for each module that has to be inserted for these N names to work, each after what it
 * depends on, none twice. Stops if FN returns non-zero and returns that. Logs and returns -ENOENT
 * for a module that is neither in the tree nor built in to the kernel. */
int module_order(const struct module_tree *tree, const char *const *names, size_t n, module_fn fn,
	void *data);
