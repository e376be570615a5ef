/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine of files, for the identity tests: /sys, /proc, /etc and /run below a temporary
 * directory. */
#pragma once

#include "test.h"

#include "view.h"

struct machine {
	struct tree tree;
	struct view view;
};

/* A machine whose root file system is the initramfs: no disk is the system's. */
void make_machine(struct machine *machine);
void remove_machine(struct machine *machine);

/* Replaces the mounts of process 1 and of this process. */
void put_mounts(struct machine *machine, const char *mountinfo);

/* A block device at DEVPATH (below /sys), found by name and by number. */
void put_block(struct machine *machine, const char *devpath, const char *devnum);

/* Writes an attribute below /sys. */
void put_attribute(
	struct machine *machine, const char *devpath, const char *attribute, const char *value);
void remove_attribute(struct machine *machine, const char *devpath, const char *attribute);

/* A virtio-scsi controller at PATH (below /sys), ".../virtioN". */
void put_controller(struct machine *machine, const char *path);

/* A whole SCSI disk, size 4 MiB, with no serial. */
void put_disk(struct machine *machine, const char *devpath, const char *devnum);

/* Page 0x80 of a disk, with the length SAID in its header. */
void put_serial_page(struct machine *machine, const char *devpath, const char *serial,
	size_t length, unsigned said);

/* DEVPATH stands on MEMBER, as sysfs has it: a link in SLAVES ("slaves"). */
void put_member(
	struct machine *machine, const char *devpath, const char *slaves, const char *member);
