/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting to a libvirt that may hang, and finding a domain there: with a deadline.
 *
 * A daemon that was stopped takes the connection and never answers, and libvirt has no deadline for
 * that: its keepalive begins once it is connected, and takes its time. So the attempt has a thread
 * of its own.
 */
#include "connect-within.h"

#include <string.h>

#include "thread.h"

struct attempt {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *uri, *name; /* of the domain; NULL: none is looked up */
	bool done, abandoned;
	int r;
	struct hotslot *hotslot; /* NULL: not connected yet */
	struct hotslot_domain *domain;
	struct hotslot_error error;
};

static struct attempt *attempt_free(struct attempt *attempt)
{
	hotslot_domain_unref(attempt->domain);
	hotslot_unref(attempt->hotslot);
	pthread_cond_destroy(&attempt->changed);
	pthread_mutex_destroy(&attempt->lock);
	free(attempt->name);
	free(attempt->uri);
	free(attempt);
	return NULL;
}

static struct attempt *attempt_new(const struct client *client, const char *name)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));

	if (!attempt)
		return NULL;
	pthread_mutex_init(&attempt->lock, NULL);
	thread_init_cond(&attempt->changed);
	attempt->hotslot = client->hotslot ? hotslot_ref(client->hotslot) : NULL;
	attempt->uri = client->uri ? strdup(client->uri) : NULL;
	attempt->name = name ? strdup(name) : NULL;
	if ((client->uri && !attempt->uri) || (name && !attempt->name))
		return attempt_free(attempt);
	return attempt;
}

static void *run(void *data)
{
	struct attempt *attempt = data;
	bool abandoned;
	int r = 0;

	thread_set_name("hotslot-connect");
	if (!attempt->hotslot)
		r = hotslot_open(attempt->uri, &attempt->hotslot, &attempt->error);
	if (r == 0 && attempt->name)
		r = hotslot_domain_lookup(
			attempt->hotslot, attempt->name, &attempt->domain, &attempt->error);
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
		"Cannot %s %s: it does not answer within %g s",
		client->hotslot ? "look the domain up at" : "connect to", client->uri ?: "libvirt",
		timeout_ms / 1000.0);
	return -ETIMEDOUT;
}

/* Takes what it has found, which may be the connection alone. */
static int take(struct client *client, struct attempt *attempt, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	int r = attempt->r;

	*error = attempt->error;
	if (!client->hotslot && attempt->hotslot) {
		client->hotslot = steal_pointer(attempt->hotslot);
		client_adopt(client);
	}
	if (r == 0 && ret)
		*ret = steal_pointer(attempt->domain);
	attempt_free(attempt);
	return r;
}

static int try(struct client *client, const char *name, unsigned timeout_ms,
	struct hotslot_domain **ret, struct hotslot_error *error)
{
	struct attempt *attempt = attempt_new(client, name);
	int r;

	if (!attempt)
		return set_error(error, -ENOMEM, "out of memory");
	r = thread_start(run, attempt);
	if (r != 0) {
		attempt_free(attempt);
		return set_error(error, r, "cannot start a thread");
	}
	return await(attempt, timeout_ms) ? take(client, attempt, ret, error)
					  : no_answer(client, timeout_ms, error);
}

int client_connect_within(struct client *client, unsigned timeout_ms, struct hotslot_error *error)
{
	return client->hotslot ? 0 : try(client, NULL, timeout_ms, NULL, error);
}

int client_look_up_within(struct client *client, const char *name, unsigned timeout_ms,
	struct hotslot_domain **ret, struct hotslot_error *error)
{
	return try(client, name, timeout_ms, ret, error);
}
