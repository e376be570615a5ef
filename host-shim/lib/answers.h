/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to requests that were sent early: kept until somebody wants them. Pure. */
#pragma once

#include <jansson.h>

#include "util.h"

/* As many as attaches are under way at one time, and some that were given up. */
#define ANSWERS_MAX 16

struct answers {
	struct {
		json_int_t id;
		json_t *frame; /* NULL: it has not come */
		uint64_t came; /* now_us() */
	} all[ANSWERS_MAX];
	size_t count;
};

/* From now on, the answer to this request is kept. -ENOBUFS if too many are. */
int answers_expect(struct answers *answers, json_int_t id);

/* Keeps a frame that has come at CAME, unless nobody expects it, or it is there already. */
void answers_put(struct answers *answers, json_int_t id, json_t *frame, uint64_t came);

/* Expects it no more. Returns what has come, which the caller decrefs, and when; NULL:
 * nothing. */
json_t *answers_take(struct answers *answers, json_int_t id, uint64_t *ret_came);

void answers_clear(struct answers *answers);
