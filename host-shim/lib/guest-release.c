/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the guest let go of a disk; who has it in use. The guest is not trusted. */
#include "guest-answer.h"

#include <string.h>

#include "error.h"
#include "json.h"
#include "places.h"
#include "session.h"

/* A mount point, the name of a process: what our agent sends is shorter. */
#define TEXT_MAX 1024

/* What is not about a use of the disk; see struct hotslot_user. */
static bool is_of_the_host(const char *kind)
{
	static const char *const kinds[] = { "unwritten", "unreleased", "unconfirmed",
		"block-job" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

/* Texts that are no printable ones are not known. */
static int read_user(const json_t *json, bool waiting, struct hotslot_user *ret)
{
	struct hotslot_user user = { .size = sizeof(user), .what = "", .waiting = waiting };
	const char *what = NULL;
	uint64_t pid = 0;

	if (json_get_text(json, "kind", TEXT_MAX, &user.kind) < 0 ||
		json_get_text(json, "device", TEXT_MAX, &user.device) < 0 ||
		is_of_the_host(user.kind))
		return -EBADMSG;
	(void)json_find_text(json, "what", TEXT_MAX, &what);
	(void)json_find_text(json, "process", TEXT_MAX, &user.process);
	(void)json_find_text(json, "through", TEXT_MAX, &user.through);
	(void)json_get_u64(json, "pid", INT32_MAX, &pid);
	user.what = what ?: "";
	user.pid = (int)pid;
	*ret = user;
	return 0;
}

static void append_user(struct hotslot_error *error, const struct hotslot_user *user)
{
	const char *kind = user->kind, *what = user->what;

	error_append(error, "%s is ", user->device);
	if (strcmp(kind, "mount") == 0)
		error_append(error, "mounted on %s", *what ? what : "?");
	else if (strcmp(kind, "swap") == 0)
		error_append(error, "used as swap");
	else if (strcmp(kind, "holder") == 0)
		error_append(error, "held by %s", *what ? what : "another device");
	else if (strcmp(kind, "exclusive") == 0 && *what)
		error_append(error, "held by a file system (%s) that is mounted nowhere", what);
	else if (strcmp(kind, "exclusive") == 0)
		error_append(error, "open exclusively");
	else if (strcmp(what, "io_uring") == 0)
		error_append(error, "perhaps registered with an io_uring, which does not tell,");
	else if (*what)
		error_append(error, "not mounted, but its file %s is open", what);
	else
		error_append(error, "open");
	if (user->through)
		error_append(error, " through %s", user->through);
	if (user->process || user->pid)
		error_append(error, " by %s (%d)", user->process ?: "process", user->pid);
}

/* Calls the audience for each, and appends them to ERROR if there is one. */
static void tell(
	const json_t *users, const struct guest_audience *audience, struct hotslot_error *error)
{
	bool waiting = error && audience && now_ms() < audience->wait_until;
	const char *separator = ": ";
	const json_t *json;
	size_t i;

	json_array_foreach(users, i, json)
	{
		struct hotslot_user user;

		if (i >= HOTSLOT_USERS_MAX)
			break;
		if (read_user(json, waiting, &user) < 0)
			continue;
		if (audience && audience->fn)
			audience->fn(audience->data, &user);
		if (!error)
			continue;
		error_append(error, "%s", separator);
		append_user(error, &user);
		separator = ", ";
	}
}

/* The guest has given up writing to it. */
static void tell_unwritten(const json_t *result, const struct guest_audience *audience)
{
	struct hotslot_user user = { .size = sizeof(user), .kind = "unwritten", .what = "" };

	if (audience && audience->fn &&
		json_get_text(result, "unwritten", TEXT_MAX, &user.device) == 0)
		audience->fn(audience->data, &user);
}

static int disk_busy(const struct hotslot_domain *domain, uint64_t place, const json_t *refusal,
	const struct guest_audience *audience, struct hotslot_error *error)
{
	int r = error_set(error, HOTSLOT_ERROR_DISK_BUSY, "The guest of domain %s uses the disk %s",
		domain->name, place_locate(place).text);

	tell(json_object_get(refusal, "users"), audience, error);
	return r;
}

/* A guest that cannot write to the disk any more never lets go of it by itself. */
static int not_released(const struct hotslot_domain *domain, enum release how,
	const json_t *refusal, struct hotslot_error *error)
{
	int r = guest_refused(domain, HOTSLOT_REQUEST_RELEASE, refusal, error);

	if (how != RELEASE_FORCE && guest_refused_as(refusal, HOTSLOT_CLASS_INTERNAL))
		error_append(error, "; --force detaches it all the same, and what was not written "
				    "back is lost");
	return r;
}

static int check_release(struct hotslot_domain *domain, uint64_t place, enum release how,
	const json_t *answer, const struct guest_audience *audience, struct hotslot_error *error)
{
	const json_t *refusal = json_object_get(answer, "error");
	const json_t *result = json_object_get(answer, "return");
	const char *state;

	if (refusal && guest_refused_as(refusal, HOTSLOT_CLASS_BUSY))
		return disk_busy(domain, place, refusal, audience, error);
	if (refusal && guest_refused_as(refusal, HOTSLOT_CLASS_HIDDEN))
		return 1;
	if (refusal)
		return not_released(domain, how, refusal, error);
	if (json_get_text(result, "state", TEXT_MAX, &state) < 0)
		return guest_malformed(domain, error, "no state of the released disk");
	if (strcmp(state, "gone") == 0)
		return 1;
	if (how == RELEASE_DETACHED || strcmp(state, "released") != 0)
		return guest_malformed(domain, error, "the state of the released disk");
	if (how == RELEASE_FORCE)
		tell(json_object_get(result, "users"), audience, NULL);
	tell_unwritten(result, audience);
	return 0;
}

int guest_release_telling(struct hotslot_domain *domain, uint64_t place, enum release how,
	uint64_t deadline, const struct guest_audience *audience, struct hotslot_error *error)
{
	json_t *arguments = json_pack("{s:I, s:b, s:b, s:b}", guest_place_key(place),
		(json_int_t)place, "force", how == RELEASE_FORCE, "detached",
		how == RELEASE_DETACHED, "wait", how == RELEASE_WAIT);
	json_t *answer;
	int r = session_request(
		domain, HOTSLOT_REQUEST_RELEASE, arguments, deadline, &answer, error);

	if (r < 0)
		return r;
	r = check_release(domain, place, how, answer, audience, error);
	json_decref(answer);
	return r;
}

int guest_release(struct hotslot_domain *domain, uint64_t place, enum release how,
	uint64_t deadline, struct hotslot_error *error)
{
	return guest_release_telling(domain, place, how, deadline, NULL, error);
}
