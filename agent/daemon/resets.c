/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hears the kernel say that a disk was reset, as a new one does that it has taken for another. */
#include "resets.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "checker.h"
#include "util.h"

/* What scsi_evt_emit() of drivers/scsi/scsi_lib.c says of a unit attention, as a change of the SCSI
 * device, when somebody has spoken with the disk and was told. */
#define ATTENTION "SDEV_UA"
#define WAS_RESET "POWER_ON_RESET_OCCURRED"

static bool is_below(const char *devpath, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(devpath, directory, length) && devpath[length] == '/';
}

static void handle_device(struct resets *resets, struct udev_device *device)
{
	const char *attention = udev_device_get_property_value(device, ATTENTION);
	const char *devpath = udev_device_get_devpath(device);
	const struct inventory *inventory = &resets->tracker->inventory;
	uint64_t seqnum = udev_device_get_seqnum(device);
	bool known = false;

	if (!attention || strcmp(attention, WAS_RESET) || !devpath)
		return;
	for (size_t i = 0; i < inventory->n; i++)
		if (is_below(inventory->entries[i]->devpath, devpath + 1)) {
			checker_note_reset(inventory->entries[i], seqnum);
			known = true;
		}
	if (!known)
		checker_note_early_reset(resets->tracker, udev_device_get_sysname(device));
}

static void handle_events(void *data, uint32_t events)
{
	struct resets *resets = data;
	struct udev_device *device;

	(void)events;
	errno = 0;
	while ((device = udev_monitor_receive_device(resets->monitor))) {
		handle_device(resets, device);
		udev_device_unref(device);
		errno = 0;
	}
	if (errno == ENOBUFS)
		checker_doubt(resets->tracker);
}

/* The kernel's message begins with "change@". What comes and goes must not wake the agent once more
 * while the kernel scans. */
static int filter_changes(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6368616e /* "chan" */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

int resets_open(struct resets *resets, struct udev *udev, struct tracker *tracker)
{
	int r;

	*resets = (struct resets){ .tracker = tracker, .source.fd = -1 };
	resets->monitor = udev_monitor_new_from_netlink(udev, "kernel");
	if (!resets->monitor)
		return -ENOMEM;
	r = udev_monitor_enable_receiving(resets->monitor);
	if (r >= 0)
		r = filter_changes(udev_monitor_get_fd(resets->monitor));
	if (r < 0)
		return r;
	resets->source =
		(struct source){ udev_monitor_get_fd(resets->monitor), handle_events, resets };
	return loop_add(tracker->loop, &resets->source, EPOLLIN);
}

void resets_close(struct resets *resets)
{
	if (!resets->monitor)
		return;
	loop_remove(resets->tracker->loop, &resets->source);
	udev_monitor_unref(resets->monitor);
	resets->monitor = NULL;
}
