/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host may send: an agent in this process takes it, and serves the next host as before. */
#include "../unit/guest.h"

#include <poll.h>

#include "prober.h"
#include "shutdown.h"
#include "targets.h"

#define NONCE "0123456789abcdef"

/* Every input is a session of its own on one agent, with a disk in slot 3. */
static struct guest *guest;

/* Linked in the place of the agent's own: this machine is to stay up. The real one is only named:
 * without --wrap the linker does not know it, and makes no program at all. */
int __real_shutdown_start(const char *run_directory, bool reboot);
int __wrap_shutdown_start(const char *run_directory, bool reboot);
int __wrap_shutdown_start(const char *run_directory, bool reboot)
{
	(void)run_directory, (void)reboot;
	return 0;
}

static void tear_down(void)
{
	void *state = guest;

	tear_down_guest(&state);
}

static void set_up(void)
{
	void *state;

	if (guest)
		return;
	hold(__wrap_shutdown_start != __real_shutdown_start);
	set_up_guest(&state);
	guest = state;
	put_disk(&guest->machine, SDA, "0:0");
	put_attribute(&guest->machine, SDA, "diskseq", "0");
	put_text(&guest->machine.tree, "dev/sda", "");
	guest_look(guest, SDA);
	atexit(tear_down);
}

static bool is_idle(struct guest *g)
{
	struct pollfd agent = { .fd = port_fd(g->server.port), .events = POLLIN };

	return poll(&agent, 1, 0) == 0;
}

static void run_agent(void)
{
	do {
		port_handle(guest->server.port);
		server_tick(&guest->server);
	} while (!is_idle(guest));
}

static void say(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(guest->host, bytes, length);

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else {
			run_agent();
		}
	}
	run_agent();
}

/* Every frame that came is one, an answer, an error or an event. Returns how many. */
static size_t hear_all(void)
{
	char bytes[HOTSLOT_FRAME_MAX];
	size_t frames = 0;
	ssize_t n;

	while ((n = read(guest->host, bytes, sizeof(bytes))) > 0) {
		const char *next = bytes;
		size_t left = (size_t)n, length;
		char *line;
		int r;

		while ((r = frame_reader_feed(&guest->reader, &next, &left, &line, &length)) > 0) {
			char reason[HOTSLOT_REASON_MAX];
			json_t *frame;

			hold(r != FRAME_TOO_LONG);
			if (r != FRAME_READY)
				continue;
			hold(frame_parse(line, length, &frame, reason) == 0);
			hold(json_object_get(frame, "return") || json_object_get(frame, "error") ||
				json_object_get(frame, "event"));
			json_decref(frame);
			frames++;
		}
		run_agent();
	}
	return frames;
}

static void say_text(const char *text)
{
	say(text, strlen(text));
}

void fuzz_requests(const char *data, size_t size)
{
	static const char hello[] = "\xff{\"execute\":\"hello\",\"arguments\":{\"nonce\":\"" NONCE
				    "\",\"versions\":[1]}}\n";

	set_up();
	say_text(hello);
	hear_all();
	say(data, size);
	hear_all();
	hold(guest->server.n_pending <= HOTSLOT_PENDING_MAX);
	hold(port_queued(guest->server.port) <= HOTSLOT_QUEUE_MAX);
	say_text(hello);
	hear_all();
	say_text("{\"execute\":\"ping\",\"session\":\"" NONCE "\"}\n");
	hold(hear_all() == 1);
	hold(guest->server.n_pending == 0);
}
