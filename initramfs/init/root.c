/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The appliance's own root disk: waiting for it. */
#include "root.h"

#include <libudev.h>
#include <poll.h>
#include <string.h>

#include "log.h"
#include "root-match.h"
#include "util.h"

/* A search; the monitor is open before the enumeration, so nothing falls between them. */
struct search {
	struct root_spec spec;
	struct udev *udev;
	struct udev_monitor *monitor;
};

enum search_result {
	SEARCH_GOES_ON = 0,
	SEARCH_FOUND = 1,
};

static void search_done(struct search *search)
{
	udev_monitor_unref(search->monitor);
	udev_unref(search->udev);
}

static int search_start(struct search *search)
{
	int r;

	search->udev = udev_new();
	if (search->udev)
		search->monitor = udev_monitor_new_from_netlink(search->udev, "kernel");
	if (!search->monitor)
		return -ENOMEM;
	r = udev_monitor_filter_add_match_subsystem_devtype(search->monitor, "block", NULL);
	return r < 0 ? r : udev_monitor_enable_receiving(search->monitor);
}

static int enumerate(struct search *search, struct root *ret)
{
	struct udev_enumerate *enumerate = udev_enumerate_new(search->udev);
	struct udev_list_entry *entry;
	bool found = false;

	if (!enumerate)
		return -ENOMEM;
	udev_enumerate_add_match_subsystem(enumerate, "block");
	udev_enumerate_scan_devices(enumerate);
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(enumerate))
	{
		struct udev_device *device =
			udev_device_new_from_syspath(search->udev, udev_list_entry_get_name(entry));

		found = device && root_matches(&search->spec, device, ret);
		udev_device_unref(device);
		if (found)
			break;
	}
	udev_enumerate_unref(enumerate);
	return found ? SEARCH_FOUND : SEARCH_GOES_ON;
}

/* One event, or all devices anew if events were lost. */
static int receive(struct search *search, struct root *ret)
{
	struct udev_device *device = udev_monitor_receive_device(search->monitor);
	bool found;

	if (!device)
		return errno == ENOBUFS ? enumerate(search, ret) : SEARCH_GOES_ON;
	found = strcmp(udev_device_get_action(device), "remove") != 0 &&
		root_matches(&search->spec, device, ret);
	udev_device_unref(device);
	return found ? SEARCH_FOUND : SEARCH_GOES_ON;
}

static int search_until(struct search *search, uint64_t deadline, struct root *ret)
{
	int r = enumerate(search, ret);

	while (r == SEARCH_GOES_ON) {
		struct pollfd fd = { udev_monitor_get_fd(search->monitor), POLLIN, 0 };
		uint64_t now = now_ms();
		int n = poll(&fd, 1, now < deadline ? (int)(deadline - now) : 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
		r = receive(search, ret);
	}
	return r;
}

int root_find(const struct options *options, struct root *ret)
{
	_cleanup_(search_done) struct search search = {};
	uint64_t deadline = now_ms() + options->root_timeout_s * 1000;
	int r = root_spec_parse(options->root, &search.spec);

	if (r < 0) {
		log_error("hotslot.root=%s is none of LABEL=, UUID=, /dev/... and "
			  "'system'",
			options->root);
		return r;
	}
	r = search_start(&search);
	if (r == 0)
		r = search_until(&search, deadline, ret);
	if (r == -ETIMEDOUT)
		log_error("the root disk %s has not appeared within %ju s", options->root,
			(uintmax_t)options->root_timeout_s);
	else if (r < 0)
		log_error("cannot look for the root disk %s: %s", options->root, strerror(-r));
	return r < 0 ? r : 0;
}
