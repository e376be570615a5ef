/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to requests that were sent early. Pure. */
#include "answers.h"

int answers_expect(struct answers *answers, json_int_t id)
{
	if (answers->count == ANSWERS_MAX)
		return -ENOBUFS;
	answers->all[answers->count].id = id;
	answers->all[answers->count++].frame = NULL;
	return 0;
}

static size_t find(const struct answers *answers, json_int_t id)
{
	size_t i = 0;

	while (i < answers->count && answers->all[i].id != id)
		i++;
	return i;
}

void answers_put(struct answers *answers, json_int_t id, json_t *frame, uint64_t came)
{
	size_t i = find(answers, id);

	if (i == answers->count || answers->all[i].frame)
		return;
	answers->all[i].frame = json_incref(frame);
	answers->all[i].came = came;
}

json_t *answers_take(struct answers *answers, json_int_t id, uint64_t *ret_came)
{
	size_t i = find(answers, id);
	json_t *frame;

	if (i == answers->count)
		return NULL;
	frame = answers->all[i].frame;
	if (frame)
		*ret_came = answers->all[i].came;
	answers->all[i] = answers->all[--answers->count];
	return frame;
}

void answers_clear(struct answers *answers)
{
	for (size_t i = 0; i < answers->count; i++)
		json_decref(answers->all[i].frame);
	answers->count = 0;
}
