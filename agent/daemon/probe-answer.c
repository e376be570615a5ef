/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the probe's child hands back on one range of a disk. Pure. */
#include "probe-answer.h"

#include <errno.h>
#include <string.h>

#include "encode.h"

static int encode(const struct probe_text *text, char *ret, size_t size)
{
	char encoded[4 * PROBE_TEXT_MAX + 1];

	if (text->length > PROBE_TEXT_MAX)
		return -EBADMSG;
	text_encode(text->bytes, text->length, encoded);
	if (strlen(encoded) >= size)
		return -EBADMSG;
	strcpy(ret, encoded);
	return 0;
}

int probe_answer_check(const struct probe_answer *answer, struct contents *ret)
{
	struct contents contents = { .state = CONTENTS_KNOWN };
	int r;

	if (answer->known == 0) {
		*ret = (struct contents){ .state = CONTENTS_UNKNOWN };
		return 0;
	}
	if ((r = encode(&answer->type, contents.type, sizeof(contents.type))) < 0 ||
		(r = encode(&answer->label, contents.label, sizeof(contents.label))) < 0 ||
		(r = encode(&answer->uuid, contents.uuid, sizeof(contents.uuid))) < 0 ||
		(r = encode(&answer->table, contents.table, sizeof(contents.table))) < 0)
		return r;
	*ret = contents;
	return 0;
}
