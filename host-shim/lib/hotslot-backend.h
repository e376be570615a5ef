/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: where the image of a disk may be, and how the host serves it: caching, limits,
 * secrets. Part of hotslot.h, which says what holds for all calls; include that.
 */
#ifndef HOTSLOT_BACKEND_H
#define HOTSLOT_BACKEND_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Images ----
 *
 * hotslot_attach_options.image is a path or one of these:
 *
 *   iscsi://HOST[:PORT]/IQN/LUN
 *   nbd://HOST[:PORT][/EXPORT]   nbd+unix:///[EXPORT]?socket=PATH   both also with nbds, for TLS
 *   rbd:POOL/IMAGE[@SNAPSHOT]    ceph.conf names the monitors
 *   rbd://MONITOR[:PORT][,MONITOR...]/POOL/IMAGE[@SNAPSHOT]
 *   nvme://DOMAIN:BUS:SLOT.FUNCTION/NAMESPACE
 *   volume:POOL/VOLUME           of a storage pool of libvirt's
 *
 * An IPv6 address stands in brackets. Other bytes are written %XX, but in a path and a volume. A
 * user or password has no place there: see below. */

/* ---- How it is served ---- */

/* NULL, false and 0: as libvirt and QEMU have it by default. After the attach, the live XML must
 * say each of them as it was asked for, or the attach is rolled back: HOTSLOT_ERROR_MISMATCH. */
struct hotslot_backend_options {
	size_t size;
	const char *cache;   /* "none", "writeback", "writethrough", "directsync", "unsafe" */
	const char *io;	     /* "threads", "native" (with cache none or directsync), "io_uring" */
	const char *discard; /* "unmap": what the guest discards is freed; "ignore" */
	const char *detect_zeroes; /* "on", "off"; "unmap": zeroes are freed, with discard unmap */
	bool shareable;		   /* other domains may write to it at the same time; raw only */
	/* Limits a second: of operations and of bytes; in all, or of reads and writes each. */
	uint64_t iops, read_iops, write_iops;
	uint64_t bps, read_bps, write_bps;
	unsigned
		iothread; /* which the managed controller must be served by; 0: any, or none.
			     HOTSLOT_ERROR_NO_CONTROLLER if it is not: a disk has none of its own */
	const char *luks; /* libvirt's secret that opens the encrypted image: UUID or usage name */
	const char *user, *secret; /* iSCSI (CHAP) and RBD (cephx): the user, and the secret, as
				      above, that has his password or key */
};
#define HOTSLOT_BACKEND_INIT                                   \
	{                                                      \
		.size = sizeof(struct hotslot_backend_options) \
	}

#ifdef __cplusplus
}
#endif

#endif
