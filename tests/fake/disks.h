/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that the test double tests/vm/fake-agent.c makes up. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The record of a disk in a slot. SERIAL may be NULL; SIZE is in bytes. */
json_t *fake_disk(json_int_t slot, const char *serial, json_int_t size, bool read_only);

/* Has BODY, that of an answer, tell times if the request asks for them: that a disk in it has come
 * this moment. ORDERS may forbid it. */
void fake_put_times(json_t *body, const json_t *request, const json_t *orders);

/* Has ANSWER, one to "disks", be a page of disks that have labels of LABEL bytes, and not the last
 * one. AFTER is the place that the page begins after, or NULL. */
void fake_put_page(json_t *answer, const json_t *after, json_int_t label);
