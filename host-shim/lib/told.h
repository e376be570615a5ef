/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until what libvirt has told is known. */
#pragma once

#include "events.h"

/* After libvirt has answered a question: returns once the event loop has handled the events of all
 * that was done before. False if it does not come to that in time. */
bool told_await(struct events *events);

/* The same in two, for who has something else to do until then. */
bool told_begin(struct events *events, unsigned *ret);
bool told_end(struct events *events, unsigned begun);
