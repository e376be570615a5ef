/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests of the protocol: one handler each. */
#include "requests.h"

#include <string.h>

#include "arguments.h"
#include "checker.h"
#include "hidden.h"
#include "log.h"
#include "pending.h"
#include "places.h"
#include "record.h"
#include "report.h"
#include "shutdown.h"
#include "starting.h"
#include "status.h"

/* What a request is handled with. */
struct call {
	const json_t *arguments;
	json_t *id; /* borrowed, may be NULL */
	struct failure failure;
};

/* Handlers answer, or have the request wait, and return 0; or they return a negative errno with
 * the call's failure filled. */
typedef int (*handler_fn)(struct server *server, struct call *call);

static bool is_nonce(const char *s)
{
	size_t length = strlen(s);

	if (length < HOTSLOT_NONCE_MIN || length > HOTSLOT_NONCE_MAX)
		return false;
	return strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
	       length;
}

static int choose_version(struct call *call)
{
	const json_t *versions = json_object_get(call->arguments, "versions");
	const json_t *version;
	size_t i;

	if (!json_is_array(versions) || json_array_size(versions) > HOTSLOT_VERSIONS_MAX)
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"versions is not an array of at most %d integers", HOTSLOT_VERSIONS_MAX);
	json_array_foreach(versions, i, version)
	{
		if (!json_is_integer(version))
			return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
				"versions has a member that is no integer");
		if (json_integer_value(version) == HOTSLOT_PROTOCOL_VERSION)
			return 0;
	}
	call->failure.extra = json_pack("{s:o}", "versions", status_versions());
	return fail_request(&call->failure, HOTSLOT_CLASS_VERSION,
		"hotslot-agent " HOTSLOT_VERSION " speaks version %d only",
		HOTSLOT_PROTOCOL_VERSION);
}

/* In another generation memory may have gone back in time: nothing that is known holds. */
static bool take_generation(struct server *server, const char *generation)
{
	bool other = *server->generation && strcmp(server->generation, generation);

	if (other) {
		strcpy(server->previous, server->generation);
		log_info("another generation: looking at all disks afresh");
		tracker_rescan(server->tracker);
		checker_doubt(server->tracker);
	}
	strcpy(server->generation, generation);
	return other;
}

static int handle_hello(struct server *server, struct call *call)
{
	const char *nonce = "", *generation = NULL;
	int r;

	if ((r = argument_string(
		     call->arguments, "nonce", HOTSLOT_NONCE_MAX, &nonce, &call->failure)) < 0 ||
		(r = argument_string(call->arguments, "generation", HOTSLOT_GENERATION_MAX,
			 &generation, &call->failure)) < 0)
		return r;
	if (generation && !text_is_printable(generation, strlen(generation)))
		return fail_request(
			&call->failure, HOTSLOT_CLASS_INVALID, "generation is not printable");
	if (!is_nonce(nonce))
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"nonce is not %d to %d characters of [0-9A-Za-z-]", HOTSLOT_NONCE_MIN,
			HOTSLOT_NONCE_MAX);
	r = choose_version(call);
	if (r < 0)
		return r;
	server->renewed = generation && take_generation(server, generation);
	server_start_session(server, nonce);
	server_answer(server, call->id, status_hello(server));
	return 0;
}

static int handle_ping(struct server *server, struct call *call)
{
	uint64_t asked = now_us();
	json_t *answer;
	bool timing = false;
	int r;

	r = argument_boolean(call->arguments, "timing", &timing, &call->failure);
	if (r < 0)
		return r;
	answer = json_object();
	server_answer(server, call->id, timing ? times_add_clock(answer, asked) : answer);
	return 0;
}

/* Reads where: "slot" or "place", one of them. */
static int read_place(struct call *call, struct pending *wait)
{
	uint64_t place = 0;
	int by_slot, by_place;

	by_slot = argument_number(call->arguments, "slot", SLOT_MAX, &place, &call->failure);
	if (by_slot < 0)
		return by_slot;
	by_place = argument_number(
		call->arguments, "place", HOTSLOT_PLACE_MAX, &place, &call->failure);
	if (by_place < 0)
		return by_place;
	if (by_slot == by_place)
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			by_slot ? "slot and place are both given"
				: "slot is missing, and place, too");
	if (!place_is_valid(place))
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"place %llu is none of a user's disks", (unsigned long long)place);
	wait->place = (uint32_t)place;
	return 0;
}

