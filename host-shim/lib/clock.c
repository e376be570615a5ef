/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments of a guest's clock on the host's. */
#include "clock.h"

#include <errno.h>

/* A month: more than a request takes, and far from where arithmetic ends. */
#define SPAN_MAX INT64_C(2678400000000)

/* Clocks that are being set right run faster or slower by up to 500 ppm (MAX_TICKADJ of the kernel)
 * and by as much for their frequency. */
#define DRIFT_PARTS 1000

/* A microsecond that each clock has begun. */
#define ROUNDING 1

/* B - A, or -ERANGE if that is more than can be. */
static int difference(uint64_t a, uint64_t b, int64_t *ret)
{
	uint64_t size = a < b ? b - a : a - b;

	if (size > (uint64_t)SPAN_MAX)
		return -ERANGE;
	*ret = a < b ? (int64_t)size : -(int64_t)size;
	return 0;
}

int clock_line_begin(const struct clock_sample *sample, struct clock_line *ret)
{
	int64_t host, guest, drift;

	if (difference(sample->sent, sample->received, &host) < 0 ||
		difference(sample->asked, sample->answered, &guest) < 0 || host < 0 || guest < 0)
		return -ERANGE;
	drift = host / DRIFT_PARTS + ROUNDING;
	if (guest > host + drift)
		return -ERANGE;
	*ret = (struct clock_line){
		.host = sample->sent,
		.guest = sample->asked,
		.high = guest < host ? host - guest : 0,
		.drift = drift,
	};
	return 0;
}

void clock_line_narrow(struct clock_line *line, const struct clock_sample *sample)
{
	int64_t sent, received, asked, answered, low, high;

	if (difference(line->host, sample->sent, &sent) < 0 ||
		difference(line->host, sample->received, &received) < 0 ||
		difference(line->guest, sample->asked, &asked) < 0 ||
		difference(line->guest, sample->answered, &answered) < 0)
		return;
	low = sent - asked > line->low ? sent - asked : line->low;
	high = received - answered < line->high ? received - answered : line->high;
	if (low > high)
		return;
	line->low = low;
	line->high = high;
}

int clock_line_place(const struct clock_line *line, uint64_t moment, int64_t *ret)
{
	int64_t since;

	if (difference(line->guest, moment, &since) < 0 || line->host > INT64_MAX - 2 * SPAN_MAX)
		return -ERANGE;
	*ret = (int64_t)line->host + since + line->low + (line->high - line->low) / 2;
	return 0;
}

int64_t clock_line_error(const struct clock_line *line)
{
	return (line->high - line->low + 1) / 2 + line->drift;
}
