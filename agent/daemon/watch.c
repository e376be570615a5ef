/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listens to uevents: the kernel's own, or through libudev those that udevd has handled. */
#include "watch.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "checker.h"
#include "log.h"
#include "lost.h"
#include "pending.h"
#include "place.h"
#include "places.h"
#include "record.h"
#include "removals.h"
#include "uevent-filter.h"
#include "uevent.h"

/* Events between two looks at the port: a burst must not keep the host waiting. */
#define BATCH_MAX 64

/* A thousand disks at once are five uevents each, of half a kilobyte; the default of 208 KiB is
 * lost to that. The kernel doubles it for its own bookkeeping. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

static bool is_equal(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static void look_at_changed(struct watch *watch)
{
	if (*watch->changed)
		tracker_refresh(watch->tracker, watch->changed);
	watch->changed[0] = '\0';
}

/* Cuts "…/block/sda/sda1" to "…/block/sda". */
static void cut_partition(char *devpath)
{
	char *block = strstr(devpath, "/block/"), *slash;

	if (block && (slash = strchr(block + strlen("/block/"), '/')))
		*slash = '\0';
}

/* Changes of a disk and its partitions come in dozens: one look after the last of them will do. */
static void note_changed(struct watch *watch, const char *devpath)
{
	char disk[PATH_MAX];

	if ((size_t)snprintf(disk, sizeof(disk), "%s", devpath) >= sizeof(disk))
		return;
	cut_partition(disk);
	if (strcmp(disk, watch->changed))
		look_at_changed(watch);
	strcpy(watch->changed, disk);
}

/* Devices that a file system stands on and that are put together from others. */
static bool is_stacked(const char *name)
{
	return !strncmp(name, "dm-", strlen("dm-")) || !strncmp(name, "md", strlen("md")) ||
	       !strncmp(name, "loop", strlen("loop"));
}

/* The host says that it expects a disk before it has one plugged in: of what is known before that
 * is heard, the disk itself has to be asked (checker_is_sure()). */
static void hear_expectations(struct watch *watch, const char *devpath)
{
	struct place place;

	if (place_parse(devpath, &place) == PLACE_VIRTIO_SCSI &&
		!pending_expects(watch->server, place_number(place.target, place.lun)))
		server_listen_now(watch->server);
}

static void foretell(struct watch *watch, const struct uevent *event)
{
	const struct entry *entry =
		inventory_find_devpath(&watch->tracker->inventory, event->devpath + 1);

	if (entry && entry->disk.diskseq == event->diskseq && access(UDEVD_CONTROL, F_OK) == 0)
		foretell_disk(&watch->foretell, event->seqnum, &entry->disk);
}

/* Where the agent makes the links the kernel tells it, else udevd, after the kernel. */
static void handle_added(struct watch *watch, const struct uevent *event)
{
	struct tracker *tracker = watch->tracker;
	uint64_t now = now_us();

	hear_expectations(watch, event->devpath);
	if (tracker->links.owner) {
		tracker->heard.kernel = now;
		tracker->event_seqnum = event->seqnum;
	} else {
		/* What udevd has handled is older than what it tells. */
		tracker->heard = (struct times){
			.kernel = arrivals_find(watch->arrivals, event->diskseq),
			.udev = now,
		};
	}
	tracker_refresh(tracker, event->devpath);
	tracker->heard = (struct times){};
	tracker->event_seqnum = 0;
	if (tracker->links.owner)
		foretell(watch, event);
	else
		foretell_handled(&watch->foretell, event->seqnum);
}

static void handle_block(struct watch *watch, const struct uevent *event)
{
	const char *devpath = event->devpath;
	bool is_disk = is_equal(event->devtype, "disk");

	/* A disk that has changed may have become a member of what does not tell of that itself. */
	if (is_stacked(event->name) || (is_disk && is_equal(event->action, "change")))
		watch->judge = true;
	if (strncmp(event->name, "sd", 2))
		return;
	if (is_disk)
		checker_note_event(watch->tracker);
	if (is_disk && is_equal(event->action, "remove")) {
		/* Its partitions went before it. */
		if (!strcmp(watch->changed, devpath))
			watch->changed[0] = '\0';
		look_at_changed(watch);
		removal_handle(watch->tracker, &watch->udevd, devpath, event->diskseq);
	} else if (is_disk && is_equal(event->action, "add")) {
		look_at_changed(watch);
		handle_added(watch, event);
	} else {
		note_changed(watch, devpath);
	}
}

/* A port has its name only with the change event that follows its add event. */
static void handle_event(struct watch *watch, const struct uevent *event)
{
	if (is_equal(event->subsystem, "block"))
		handle_block(watch, event);
	else
		server_open_port(watch->server);
}

/* What libudev says of the same. */
static void handle_device(struct watch *watch, struct udev_device *device)
{
	const char *diskseq = udev_device_get_property_value(device, "DISKSEQ");
	struct uevent event = {
		.action = udev_device_get_action(device),
		.devpath = udev_device_get_devpath(device),
		.name = udev_device_get_sysname(device),
		.subsystem = udev_device_get_subsystem(device),
		.devtype = udev_device_get_devtype(device),
		.seqnum = udev_device_get_seqnum(device),
	};

	if (diskseq && parse_u64(diskseq, UINT64_MAX, &event.diskseq) < 0)
		event.diskseq = 0;
	if (event.devpath && event.name)
		handle_event(watch, &event);
}

/* What is queued is older than what a rescan finds, and thousands of events would delay the next.
 */