/* Reads "deadline", and sets when to have the kernel look by itself: halfway at the latest. */
static int read_deadline(struct call *call, struct pending *wait)
{
	uint64_t patience = wait->kind == PENDING_GONE ? PENDING_DELETE_MS : PENDING_SCAN_MS;
	uint64_t ms = HOTSLOT_DEADLINE_DEFAULT_MS, now = now_ms();
	int r;

	r = argument_number(
		call->arguments, "deadline", HOTSLOT_DEADLINE_MAX_MS, &ms, &call->failure);
	if (r < 0)
		return r;
	wait->deadline = now + ms;
	wait->look_at = now + (ms / 2 < patience ? ms / 2 : patience);
	if (wait->force)
		wait->hurry_at =
			wait->deadline - (ms / 2 < PENDING_HURRY_MS ? ms / 2 : PENDING_HURRY_MS);
	wait->id = call->id;
	return 0;
}

static int handle_disks(struct server *server, struct call *call)
{
	struct pending wait = { .kind = PENDING_DISKS };
	uint64_t after, limit = HOTSLOT_PAGE_MAX;
	bool contents = false;
	int r;

	r = argument_number(call->arguments, "after", UINT32_MAX - 1, &after, &call->failure);
	if (r < 0)
		return r;
	wait.place = r ? (uint32_t)after + 1 : 0;
	if ((r = argument_number(
		     call->arguments, "limit", HOTSLOT_PAGE_MAX, &limit, &call->failure)) < 0 ||
		(r = argument_boolean(call->arguments, "contents", &contents, &call->failure)) <
			0 ||
		(r = argument_boolean(call->arguments, "timing", &wait.timing, &call->failure)) <
			0 ||
		(r = read_deadline(call, &wait)) < 0)
		return r;
	if (limit == 0)
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID, "limit is 0");
	wait.limit = limit;
	wait.look_at = UINT64_MAX;
	if (!contents)
		wait.deadline = 0;
	return pending_add(server, &wait, &call->failure);
}

static int handle_expect(struct server *server, struct call *call)
{
	struct pending wait = { .kind = PENDING_EXPECT, .size = UINT64_MAX, .read_only = -1 };
	const char *serial = "";
	bool read_only;
	int r;

	if ((r = read_place(call, &wait)) < 0 ||
		(r = argument_string(call->arguments, "serial", SERIAL_ENCODED_MAX, &serial,
			 &call->failure)) < 0 ||
		(r = argument_number(
			 call->arguments, "size", INT64_MAX, &wait.size, &call->failure)) < 0 ||
		(r = argument_boolean(call->arguments, "timing", &wait.timing, &call->failure)) <
			0 ||
		(r = argument_boolean(call->arguments, "read-only", &read_only, &call->failure)) <
			0)
		return r;
	if (r)
		wait.read_only = read_only;
	strcpy(wait.serial, serial);
	r = read_deadline(call, &wait);
	return r < 0 ? r : pending_add(server, &wait, &call->failure);
}

/* Whoever hears that a disk is released, or not there, unplugs it. One that is in use is judged
 * when its turn to be released has come. */
static int refuse_hidden(struct server *server, struct call *call, uint32_t place)
{
	const struct entry *entry = inventory_find_place(&server->tracker->inventory, place);

	if (entry && entry->state == ENTRY_PRESENT)
		return 0;
	return hidden_refuse(server->tracker, place, &call->failure);
}

static int handle_release(struct server *server, struct call *call)
{
	struct pending wait = { .kind = PENDING_RELEASE };
	bool detached = false;
	int r;

	if ((r = read_place(call, &wait)) < 0 ||
		(r = argument_boolean(call->arguments, "force", &wait.force, &call->failure)) < 0 ||
		(r = argument_boolean(call->arguments, "wait", &wait.wait, &call->failure)) < 0 ||
		(r = argument_boolean(call->arguments, "detached", &detached, &call->failure)) < 0)
		return r;
	if (detached)
		wait.kind = PENDING_GONE;
	else if ((r = refuse_hidden(server, call, wait.place)) < 0)
		return r;
	r = read_deadline(call, &wait);
	return r < 0 ? r : pending_add(server, &wait, &call->failure);
}

static int handle_resize(struct server *server, struct call *call)
{
	struct pending wait = { .kind = PENDING_RESIZE };
	int r;

	if ((r = read_place(call, &wait)) < 0 ||
		(r = argument_required_number(
			 call->arguments, "size", INT64_MAX, &wait.size, &call->failure)) < 0 ||
		(r = read_deadline(call, &wait)) < 0)
		return r;
	return pending_add(server, &wait, &call->failure);
}

