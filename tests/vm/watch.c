/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch DIR: prints "watching", then a line for each change of the directory, until it is killed:
 * "+NAME" for a name that appears or is replaced, "-NAME" for one that goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)

int main(int argc, char **argv)
{
	static char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
	int fd = inotify_init1(IN_CLOEXEC);
	ssize_t n;

	if (argc != 2 || fd < 0 || inotify_add_watch(fd, argv[1], EVENTS) < 0) {
		perror("watch");
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("watching");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (char *p = buffer; p < buffer + n; p += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)p;
			if (event->len > 0)
				printf("%c%s\n",
					event->mask & (IN_CREATE | IN_MOVED_TO) ? '+' : '-',
					event->name);
		}
	}
	return EXIT_FAILURE;
}
