/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection of a run and the domains in use: one session each, whatever names it by. */
#include "client.h"

#include <string.h>

#include "connect-within.h"
#include "output.h"

/* A daemon that is busy, or is started by libvirt now, answers late, and the time is meant for the
 * agent. */
#define PATIENCE_MIN_MS 10000

struct open_domain {
	struct hotslot_domain *domain;
	struct open_domain *next;
};

static void print_notice(void *data, const char *message)
{
	struct client *client = data;

	if (!client->quiet)
		print_line(client, NULL, message, NULL);
}

void client_adopt(struct client *client)
{
	hotslot_set_notice(client->hotslot, print_notice, client);
}

/* An embedded driver has no daemon that could hang, and may take its time to begin. */
static bool is_embedded(const struct client *client)
{
	const char *uri = client->uri ?: getenv("LIBVIRT_DEFAULT_URI");
	const char *path = uri ? strstr(uri, ":///") : NULL;

	return path && strncmp(path, ":///embed", strlen(":///embed")) == 0;
}

/* 0: as long as it takes. */
static unsigned patience(const struct client *client)
{
	if (client->patience_ms == 0 || is_embedded(client))
		return 0;
	return client->patience_ms > PATIENCE_MIN_MS ? client->patience_ms : PATIENCE_MIN_MS;
}

int client_connect(struct client *client, struct hotslot_error *error)
{
	unsigned timeout_ms = patience(client);
	int r;

	if (client->hotslot)
		return 0;
	if (timeout_ms)
		return client_connect_within(client, timeout_ms, error);
	r = hotslot_open(client->uri, &client->hotslot, error);
	if (r < 0)
		return r;
	client_adopt(client);
	return 0;
}

int set_error(struct hotslot_error *error, int r, const char *message)
{
	*error = (struct hotslot_error){ .code = HOTSLOT_ERROR_SYSTEM };
	snprintf(error->message, sizeof(error->message), "%s", message);
	return r;
}

int client_keep(struct client *client, struct hotslot_domain *domain)
{
	struct open_domain *entry = malloc(sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct open_domain){ .domain = domain, .next = client->domains };
	client->domains = entry;
	return 0;
}

/* Where the entry of a domain hangs, or the end of the list. The UUID tells: a domain may be
 * called by its name now and by its id later. */
static struct open_domain **find_entry(struct client *client, const char *uuid)
{
	struct open_domain **link = &client->domains;

	while (*link && strcmp(hotslot_domain_uuid((*link)->domain), uuid))
		link = &(*link)->next;
	return link;
}

static int look_up(struct client *client, const char *name, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	unsigned timeout_ms = patience(client);
	int r;

	if (timeout_ms)
		return client_look_up_within(client, name, timeout_ms, ret, error);
	r = client_connect(client, error);
	return r < 0 ? r : hotslot_domain_lookup(client->hotslot, name, ret, error);
}

int client_find(struct client *client, const char *name, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	struct hotslot_domain *domain = NULL;
	struct open_domain *entry;
	int r = look_up(client, name, &domain, error);

	if (r < 0)
		return r;
	/* Of each command anew: two lookups find one object. */
	hotslot_domain_set_controller(
		domain, client->has_controller ? (int)client->controller : -1);
	hotslot_domain_set_timeout(domain, client->timeout_ms);
	hotslot_domain_set_timing(domain, false);
	entry = *find_entry(client, hotslot_domain_uuid(domain));
	if (entry) {
		hotslot_domain_unref(domain);
		*ret = entry->domain;
		return 0;
	}
	if (client_keep(client, domain) < 0) {
		hotslot_domain_unref(domain);
		return set_error(error, -ENOMEM, "out of memory");
	}
	*ret = domain;
	return 0;
}

void client_forget(struct client *client, struct hotslot_domain *domain)
{
	struct open_domain **link = find_entry(client, hotslot_domain_uuid(domain));
	struct open_domain *entry = *link;

	if (!entry)
		return;
	*link = entry->next;
	hotslot_domain_unref(entry->domain);
	free(entry);
}

void client_done(struct client *client)
{
	while (client->domains)
		client_forget(client, client->domains->domain);
	client->hotslot = hotslot_unref(client->hotslot);
	free(client->default_domain);
	client->default_domain = NULL;
}
