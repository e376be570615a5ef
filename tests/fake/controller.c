/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which controller the guest has. */
#include "../fake/controller.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

void fake_await_drivers(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };

	while (access("/run/hotslot/starting", F_OK) == 0)
		nanosleep(&pause, NULL);
}

json_t *fake_find_controller(struct udev *udev)
{
	struct udev_enumerate *devices = udev_enumerate_new(udev);
	struct udev_list_entry *entry;
	json_t *name = NULL;

	udev_enumerate_add_match_subsystem(devices, "virtio");
	udev_enumerate_scan_devices(devices);
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(devices))
	{
		struct udev_device *device =
			udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
		const char *driver = device ? udev_device_get_driver(device) : NULL;

		if (driver && !strcmp(driver, "virtio_scsi") && !name)
			name = json_string(udev_device_get_sysname(udev_device_get_parent(device)));
		udev_device_unref(device);
	}
	udev_enumerate_unref(devices);
	return name;
}
