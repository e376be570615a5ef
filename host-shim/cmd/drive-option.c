/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --drive IMAGE[,format=F][,readonly][,serial=S][,slot=N][,id=I][,lun][,strict][,label=L]
 * [,any-label] */
#include "drive-option.h"

#include <string.h>

#include "util.h"

/* Cuts the first part off *TEXT, undoubles its commas; *TEXT is NULL after the last one. */
static char *next_part(char **text)
{
	char *part = *text, *in = part, *out = part;

	for (; *in; *out++ = *in++) {
		if (*in != ',')
			continue;
		if (in[1] != ',')
			break;
		in++;
	}
	*text = *in ? in + 1 : NULL;
	*out = '\0';
	return part;
}

static int set_slot(const char *value, int *ret)
{
	/* As --slot has it. */
	return hotslot_slot_parse(value, ret, NULL) < 0 ? -EINVAL : 0;
}

static bool set_flag(const char *part, struct hotslot_attach_options *drive)
{
	if (!strcmp(part, "readonly"))
		drive->read_only = true;
	else if (!strcmp(part, "lun"))
		drive->passthrough = true;
	else if (!strcmp(part, "strict"))
		drive->strict = true;
	else if (!strcmp(part, "any-label"))
		drive->any_label = true;
	else
		return false;
	return true;
}

static int set_part(const char *part, struct hotslot_attach_options *drive)
{
	const char *value = strchr(part, '=');
	size_t len;

	if (set_flag(part, drive))
		return 0;
	if (!value)
		return -EINVAL;
	len = (size_t)(++value - part);
	if (!strncmp(part, "slot=", len))
		return set_slot(value, &drive->slot);
	if (!strncmp(part, "format=", len))
		drive->format = value;
	else if (!strncmp(part, "serial=", len))
		drive->serial = value;
	else if (!strncmp(part, "id=", len))
		drive->id = value;
	else if (!strncmp(part, "label=", len))
		drive->label = value;
	else
		return -EINVAL;
	return 0;
}

int drive_parse(char *text, struct hotslot_attach_options *ret, const char **ret_wrong)
{
	struct hotslot_attach_options drive = HOTSLOT_ATTACH_INIT;

	drive.image = next_part(&text);
	*ret_wrong = drive.image;
	if (!*drive.image)
		return -EINVAL;
	while (text) {
		*ret_wrong = next_part(&text);
		if (set_part(*ret_wrong, &drive) < 0)
			return -EINVAL;
	}
	*ret = drive;
	return 0;
}
