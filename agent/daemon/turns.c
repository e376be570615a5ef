/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is: not more children at one time than are of use. */
#include "turns.h"

#include "util.h"

void turns_reset(struct turns *turns, size_t max)
{
	*turns = (struct turns){ .max = max, .next_at = UINT64_MAX };
}

void turns_count(struct turns *turns, uint64_t begun_at)
{
	uint64_t end = begun_at + TURNS_YOUNG_MS;

	turns->all++;
	if (end <= now_ms())
		return;
	turns->young++;
	if (end < turns->next_at)
		turns->next_at = end;
}

bool turns_take(struct turns *turns)
{
	if (turns->young >= TURNS_YOUNG_MAX || turns->all >= turns->max) {
		turns->wanted = true;
		return false;
	}
	turns_count(turns, now_ms());
	return true;
}

uint64_t turns_deadline(const struct turns *turns)
{
	return turns->wanted && turns->all < turns->max ? turns->next_at : UINT64_MAX;
}
