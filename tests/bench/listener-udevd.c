/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listener-udevd.h"

#include <errno.h>
#include <unistd.h>

#include "early.h"
#include "service.h"
#include "udevd.h"

static char *const arguments[] = { (char *)UDEVD_PATH, NULL };
static char *const environment[] = { (char *)"SYSTEMD_LOG_LEVEL=warning", NULL };

bool udevd_is_there(void)
{
	return access(UDEVD_PATH, X_OK) == 0;
}

static bool start(int nice, int socket)
{
	struct service service = {
		.name = "udevd",
		.argv = arguments,
		.environment = environment,
		.nice = nice,
		.socket = socket,
	};

	service_start(&service, -1);
	return service.pid > 0;
}

bool udevd_start(void)
{
	return start(0, 0);
}

bool udevd_start_beside(void)
{
	int socket, r = early_state(true);

	if (r == 0)
		r = udevd_open_uevents(&socket);
	if (r < 0) {
		errno = -r;
		return false;
	}
	return start(19, socket);
}
