/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of a URI, RFC 3986: hosts with their ports, percent-encoded text. Pure. */
#pragma once

#include "util.h"

/* RFC 1035. */
#define URI_HOST_MAX 253
#define URI_PORT_MAX 65535

struct uri_host {
	char name[URI_HOST_MAX + 1]; /* an IPv6 address without its brackets */
	char port[6];		     /* without leading zeros; empty: none was given */
};

/* Copies LENGTH characters, each of which is one of VALID. -EINVAL if they are not, if there are
 * none, or too many for SIZE. */
int uri_copy(const char *text, size_t length, const char *valid, char *ret, size_t size);

/* HOST[:PORT] of LENGTH characters, an IPv6 address in brackets. -EINVAL if it is none. */
int uri_host_parse(const char *text, size_t length, struct uri_host *ret);

/* The inverse: PORT NULL or empty is left out. The caller frees *ret. */
int uri_host_format(const char *name, const char *port, char **ret);

/* Decodes %XX. -EINVAL if one is malformed, or what comes out has control characters or is not
 * UTF-8: XML does not hold those. The caller frees *ret. */
int uri_decode(const char *text, size_t length, char **ret);

/* Encodes what has a meaning in a URI, or none; a slash stays. The caller frees *ret. */
int uri_encode(const char *text, char **ret);
