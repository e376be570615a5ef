/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the guest power off or reboot in good order. */
#pragma once

#include <stdbool.h>

/* Made by hotslot-init in the run directory: process 1 is ours. */
#define INIT_MARK "init"

/* Asks process 1: hotslot-init, systemd, or by the command poweroff (reboot) whatever else there
 * is. Returns a negative errno if it cannot be asked. */
int shutdown_start(const char *run_directory, bool reboot);
