/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program says on standard error. Libraries do not use this: they return errors. */
#pragma once

#include <syslog.h>

#include "util.h"

/* Sets the name that each line starts with. Under a service manager that reads standard error
 * (JOURNAL_STREAM is set) or in the kernel log, lines start with the <N> priority instead. */
void log_open(const char *program);

/* Lines less urgent than this syslog priority are not printed; LOG_INFO until told. */
void log_set_max_priority(int priority);

void log_message(int priority, const char *format, ...) _printf_(2, 3);

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)
