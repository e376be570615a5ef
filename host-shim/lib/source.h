/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a disk's image is, as one text: a path, or one of
 *
 *   iscsi://HOST[:PORT]/IQN/LUN
 *   nbd://HOST[:PORT][/EXPORT], nbd+unix:///[EXPORT]?socket=PATH, the same with nbds for TLS: the
 *                                     NBD URI specification (doc/uri.md of the NBD project)
 *   rbd:POOL/IMAGE[@SNAPSHOT]         as QEMU has it: ceph.conf names the monitors
 *   rbd://MON[:PORT][,MON…]/POOL/IMAGE[@SNAPSHOT]
 *   nvme://DOMAIN:BUS:SLOT.FUNCTION/NAMESPACE        as QEMU has it
 *   volume:POOL/VOLUME                of a storage pool of libvirt's
 *
 * What is no path and no volume is percent-encoded. The text is taken apart, and put together
 * again in one way only, so that what was asked for and what a domain has can be compared. Pure.
 */
#pragma once

#include "uri.h"

/* Monitors of a Ceph cluster: there are rarely more than seven. */
#define SOURCE_HOSTS_MAX 32

enum source_kind {
	SOURCE_PATH,
	SOURCE_ISCSI,
	SOURCE_NBD,
	SOURCE_RBD,
	SOURCE_NVME,
	SOURCE_VOLUME,
};

struct source {
	enum source_kind kind;
	size_t n_hosts;
	struct uri_host *hosts; /* iSCSI and NBD: with their port; RBD: with one if it was given */
	bool tls;		/* NBD */
	char *socket;		/* NBD: of a server on this host, which then has no host */
	char *name;	/* path; IQN/LUN; export, NULL: the default one; POOL/IMAGE; volume */
	char *snapshot; /* RBD: NULL: none */
	char *pool;	/* of the volume */
	unsigned domain, bus, slot, function, space; /* NVMe: PCI address and namespace */
};

/* What a text is meant to be. SOURCE_PATH if it is nothing else. */
enum source_kind source_kind(const char *text);

/* How one of that kind is written, "nbd://HOST…"; NULL for a path. */
const char *source_syntax(enum source_kind kind);

/* Takes a text apart. -EACCES if it has a user, as it is no place for a secret; -EINVAL if it is
 * not what it is meant to be. The caller ends *ret. */
int source_parse(const char *text, struct source *ret);

/* The text of one. The caller frees *ret. */
int source_format(const struct source *source, char **ret);

void source_done(struct source *source);

#define _cleanup_source_ _cleanup_(source_done)
