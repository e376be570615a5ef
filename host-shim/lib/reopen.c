/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening a connection anew whose daemon has gone.
 *
 * virConnectOpen() has no deadline: a daemon that was stopped takes the connection and never
 * answers. So each attempt has a thread of its own, at most one at a time, and all who need the
 * connection wait for it, as long as each can.
 */
#include "reopen.h"

#include <libvirt/virterror.h>

#include "connection-link.h"
#include "domain.h"
#include "error.h"
#include "libvirt-error.h"
#include "thread.h"

/* Before the next attempt: a daemon that is started anew listens within 100 ms or so, and libvirt
 * has no event for that. */
#define RETRY_MIN_MS 20
#define RETRY_MAX_MS 1000

/* All under the connection's lock. */
struct reopening {
	pthread_cond_t changed;
	bool busy; /* an attempt is under way */
	uint64_t retry_at, interval;
	struct hotslot_error error; /* of the last attempt */
};

bool reopen_is_needed(virConnectPtr connection)
{
	return virConnectIsAlive(connection) == 0;
}

bool reopen_may_help(void)
{
	return libvirt_error_last() == LIBVIRT_ERROR_LOST;
}

void reopen_say_again(virConnectPtr connection)
{
	unsigned long unused;

	(void)virConnectGetLibVersion(connection, &unused);
}

/* With the lock held. */
static struct reopening *find_or_make(struct hotslot *hotslot)
{
	if (!hotslot->reopening) {
		hotslot->reopening = calloc(1, sizeof(*hotslot->reopening));
		if (hotslot->reopening) {
			thread_init_cond(&hotslot->reopening->changed);
			hotslot->reopening->interval = RETRY_MIN_MS;
		}
	}
	return hotslot->reopening;
}

void reopen_done(struct hotslot *hotslot)
{
	if (!hotslot->reopening)
		return;
	pthread_cond_destroy(&hotslot->reopening->changed);
	free(hotslot->reopening);
	hotslot->reopening = NULL;
}

/* With the lock held. Whoever has not noticed yet does so now. Returns the old one. */
static struct link *take_over(struct hotslot *hotslot, struct link *link)
{
	struct link *old = hotslot->link;

	hotslot->link = link;
	hotslot->reopening->interval = RETRY_MIN_MS;
	hotslot->reopening->retry_at = 0;
	for (struct hotslot_domain *d = hotslot->domains; d; d = d->next)
		if (d->link != link->number)
			events_disconnected(d->events);
	return old;
}

static void *attempt(void *data)
{
	struct hotslot *hotslot = data;
	struct reopening *reopening = hotslot->reopening;
	struct link *link = NULL;
	struct hotslot_error error = {};
	unsigned number;

	thread_set_name("hotslot-connect");
	pthread_mutex_lock(&hotslot->lock);
	number = hotslot->link ? hotslot->link->number + 1 : 0;
	pthread_mutex_unlock(&hotslot->lock);
	if (number > 0)
		(void)link_open(hotslot, hotslot->uri, number, &link, &error);
	pthread_mutex_lock(&hotslot->lock);
	if (link && !hotslot->closed) {
		link = take_over(hotslot, link);
	} else {
		reopening->retry_at = now_ms() + reopening->interval;
		reopening->interval = earlier(2 * reopening->interval, RETRY_MAX_MS);
	}
	reopening->error = error;
	reopening->busy = false;
	pthread_cond_broadcast(&reopening->changed);
	pthread_mutex_unlock(&hotslot->lock);
	link_close(link);
	connection_unpin(hotslot);
	return NULL;
}

/* With the lock held. */
static int begin(struct hotslot *hotslot, struct hotslot_error *error)
{
	int r = thread_start(attempt, connection_pin(hotslot));

	if (r < 0) {
		/* Not the last one: the caller has a reference. */
		connection_unpin(hotslot);
		return error_system(error, r, "Cannot start a thread");
	}
	hotslot->reopening->busy = true;
	return 0;
}

static int gone(const struct hotslot *hotslot, struct hotslot_error *error)
{
	const struct hotslot_error *last = &hotslot->reopening->error;

	return error_set(error, HOTSLOT_ERROR_CONNECT,
		"The connection to libvirt is gone, and cannot be opened anew: %s",
		last->code == HOTSLOT_ERROR_NONE ? "the daemon does not answer in time"
						 : last->message);
}

/* With the lock held. One attempt is begun, however late it is. */
static int await(
	struct hotslot *hotslot, unsigned lost, uint64_t deadline, struct hotslot_error *error)
{
	struct reopening *reopening = find_or_make(hotslot);
	uint64_t now;

	if (!reopening)
		return error_memory(error);
	while (hotslot->link->number == lost) {
		int r = 0;

		now = now_ms();
		if (now >= deadline && (reopening->busy || reopening->retry_at > 0))
			return gone(hotslot, error);
		if (!reopening->busy && now >= reopening->retry_at)
			r = begin(hotslot, error);
		if (r < 0)
			return r;
		(void)thread_wait(&reopening->changed, &hotslot->lock,
			reopening->busy ? deadline : earlier(deadline, reopening->retry_at));
	}
	return 0;
}

int reopen(struct hotslot *hotslot, unsigned lost, uint64_t deadline, struct hotslot_error *error)
{
	int r;

	pthread_mutex_lock(&hotslot->lock);
	r = await(hotslot, lost, deadline, error);
	pthread_mutex_unlock(&hotslot->lock);
	return r;
}

int reopen_get(
	struct hotslot *hotslot, uint64_t deadline, virConnectPtr *ret, struct hotslot_error *error)
{
	for (;;) {
		unsigned number;
		virConnectPtr connection = connection_get_link(hotslot, &number);
		int r;

		if (!reopen_is_needed(connection)) {
			*ret = connection;
			return 0;
		}
		virConnectClose(connection);
		r = reopen(hotslot, number, deadline, error);
		if (r < 0)
			return r;
	}
}

bool reopen_again(struct hotslot *hotslot, virConnectPtr *connection, uint64_t deadline)
{
	struct hotslot_error ignored = {};
	virConnectPtr other;

	if (!reopen_may_help() || !reopen_is_needed(*connection))
		return false;
	if (reopen_get(hotslot, deadline, &other, &ignored) < 0) {
		reopen_say_again(*connection);
		return false;
	}
	virConnectClose(*connection);
	*connection = other;
	return true;
}
