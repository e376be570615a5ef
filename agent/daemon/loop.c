/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one epoll of the agent. */
#include "loop.h"

#include <limits.h>
#include <sys/epoll.h>

#include "util.h"

int loop_open(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	closep(&loop->epoll);
	loop->epoll = -1;
}

static int control(struct loop *loop, int operation, struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll, operation, source->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct source *source, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, source, events);
}

int loop_change(struct loop *loop, struct source *source, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, source, events);
}

void loop_remove(struct loop *loop, struct source *source)
{
	if (source->fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source->fd = -1;
}

static int timeout_until(uint64_t deadline)
{
	uint64_t now = now_ms();

	if (deadline == UINT64_MAX)
		return -1;
	if (deadline <= now)
		return 0;
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}

int loop_run(struct loop *loop)
{
	while (!loop->quit) {
		/* One at a time: what it does may remove the source of the next. */
		struct epoll_event event;
		int n = epoll_wait(
			loop->epoll, &event, 1, timeout_until(loop->deadline(loop->data)));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			struct source *source = event.data.ptr;

			source->ready(source->data, event.events);
		}
		loop->tick(loop->data);
	}
	return 0;
}
