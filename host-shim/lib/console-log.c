/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a console's log, for an error. */
#include "console-log.h"

#include <fcntl.h>
#include <string.h>

#include "error.h"

/* What fits in an error beside the reason: some lines. */
#define TAIL_MAX 600

void console_log_append(struct hotslot_error *error, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char tail[TAIL_MAX + 1], *line, *state = NULL;
	const char *separator = "; the console said: ";
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t length;

	if (end <= 0)
		return;
	length = pread(fd, tail, TAIL_MAX, end > TAIL_MAX ? end - TAIL_MAX : 0);
	if (length <= 0)
		return;
	tail[length] = '\0';
	for (line = strtok_r(tail, "\r\n", &state); line; line = strtok_r(NULL, "\r\n", &state)) {
		error_append(error, "%s%s", separator, line);
		separator = " | ";
	}
}
