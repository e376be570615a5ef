/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest for tests of the agent's parts, in the test's own process: a machine of files, and the
 * tracker and server of an agent that owns the links. */
#pragma once

#include "machine.h"

#include "server.h"

#define CONTROLLER "devices/pci0000:00/0000:00:03.0/virtio0"
/* Slot 3. */
#define SDA CONTROLLER "/host2/target2:0:0/2:0:0:3/block/sda"
/* Target 0, LUN 300. */
#define SDB CONTROLLER "/host2/target2:0:0/2:0:0:16684/block/sdb"
#define SDB_PLACE "65836"
/* Slot 4. */
#define SDC CONTROLLER "/host2/target2:0:0/2:0:0:4/block/sdc"
/* Target 255, LUN 0. */
#define SDD CONTROLLER "/host2/target2:0:255/2:0:255:0/block/sdd"

struct guest {
	struct machine machine;
	struct loop loop;
	struct tracker tracker;
	struct server server;
	int host; /* the other end of the port */
	struct frame_reader reader;
	char bytes[HOTSLOT_FRAME_MAX]; /* that came and were not read yet */
	const char *next;
	size_t left;
};

/* For cmocka: *STATE is a struct guest that has the controller and no disk; a session is open,
 * contents are not looked at, and each disk says when it is asked that it is still the same. */
int set_up_guest(void **state);
int tear_down_guest(void **state);

/* A disk of 4 MiB, with a block device for a node; skips the test where none can be made. The agent
 * learns of it by guest_look(). */
void put_guest_disk(struct guest *guest, const char *devpath, const char *devnum);
void put_guest_serial(struct guest *guest, const char *devpath, const char *serial);

/* Where the kernel is told to scan the controller's SCSI host: its directory, and its attribute, in
 * which nothing stands yet. */
#define SCAN_DIRECTORY CONTROLLER "/host2/scsi_host/host2"
void put_guest_scan(struct guest *guest);
bool is_guest_scanned(struct guest *guest, const char *text);

/* Puts a pipe in place of an attribute, so that a test sees what is written to it. */
int put_guest_pipe(struct guest *guest, const char *directory, const char *attribute);

/* Has the agent look at the disk at DEVPATH. */
void guest_look(struct guest *guest, const char *devpath);

/* Sends a request; ARGUMENTS are JSON. */
void ask(struct guest *guest, const char *execute, const char *arguments);

/* The next frame that the agent sends; the caller decrefs it. */
json_t *hear_guest(struct guest *guest);

/* The next frame is this; with MEMBER, that is what the member "return", "error" or "data" has
 * (all of these are passed over to find it). As JSON, with sorted keys. */
void check_frame(struct guest *guest, const char *kind, const char *member, const char *expected);

/* Runs the agent until it has nothing to do before *UNTIL holds. */
void run_guest_until(struct guest *guest, bool (*until)(struct guest *guest));
