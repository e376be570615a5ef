/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to libvirt, whichever daemon there is at the time, and the domains known on it. */
#include "connection.h"

#include <libvirt/virterror.h>
#include <libxml/uri.h>
#include <stdarg.h>
#include <string.h>

#include "connection-link.h"
#include "error.h"
#include "loop.h"
#include "qemu-question.h"
#include "reconnect.h"
#include "reopen.h"
#include "thread.h"

const char *hotslot_version(void)
{
	return HOTSLOT_VERSION;
}

void connection_notice(struct hotslot *hotslot, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	hotslot_notice_fn notice;
	va_list arguments;
	void *data;
	int r;

	pthread_mutex_lock(&hotslot->lock);
	notice = hotslot->notice;
	data = hotslot->notice_data;
	pthread_mutex_unlock(&hotslot->lock);
	if (!notice)
		return;
	va_start(arguments, format);
	r = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (r < 0)
		message = NULL;
	else
		notice(data, message);
}

struct hotslot *connection_pin(struct hotslot *hotslot)
{
	__atomic_add_fetch(&hotslot->pins, 1, __ATOMIC_RELAXED);
	return hotslot;
}

void connection_unpin(struct hotslot *hotslot)
{
	if (__atomic_sub_fetch(&hotslot->pins, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	reopen_done(hotslot);
	pthread_mutex_destroy(&hotslot->lock);
	free(hotslot->uri);
	free(hotslot);
}

virConnectPtr connection_get_link(struct hotslot *hotslot, unsigned *ret_link)
{
	virConnectPtr connection;

	pthread_mutex_lock(&hotslot->lock);
	connection = hotslot->link->connection;
	*ret_link = hotslot->link->number;
	virConnectRef(connection);
	pthread_mutex_unlock(&hotslot->lock);
	return connection;
}

virConnectPtr connection_get(struct hotslot *hotslot)
{
	unsigned link;

	return connection_get_link(hotslot, &link);
}

/* Of a connection to whatever libvirt chooses, the next choice is to be the same. */
static int read_uri(struct hotslot *hotslot, const char *given, struct hotslot_error *error)
{
	_cleanup_free_ char *text = virConnectGetURI(hotslot->link->connection);
	xmlURI *uri = text ? xmlParseURI(text) : NULL;

	if (!uri)
		return error_libvirt_code(
			error, HOTSLOT_ERROR_CONNECT, "Cannot tell what is connected");
	hotslot->local = !uri->server || !*uri->server;
	hotslot->embedded = uri->path && strcmp(uri->path, "/embed") == 0;
	xmlFreeURI(uri);
	hotslot->uri = given ? strdup(given) : steal_pointer(text);
	return hotslot->uri ? 0 : error_memory(error);
}

static int connect_libvirt(struct hotslot *hotslot, const char *uri, struct hotslot_error *error)
{
	int r = link_open(hotslot, uri, 1, &hotslot->link, error);

	if (r == 0)
		r = read_uri(hotslot, uri, error);
	if (r == 0 && hotslot->embedded)
		hotslot->reconnects = reconnects_begin(hotslot->link->connection);
	return r;
}

int hotslot_open(const char *uri, struct hotslot **ret, struct hotslot_error *error)
{
	struct hotslot_error ignored;
	struct hotslot *hotslot;
	int r;

	error = error_begin(error, &ignored);
	r = loop_start();
	if (r < 0)
		return error_system(error, r, "Cannot run libvirt's event loop");
	hotslot = calloc(1, sizeof(*hotslot));
	if (!hotslot)
		return error_memory(error);
	hotslot->refs = hotslot->pins = 1;
	pthread_mutex_init(&hotslot->lock, NULL);
	r = hello_make_nonce(hotslot->nonce);
	if (r < 0)
		error_system(error, r, "Cannot make a nonce");
	else
		r = connect_libvirt(hotslot, uri, error);
	if (r < 0) {
		hotslot_unref(hotslot);
		return r;
	}
	*ret = hotslot;
	return 0;
}

struct hotslot *hotslot_ref(struct hotslot *hotslot)
{
	__atomic_add_fetch(&hotslot->refs, 1, __ATOMIC_RELAXED);
	return hotslot;
}

/* A daemon that answers only now is not wanted any more. */
static struct link *close_for_good(struct hotslot *hotslot)
{
	struct link *link;

	pthread_mutex_lock(&hotslot->lock);
	link = steal_pointer(hotslot->link);
	hotslot->closed = true;
	pthread_mutex_unlock(&hotslot->lock);
	return link;
}

static void *close_link(void *data)
{
	thread_set_name("hotslot-closes");
	link_close(data);
	return NULL;
}

/* To close one over which a question hangs may take a quarter of a minute, which nobody has to wait
 * for; an embedded driver is not spoken with. */
static void close_in_time(const struct hotslot *hotslot, struct link *link)
{
	if (!link || hotslot->embedded || !qemu_question_hangs() ||
		thread_start(close_link, link) < 0)
		link_close(link);
}

struct hotslot *hotslot_unref(struct hotslot *hotslot)
{
	if (!hotslot || __atomic_sub_fetch(&hotslot->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	hotslot->reconnects = reconnects_end(hotslot->reconnects);
	close_in_time(hotslot, close_for_good(hotslot));
	connection_unpin(hotslot);
	return NULL;
}

void hotslot_set_notice(struct hotslot *hotslot, hotslot_notice_fn notice, void *data)
{
	pthread_mutex_lock(&hotslot->lock);
	hotslot->notice = notice;
	hotslot->notice_data = data;
	pthread_mutex_unlock(&hotslot->lock);
}
