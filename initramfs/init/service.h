/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that PID 1 starts, and starts again when they end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The first restart is at once; then it takes this, and twice as long each time... */
#define RESTART_DELAY_MIN_MS 100
/* ...up to this. There is no last time: without an agent the appliance is of no use. */
#define RESTART_DELAY_MAX_MS 5000
/* Who ran for this long starts over with an immediate restart. */
#define RESTART_FORGIVEN_MS 10000

struct service {
	const char *name;
	char *const *argv;
	char *const *environment;
	int nice;
	bool once;  /* not started again */
	int socket; /* passed to it as systemd does (sd_listen_fds(3)); 0: none */

	pid_t pid; /* 0: not running */
	uint64_t started_ms;
	uint64_t restart_ms; /* 0: not to be started */
	unsigned failures;
};

/* Starts it, with ROOT (O_PATH) as its root unless that is -1; standard input is /dev/null, the
 * other streams are ours. Logs what fails, and then arranges for another try. */
void service_start(struct service *service, int root);

/* Takes note that it ended with a status of waitpid(). Sets restart_ms unless it is started only
 * once. */
void service_ended(struct service *service, int status);

/* "with status 3", "by signal 9". */
#define STATUS_TEXT_SIZE 32
void status_text(int status, char *ret);
