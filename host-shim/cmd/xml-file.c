/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that --xml names: a <disk> element. */
#include "xml-file.h"

#include <fcntl.h>
#include <string.h>

#include "options.h"
#include "output.h"

/* More than any <disk> element; libhotslot has a limit of its own below it. */
#define XML_FILE_MAX (2 * 1024 * 1024)

void xml_file_check(struct client *client, const char *file)
{
	if (client->in_shell && strcmp(file, "-") == 0)
		set_problem(client, "a shell reads its commands from standard input: give --xml a "
				    "file");
}

int xml_file_read(const char *file, char **ret, struct hotslot_error *error)
{
	const char *path = strcmp(file, "-") == 0 ? "/dev/stdin" : file;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = read_file_at(AT_FDCWD, path, XML_FILE_MAX, &text, &length);

	if (r < 0 && r != -EFBIG)
		return set_error(error, r, strerror(-r));
	if (r < 0 || strlen(text) != length) {
		set_error(error, -EINVAL,
			r < 0 ? "it is too long for a <disk> element"
			      : "it is no XML: it has a NUL byte");
		error->code = HOTSLOT_ERROR_INVALID;
		return -EINVAL;
	}
	*ret = steal_pointer(text);
	return 0;
}
