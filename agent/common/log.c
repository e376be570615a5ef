/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program says on standard error. */
#include "log.h"

#include <stdarg.h>
#include <string.h>

/* A line is written at once, so that lines of several programs on one console do not mix. */
#define LINE_MAX_BYTES 1024

static const char *program_name = "hotslot";
static int max_priority = LOG_INFO;
static bool with_priority;

void log_open(const char *program)
{
	program_name = program;
	with_priority = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_max_priority(int priority)
{
	max_priority = priority;
}

static int format_prefix(char *line, size_t size, int priority)
{
	if (with_priority)
		return snprintf(line, size, "<%d>", priority);
	return snprintf(line, size, "%s: ", program_name);
}

void log_message(int priority, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	size_t len;
	ssize_t n;

	if (priority > max_priority)
		return;
	len = (size_t)format_prefix(line, sizeof(line), priority);
	va_start(args, format);
	vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	n = write(STDERR_FILENO, line, len);
	(void)n; /* nowhere to say it */
}
