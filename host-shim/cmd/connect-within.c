/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting to a libvirt that may hang: with a deadline.
 *
 * A daemon that was stopped takes the connection and never answers, and libvirt has no deadline for
 * that: its keepalive begins once it is connected. So the attempt has a thread of its own.
 */
#include "connect-within.h"

#include <string.h>

#include "thread.h"

struct attempt {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *uri;
	bool done, abandoned;
	int r;
	struct hotslot *hotslot;
	struct hotslot_error error;
};

static struct attempt *attempt_free(struct attempt *attempt)
{
	hotslot_unref(attempt->hotslot);
	pthread_cond_destroy(&attempt->changed);
	pthread_mutex_destroy(&attempt->lock);
	free(attempt->uri);
	free(attempt);
	return NULL;
}

static struct attempt *attempt_new(const char *uri)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));

	if (!attempt)
		return NULL;
	pthread_mutex_init(&attempt->lock, NULL);
	thread_init_cond(&attempt->changed);
	attempt->uri = uri ? strdup(uri) : NULL;
	return uri && !attempt->uri ? attempt_free(attempt) : attempt;
}

static void *run(void *data)
{
	struct attempt *attempt = data;
	int r = hotslot_open(attempt->uri, &attempt->hotslot, &attempt->error);
	bool abandoned;

	pthread_mutex_lock(&attempt->lock);
	attempt->r = r;
	attempt->done = true;
	abandoned = attempt->abandoned;
	pthread_cond_signal(&attempt->changed);
	pthread_mutex_unlock(&attempt->lock);
	return abandoned ? attempt_free(attempt) : NULL;
}

/* Whether it is done in time. If not, it is the thread's. */
static bool await(struct attempt *attempt, unsigned timeout_ms)
{
	uint64_t deadline = now_ms() + timeout_ms;
	bool done;

	pthread_mutex_lock(&attempt->lock);
	while (!attempt->done && now_ms() < deadline)
		(void)thread_wait(&attempt->changed, &attempt->lock, deadline);
	done = attempt->done;
	attempt->abandoned = !done;
	pthread_mutex_unlock(&attempt->lock);
	return done;
}

static int no_answer(const struct client *client, unsigned timeout_ms, struct hotslot_error *error)
{
	*error = (struct hotslot_error){ .code = HOTSLOT_ERROR_CONNECT };
	snprintf(error->message, sizeof(error->message),
		"Cannot connect to %s: it does not answer within %g s", client->uri ?: "libvirt",
		timeout_ms / 1000.0);
	return -ETIMEDOUT;
}

int client_connect_within(struct client *client, unsigned timeout_ms, struct hotslot_error *error)
{
	struct attempt *attempt;
	int r;

	if (client->hotslot)
		return 0;
	attempt = attempt_new(client->uri);
	if (!attempt)
		return set_error(error, -ENOMEM, "out of memory");
	r = thread_start("hotslot-connect", run, attempt);
	if (r != 0) {
		attempt_free(attempt);
		return set_error(error, r, "cannot start a thread");
	}
	if (!await(attempt, timeout_ms))
		return no_answer(client, timeout_ms, error);
	*error = attempt->error;
	client->hotslot = steal_pointer(attempt->hotslot);
	r = attempt->r;
	attempt_free(attempt);
	/* The rest of it. */
	if (r == 0)
		client_adopt(client);
	return r;
}
