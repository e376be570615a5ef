/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the agent owns the links and udevd runs beside it: removals that udevd has yet to handle,
 * and nodes whose mode and owner it has set. */
#include "udevd-queue.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "log.h"

/* Oldest first. */
struct removal {
	struct removal *next;
	uint32_t place;
	uint64_t deadline;
	char devpath[];
};

static void drop(struct removal **link)
{
	struct removal *removal = *link;

	*link = removal->next;
	free(removal);
}

static void handle_removal(struct udevd_queue *queue, const char *devpath)
{
	for (struct removal **link = &queue->removals; *link; link = &(*link)->next) {
		if (strcmp((*link)->devpath, devpath))
			continue;
		drop(link);
		return;
	}
}

static void handle_device(struct udevd_queue *queue, struct udev_device *device)
{
	const char *action = udev_device_get_action(device);
	const char *devpath = udev_device_get_devpath(device);
	const char *node = udev_device_get_sysname(device);

	if (!action || !devpath || !node)
		return;
	foretell_handled(queue->foretell, udev_device_get_seqnum(device));
	if (!strcmp(action, "remove"))
		handle_removal(queue, devpath);
	else
		tracker_refresh_node(queue->tracker, node, udev_device_get_devnum(device));
}

static void handle_events(void *data, uint32_t events)
{
	struct udevd_queue *queue = data;
	struct udev_device *device;

	(void)events;
	errno = 0;
	while ((device = udev_monitor_receive_device(queue->monitor))) {
		handle_device(queue, device);
		udev_device_unref(device);
		errno = 0;
	}
	/* Removals among the lost events stay behind, and then expire. */
	if (errno == ENOBUFS)
		tracker_refresh_node(queue->tracker, NULL, 0);
}

int udevd_queue_open(struct udevd_queue *queue, struct loop *loop, struct udev *udev,
	struct tracker *tracker, struct foretell *foretell)
{
	/* Partitions matter only to who has nodes of them. */
	const char *devtype = tracker->links.n_mirrors > 0 ? NULL : "disk";
	int r;

	*queue = (struct udevd_queue){
		.loop = loop, .tracker = tracker, .foretell = foretell, .source.fd = -1
	};
	queue->monitor = udev_monitor_new_from_netlink(udev, "udev");
	if (!queue->monitor)
		return -ENOMEM;
	r = udev_monitor_filter_add_match_subsystem_devtype(queue->monitor, "block", devtype);
	if (r >= 0)
		r = udev_monitor_enable_receiving(queue->monitor);
	if (r < 0)
		return r;
	queue->source =
		(struct source){ udev_monitor_get_fd(queue->monitor), handle_events, queue };
	return loop_add(loop, &queue->source, EPOLLIN);
}

void udevd_queue_close(struct udevd_queue *queue)
{
	if (queue->monitor)
		loop_remove(queue->loop, &queue->source);
	while (queue->removals)
		drop(&queue->removals);
	udev_monitor_unref(queue->monitor);
	queue->monitor = NULL;
}

void udevd_queue_add(struct udevd_queue *queue, uint32_t place, const char *devpath)
{
	struct removal **last = &queue->removals, *removal;

	if (!queue->monitor || access(UDEVD_CONTROL, F_OK) < 0)
		return;
	removal = malloc(sizeof(*removal) + strlen(devpath) + 1);
	if (!removal)
		return;
	*removal = (struct removal){ .place = place, .deadline = now_ms() + UDEVD_REMOVAL_MS };
	strcpy(removal->devpath, devpath);
	while (*last)
		last = &(*last)->next;
	*last = removal;
}

bool udevd_queue_has(const struct udevd_queue *queue, uint32_t place)
{
	for (const struct removal *r = queue->removals; r; r = r->next)
		if (r->place == place)
			return true;
	return false;
}

uint64_t udevd_queue_deadline(const struct udevd_queue *queue)
{
	return queue->removals ? queue->removals->deadline : UINT64_MAX;
}

void udevd_queue_expire(struct udevd_queue *queue)
{
	while (queue->removals && queue->removals->deadline <= now_ms()) {
		log_warning("udevd has not handled the removal of %s", queue->removals->devpath);
		drop(&queue->removals);
	}
}
