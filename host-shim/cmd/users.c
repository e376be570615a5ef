/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a disk in the guest: collected from the library, as text and as JSON. */
#include "users.h"

#include <stdio.h>
#include <string.h>

#include "output.h"

void users_reset(struct users *users)
{
	json_decref(users->list);
	users->list = json_array();
}

void users_done(struct users *users)
{
	json_decref(users->list);
	users->list = NULL;
}

static json_t *user_json(const struct hotslot_user *user)
{
	json_t *object = json_pack("{so so so}", "kind", json_text(user->kind), "device",
		json_text(user->device), "what", json_text(user->what));

	if (object && user->through)
		json_object_set_new(object, "through", json_text(user->through));
	if (object && user->pid)
		json_object_set_new(object, "pid", json_integer(user->pid));
	if (object && user->process)
		json_object_set_new(object, "process", json_text(user->process));
	return object;
}

static const char *text_of(const json_t *user, const char *key)
{
	return json_string_value(json_object_get(user, key)) ?: "";
}

/* "/mnt mounted", "sdb1 open": what is used, and how. */
static void describe_use(const json_t *user, FILE *f)
{
	const char *kind = text_of(user, "kind"), *device = text_of(user, "device");
	const char *what = text_of(user, "what");

	if (!strcmp(kind, "mount"))
		fprintf(f, "%s mounted", *what ? what : device);
	else if (!strcmp(kind, "swap"))
		fprintf(f, "swap on %s", device);
	else if (!strcmp(kind, "holder"))
		fprintf(f, "%s on %s", *what ? what : "a device", device);
	else if (!strcmp(kind, "block-job"))
		fprintf(f, "%s of %s on the host", what, device);
	else if (!strcmp(kind, "exclusive") && *what)
		fprintf(f, "%s file system on %s, mounted nowhere", what, device);
	else if (!strcmp(kind, "exclusive"))
		fprintf(f, "%s open exclusively", device);
	else if (!strcmp(what, "io_uring"))
		fprintf(f, "%s perhaps registered with an io_uring", device);
	else
		fprintf(f, "%s open", *what ? what : device);
}

static void describe(const json_t *user, FILE *f)
{
	const char *through = text_of(user, "through"), *process = text_of(user, "process");
	json_int_t pid = json_integer_value(json_object_get(user, "pid"));

	describe_use(user, f);
	if (*through)
		fprintf(f, " through %s", through);
	if (*process || pid)
		fprintf(f, " by %s", *process ? process : "a process");
	if (pid)
		fprintf(f, " (pid %lld)", (long long)pid);
}

void user_describe(const json_t *user, char ret[USER_TEXT_SIZE])
{
	FILE *f = fmemopen(ret, USER_TEXT_SIZE, "w");

	ret[0] = '\0';
	if (!f)
		return;
	describe(user, f);
	fclose(f);
	ret[USER_TEXT_SIZE - 1] = '\0';
}

void users_add(void *data, const struct hotslot_user *user)
{
	struct users *users = data;
	json_t *json = user_json(user);
	char text[USER_TEXT_SIZE];

	if (!user->waiting) {
		if (users->list)
			json_array_append_new(users->list, json);
		return;
	}
	user_describe(json, text);
	json_decref(json);
	if (strcmp(text, users->waiting_for) == 0)
		return;
	strcpy(users->waiting_for, text);
	if (users->on_wait)
		users->on_wait(users->data);
}
