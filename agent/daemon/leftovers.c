/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel keeps of the sysfs directories of disks that are gone. */
#include "leftovers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

/* What is not noted costs the next disk there a little time, nothing else. */
void leftovers_note(struct leftovers *leftovers, const char *path)
{
	char *copy = leftovers->n < LEFTOVERS_MAX ? strdup(path) : NULL;

	if (!copy)
		return;
	leftovers->paths[leftovers->n++] = copy;
	leftovers->noted_at = now_ms();
}

void leftovers_drop(struct leftovers *leftovers, int sysfd)
{
	struct stat st;

	if (leftovers->n == 0 || now_ms() < leftovers->noted_at + LEFTOVERS_MS)
		return;
	for (size_t i = 0; i < leftovers->n; i++)
		(void)fstatat(sysfd, leftovers->paths[i], &st, AT_SYMLINK_NOFOLLOW);
	leftovers_done(leftovers);
}

void leftovers_done(struct leftovers *leftovers)
{
	while (leftovers->n > 0)
		free(leftovers->paths[--leftovers->n]);
}
