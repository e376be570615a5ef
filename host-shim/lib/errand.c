/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may block, for who must not: the event loop.
 *
 * Whatever libvirt's daemon is asked for may last until its keepalive ends it, and the event loop,
 * which all connections share, is what drives that. So a connection has a thread for it, while
 * there is something to do: a daemon that hangs holds up nobody but those who are its own.
 */
#include "errand.h"

#include "thread.h"

static struct errand *next(struct hotslot *hotslot)
{
	struct errand *errand;

	pthread_mutex_lock(&hotslot->lock);
	errand = hotslot->errands;
	if (errand)
		hotslot->errands = errand->next;
	else
		hotslot->runs_errands = false;
	pthread_mutex_unlock(&hotslot->lock);
	return errand;
}

static void *run(void *data)
{
	struct hotslot *hotslot = data;
	struct errand *errand;

	thread_set_name("hotslot-errands");
	while ((errand = next(hotslot)))
		errand->run(errand->data);
	connection_unpin(hotslot);
	return NULL;
}

/* With the lock held, as the next. */
static int start(struct hotslot *hotslot)
{
	int r;

	if (hotslot->runs_errands)
		return 0;
	r = thread_start(run, connection_pin(hotslot));
	if (r < 0)
		/* Not the last one: who has an errand has one, too. */
		connection_unpin(hotslot);
	hotslot->runs_errands = r == 0;
	return r;
}

static void append(struct hotslot *hotslot, struct errand *errand)
{
	struct errand **link = &hotslot->errands;

	while (*link)
		link = &(*link)->next;
	errand->next = NULL;
	*link = errand;
}

int errand_begin(struct hotslot *hotslot, struct errand *errand)
{
	int r;

	pthread_mutex_lock(&hotslot->lock);
	r = start(hotslot);
	if (r == 0)
		append(hotslot, errand);
	pthread_mutex_unlock(&hotslot->lock);
	return r;
}
