/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test double that sits in a guest in hotslot-agent's place. It answers as the agent would, and
 * sees whatever disk the host expects, but misbehaves as the test orders over the same port:
 *
 *     {"execute": "fake", "id": ID, "arguments": {"on": REQUEST, HOW}}
 *
 * The answer says how often it was asked for its disks since the order before, "asked": N.
 *
 * It shows the disks that the order has as "disks": [RECORD, …], and hides the places that it has
 * as "hidden": [PLACE, …], which are none if left out, and not told if null. From then on it
 * answers each such REQUEST, and only those, in one of these ways:
 *
 *     "silent": true    with nothing
 *     "mute": true      with nothing, nor anything after it until the next order; goes with "cut"
 *     "merge": {…}      as always, with these members put in the place of its own
 *     "after": {…}, "times": N    as always, and then with this frame, so often
 *     "cut": N          with the first N bytes of the answer, and no newline
 *     "text": TEXT, "times": N    with this text, so often, and a newline
 *     "flood": true     with events without end; or "flood": [DATA, …]: as always, and then with
 *                       changes of a disk that say one after the other, without end
 *     "pages": N        with pages of disks without end, with labels of N bytes
 *     "trickle": true   with the answer as always, a byte a second, and nothing else meanwhile
 *     "timeless": true  like an agent that does not know of times, also any other request
 */
#include <fcntl.h>
#include <jansson.h>
#include <libudev.h>
#include <string.h>
#include <sys/epoll.h>

#include "frame.h"
#include "log.h"
#include "loop.h"
#include "port.h"
#include "slot.h"

#include "../fake/controller.h"
#include "../fake/disks.h"
#include "../fake/trickle.h"

#define ORDER "fake"

/* Events between two looks at what the host says. */
#define FLOOD_BATCH 64

struct fake {
	struct loop loop;
	struct source port_source, monitor_source;
	struct udev_monitor *monitor;
	struct port *port;
	struct frame_reader reader;
	json_t *orders; /* NULL: to behave */
	bool mute, flooding;
	json_int_t seq, asked;
	struct trickle trickle;
	char session[HOTSLOT_NONCE_MAX + 1];
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* ---- as the agent would ---- */

static json_t *answer_hello(struct fake *fake, const json_t *arguments)
{
	snprintf(fake->session, sizeof(fake->session), "%s", text_of(arguments, "nonce"));
	fake->seq = 0;
	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:o?}", "nonce", fake->session, "version",
		HOTSLOT_PROTOCOL_VERSION, "agent", "fake", "boot-id", "boot", "epoch", 1, "links",
		"agent", "controller", fake_find_controller(udev_monitor_get_udev(fake->monitor)));
}

static json_t *answer_expect(const json_t *arguments)
{
	return json_pack("{s:o}", "disk",
		fake_disk(number_of(arguments, "slot"), text_of(arguments, "serial"),
			number_of(arguments, "size"),
			json_is_true(json_object_get(arguments, "read-only"))));
}

static json_t *answer_disks(struct fake *fake)
{
	json_t *disks = json_object_get(fake->orders, "disks");
	json_t *hidden = json_object_get(fake->orders, "hidden");
	json_t *answer;

	fake->asked++;
	answer = json_pack("{s:o, s:n, s:i, s:i}", "disks",
		disks ? json_incref(disks) : json_array(), "next", "total", 0, "seq", 0);
	if (!json_is_null(hidden))
		json_object_set_new(answer, "hidden",
			json_pack("{s:b, s:o}", "undecided", false, "places",
				hidden ? json_incref(hidden) : json_array()));
	return answer;
}

static json_t *answer_order(struct fake *fake)
{
	json_int_t asked = fake->asked;

	fake->asked = 0;
	return json_pack("{s:I}", "asked", asked);
}

/* The disk that it shows there, with that size. */
static json_t *answer_resize(struct fake *fake, const json_t *arguments)
{
	json_int_t slot = number_of(arguments, "slot"), size = number_of(arguments, "size");
	json_t *record = NULL, *shown;
	size_t i;

	json_array_foreach(json_object_get(fake->orders, "disks"), i, shown)
	{
		if (number_of(shown, "slot") == slot)
			record = json_deep_copy(shown);
	}
	if (record)
		json_object_set_new(record, "size", json_integer(size));
	else
		record = fake_disk(slot, NULL, size, false);
	return json_pack("{s:o}", "disk", record);
}

