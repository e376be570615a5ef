/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGINT and SIGTERM: the first one stops between two steps, the second one ends the program. */
#pragma once

#include <stdbool.h>

/* From now on the first signal is only remembered. Forgets one that came before. */
void interrupt_arm(void);

/* While a person types, SIGINT is remembered, too, and makes the read fail with EINTR. */
void interrupt_arm_read(void);

/* Signals do again what they do in any program. */
void interrupt_disarm(void);

/* Whether one came since it was armed. */
bool interrupted(void);
