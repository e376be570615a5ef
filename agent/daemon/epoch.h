/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often the agent has started in this boot. */
#pragma once

#include <stdint.h>

/* Counts one more in a file of RUN_DIRECTORY, which a reboot empties. Whenever the agent is killed,
 * the number is that of the start before or the next one. Logs what fails. */
int epoch_count(const char *run_directory, uint64_t *ret);
