/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments of a guest's clock on the host's. The guest is not trusted, and its clock may stand still
 * for a while. Pure; all in microseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A request and its answer, by both clocks. */
struct clock_sample {
	uint64_t sent, received;  /* by the host's */
	uint64_t asked, answered; /* by the guest's: it read the request, it made the answer */
};

/* The guest's clock was at GUEST when the host's was at HOST + x, with x from LOW to HIGH. */
struct clock_line {
	uint64_t host, guest;
	int64_t low, high;
	int64_t drift; /* how far the clocks may have come apart meanwhile */
};

/* The line as a sample has it: a guest reads a request after it was sent, and answers before the
 * host has the answer. That holds for all between the two, also if the guest's clock stood still
 * there. -ERANGE if the guest's clock cannot be that way. */
int clock_line_begin(const struct clock_sample *sample, struct clock_line *ret);

/* Has a later sample narrow it. One that contradicts it is not taken: the clock stood still in
 * between, or the guest lies. */
void clock_line_narrow(struct clock_line *line, const struct clock_sample *sample);

/* When a moment of the guest's was, by the host's clock; off by at most clock_line_error(). -ERANGE
 * if it is too far from the sample. */
int clock_line_place(const struct clock_line *line, uint64_t moment, int64_t *ret);
int64_t clock_line_error(const struct clock_line *line);
