/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a status: its texts and its drifts. */
#include <stdarg.h>
#include <string.h>

#include "error.h"
#include "places.h"
#include "status-work.h"

struct status_text {
	struct status_text *next;
	struct hotslot_drift drift; /* of which the text is */
	char text[];
};

static const char *const names[] = {
	[HOTSLOT_DRIFT_LIVE_ONLY] = "live-only",
	[HOTSLOT_DRIFT_CONFIG_ONLY] = "config-only",
	[HOTSLOT_DRIFT_OTHER_DISK] = "other-disk",
	[HOTSLOT_DRIFT_OTHER_SLOT] = "other-slot",
	[HOTSLOT_DRIFT_ALIAS] = "alias",
	[HOTSLOT_DRIFT_SERIAL] = "serial",
	[HOTSLOT_DRIFT_SOURCE] = "source",
	[HOTSLOT_DRIFT_READ_ONLY] = "read-only",
	[HOTSLOT_DRIFT_RESERVED] = "reserved",
	[HOTSLOT_DRIFT_LABELS] = "labels",
	[HOTSLOT_DRIFT_FILE_GONE] = "file-gone",
	[HOTSLOT_DRIFT_FILE_REPLACED] = "file-replaced",
	[HOTSLOT_DRIFT_NOT_VISIBLE] = "not-visible",
	[HOTSLOT_DRIFT_GUEST_ONLY] = "guest-only",
	[HOTSLOT_DRIFT_RELEASED] = "released",
	[HOTSLOT_DRIFT_GUEST_SERIAL] = "guest-serial",
	[HOTSLOT_DRIFT_GUEST_SIZE] = "guest-size",
	[HOTSLOT_DRIFT_GUEST_READ_ONLY] = "guest-read-only",
};

const char *hotslot_drift_name(enum hotslot_drift_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}

struct status *status_new(void)
{
	struct status *status = calloc(1, sizeof(*status));

	if (status) {
		status->status.id = -1;
		status->status.renewed = -1;
	}
	return status;
}

struct status *status_free(struct status *status)
{
	if (!status)
		return NULL;
	while (status->texts) {
		struct status_text *next = status->texts->next;

		free(status->texts);
		status->texts = next;
	}
	free(status->drifts);
	free(status);
	return NULL;
}

void hotslot_status_free(struct hotslot_status *status)
{
	status_free((struct status *)status);
}

static struct status_text *keep(struct status *status, const char *text)
{
	struct status_text *copy = malloc(sizeof(*copy) + strlen(text) + 1);

	if (!copy) {
		status->no_memory = true;
		return NULL;
	}
	strcpy(copy->text, text);
	copy->next = status->texts;
	status->texts = copy;
	return copy;
}

const char *status_keep(struct status *status, const char *text)
{
	struct status_text *copy = text ? keep(status, text) : NULL;

	return copy ? copy->text : NULL;
}

static void add(struct status *status, enum hotslot_drift_kind kind, int slot, const char *line)
{
	struct status_text *text = keep(status, line);
	size_t n = status->status.n_drifts;
	const struct hotslot_drift **drifts =
		reallocarray(status->drifts, n + 1, sizeof(const struct hotslot_drift *));

	if (drifts)
		status->status.drifts = status->drifts = drifts;
	if (!text || !drifts) {
		status->no_memory = true;
		return;
	}
	text->drift = (struct hotslot_drift){ .kind = kind, .slot = slot, .text = text->text };
	drifts[n] = &text->drift;
	status->status.n_drifts++;
}

void status_add(
	struct status *status, enum hotslot_drift_kind kind, int slot, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	struct hotslot_error line = {};
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (r < 0) {
		text = NULL;
		status->no_memory = true;
		return;
	}
	/* An error's text is a printable line. */
	error_set(&line, HOTSLOT_ERROR_NONE, "%s", text);
	add(status, kind, slot, line.message);
}

int status_slot(const struct xml_disk *disk)
{
	return slot_exists(disk->target, disk->unit)
		       ? (int)slot_from_place(disk->target, disk->unit)
		       : -1;
}

bool status_has(const struct domain_xml *xml, const struct xml_disk *disk)
{
	return domain_xml_manages(xml, disk) && disk->target != SLOT_SYSTEM_TARGET;
}

const char *status_name(const struct xml_disk *disk)
{
	return disk->source ?: disk->alias ?: "a disk without an image";
}
