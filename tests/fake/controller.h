/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which controller the guest has: of the test double tests/vm/fake-agent.c. */
#pragma once

#include <jansson.h>
#include <libudev.h>

/* The PCI function of the guest's controller, which is behind no bridge. NULL: none. */
json_t *fake_find_controller(struct udev *udev);

/* Waits for the drivers of disks: the real agent tells its controller without. */
void fake_await_drivers(void);
