/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The targets under libFuzzer. Which one it is, HOTSLOT_FUZZ_TARGET says. */
#include <jansson.h>

#include "targets.h"

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("HOTSLOT_FUZZ_TARGET");

	(void)argc, (void)argv;
	target = fuzz_find(name ?: "");
	if (!target) {
		fprintf(stderr, "fuzzer: HOTSLOT_FUZZ_TARGET names no target\n");
		exit(EXIT_FAILURE);
	}
	json_object_seed(1); /* each run takes the same way */
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run((const char *)data, size);
	return 0;
}
