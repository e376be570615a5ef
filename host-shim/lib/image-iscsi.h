/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An iSCSI LUN as an image: iscsi://HOST[:PORT]/IQN/LUN. Pure. */
#pragma once

#include "uri.h"

/* RFC 7143. */
#define ISCSI_NAME_MAX 223

/* libvirt and QEMU take these apart again in the same way. */
struct iscsi_uri {
	char host[URI_HOST_MAX + 1]; /* an IPv6 address without its brackets */
	char port[6];
	char name[ISCSI_NAME_MAX + 7]; /* "IQN/LUN" */
};

/* Whether an image is meant to be one. */
bool iscsi_uri_is(const char *text);

/* Takes one apart. -EACCES if it has a user, as the URI is no place for a secret; -EINVAL if it is
 * none. */
int iscsi_uri_parse(const char *text, struct iscsi_uri *ret);

/* The URI of the parts as libvirt has them, always with a port: PORT NULL is the usual one. The
 * caller frees *ret. */
int iscsi_uri_format(const char *host, const char *port, const char *name, char **ret);
