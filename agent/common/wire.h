/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contract between host and guest: every name and every limit of the protocol.
 * agent/PROTOCOL.md is its prose. */
#pragma once

/* The virtio-serial port. */
#define HOTSLOT_PORT_NAME "org.hotslot.agent.0"

/* The one version of the protocol that there is. */
#define HOTSLOT_PROTOCOL_VERSION 1

/* Starts the parser at the other end afresh; no byte of UTF-8, so never part of a frame. The
 * QEMU guest agent has the same. */
#define HOTSLOT_RESYNC 0xFF

/* A frame with its newline, bytes. Twice what the kernel moves in one write to a port. */
#define HOTSLOT_FRAME_MAX 65536

/* A nonce, in characters of [0-9A-Za-z-]; 128 bits in hexadecimal are 32. */
#define HOTSLOT_NONCE_MIN 16
#define HOTSLOT_NONCE_MAX 64

/* A generation, printable ASCII: three UUIDs, three numbers and separators take under 150. */
#define HOTSLOT_GENERATION_MAX 160

/* Versions that a hello may offer. */
#define HOTSLOT_VERSIONS_MAX 16

/* An "id" is an integer or a string of at most this many bytes; it comes back unchanged. */
#define HOTSLOT_ID_MAX 64

/* Requests that wait (expect, release) at one time. An attach waits for one; a batch for a few
 * hundred. */
#define HOTSLOT_PENDING_MAX 1024

/* "deadline", ms from the arrival of the request: an hour at most; this if not given. */
#define HOTSLOT_DEADLINE_MAX_MS 3600000
#define HOTSLOT_DEADLINE_DEFAULT_MS 30000

/* What the agent keeps for a host that does not read, bytes; past it events are dropped (their
 * "seq" then has a gap) and then the session is over. */
#define HOTSLOT_QUEUE_MAX 1048576

/* Disks of one page of "disks", so that a page is a frame. */
#define HOTSLOT_PAGE_MAX 64

/* Users of a busy disk that an error names. */
#define HOTSLOT_USERS_MAX 16

/* Places of disks on the controller: the slots, and behind them 65536 + 16384 * target + LUN. */
#define HOTSLOT_PLACE_UNSLOTTED 65536
#define HOTSLOT_PLACE_LUNS 16384
#define HOTSLOT_PLACE_MAX 4259839 /* target 255, LUN 16383 */

/* Requests. */
#define HOTSLOT_REQUEST_HELLO "hello"
#define HOTSLOT_REQUEST_PING "ping"
#define HOTSLOT_REQUEST_DISKS "disks"
#define HOTSLOT_REQUEST_EXPECT "expect"
#define HOTSLOT_REQUEST_RELEASE "release"
#define HOTSLOT_REQUEST_RESIZE "resize"
#define HOTSLOT_REQUEST_SHUTDOWN "shutdown"
#define HOTSLOT_REQUEST_CANCEL "cancel"
#define HOTSLOT_REQUEST_STATUS "status"
#define HOTSLOT_REQUEST_BYE "bye"

/* Events. */
#define HOTSLOT_EVENT_ADDED "disk-added"
#define HOTSLOT_EVENT_CHANGED "disk-changed"
#define HOTSLOT_EVENT_REMOVED "disk-removed"

/* Error classes. */
#define HOTSLOT_CLASS_MALFORMED "MalformedFrame" /* no JSON object, too long, a duplicate key */
#define HOTSLOT_CLASS_INVALID "InvalidArgument"	 /* a member is missing or of the wrong type */
#define HOTSLOT_CLASS_UNKNOWN "UnknownRequest"
#define HOTSLOT_CLASS_VERSION "UnsupportedVersion"
#define HOTSLOT_CLASS_TIMEOUT "DeadlineExceeded"
#define HOTSLOT_CLASS_MISMATCH "DiskMismatch" /* another serial, size or mode than expected */
#define HOTSLOT_CLASS_BUSY "DiskBusy"
#define HOTSLOT_CLASS_HIDDEN "DiskHidden" /* the system's own, or not yet told from it */
#define HOTSLOT_CLASS_CANCELED "Canceled"
#define HOTSLOT_CLASS_TOO_MANY "TooManyRequests"
#define HOTSLOT_CLASS_INTERNAL "InternalError"
