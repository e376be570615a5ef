/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fuzz targets: what takes bytes from somebody else, and what has to hold whatever they are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct fuzz_target {
	const char *name; /* that of its corpus, too */
	void (*run)(const char *data, size_t size);
};

/* Ends with one that has no name. */
extern const struct fuzz_target fuzz_targets[];

/* NULL if there is none. */
const struct fuzz_target *fuzz_find(const char *name);

/* What holds for all input. Not an assertion that a build could leave out. */
#define hold(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* A copy with a NUL after it, exactly as long; freed by the caller. */
char *fuzz_text(const char *data, size_t size);

/* Takes the next part of the input, up to a line of two hyphens, off its start. */
char *fuzz_part(const char **data, size_t *size);

void fuzz_frame(const char *data, size_t size);
void fuzz_serial(const char *data, size_t size);
void fuzz_vpd(const char *data, size_t size);
void fuzz_scsi(const char *data, size_t size);
void fuzz_place(const char *data, size_t size);
void fuzz_mountinfo(const char *data, size_t size);
void fuzz_cmdline(const char *data, size_t size);
void fuzz_options(const char *data, size_t size);
void fuzz_machine(const char *data, size_t size);
void fuzz_users(const char *data, size_t size);
void fuzz_requests(const char *data, size_t size);
void fuzz_probe_answer(const char *data, size_t size);
void fuzz_contents(const char *data, size_t size);
void fuzz_answers(const char *data, size_t size);
void fuzz_channel(const char *data, size_t size);
void fuzz_reference(const char *data, size_t size);
void fuzz_words(const char *data, size_t size);
void fuzz_image(const char *data, size_t size);
void fuzz_source(const char *data, size_t size);
void fuzz_element(const char *data, size_t size);
void fuzz_domain(const char *data, size_t size);
void fuzz_metadata(const char *data, size_t size);
