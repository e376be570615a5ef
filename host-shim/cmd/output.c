/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person or a program reads: lines on standard error, JSON on standard output. */
#include "output.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "encode.h"
#include "progress.h"

/* Significant digits of a time in milliseconds: microseconds up to ten seconds. */
#define TIMING_DIGITS 7

char *printable(const char *text)
{
	char *ret = malloc(4 * strlen(text) + 1), *out = ret;

	if (!ret)
		return NULL;
	for (;;) {
		size_t len = strcspn(text, "\\");

		text_encode(text, len, out);
		out += strlen(out);
		text += len;
		if (!*text)
			return ret;
		*out++ = *text++;
		*out = '\0';
	}
}

static void put_part(const char *text, const char *end)
{
	_cleanup_free_ char *safe = printable(text);

	fprintf(stderr, "%s%s", safe ? safe : "out of memory", end);
}

/* Whether MESSAGE has the last part of the path or name SUBJECT in it, as a word. */
static bool mentions(const char *message, const char *subject)
{
	const char *slash = strrchr(subject, '/'), *at = message;
	const char *name = slash && slash[1] ? slash + 1 : subject;

	while (*name && (at = strstr(at, name))) {
		bool starts = at == message || !isalnum((unsigned char)at[-1]);

		if (starts && !isalnum((unsigned char)at[strlen(name)]))
			return true;
		at++;
	}
	return false;
}

/* Where the options of an image begin, as QEMU has them, with a key perhaps; NULL: nowhere. */
static const char *find_rbd_options(const char *subject)
{
	const char *image = subject + strlen("rbd:");

	if (strncmp(image, "//", 2) == 0)
		image = strchrnul(image + 2, '/');
	return strchr(image, ':');
}

char *without_secret(const char *subject)
{
	bool rbd = strncmp(subject, "rbd:", strlen("rbd:")) == 0;
	const char *options = rbd ? find_rbd_options(subject) : NULL;
	const char *authority = strstr(subject, "://");
	const char *at = authority ? strrchr(authority, '@') : NULL;
	char *text;

	if (options)
		return asprintf(&text, "%.*s:***", (int)(options - subject), subject) < 0 ? NULL
											  : text;
	/* Of RBD the last one may be a snapshot's. */
	if (!at || (rbd && !strchr(at, '/')))
		return strdup(subject);
	if (asprintf(&text, "%.*s***%s", (int)(authority - subject) + 3, subject, at) < 0)
		return NULL;
	return text;
}

void print_line(struct client *client, const char *subject, const char *message, const char *note)
{
	progress_clear();
	fputs("hotslot: ", stderr);
	if (client->line)
		fprintf(stderr, "line %u: ", client->line);
	if (client->command)
		fprintf(stderr, "%s: ", client->command->name);
	if (subject && *subject && !mentions(message, subject))
		put_part(subject, ": ");
	put_part(message, note ? "; " : "\n");
	if (note)
		put_part(note, "\n");
}

json_t *json_text(const char *text)
{
	_cleanup_free_ char *safe = NULL;
	json_t *string;

	if (!text)
		return json_null();
	string = json_string(text);
	if (string)
		return string;
	safe = printable(text);
	return safe ? json_string(safe) : NULL;
}

int print_json_line(const json_t *object)
{
	size_t flags = JSON_COMPACT | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
	int r = json_dumpf(object, stdout, flags);

	putchar('\n');
	return r;
}

/* One line, so that the answers of a shell can be told apart; indented for a person. There, no
 * byte above 0x7f either: the C1 controls are among them. */
static int dump(json_t *result)
{
	bool person = isatty(STDOUT_FILENO);
	size_t flags = person ? JSON_INDENT(2) | JSON_ENSURE_ASCII : JSON_COMPACT;
	int r = json_dumpf(result, stdout, flags | JSON_REAL_PRECISION(TIMING_DIGITS));

	putchar('\n');
	return r;
}

static json_t *error_to_json(
	const char *code, const char *step, const char *subject, const char *message)
{
	json_t *object = json_pack("{so so so}", "code", json_text(code), "step",
		json_text(step && *step ? step : NULL), "message", json_text(message));

	if (object && subject)
		json_object_set_new(object, "subject", json_text(subject));
	return object;
}

/* Takes over RESULT and ERROR, which are NULL if there was no memory. */
static void dump_failure(json_t *result, json_t *error)
{
	if (!result)
		result = json_object();
	if (!result || json_object_set_new(result, "error", error) < 0)
		fputs("hotslot: out of memory\n", stderr);
	else
		dump(result);
	json_decref(result);
}

int fail(struct client *client, json_t *result, const char *subject,
	const struct hotslot_error *error, const char *note)
{
	return fail_with(client, result, subject, error, note, NULL);
}

static json_t *add_details(json_t *error, json_t *details)
{
	if (error && details)
		json_object_update_missing(error, details);
	json_decref(details);
	return error;
}

int fail_with(struct client *client, json_t *result, const char *subject,
	const struct hotslot_error *error, const char *note, json_t *details)
{
	/* Room for " (step: )", too. */
	char message[sizeof(error->message) + sizeof(error->step) + 16];

	_cleanup_free_ char *safe = subject ? without_secret(subject) : NULL;

	subject = safe;
	if (error->code == HOTSLOT_ERROR_CONNECT)
		subject = NULL; /* it is not about the domain */
	/* In "check" nothing has begun yet, so it needs no words. */
	if (!*error->step || !strcmp(error->step, "check"))
		strcpy(message, error->message);
	else
		snprintf(message, sizeof(message), "%s (step: %s)", error->message, error->step);
	print_line(client, subject, message, note);
	if (client->json)
		dump_failure(result, add_details(error_to_json(hotslot_error_name(error->code),
							 error->step, subject, error->message),
					     details));
	else
		json_decref(result), json_decref(details);
	return error->code == HOTSLOT_ERROR_INVALID ? STATUS_INVALID : STATUS_FAILED;
}

json_t *partial_json(const struct hotslot_error *error)
{
	return error->code == HOTSLOT_ERROR_PARTIAL
		       ? json_pack("{sb sb}", "running", 0, "definition", 1)
		       : NULL;
}

int fail_usage(struct client *client, const char *message)
{
	print_line(client, NULL, message, NULL);
	if (client->json)
		dump_failure(NULL, error_to_json(hotslot_error_name(HOTSLOT_ERROR_INVALID), NULL,
					   NULL, message));
	return STATUS_INVALID;
}

int finish(struct client *client, json_t *result)
{
	int r = STATUS_DONE;

	if (client->json && (!result || dump(result) < 0)) {
		print_line(client, NULL, "the JSON could not be written", NULL);
		r = STATUS_FAILED;
	}
	json_decref(result);
	return r;
}
