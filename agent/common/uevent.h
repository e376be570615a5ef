/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own uevents, read off their socket. libudev would make a device of each, with system
 * calls and allocations that a disk's host waits for; and there is no static one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A message of lib/kobject_uevent.c: UEVENT_BUFFER_SIZE of variables, and "ACTION@DEVPATH". */
#define UEVENT_SIZE 8192

/* Strings point into the message; NULL: it has none. */
struct uevent {
	const char *action;
	const char *devpath; /* "/devices/…" */
	const char *name;    /* the last component of that */
	const char *subsystem;
	const char *devtype;
	const char *attention; /* SDEV_UA, of a SCSI device */
	uint64_t seqnum;       /* counts uevents, from 1 */
	uint64_t diskseq;      /* 0: it has none */
};

/* Splits a message, LENGTH bytes of which the last is a NUL, in place. Returns -EBADMSG if it is
 * not as the kernel makes them. Pure. */
int uevent_split(char *message, size_t length, struct uevent *ret);

/* Opens a socket that does not block, and hears nothing yet. RECEIVE_BUFFER, in bytes, is what it
 * holds of messages that were not read; 0: what is usual. Returns a descriptor or a negative errno.
 */
int uevent_open(int receive_buffer);

/* From now on it hears the kernel: for the time between, a filter can be attached. */
int uevent_listen(int fd);

/* Takes the next message into BUFFER. What is not of the kernel, or malformed, is passed over.
 * -EAGAIN: there is none; -ENOBUFS: some were lost. */
int uevent_receive(int fd, char buffer[UEVENT_SIZE], struct uevent *ret);
