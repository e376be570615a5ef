/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a request failed, as its error says it. */
#pragma once

#include <jansson.h>

#include "util.h"
#include "wire.h"

/* Why a request failed; EXTRA is an object with more members of the error, or NULL. */
struct failure {
	const char *class;
	char desc[768]; /* two serials fit */
	json_t *extra;
};

/* Fills *FAILURE and returns -EBADMSG: it is the request's fault, not ours. */
int fail_request(struct failure *failure, const char *class, const char *format, ...)
	_printf_(3, 4);
