/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the session of disks that come, change and go; whoever waits for one is answered first. */
#include "pending.h"
#include "release.h"
#include "report.h"
#include "server.h"
#include "wire.h"

void server_keep_record(struct server *server, const struct entry *entry, json_t *record)
{
	json_decref(server->told);
	server->told = json_incref(record);
	server->told_of = entry;
}

static void forget_record(struct server *server)
{
	server_keep_record(server, NULL, NULL);
}

/* Whoever waits for ENTRY comes first. */
static void answer_all(struct server *server)
{
	forget_record(server);
	pending_check_all(server);
}

static void send_disk_event(struct server *server, const char *name, struct entry *entry)
{
	json_t *record;
	uint64_t hash;

	if (!server->active)
		return;
	/* What was answered just now is so still. */
	if (server->told_of == entry && entry->state == ENTRY_PRESENT)
		record = json_incref(server->told);
	else
		record = report_disk(server->tracker, entry);
	forget_record(server);
	hash = record ? report_hash(record) : 0;
	if (!record || hash == entry->reported) {
		json_decref(record);
		return;
	}
	entry->reported = hash;
	server_send_event(server, name, json_pack("{s:o}", "disk", record));
	if (!entry->announced)
		times_note(&entry->times.report);
	entry->announced = true;
}

/* Where udevd makes the links, it was through with them when it told of the disk. */
static void note_links(struct server *server, struct entry *entry)
{
	if (entry->times.udev && !entry->times.link && report_is_linked(server->tracker, entry))
		times_note(&entry->times.link);
}

void server_disk_added(struct server *server, struct entry *entry)
{
	answer_all(server);
	note_links(server, entry);
	send_disk_event(server, HOTSLOT_EVENT_ADDED, entry);
	/* A job of its own, that nobody waits for; and hardly ever there is one. */
	release_mend(server, entry);
}

void server_disk_changed(struct server *server, struct entry *entry)
{
	release_mend(server, entry);
	answer_all(server);
	note_links(server, entry);
	send_disk_event(
		server, entry->announced ? HOTSLOT_EVENT_CHANGED : HOTSLOT_EVENT_ADDED, entry);
}

void server_disk_removed(struct server *server, struct entry *entry)
{
	if (server->active)
		server_send_event(server, HOTSLOT_EVENT_REMOVED, report_removed(entry));
}
