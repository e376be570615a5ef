/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serves the protocol on the port: bytes in, frames, bytes out. */
#include "server.h"

#include <string.h>
#include <sys/epoll.h>

#include "epoch.h"
#include "log.h"
#include "pending.h"
#include "release.h"
#include "report.h"
#include "requests.h"
#include "starting.h"

#define BOOT_ID_FILE "sys/kernel/random/boot_id"

/* A port that is unplugged is heard of when it comes back; one that only failed, or that somebody
 * else has, is not: it is tried again after this long, then after twice as long and so on, but at
 * least twice a minute. */
#define REOPEN_MS 1000
#define REOPEN_DOUBLINGS_MAX 5

int server_open(struct server *server, struct loop *loop, struct tracker *tracker)
{
	int r;

	*server = (struct server){ .loop = loop, .tracker = tracker, .port_source.fd = -1 };
	server->started_at = now_ms();
	r = read_attr_at(tracker->view.proc, BOOT_ID_FILE, server->boot_id, BOOT_ID_SIZE);
	if (r < 0) {
		log_error("cannot read /proc/" BOOT_ID_FILE ": %s", strerror(-r));
		return r;
	}
	r = epoch_count(tracker->run_directory, &server->epoch);
	tracker->first = r == 0 && server->epoch == 1;
	return r;
}

/* What was asked for in the session that ends. */
static void drop_requests(struct server *server)
{
	if (server->starting)
		starting_drop(server->starting);
	pending_drop_all(server);
	release_cancel_all(server);
}

void server_end_session(struct server *server)
{
	server->active = false;
	server->left = true;
}

static void end_session(struct server *server)
{
	server->active = server->left = false;
	frame_reader_reset(&server->reader);
	drop_requests(server);
}

static void close_port(struct server *server)
{
	end_session(server);
	loop_remove(server->loop, &server->port_source);
	port_free(server->port);
	server->port = NULL;
}

void server_close(struct server *server)
{
	close_port(server);
	server_keep_record(server, NULL, NULL);
	frame_reader_done(&server->reader);
}

/* ---- out ---- */

/* Sends OBJECT and drops the reference. Returns a negative errno if it cannot be queued. */
static int send_object(struct server *server, json_t *object, bool resync)
{
	static const char mark = (char)HOTSLOT_RESYNC;
	_cleanup_free_ char *frame = NULL;
	size_t length;
	int r;

	if (!object)
		return -ENOMEM;
	r = frame_format(object, &frame, &length);
	json_decref(object);
	if (r < 0)
		return r;
	if (!server->port || server->left)
		return -ENOTCONN;
	if (resync) {
		r = port_send(server->port, &mark, 1);
		if (r < 0)
			return r;
	}
	return port_send(server->port, frame, length);
}