static void discard_events(struct watch *watch)
{
	char byte;

	while (recv(watch->source.fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0 ||
		errno == ENOBUFS)
		;
}

/* Their removals were among the lost events; udevd may have yet to handle those. */
static void queue_gone(struct watch *watch)
{
	const struct inventory *inventory = &watch->tracker->inventory;

	if (access(UDEVD_BUSY, F_OK) < 0)
		return;
	for (size_t i = 0; i < inventory->n; i++) {
		const struct entry *entry = inventory->entries[i];
		char devpath[PATH_MAX];

		if (!tracker_is_gone(watch->tracker, entry))
			continue;
		snprintf(devpath, sizeof(devpath), "/%s", entry->devpath);
		udevd_queue_add(&watch->udevd, disk_place(&entry->disk), devpath);
	}
}

static void look_afresh(struct watch *watch)
{
	log_warning("uevents were lost: looking at all disks");
	discard_events(watch);
	queue_gone(watch);
	tracker_rescan(watch->tracker);
	checker_doubt(watch->tracker);
	lost_doubt(watch->tracker);
	server_open_port(watch->server);
}

/* Returns a negative errno if there is no more, or something else failed. */
static int handle_next(struct watch *watch)
{
	char buffer[UEVENT_SIZE];
	struct udev_device *device;
	struct uevent event;
	int r;

	if (!watch->monitor) {
		r = uevent_receive(watch->source.fd, buffer, &event);
		if (r == 0)
			handle_event(watch, &event);
		return r;
	}
	errno = 0;
	device = udev_monitor_receive_device(watch->monitor);
	if (!device)
		return errno == ENOBUFS ? -ENOBUFS : -EAGAIN;
	handle_device(watch, device);
	udev_device_unref(device);
	return 0;
}

static void handle_events(void *data, uint32_t events)
{
	struct watch *watch = data;

	(void)events;
	for (int i = 0; i < BATCH_MAX; i++) {
		int r = handle_next(watch);

		if (r == -ENOBUFS)
			look_afresh(watch);
		else if (r < 0)
			break;
	}
	/* Once for all of them. */
	if (watch->judge)
		tracker_judge(watch->tracker);
	watch->judge = false;
	look_at_changed(watch);
}

static const char *const subsystems[] = { "block", "virtio-ports" };

/* Both return a descriptor. */
static int listen_to_udevd(struct watch *watch)
{
	int r = 0;

	watch->monitor = udev_monitor_new_from_netlink(watch->udev, "udev");
	if (!watch->monitor)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(subsystems) && r >= 0; i++)
		r = udev_monitor_filter_add_match_subsystem_devtype(
			watch->monitor, subsystems[i], NULL);
	/* More than net.core.rmem_max only for root; less does no harm, it is noticed. */
	udev_monitor_set_receive_buffer_size(watch->monitor, RECEIVE_BUFFER);
	if (r >= 0)
		r = udev_monitor_enable_receiving(watch->monitor);
	return r < 0 ? r : udev_monitor_get_fd(watch->monitor);
}

/* A disk makes five or six uevents, one of them a block device's: each of the others would wake the
 * agent while the kernel scans. */
static int listen_to_kernel(void)
{
	_cleanup_close_ int fd = uevent_open(RECEIVE_BUFFER);
	int r;

	if (fd < 0)
		return fd;
	r = uevent_filter_attach(fd, UEVENT_KEEP, subsystems, ARRAY_SIZE(subsystems));
	if (r < 0)
		log_warning("cannot have the kernel filter uevents: %s", strerror(-r));
	r = uevent_listen(fd);
	return r < 0 ? r : steal_fd(&fd);
}

int watch_open(
	struct watch *watch, struct loop *loop, struct tracker *tracker, struct server *server)
{
	bool owner = tracker->links.owner;
	int r = -ENOMEM, untold;

	*watch = (struct watch){ .loop = loop, .tracker = tracker, .server = server };
	watch->source.fd = watch->udevd.source.fd = watch->resets.source.fd = -1;
	watch->udev = udev_new();
	if (watch->udev)
		r = owner ? listen_to_kernel() : listen_to_udevd(watch);
	if (r >= 0) {
		watch->source = (struct source){ r, handle_events, watch };
		r = loop_add(loop, &watch->source, EPOLLIN);
	}
	if ((untold = foretell_open(&watch->foretell, tracker)) < 0)
		log_warning("cannot tell udevd of disks, it has to find out about each: %s",
			strerror(-untold));
	/* Otherwise udevd has handled what the agent hears of. */
	if (r >= 0 && owner)
		r = udevd_queue_open(&watch->udevd, loop, watch->udev, tracker, &watch->foretell);
	else if (r >= 0 && (untold = arrivals_open(loop, &watch->foretell, &watch->arrivals)) < 0)
		log_warning("cannot listen to the kernel, nobody is told when it had a disk: %s",
			strerror(-untold));
	if (r >= 0)
		r = resets_open(&watch->resets, tracker);
	if (r < 0)
		log_error("cannot listen to uevents (%s): %s", owner ? "kernel" : "udev",
			strerror(-r));
	return r;
}

void watch_close(struct watch *watch)
{
	int fd = watch->source.fd;

	resets_close(&watch->resets);
	arrivals_close(watch->arrivals);
	udevd_queue_close(&watch->udevd);
	foretell_close(&watch->foretell);
	loop_remove(watch->loop, &watch->source);
	if (watch->monitor)
		udev_monitor_unref(watch->monitor);
	else
		closep(&fd);
	udev_unref(watch->udev);
}
