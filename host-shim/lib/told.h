/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until what libvirt has told is known. */
#pragma once

#include "events.h"

/* After libvirt has answered a question: returns once the event loop has handled the events of all
 * that was done before. False if it does not come to that in time. */
bool told_await(struct events *events);
