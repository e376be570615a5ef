/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mark of a domain that is being launched: <launching pid='212' start='8171' boot='3b4c…'
 * pid-namespace='4026531836' net-namespace='4026531840' socket='01fe…'/> in our element of its
 * metadata, from its first moment until the guest has confirmed all of its drives. Pure, but for
 * what says whether it is launched still.
 */
#pragma once

#include "launch-socket.h"
#include "xml.h"

/* Of the kernel's UUIDs, with the NUL. */
#define MARK_BOOT_SIZE 37

/* The process that launches it; two of one pid have started at different times, or in different
 * places. */
struct launcher {
	int pid;		   /* 0: nobody */
	uint64_t start;		   /* clock ticks after its host's boot: proc(5), /proc/PID/stat */
	char boot[MARK_BOOT_SIZE]; /* of its host; empty: not the domain's host, or not known */
	uint64_t pid_namespace;	   /* its inode, see pid_namespaces(7); 0: not known */
	uint64_t net_namespace;	   /* likewise: where the socket is */
	char socket[LAUNCH_SOCKET_SIZE]; /* listened to as long as it launches; empty: none */
};

/* The caller's own. LOCAL: on the domain's host. */
struct launcher launcher_self(bool local);

/* The same, which launches from now until launch_socket_closep() of *RET_SOCKET. That is -1 if
 * there can be none: then as long as the process runs. */
struct launcher launcher_begin(bool local, int *ret_socket);

enum launcher_state {
	LAUNCHER_ENDED, /* or its process goes on, and does not launch any more */
	LAUNCHER_RUNS,
	LAUNCHER_UNKNOWN, /* its processes are not to be seen from here */
};

/* LOCAL: the caller is on the domain's host, as is a launcher that says where it runs. */
enum launcher_state launcher_state(const struct launcher *launcher, bool local);

/* Whether there is a mark in a domain's <metadata>, which may be NULL. One that cannot be read was
 * left by nobody. */
bool mark_parse(xmlNode *metadata, struct launcher *ret);

/* Between metadata_open() and metadata_close(). */
void mark_write(struct xml_writer *w, const struct launcher *launcher);

/* OLD is our element as virDomainGetMetadata() gives it. Returns what virDomainSetMetadata() is to
 * get, without the mark; NULL in *ret if nothing is left. -ENOENT if it has none. The caller frees
 * *ret. */
int mark_remove(const char *old, char **ret);
