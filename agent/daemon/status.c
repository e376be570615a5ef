/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent says of itself: in its answers to hello and status. */
#include "status.h"

#include <string.h>
#include <sys/stat.h>

#include "udevd-queue.h"

#define RULE "60-hotslot.rules"
#define HELPER "hotslot-id"

json_t *status_versions(void)
{
	return json_pack("[i]", HOTSLOT_PROTOCOL_VERSION);
}

static size_t count_released(const struct inventory *inventory)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n; i++)
		n += !entry_is_usable(inventory->entries[i]);
	return n;
}

json_t *status_hello(const struct server *server)
{
	const struct tracker *tracker = server->tracker;
	const char *controller = tracker->identity.controller;
	json_t *hello;

	hello = json_pack("{s:s, s:i, s:s, s:s, s:I, s:s, s:s?, s:o, s:I, s:I, s:b, s:s?}", "nonce",
		server->session, "version", HOTSLOT_PROTOCOL_VERSION, "agent", HOTSLOT_VERSION,
		"boot-id", server->boot_id, "epoch", (json_int_t)server->epoch, "links",
		tracker->links.owner ? "agent" : "udev", "controller",
		*controller ? controller : NULL, "versions", status_versions(), "disks",
		(json_int_t)tracker->inventory.n, "released",
		(json_int_t)count_released(&tracker->inventory), "renewed", (int)server->renewed,
		"previous", *server->previous ? server->previous : NULL);
	/* Not known yet. */
	if (server->starting) {
		json_object_del(hello, "disks");
		json_object_del(hello, "released");
	}
	return hello;
}

/* The first of the N paths that is there, and is a file: udev takes a link to /dev/null for none.
 * Or null. */
static json_t *find_file(const char *const *paths, size_t n)
{
	struct stat st;

	for (size_t i = 0; i < n; i++)
		if (stat(paths[i], &st) == 0)
			return S_ISREG(st.st_mode) ? json_string(paths[i]) : json_null();
	return json_null();
}

/* udev(7): the first directory that has a file of that name counts. */
static json_t *find_rule(void)
{
	static const char *const paths[] = { "/etc/udev/rules.d/" RULE, "/run/udev/rules.d/" RULE,
		"/usr/local/lib/udev/rules.d/" RULE, "/usr/lib/udev/rules.d/" RULE,
		"/lib/udev/rules.d/" RULE };

	return find_file(paths, ARRAY_SIZE(paths));
}

static json_t *find_helper(void)
{
	static const char *const paths[] = { HOTSLOT_UDEVDIR "/" HELPER, "/usr/lib/udev/" HELPER,
		"/lib/udev/" HELPER };

	return find_file(paths, ARRAY_SIZE(paths));
}

static json_t *list_mirrors(const struct links *links)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < links->n_mirrors; i++)
		json_array_append_new(list, json_string(mirror_path(links->mirrors[i])));
	return list;
}

static json_t *list_controllers(const struct view *view)
{
	struct controllers controllers;
	json_t *list = json_array();

	if (controllers_list(view, &controllers) < 0)
		return list;
	for (size_t i = 0; list && i < controllers.n; i++)
		json_array_append_new(list, json_string(controllers.names[i]));
	return list;
}

/* "SIZE RESIDENT …" in pages, proc(5). */
static json_int_t resident_bytes(const struct view *view)
{
	unsigned long long pages;
	char text[128];

	if (read_attr_at(view->proc, "self/statm", text, sizeof(text)) < 0 ||
		sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return (json_int_t)pages * sysconf(_SC_PAGESIZE);
}

json_t *status_report(const struct server *server)
{
	const struct tracker *tracker = server->tracker;

	return json_pack("{s:I, s:b, s:o, s:o, s:b, s:s, s:o, s:I, s:I, s:o}", "uptime",
		(json_int_t)(now_ms() - server->started_at), "udevd",
		access(UDEVD_CONTROL, F_OK) == 0, "rule", find_rule(), "helper", find_helper(),
		"probing", (int)tracker->probing, "dev", tracker->links.directory, "mirrors",
		list_mirrors(&tracker->links), "waiting", (json_int_t)server->n_pending, "memory",
		resident_bytes(&tracker->view), "controllers", list_controllers(&tracker->view));
}
