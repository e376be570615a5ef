/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two texts of source.h mean one image. */
#pragma once

#include <stdbool.h>

/* However they are written: a host in capitals, with TLS or without, a target of iSCSI by another
 * portal, a cluster of Ceph by another of its monitors or by ceph.conf. LOCAL: paths, also of
 * sockets, are this host's, where a file can have several names. Two names of one server, or two
 * addresses, are two. */
bool source_is_same(const char *a, const char *b, bool local);
