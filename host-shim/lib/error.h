/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filling a struct hotslot_error: code, step and one printable line. */
#pragma once

#include "hotslot.h"
#include "util.h"

/* Clears ERROR, or IGNORED where the caller of the API gave none. Returns the one to use. */
struct hotslot_error *error_begin(struct hotslot_error *error, struct hotslot_error *ignored);

/* Names the step that what fails from now on belongs to. */
void error_step(struct hotslot_error *error, const char *step);

/* Each returns a negative errno: that of the code, or R. */
int error_set(struct hotslot_error *error, enum hotslot_error_code code, const char *format, ...)
	_printf_(3, 4);
int error_system(struct hotslot_error *error, int r, const char *format, ...) _printf_(3, 4);
int error_memory(struct hotslot_error *error);

/* Adds libvirt's last message of this thread to the text. */
int error_libvirt(struct hotslot_error *error, const char *format, ...) _printf_(2, 3);
int error_libvirt_code(struct hotslot_error *error, enum hotslot_error_code code,
	const char *format, ...) _printf_(3, 4);

/* For another attempt of the step: nothing has failed. */
void error_clear(struct hotslot_error *error);

/* Adds to the message of an error that is set. */
void error_append(struct hotslot_error *error, const char *format, ...) _printf_(2, 3);