static json_t *answer_body(struct fake *fake, const char *name, const json_t *arguments)
{
	if (!strcmp(name, HOTSLOT_REQUEST_HELLO))
		return answer_hello(fake, arguments);
	if (!strcmp(name, ORDER))
		return answer_order(fake);
	if (!strcmp(name, HOTSLOT_REQUEST_DISKS))
		return answer_disks(fake);
	if (!strcmp(name, HOTSLOT_REQUEST_EXPECT))
		return answer_expect(arguments);
	if (!strcmp(name, HOTSLOT_REQUEST_RESIZE))
		return answer_resize(fake, arguments);
	if (!strcmp(name, HOTSLOT_REQUEST_RELEASE))
		return json_pack("{s:I, s:I, s:s}", "slot", number_of(arguments, "slot"), "place",
			number_of(arguments, "slot"), "state",
			json_is_true(json_object_get(arguments, "detached")) ? "gone" : "released");
	return json_object();
}

static json_t *make_answer(struct fake *fake, const char *name, const json_t *request)
{
	json_t *body = answer_body(fake, name, json_object_get(request, "arguments"));

	fake_put_times(body, request, fake->orders);
	return json_pack("{s:o, s:O?, s:s}", "return", body, "id", json_object_get(request, "id"),
		"session", fake->session);
}

/* ---- as it was told ---- */

static void send_cut(struct fake *fake, const json_t *answer, size_t length)
{
	_cleanup_free_ char *frame = NULL;
	size_t whole;

	if (frame_format(answer, &frame, &whole) == 0)
		port_send(fake->port, frame, length < whole ? length : whole);
}

static void send_answer(struct fake *fake, const json_t *answer)
{
	send_cut(fake, answer, HOTSLOT_FRAME_MAX);
}

static void send_text(struct fake *fake)
{
	const char *text = text_of(fake->orders, "text");
	json_int_t times = number_of(fake->orders, "times");

	do {
		port_send(fake->port, text, strlen(text));
	} while (--times > 0);
	port_send(fake->port, "\n", 1);
}

static void send_after(struct fake *fake)
{
	json_t *after = json_object_get(fake->orders, "after");
	json_int_t times = number_of(fake->orders, "times");

	if (!after)
		return;
	json_object_set_new(after, "session", json_string(fake->session));
	do {
		send_answer(fake, after);
	} while (--times > 0);
}

static void send_changed(struct fake *fake, json_t *answer, const json_t *request)
{
	if (json_object_get(fake->orders, "pages"))
		fake_put_page(answer,
			json_object_get(json_object_get(request, "arguments"), "after"),
			number_of(fake->orders, "pages"));
	json_object_update_recursive(answer, json_object_get(fake->orders, "merge"));
	send_answer(fake, answer);
	send_after(fake);
}

static void misbehave(struct fake *fake, json_t *answer, const json_t *request)
{
	json_t *orders = fake->orders;

	fake->mute = json_is_true(json_object_get(orders, "mute"));
	fake->flooding = json_object_get(orders, "flood");
	if (json_object_get(orders, "trickle"))
		trickle_start(&fake->trickle, answer);
	else if (json_object_get(orders, "cut"))
		send_cut(fake, answer, number_of(orders, "cut"));
	else if (json_object_get(orders, "text"))
		send_text(fake);
	else if (!fake->mute && !json_is_true(json_object_get(orders, "flood")) &&
		 !json_object_get(orders, "silent"))
		send_changed(fake, answer, request);
}

static bool can_flood(const struct fake *fake)
{
	return fake->flooding && port_is_connected(fake->port) && port_queued(fake->port) == 0;
}

/* An event that is well-formed, as often as the host takes it. */
static void flood(struct fake *fake)
{
	const json_t *all = json_object_get(fake->orders, "flood");

	for (int i = 0; i < FLOOD_BATCH && can_flood(fake); i++) {
		json_int_t seq = json_is_array(all) ? ++fake->seq : 1;
		json_t *data = json_array_get(all, (size_t)seq % (json_array_size(all) ?: 1));
		json_t *event = json_pack("{s:s, s:O*, s:I, s:s}", "event", HOTSLOT_EVENT_CHANGED,
			"data", data, "seq", seq, "session", fake->session);

		send_answer(fake, event);
		json_decref(event);
	}
}

/* ---- requests ---- */

