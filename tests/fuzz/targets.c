/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of fuzz targets, and what they share. */
#include "targets.h"

/* Where the parts of an input that stands for several files meet. */
#define PART_END "\n--\n"

const struct fuzz_target fuzz_targets[] = {
	{ "frame", fuzz_frame },
	{ "serial", fuzz_serial },
	{ "vpd", fuzz_vpd },
	{ "scsi", fuzz_scsi },
	{ "place", fuzz_place },
	{ "mountinfo", fuzz_mountinfo },
	{ "cmdline", fuzz_cmdline },
	{ "options", fuzz_options },
	{ "machine", fuzz_machine },
	{ "users", fuzz_users },
	{ "requests", fuzz_requests },
	{ "probe-answer", fuzz_probe_answer },
	{ "contents", fuzz_contents },
	{ "answers", fuzz_answers },
	{ "channel", fuzz_channel },
	{ "reference", fuzz_reference },
	{ "words", fuzz_words },
	{ "image", fuzz_image },
	{ "source", fuzz_source },
	{ "element", fuzz_element },
	{ "domain", fuzz_domain },
	{ "metadata", fuzz_metadata },
	{},
};

const struct fuzz_target *fuzz_find(const char *name)
{
	for (const struct fuzz_target *target = fuzz_targets; target->name; target++)
		if (strcmp(target->name, name) == 0)
			return target;
	return NULL;
}

char *fuzz_text(const char *data, size_t size)
{
	char *text = malloc(size + 1);

	hold(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

char *fuzz_part(const char **data, size_t *size)
{
	const char *end = *size ? memmem(*data, *size, PART_END, strlen(PART_END)) : NULL;
	size_t length = end ? (size_t)(end - *data) + 1 : *size;
	size_t taken = end ? length + strlen(PART_END) - 1 : length;
	char *text = fuzz_text(*data, length);

	*data += taken;
	*size -= taken;
	return text;
}
