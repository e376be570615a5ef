/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serves the protocol of agent/PROTOCOL.md on the port: session, requests, answers, events. */
#pragma once

#include <jansson.h>

#include "failure.h"
#include "frame.h"
#include "port.h"
#include "tracker.h"
#include "turns.h"
#include "wire.h"

/* A boot id is a UUID; with its NUL and some room. */
#define BOOT_ID_SIZE 40

struct pending;
struct starting;
struct udevd_queue;

struct server {
	struct loop *loop;
	struct tracker *tracker;
	struct port *port;     /* NULL while the guest has none */
	const char *port_path; /* NULL: the one named HOTSLOT_PORT_NAME */
	struct source port_source;
	uint64_t reopen_at;	   /* now_ms(): when to try again to open the port; 0: not */
	unsigned reopen_doublings; /* of the time until then */
	int open_error;		   /* of the last try, or 0 */
	struct frame_reader reader;
	bool active; /* a host has said hello, and not bye */
	bool left;   /* it has said bye, and nobody else has said anything */
	char session[HOTSLOT_NONCE_MAX + 1];
	char generation[HOTSLOT_GENERATION_MAX + 1]; /* of the last hello that named one */
	char previous[HOTSLOT_GENERATION_MAX + 1];   /* the last one that was another */
	bool renewed;				     /* the last hello changed it */
	uint64_t seq;				     /* of the last event of this session */
	char boot_id[BOOT_ID_SIZE];
	uint64_t epoch;
	uint64_t started_at;		 /* now_ms() */
	const struct udevd_queue *udevd; /* what a slot's next disk waits for; NULL: nothing */
	struct starting *starting;	 /* NULL: the guest has the drivers of disks */
	struct pending *pending;	 /* oldest first */
	size_t n_pending;
	unsigned pending_changes,
		pending_drops;	    /* how often another has come or gone, and all have */
	bool checking, check_again; /* all of them; see pending.c */
	struct turns releases;
	struct release_wait *waits;  /* for disks in use to become free; see release-wait.h */
	struct turns looks;	     /* of those at whether they are */
	const struct entry *told_of; /* NULL: none */
	json_t *told; /* its record, that somebody who waited for it was just answered with */
};

/* Reads the boot id and counts the epoch. Logs what fails. */
int server_open(struct server *server, struct loop *loop, struct tracker *tracker);
void server_close(struct server *server);

/* Opens the port unless it is open. Returns 1 if the guest has none yet: call again when one
 * appears. What else fails is logged, and tried again by server_tick(). */
int server_open_port(struct server *server);

/* Serves a connected socket instead of a port. */
int server_use_socket(struct server *server, int fd);

/* The host is about to close its connection: nothing is sent until somebody says something. What
 * was asked for stays, as long as nobody has heard that it has gone. */
void server_end_session(struct server *server);

/* Takes what the host has said by now, before something else is looked at. */
void server_listen_now(struct server *server);

/* Tells the session of a disk; for the tracker's callbacks. */
void server_disk_added(struct server *server, struct entry *entry);
void server_disk_changed(struct server *server, struct entry *entry);
void server_disk_removed(struct server *server, struct entry *entry);

/* When server_tick() has something to do though nothing happened. */
uint64_t server_deadline(const struct server *server);

/* Answers the requests whose time or condition has come. */
void server_tick(struct server *server);

/* ---- for the requests ---- */

/* RECORD is what ENTRY is answered with now: an event that tells of the same needs no other. */
void server_keep_record(struct server *server, const struct entry *entry, json_t *record);

/* Sends an event to the session, if there is one; takes the reference to DATA. */
void server_send_event(struct server *server, const char *name, json_t *data);

/* Sends an answer; takes the reference to RESULT, which may be NULL for lack of memory. */
void server_answer(struct server *server, const json_t *id, json_t *result);

/* Sends an error; takes the reference to EXTRA. */
void server_refuse(struct server *server, const json_t *id, struct failure *failure);

/* Starts a session; the one before it is over. */
void server_start_session(struct server *server, const char *nonce);
