/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's event loop in a thread of the library. */
#include "loop.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "thread.h"
#include "util.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int result;

static void ignore_error(void *data, virError *error)
{
	(void)data;
	(void)error;
}

static void ignore_timeout(int timer, void *data)
{
	(void)timer;
	(void)data;
}

static void *run(void *data)
{
	(void)data;
	thread_set_name("hotslot-events");
	while (virEventRunDefaultImpl() == 0)
		;
	return NULL;
}

/* Only a registered implementation gives timers out. */
static bool is_registered(void)
{
	int timer = virEventAddTimeout(-1, ignore_timeout, NULL, NULL);

	if (timer < 0)
		return false;
	virEventRemoveTimeout(timer);
	return true;
}

/* The embedded driver's warnings would go to standard error, too. libvirt has no call for that,
 * only a variable that it reads once, here. */
static int initialize(void)
{
	static const char variable[] = "LIBVIRT_DEBUG", errors_only[] = "4";
	bool given = getenv(variable);
	int r;

	if (!given)
		setenv(variable, errors_only, 0);
	r = virInitialize();
	if (!given)
		unsetenv(variable);
	return r;
}

static void start(void)
{
	if (initialize() < 0) {
		result = -EIO;
		return;
	}
	if (is_registered())
		return;
	/* Nobody else uses libvirt here, and it would print each error to standard error. */
	virSetErrorFunc(NULL, ignore_error);
	result = virEventRegisterDefaultImpl() < 0 ? -EIO : thread_start(run, NULL);
}

int loop_start(void)
{
	pthread_once(&once, start);
	return result;
}
