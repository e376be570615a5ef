/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end: all processes, then all file systems, then the machine. */
#pragma once

/* Processes have this long to end after SIGTERM, and then after SIGKILL. */
#define TERM_DEADLINE_MS 3000
#define KILL_DEADLINE_MS 2000

/* Ends the guest in order. COMMAND is one of reboot(2)'s: RB_POWER_OFF, RB_AUTOBOOT,
 * RB_HALT_SYSTEM. SIGCHLD must be blocked. Does not return. */
void shut_down(int command) __attribute__((noreturn));

/* For PID 1, which must not simply end when it cannot go on; what failed is logged already. */
void give_up(void) __attribute__((noreturn));
