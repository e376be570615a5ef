/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each waiting request waits for, and its answer. */
#pragma once

#include "pending.h"

/* Answers PENDING if what it waits for is there, or if its deadline has come, and returns true;
 * else has the kernel look by itself when it is time for that. The answer can end the session, and
 * so free every other request, but not PENDING. */
bool condition_check(struct server *server, struct pending *pending, uint64_t now);
