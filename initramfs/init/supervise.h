/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of PID 1 once the appliance is up: services, signals, orphans. */
#pragma once

#include "load.h"
#include "options.h"

/* Blocks the signals that PID 1 takes through supervise(), so that none is lost before. */
void supervise_block_signals(void);

/* Starts the agent, inserts those LATER of the kernel modules, and starts udevd if the initramfs
 * has it, and the payload if there is one. Looks after them until the guest is to end. Programs of
 * ours run below OLD_ROOT (-1: PID 1 is in the initramfs itself). Logs what fails; returns only
 * then. */
int supervise(const struct options *options, int old_root, enum load_part later);

/* Starts the agent below OLD_ROOT and becomes the program that hotslot.init= names; nobody starts
 * the agent again then. Logs what fails; returns only then. */
int supervise_hand_over(const struct options *options, int old_root);
