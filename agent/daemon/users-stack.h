/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk, its partitions, and every block device that stands on them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "disk.h"

/* Device-mapper names are at most DM_NAME_LEN (128) bytes with their NUL. */
#define STACK_MAPPER_SIZE 128

/* Block devices on one disk: its partitions, and some thousand logical volumes. */
#define STACK_MAX 8192

struct stack_node {
	dev_t devnum;
	char name[DISK_NAME_SIZE];
	char device[DISK_NAME_SIZE];	/* the disk or partition at the bottom, as first found */
	char mapper[STACK_MAPPER_SIZE]; /* its name in /dev/mapper, or empty */
	bool top;			/* stands on another one, and none stands on it */
	bool mounted;			/* somewhere; for the search for users */
};

/* Character devices that lead to the same disk: SCSI generic and block SCSI generic. */
#define STACK_GENERICS_MAX 2

struct stack {
	struct stack_node *nodes;
	size_t n;
	dev_t generics[STACK_GENERICS_MAX];
	size_t n_generics;
};

/* Finds them under SYSFD, a directory like /sys; the N partitions are those known of, others are
 * found. DEV_DIR, like /dev, is for loop devices to be asked; NULL: they are not. Can block, on the
 * server of a loop device's file. Returns -E2BIG if there are more than STACK_MAX. The caller calls
 * stack_done() if this succeeds. */
int stack_find(int sysfd, const char *dev_dir, const struct disk *disk,
	const struct partition *partitions, size_t n, struct stack *ret);

/* The node of this name of the kernel's, or NULL. */
const struct stack_node *stack_by_name(const struct stack *stack, const char *name);

/* The node of this number, or NULL. */
struct stack_node *stack_by_devnum(const struct stack *stack, dev_t devnum);

/* The disk, if this is the number of a character device that leads to it, or NULL. */
const struct stack_node *stack_by_generic(const struct stack *stack, dev_t devnum);

/* The node that a path of /proc names: ".../dev/NAME" or ".../dev/mapper/NAME", or NULL. The path
 * is not looked up, as it may be another mount namespace's. */
struct stack_node *stack_by_path(const struct stack *stack, const char *path);

/* The same; one of another name is looked up, as it may be a node elsewhere. */
const struct stack_node *stack_by_node(const struct stack *stack, const char *path);

/* Takes off what the kernel appends to the path of a node that was removed, as from a container's
 * /dev: " (deleted)". */
void stack_strip_deleted(char *path);

void stack_done(struct stack *stack);