static int handle_cancel(struct server *server, struct call *call)
{
	const json_t *id = json_object_get(call->arguments, "id");
	size_t n;

	if (!argument_is_id(id))
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"id is neither an integer nor a string of at most %d bytes",
			HOTSLOT_ID_MAX);
	n = pending_cancel(server, id);
	server_answer(server, call->id, json_pack("{s:I}", "canceled", (json_int_t)n));
	return 0;
}

static int handle_status(struct server *server, struct call *call)
{
	server_answer(server, call->id, status_report(server));
	return 0;
}

static int handle_bye(struct server *server, struct call *call)
{
	server_answer(server, call->id, json_object());
	server_end_session(server);
	return 0;
}

static int handle_shutdown(struct server *server, struct call *call)
{
	const char *mode = "powerdown";
	int r;

	r = argument_string(call->arguments, "mode", HOTSLOT_ID_MAX, &mode, &call->failure);
	if (r < 0)
		return r;
	if (strcmp(mode, "powerdown") && strcmp(mode, "reboot"))
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"mode is neither powerdown nor reboot");
	server_answer(server, call->id, json_object());
	r = shutdown_start(server->tracker->run_directory, !strcmp(mode, "reboot"));
	if (r < 0)
		log_error("cannot start the %s: %s", mode, strerror(-r));
	return 0;
}

static const struct {
	const char *name;
	handler_fn handle;
} handlers[] = {
	{ HOTSLOT_REQUEST_PING, handle_ping },
	{ HOTSLOT_REQUEST_DISKS, handle_disks },
	{ HOTSLOT_REQUEST_EXPECT, handle_expect },
	{ HOTSLOT_REQUEST_RELEASE, handle_release },
	{ HOTSLOT_REQUEST_RESIZE, handle_resize },
	{ HOTSLOT_REQUEST_SHUTDOWN, handle_shutdown },
	{ HOTSLOT_REQUEST_CANCEL, handle_cancel },
	{ HOTSLOT_REQUEST_STATUS, handle_status },
	{ HOTSLOT_REQUEST_BYE, handle_bye },
};

static int dispatch(struct server *server, const char *name, struct call *call)
{
	if (!strcmp(name, HOTSLOT_REQUEST_HELLO))
		return handle_hello(server, call);
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
		if (!strcmp(name, handlers[i].name))
			return handlers[i].handle(server, call);
	return fail_request(&call->failure, HOTSLOT_CLASS_UNKNOWN, "there is no such request");
}

/* What belongs to another session is old, and is dropped without a word. */
static bool is_stale(const struct server *server, const char *name, const json_t *session)
{
	if (!strcmp(name, HOTSLOT_REQUEST_HELLO))
		return false;
	return json_is_string(session) &&
	       (!server->active || strcmp(json_string_value(session), server->session));
}

static int check_envelope(const json_t *request, const char *name, struct call *call)
{
	const json_t *session = json_object_get(request, "session");

	if (call->id && !argument_is_id(call->id)) {
		call->id = NULL;
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"id is neither an integer nor a string of at most %d bytes",
			HOTSLOT_ID_MAX);
	}
	if (!name)
		return fail_request(
			&call->failure, HOTSLOT_CLASS_INVALID, "execute is missing or no string");
	if (call->arguments && !json_is_object(call->arguments))
		return fail_request(
			&call->failure, HOTSLOT_CLASS_INVALID, "arguments is no object");
	if (!json_is_string(session) && strcmp(name, HOTSLOT_REQUEST_HELLO))
		return fail_request(&call->failure, HOTSLOT_CLASS_INVALID,
			"session is missing or no string; say hello first");
	return 0;
}

void request_handle(struct server *server, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "execute"));
	struct call call = {
		.arguments = json_object_get(request, "arguments"),
		.id = json_object_get(request, "id"),
	};
	int r;

	if (name && is_stale(server, name, json_object_get(request, "session")))
		return;
	r = check_envelope(request, name, &call);
	if (r == 0 && server->starting && !starting_is_for(name))
		r = starting_hold(server->starting, request, &call.failure);
	else if (r == 0)
		r = dispatch(server, name, &call);
	if (r < 0)
		server_refuse(server, call.id, &call.failure);
}
