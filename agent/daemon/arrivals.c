/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the kernel had a disk that udevd tells of later. */
#include "arrivals.h"

#include <string.h>
#include <sys/epoll.h>

#include "foretell.h"
#include "uevent-filter.h"
#include "util.h"

/* As many events as one turn of the loop takes; see watch.c. */
#define BATCH_MAX 64

/* Some thousand messages, as of libudev's monitors. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

struct arrival {
	uint64_t diskseq;
	uint64_t at;
};

struct arrivals {
	struct loop *loop;
	struct foretell *foretell;
	struct source source;
	int fd;
	struct arrival last[ARRIVALS_MAX]; /* by the remainder of their disk sequence numbers */
};

bool arrival_is_disk(const struct uevent *event)
{
	return strcmp(event->action, "add") == 0 && strcmp(event->subsystem, "block") == 0 &&
	       event->devtype && strcmp(event->devtype, "disk") == 0 &&
	       strncmp(event->name, "sd", strlen("sd")) == 0 && event->diskseq > 0;
}

static void handle_events(void *data, uint32_t events)
{
	struct arrivals *arrivals = data;
	char message[UEVENT_SIZE];
	struct uevent event;

	(void)events;
	for (int i = 0; i < BATCH_MAX; i++) {
		int r = uevent_receive(arrivals->fd, message, &event);

		if (r < 0 && r != -ENOBUFS)
			return;
		if (r < 0 || !arrival_is_disk(&event))
			continue;
		arrivals->last[event.diskseq % ARRIVALS_MAX] =
			(struct arrival){ event.diskseq, now_us() };
		foretell_arrival(arrivals->foretell, &event);
	}
}

static int open_socket(void)
{
	static const char *const subsystems[] = { "block" };
	_cleanup_close_ int fd = uevent_open(RECEIVE_BUFFER);
	int r;

	if (fd < 0)
		return fd;
	r = uevent_filter_attach(fd, UEVENT_KEEP_ADDED, subsystems, ARRAY_SIZE(subsystems));
	if (r == 0)
		r = uevent_listen(fd);
	return r < 0 ? r : steal_fd(&fd);
}

int arrivals_open(struct loop *loop, struct foretell *foretell, struct arrivals **ret)
{
	struct arrivals *arrivals = calloc(1, sizeof(*arrivals));
	int r;

	if (!arrivals)
		return -ENOMEM;
	arrivals->loop = loop;
	arrivals->foretell = foretell;
	arrivals->fd = open_socket();
	arrivals->source = (struct source){ arrivals->fd, handle_events, arrivals };
	r = arrivals->fd < 0 ? arrivals->fd : loop_add(loop, &arrivals->source, EPOLLIN);
	if (r < 0) {
		arrivals_close(arrivals);
		return r;
	}
	*ret = arrivals;
	return 0;
}

void arrivals_close(struct arrivals *arrivals)
{
	if (!arrivals)
		return;
	loop_remove(arrivals->loop, &arrivals->source);
	closep(&arrivals->fd);
	free(arrivals);
}

uint64_t arrivals_find(const struct arrivals *arrivals, uint64_t diskseq)
{
	const struct arrival *last;

	if (!arrivals || diskseq == 0)
		return 0;
	last = &arrivals->last[diskseq % ARRIVALS_MAX];
	return last->diskseq == diskseq ? last->at : 0;
}