static json_t *envelope(
	const struct server *server, const char *kind, json_t *body, const json_t *id)
{
	json_t *object = json_object();

	if (json_object_set_new_nocheck(object, kind, body) < 0 ||
		(id && json_object_set_nocheck(object, "id", (json_t *)id) < 0) ||
		(server->active && json_object_set_new_nocheck(
					   object, "session", json_string(server->session)) < 0)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* A host that does not read its answers has lost its session: it would wait for them in vain. */
static void check_sent(struct server *server, int r)
{
	if (r == 0 || r == -ENOTCONN)
		return;
	log_warning("cannot answer the host: %s; its session is over", strerror(-r));
	end_session(server);
	if (server->port)
		port_drop_queue(server->port);
}

void server_answer(struct server *server, const json_t *id, json_t *result)
{
	struct failure failure = { .class = HOTSLOT_CLASS_INTERNAL, .desc = "no memory" };

	if (!result)
		server_refuse(server, id, &failure);
	else
		check_sent(
			server, send_object(server, envelope(server, "return", result, id), false));
}

void server_refuse(struct server *server, const json_t *id, struct failure *failure)
{
	json_t *error = json_pack("{s:s, s:s}", "class", failure->class, "desc", failure->desc);

	if (error && failure->extra)
		json_object_update(error, failure->extra);
	json_decref(failure->extra);
	failure->extra = NULL;
	check_sent(server, send_object(server, envelope(server, "error", error, id), false));
}

/* An event that does not fit is lost; the gap in "seq" says so. */
void server_send_event(struct server *server, const char *name, json_t *data)
{
	json_t *event;

	if (!server->active) {
		json_decref(data);
		return;
	}
	event = json_pack("{s:s, s:o, s:I, s:s}", "event", name, "data", data, "seq",
		(json_int_t)++server->seq, "session", server->session);
	send_object(server, event, false);
}

/* ---- in ---- */

static void note_announced(struct server *server)
{
	for (size_t i = 0; i < server->tracker->inventory.n; i++) {
		server->tracker->inventory.entries[i]->announced = true;
		server->tracker->inventory.entries[i]->reported = 0;
	}
}

void server_start_session(struct server *server, const char *nonce)
{
	static const char mark = (char)HOTSLOT_RESYNC;

	server->active = server->left = false;
	drop_requests(server);
	released_done(&server->tracker->released);
	port_drop_queue(server->port);
	server->active = true;
	strcpy(server->session, nonce);
	server->seq = 0;
	/* What is there already the host learns by asking. */
	note_announced(server);
	port_send(server->port, &mark, 1);
}

static void refuse_malformed(struct server *server, const char *reason)
{
	struct failure failure = {};

	fail_request(&failure, HOTSLOT_CLASS_MALFORMED, "%s", reason);
	server_refuse(server, NULL, &failure);
}

static void handle_line(struct server *server, const char *line, size_t length)
{
	char reason[HOTSLOT_REASON_MAX];
	json_t *request;

	if (frame_parse(line, length, &request, reason) < 0) {
		refuse_malformed(server, reason);
		return;
	}
	request_handle(server, request);
	json_decref(request);
}

static void handle_received(void *data, const char *bytes, size_t length)
{
	struct server *server = data;
	size_t line_length;
	char *line;
	int r;

	server->left = false;
	while ((r = frame_reader_feed(&server->reader, &bytes, &length, &line, &line_length)) !=
		FRAME_NONE) {
		if (r < 0) {
			log_error("no memory for the host's requests");
			return;
		}
		if (r == FRAME_READY)
			handle_line(server, line, line_length);
		else if (r == FRAME_TOO_LONG)
			refuse_malformed(server, "longer than 65536 bytes");
	}
}

static void handle_connected(void *data)
{
	log_debug("a host is there");
	(void)data;
}

static void handle_disconnected(void *data)
{
	log_debug("no host any more");
	end_session(data);
}

static void handle_port(void *data, uint32_t events)
{
	struct server *server = data;
	int r;

	(void)events;
	r = port_handle(server->port);
	if (r < 0) {
		log_warning("the port is gone: %s", strerror(-r));
		close_port(server);
		server->reopen_at = now_ms() + REOPEN_MS;
	}
}

/* What cannot be watched is closed again. */
static int watch_port(struct server *server)
{
	int r;

	server->port_source = (struct source){ port_fd(server->port), handle_port, server };
	r = loop_add(server->loop, &server->port_source, EPOLLIN | EPOLLOUT | EPOLLET);
	if (r < 0)
		close_port(server);
	return r;
}

static struct port_callbacks callbacks_of(struct server *server)
{
	return (struct port_callbacks){ handle_connected, handle_received, handle_disconnected,
		server };
}

/* R is what came of it; who has the port is said once, however long he has it. */
static void note_opening(struct server *server, const char *path, int r)
{
	int before = server->open_error;

	server->open_error = r < 0 ? r : 0;
	if (r >= 0) {
		server->reopen_at = 0;
		server->reopen_doublings = 0;
		return;
	}
	server->reopen_at = now_ms() + ((uint64_t)REOPEN_MS << server->reopen_doublings);
	if (server->reopen_doublings < REOPEN_DOUBLINGS_MAX)
		server->reopen_doublings++;
	if (r != before)
		log_error("cannot open the port %s: %s", path,
			r == -EBUSY ? "another process has it, perhaps another hotslot-agent"
				    : strerror(-r));
}

/* While it is unplugged, the driver has taken back the device and not yet the node. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -ENODEV;
}

int server_open_port(struct server *server)
{
	struct port_callbacks callbacks = callbacks_of(server);
	char found[sizeof("/dev/") + PORT_NODE_SIZE] = "/dev/";
	const char *path = server->port_path;
	int r = 0;

	if (server->port)
		return 0;
	if (!path) {
		r = port_find(server->tracker->view.sys, found + strlen(found));
		path = found;
	}
	if (r == 0)
		r = port_open(path, &callbacks, &server->port);
	if (r == 0)
		r = watch_port(server);
	if (is_absent(r))
		r = 1;
	note_opening(server, path, r);
	return r;
}

int server_use_socket(struct server *server, int fd)
{
	struct port_callbacks callbacks = callbacks_of(server);
	int r = port_new_from_fd(fd, &callbacks, &server->port);

	if (r == 0)
		r = watch_port(server);
	if (r < 0)
		log_error("cannot use descriptor %d as port: %s", fd, strerror(-r));
	return r;
}

void server_listen_now(struct server *server)
{
	if (server->port)
		handle_port(server, 0);
}

uint64_t server_deadline(const struct server *server)
{
	uint64_t port = server->port ? port_retry_ms(server->port) : UINT64_MAX;
	uint64_t pending = pending_deadline(server);

	if (server->reopen_at && server->reopen_at < pending)
		pending = server->reopen_at;
	if (server->starting)
		pending = earlier(pending, starting_deadline(server->starting));
	return port < pending ? port : pending;
}

void server_tick(struct server *server)
{
	if (server->port && port_retry_ms(server->port) <= now_ms())
		handle_port(server, 0);
	if (server->reopen_at && server->reopen_at <= now_ms()) {
		server->reopen_at = 0;
		server_open_port(server);
	}
	if (server->starting)
		starting_expire(server->starting);
	pending_check_all(server);
}
