/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent may answer: the shim takes it whole or refuses it with a clear line. */
#include "guest-clock.h"

#include "encode.h"
#include "error.h"
#include "hello.h"
#include "session.h"
#include "targets.h"

#define NONCE "0123456789abcdef"

/* Answers that are left, one a line. */
static const char *next;
static size_t left;

/* The next line, or NULL if none is left or it is no JSON object. */
static json_t *take_answer(void)
{
	const char *end = left ? memchr(next, '\n', left) : NULL;
	size_t length = end ? (size_t)(end - next) : left;
	json_t *answer = json_loadb(next, length, JSON_REJECT_DUPLICATES, NULL);

	next += end ? length + 1 : length;
	left -= end ? length + 1 : length;
	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

/* Linked in the place of the conversation: the answers are the input's, as frames that came. */
int __wrap_session_request(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, json_t **ret, struct hotslot_error *error);
int __wrap_session_request(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, json_t **ret, struct hotslot_error *error)
{
	json_t *answer = take_answer();

	(void)domain, (void)deadline;
	json_decref(arguments);
	if (!answer)
		return error_set(error, HOTSLOT_ERROR_TIMEOUT, "no answer to '%s'", execute);
	*ret = answer;
	return 0;
}

unsigned __wrap_session_hellos(const struct hotslot_domain *domain);
unsigned __wrap_session_hellos(const struct hotslot_domain *domain)
{
	(void)domain;
	return 1;
}

void __wrap_session_set_clear(struct hotslot_domain *domain, unsigned place);
void __wrap_session_set_clear(struct hotslot_domain *domain, unsigned place)
{
	(void)domain, (void)place;
}

void __wrap_session_set_taken(struct hotslot_domain *domain, unsigned place);
void __wrap_session_set_taken(struct hotslot_domain *domain, unsigned place)
{
	(void)domain, (void)place;
}

bool __wrap_session_is_clear(struct hotslot_domain *domain, unsigned place);
bool __wrap_session_is_clear(struct hotslot_domain *domain, unsigned place)
{
	(void)domain, (void)place;
	return false;
}

#define SENT 1000000
#define RECEIVED 1020000

void __wrap_session_exchanged(
	const struct hotslot_domain *domain, uint64_t *ret_sent, uint64_t *ret_received);
void __wrap_session_exchanged(
	const struct hotslot_domain *domain, uint64_t *ret_sent, uint64_t *ret_received)
{
	(void)domain;
	*ret_sent = SENT;
	*ret_received = RECEIVED;
}

/* ---- what holds ---- */

static void check_text(const char *text)
{
	hold(!text || text_is_printable(text, strlen(text)));
}

/* Whatever a guest says, no time is negative, or beyond what is asked about. */
static void check_times(const struct hotslot_times *times, double longest)
{
	hold(times->total >= 0 && times->total <= longest);
	hold(times->age <= longest && times->error >= 0 && times->error <= longest);
	for (size_t i = 0; i < times->n_phases; i++) {
		const struct hotslot_phase *phase = &times->phases[i];

		hold(phase->start >= 0 && phase->duration >= 0);
		hold(phase->start + phase->duration <= longest);
		hold(phase->known || phase->start + phase->duration == 0);
	}
}

/* As if it had confirmed an attach. */
static void check_timeline(struct hotslot_domain *domain, const struct record *record)
{
	const struct attach_moments attach = { SENT - 5000, SENT + 10, SENT + 4000, SENT + 5000,
		RECEIVED, RECEIVED + 1000 };
	struct timeline timeline;
	struct clock_line line;
	bool known = clock_line_begin(&record->sample, &line) == 0;

	if (known)
		guest_compare_clocks(domain, UINT64_MAX, &line);
	timeline_of_attach(&attach, &record->moments, known ? &line : NULL, RECEIVED, &timeline);
	hold(timeline.times.total == 26);
	check_times(&timeline.times, 26);
}

static void check_record(const struct record *record)
{
	const struct hotslot_disk *disk = &record->disk;

	check_text(disk->serial);
	check_text(disk->name);
	check_text(disk->devnum);
	check_text(disk->label);
	check_text(disk->uuid);
	check_text(disk->type);
	check_text(disk->table);
	hold(!disk->by_slot || disk->by_slot[0] == '/');
	hold(!disk->by_serial || disk->by_serial[0] == '/');
	if (disk->times)
		check_times(disk->times, (double)INT64_MAX);
	for (size_t i = 0; i < disk->n_partitions; i++) {
		check_text(disk->partitions[i].name);
		check_text(disk->partitions[i].label);
	}
}

/* A failure has a message: of one line, and fit for a terminal and for JSON. */
static void check_error(int r, const struct hotslot_error *error)
{
	if (r >= 0)
		return;
	hold(error->code != HOTSLOT_ERROR_NONE && *error->message);
	hold(text_is_printable(error->message, strlen(error->message)));
}

/* ---- the requests ---- */

static int ask_disks(struct hotslot_domain *domain, struct hotslot_error *error)
{
	struct guest_hidden hidden;
	struct record **records;
	size_t count;
	int r = guest_disks(domain, 0, &records, &count, &hidden, error);

	if (r < 0)
		return r;
	hold(hidden.count <= HIDDEN_MAX);
	for (size_t i = 0; i < count; i++) {
		check_record(records[i]);
		hold(i == 0 || records[i - 1]->place < records[i]->place);
	}
	records_free(records, count);
	return 0;
}

static int ask_at(struct hotslot_domain *domain, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_disk_at(domain, 3, true, 0, &record, &hidden, error);

	hold(r < 0 || !record || record->place == 3);
	return r;
}

static int ask_slot(struct hotslot_domain *domain, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	int r = guest_disk_in_slot(domain, 3, 0, &record, error);

	hold(r < 0 || !record || record->place == 3);
	return r;
}

static int ask_expect(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const struct expectation expected = { .slot = 3, .serial = "s", .size = 512 };
	_cleanup_record_ struct record *record = NULL;
	int r = guest_expect(domain, &expected, 0, &record, error);

	if (r < 0)
		return r;
	check_record(record);
	hold(record->disk.slot == 3 && strcmp(record->disk.serial, "s") == 0);
	hold(record->disk.size == 512 && !record->disk.read_only && record->disk.by_slot);
	check_timeline(domain, record);
	return 0;
}

static void take_user(void *data, const struct hotslot_user *user)
{
	(void)data;
	hold(user->kind && user->device && user->what);
	check_text(user->kind);
	check_text(user->device);
	check_text(user->what);
	check_text(user->process);
	check_text(user->through);
}

static int ask_release(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const struct guest_audience audience = { .fn = take_user };
	int r = guest_release_telling(domain, 3, RELEASE_FORCE, 0, &audience, error);

	check_error(r, error);
	*error = (struct hotslot_error){};
	return guest_release(domain, 3, RELEASE_DETACHED, 0, error);
}

static int ask_resize(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const struct expectation expected = { .slot = 3, .serial = "s", .size = 512 };
	_cleanup_record_ struct record *before = NULL, *after = NULL;
	int r = guest_expect(domain, &expected, 0, &before, error);

	if (r == 0)
		r = guest_resize(domain, before, 1024, 0, &after, error);
	hold(r < 0 || after->disk.size == 1024);
	return r;
}

static int ask_hello(struct hotslot_domain *domain, struct hotslot_error *error)
{
	struct hello hello;
	json_t *answer = take_answer();
	int r;

	if (!answer)
		return error_set(error, HOTSLOT_ERROR_TIMEOUT, "no hello");
	r = hello_read(answer, NONCE, domain->name, &hello, error);
	json_decref(answer);
	if (r < 0)
		return r;
	check_text(hello.info.version);
	check_text(hello.info.boot_id);
	check_text(hello.info.controller);
	return 0;
}

/* The first byte says what is asked, with its highest bit for times, too; the lines after it are
 * the answers. */
void fuzz_answers(const char *data, size_t size)
{
	static int (*const ask[])(struct hotslot_domain *, struct hotslot_error *) = { ask_disks,
		ask_at, ask_slot, ask_expect, ask_release, ask_resize, ask_hello };
	struct hotslot_domain domain = { .name = (char *)"vm" };
	struct hotslot_error error = {};

	if (size < 1)
		return;
	domain.timing = data[0] & 0x80;
	next = data + 1;
	left = size - 1;
	check_error(ask[(data[0] & 0x7f) % ARRAY_SIZE(ask)](&domain, &error), &error);
}