static void take_orders(struct fake *fake, const json_t *request)
{
	json_decref(fake->orders);
	fake->orders = json_incref(json_object_get(request, "arguments"));
	fake->mute = fake->flooding = false;
	trickle_stop(&fake->trickle);
}

static void handle_request(struct fake *fake, const json_t *request)
{
	static const char mark = (char)HOTSLOT_RESYNC;
	const char *name = text_of(request, "execute");
	json_t *answer;

	if (!strcmp(name, ORDER))
		take_orders(fake, request);
	if (fake->mute || fake->trickle.text)
		return;
	answer = make_answer(fake, name, request);
	if (!strcmp(name, HOTSLOT_REQUEST_HELLO))
		port_send(fake->port, &mark, 1);
	if (!strcmp(name, text_of(fake->orders, "on")))
		misbehave(fake, answer, request);
	else
		send_answer(fake, answer);
	json_decref(answer);
}

static void on_received(void *data, const char *bytes, size_t length)
{
	struct fake *fake = data;
	char reason[HOTSLOT_REASON_MAX], *line;
	size_t line_length;
	json_t *request;
	int r;

	while ((r = frame_reader_feed(&fake->reader, &bytes, &length, &line, &line_length)) > 0) {
		if (r != FRAME_READY || frame_parse(line, line_length, &request, reason) < 0)
			continue;
		handle_request(fake, request);
		json_decref(request);
	}
}

static void on_connected(void *data)
{
	(void)data;
}

static void on_disconnected(void *data)
{
	struct fake *fake = data;

	fake->flooding = false;
	trickle_stop(&fake->trickle);
	frame_reader_reset(&fake->reader);
}

/* ---- the port ---- */

static void on_port(void *data, uint32_t events)
{
	struct fake *fake = data;

	(void)events;
	if (port_handle(fake->port) < 0)
		fake->loop.quit = true;
}

static int open_port(struct fake *fake)
{
	const struct port_callbacks callbacks = { on_connected, on_received, on_disconnected,
		fake };
	_cleanup_close_ int sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[sizeof("/dev/") + PORT_NODE_SIZE] = "/dev/";
	int r = port_find(sys, path + strlen(path));

	if (r == 0)
		r = port_open(path, &callbacks, &fake->port);
	if (r < 0)
		return r;
	fake->port_source = (struct source){ port_fd(fake->port), on_port, fake };
	return loop_add(&fake->loop, &fake->port_source, EPOLLIN | EPOLLOUT | EPOLLET);
}

/* A port appears, or gets its name. */
static void on_uevent(void *data, uint32_t events)
{
	struct fake *fake = data;
	struct udev_device *device = udev_monitor_receive_device(fake->monitor);

	(void)events;
	if (device && !fake->port)
		open_port(fake);
	udev_device_unref(device);
}

static int watch_ports(struct fake *fake)
{
	fake->monitor = udev_monitor_new_from_netlink(udev_new(), "kernel");
	if (!fake->monitor || udev_monitor_enable_receiving(fake->monitor) < 0)
		return -EIO;
	fake->monitor_source =
		(struct source){ udev_monitor_get_fd(fake->monitor), on_uevent, fake };
	return loop_add(&fake->loop, &fake->monitor_source, EPOLLIN);
}

static uint64_t deadline(void *data)
{
	const struct fake *fake = data;

	if (!fake->port)
		return UINT64_MAX;
	if (fake->trickle.text)
		return fake->trickle.at;
	return can_flood(fake) ? 0 : port_retry_ms(fake->port);
}

static void tick(void *data)
{
	struct fake *fake = data;

	if (fake->port && port_retry_ms(fake->port) <= now_ms())
		on_port(fake, 0);
	if (fake->port && can_flood(fake))
		flood(fake);
	if (fake->port)
		trickle_continue(&fake->trickle, fake->port);
}

int main(void)
{
	static struct fake fake = { .loop.deadline = deadline, .loop.tick = tick };
	int r;

	log_open("fake-agent");
	/* A kernel that has just booted takes a second to make /dev/urandom ready. */
	json_object_seed(1);
	fake.loop.data = &fake;
	fake_await_drivers();
	r = loop_open(&fake.loop);
	if (r == 0)
		r = watch_ports(&fake);
	if (r == 0)
		open_port(&fake); /* else once it is there */
	if (r == 0)
		r = loop_run(&fake.loop);
	log_error("the end: %s", strerror(-r));
	return EXIT_FAILURE;
}
