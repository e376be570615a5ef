/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands share: the connection, the domains in use, the options of all commands. */
#pragma once

#include <stdbool.h>

#include "hotslot.h"
#include "util.h"

/* Exit statuses, which commands return. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_INVALID = 2, /* wrong usage, or an argument that is wrong in itself */
};

struct client;

struct command {
	const char *name;
	int (*run)(struct client *client, int argc, char **argv); /* returns a status */
	const char *arguments;					  /* as in a usage line */
	const char *summary;					  /* one line */
	const char *help; /* the options of its own, a line each; NULL if there are none */
	enum { ANYWHERE, ONLY_IN_SHELL, NOT_IN_SHELL } where;
};

/* The first thing that is wrong with a command's options, as text. */
#define PROBLEM_MAX 512

struct client {
	const char *uri; /* NULL: libvirt's default */
	bool json;
	bool quiet;
	bool has_controller; /* --controller; without it, the default one is managed */
	unsigned controller;
	unsigned timeout_ms;  /* --timeout of commands whose calls take none; 0: the library's */
	unsigned patience_ms; /* --timeout of any command, also to connect and to find the domain;
				 0: as long as that takes */

	struct hotslot *hotslot; /* opened when first needed */
	struct open_domain *domains;

	/* The shell. */
	bool in_shell;
	bool quit;	      /* it was told to end */
	char *default_domain; /* commands take no DOM then; NULL: they do */
	unsigned line;	      /* of the script, 0 if it is none */

	/* The command that runs. */
	const struct command *command;
	bool help;
	char problem[PROBLEM_MAX]; /* empty: none */
};

/* Fills *ERROR with a failure of our own. Returns R. */
int set_error(struct hotslot_error *error, int r, const char *message);

/* Finds the domain and keeps it, with its session, for later commands. It belongs to CLIENT. */
int client_find(struct client *client, const char *name, struct hotslot_domain **ret,
	struct hotslot_error *error);

/* Connects unless connected. */
int client_connect(struct client *client, struct hotslot_error *error);

/* Does for a new connection what client_connect() does. */
void client_adopt(struct client *client);

/* Takes DOMAIN over, so that later commands find it connected. Returns -ENOMEM. */
int client_keep(struct client *client, struct hotslot_domain *domain);

/* Forgets a domain that has ended, and its session. */
void client_forget(struct client *client, struct hotslot_domain *domain);

/* Closes everything. */
void client_done(struct client *client);
