/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking a guest for times, for those who asked for them, and for its clock. */
#pragma once

#include "guest-answer.h"

/* Has a request ask for times if they are asked for. Takes NULL; what lacks memory asks for none.
 */
void guest_ask_times(const struct hotslot_domain *domain, json_t *arguments);

/* Takes what RESULT, an answer's "return", says of the clocks; the guest's are 0 if it says
 * nothing.
 */
int guest_read_clock(const struct hotslot_domain *domain, const json_t *result,
	struct clock_sample *ret, struct hotslot_error *error);

/* Adds the times of a disk that is there, if they are asked for. RESULT had the record in it. */
int guest_add_times(const struct hotslot_domain *domain, const json_t *result,
	struct record *record, struct hotslot_error *error);

/* Compares the clocks a few times more, until then at most. What fails does no harm. */
void guest_compare_clocks(
	struct hotslot_domain *domain, uint64_t deadline, struct clock_line *line);
