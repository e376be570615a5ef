/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs and the shared libraries that they need. */
#pragma once

#include "image.h"

/* Adds the file SOURCE at PATH; if it is a dynamic ELF program, also its interpreter and its
 * libraries, at the places where that interpreter finds them on this machine. Logs what fails. */
int program_add(struct image *image, const char *path, const char *source);

/* What a line of an interpreter's --list says. */
enum library_result {
	LIBRARY_NONE = 0,    /* no file: the vDSO, or nothing of interest */
	LIBRARY_FOUND = 1,   /* *ret is the file */
	LIBRARY_MISSING = 2, /* *ret is the name of a library that was not found */
};

/* Parses one such line in place. Pure. *ret lives in LINE. */
enum library_result library_parse(char *line, char **ret);
