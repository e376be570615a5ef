/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that --xml names. */
#pragma once

#include "client.h"

/* Sets the client's problem if it cannot be read: in a shell, standard input has its commands. */
void xml_file_check(struct client *client, const char *file);

/* Reads it; "-" is standard input. The caller frees *ret. */
int xml_file_read(const char *file, char **ret, struct hotslot_error *error);
