/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a disk came, moment by moment. */
#include "times.h"

#include "util.h"

void times_note(uint64_t *moment)
{
	if (!*moment)
		*moment = now_us();
}

static uint64_t first_of(const struct times *times)
{
	return times->kernel ? times->kernel : times->udev ? times->udev : times->link;
}

void times_note_links(struct times *times, uint64_t asked)
{
	if (times->kernel || times->udev)
		times_note(&times->link);
	if (!times->expected && asked <= first_of(times))
		times->expected = asked;
}

static json_t *moment_json(uint64_t moment)
{
	return moment ? json_integer((json_int_t)moment) : json_null();
}

static json_t *add(json_t *object, const char *key, json_t *value)
{
	if (object && json_object_set_new(object, key, value) == 0)
		return object;
	if (!object)
		json_decref(value);
	json_decref(object);
	return NULL;
}

json_t *times_add(json_t *record, const struct times *times)
{
	return add(record, "times",
		json_pack("{s:o, s:o, s:o, s:o, s:o}", "expected", moment_json(times->expected),
			"kernel", moment_json(times->kernel), "udev", moment_json(times->udev),
			"link", moment_json(times->link), "report", moment_json(times->report)));
}

json_t *times_add_clock(json_t *answer, uint64_t asked)
{
	return add(answer, "clock",
		json_pack("{s:I, s:I}", "asked", (json_int_t)asked, "answered",
			(json_int_t)now_us()));
}
