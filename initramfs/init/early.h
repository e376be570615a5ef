/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has to be there before anything else: kernel file systems, standard streams, /run/hotslot.
 */
#pragma once

#include <stdbool.h>

/* The agent ends the guest by signals to PID 1 if this is there. */
#define RUN_INIT "/run/hotslot/init"

/* The agent and the udev rule go by it: the agent makes the links, the rule does not. */
#define RUN_LINKS_BY_AGENT "/run/hotslot/links-by-agent"

/* While this is there, disks that the guest was started with may have yet to be found. */
#define RUN_STARTING "/run/hotslot/starting"

/* Mounts /proc, /sys, /dev, /run and what belongs in them. Logs what fails. */
int early_mount(void);

/* Makes the files in /run/hotslot, but for RUN_STARTING. Logs what fails. */
int early_state(bool links_by_agent);

/* Makes an empty file. Logs what fails. */
int early_mark(const char *path);
