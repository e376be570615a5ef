/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a request failed, as its error says it. */
#include "failure.h"

#include <stdarg.h>

int fail_request(struct failure *failure, const char *class, const char *format, ...)
{
	va_list args;

	failure->class = class;
	va_start(args, format);
	vsnprintf(failure->desc, sizeof(failure->desc), format, args);
	va_end(args);
	return -EBADMSG;
}
