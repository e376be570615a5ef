/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --drive IMAGE[,format=F][,readonly][,serial=S][,slot=N][,id=I][,lun][,strict][,label=L]
 * [,any-label], and the words of disk-option.h */
#include "drive-option.h"

#include <string.h>

#include "disk-option.h"
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

/* 1 if it is none of these words. */
static int set_disk_option(const char *part, struct hotslot_backend_options *backend)
{
	const char *value = strchrnul(part, '='), *wrong;
	int option = disk_option_find(part, (size_t)(value - part));

	if (option < 0)
		return 1;
	if (disk_option_takes_value(option) != (*value == '='))
		return -EINVAL;
	return disk_option_set(backend, option, *value ? value + 1 : NULL, &wrong);
}

static int set_part(const char *part, struct hotslot_attach_options *drive,
	struct hotslot_backend_options *backend)
{
	const char *value = strchr(part, '=');
	int r = set_disk_option(part, backend);
	size_t len;

	if (r <= 0 || set_flag(part, drive))
		return r < 0 ? r : 0;
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

int drive_parse(char *text, struct hotslot_attach_options *ret,
	struct hotslot_backend_options *ret_backend, const char **ret_wrong)
{
	struct hotslot_backend_options backend = HOTSLOT_BACKEND_INIT;
	struct hotslot_attach_options drive = HOTSLOT_ATTACH_INIT;

	drive.image = next_part(&text);
	*ret_wrong = drive.image;
	if (!*drive.image)
		return -EINVAL;
	while (text) {
		*ret_wrong = next_part(&text);
		if (set_part(*ret_wrong, &drive, &backend) < 0)
			return -EINVAL;
	}
	*ret_backend = backend;
	drive.backend = ret_backend;
	*ret = drive;
	return 0;
}
