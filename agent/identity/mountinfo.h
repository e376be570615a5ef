/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/mountinfo (proc(5)). Pure. */
#pragma once

#include <sys/types.h>

/* One mount. The strings are unescaped, belong to the line that was parsed, and live with it. */
struct mount {
	int id;	      /* unique among the mounts there are */
	int parent;   /* the id of the mount that it is on */
	dev_t devnum; /* st_dev of files on it */
	char *root;   /* what of the file system is mounted, "/": all of it */
	char *point;
	char *type;
	char *source;
	char *options; /* of the superblock */
};

/* Parses one line in place. Returns -EBADMSG if it is none. */
int mount_parse(char *line, struct mount *ret);

/* Finds a value in comma-separated mount OPTIONS ("lowerdir=/a:/b,upperdir=/c"); a comma that
 * belongs to a value is escaped as "\,". Returns its start and *ret_length, or NULL. */
const char *mount_option(const char *options, const char *key, size_t *ret_length);
