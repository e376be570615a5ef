/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for processes to end, with a deadline. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Reaps until PID has ended, or with PID -1 until no process is left: orphans become children of
 * PID 1, so having none means that there are none. SIGCHLD must be blocked. RET_STATUS (waitpid())
 * may be NULL. Returns -ETIMEDOUT at DEADLINE (now_ms()). */
int reap_until(pid_t pid, uint64_t deadline, int *ret_status);
