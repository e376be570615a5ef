/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a disk in the guest: collected from the library, as text and as JSON. */
#pragma once

#include <jansson.h>

#include "hotslot.h"

/* "/mnt/data mounted by sh (pid 212)": room for a mount point of the wire's size, and more. */
#define USER_TEXT_SIZE 2048

struct users {
	json_t *list;			  /* an array of objects; NULL if there was no memory */
	char waiting_for[USER_TEXT_SIZE]; /* one of those that are waited for; empty: none */
	void (*on_wait)(void *data);	  /* called when that has changed */
	void *data;
};

/* Forgets those of the call before. */
void users_reset(struct users *users);
void users_done(struct users *users);

/* A hotslot_user_fn for a struct users. */
void users_add(void *data, const struct hotslot_user *user);

/* One of the list as text for a person. */
void user_describe(const json_t *user, char ret[USER_TEXT_SIZE]);
