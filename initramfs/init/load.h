/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inserts kernel modules by a list that hotslot-mkinitramfs made. */
#pragma once

/* The modules of every appliance; "modules.TYPE" beside it are those of a root file system. */
#define MODULE_LIST "/etc/hotslot/modules"

/* What stands in a list before its first empty line, and after it. */
enum load_part {
	LOAD_PORT = 1 << 0, /* what the agent needs to speak */
	LOAD_REST = 1 << 1,
	LOAD_ALL = LOAD_PORT | LOAD_REST,
};

/* Inserts the modules that the file LIST names, in its order, where each finds what it depends
 * on; those that are there already are fine. A line "-NAME" may fail. Logs what fails, by name.
 * Returns -ENOENT, without a word, if there is no such list. */
int load_modules(const char *list, enum load_part part);
