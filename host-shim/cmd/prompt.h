/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The prompt of the shell: a line with editing, history and completion. */
#pragma once

#include "client.h"

/* Reads a line; frees the one in *LINE before. Returns false at the end of the input. */
bool prompt_read(struct client *client, char **line);
