/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What launches leave behind them when they are broken off, and its end. */
#include "finish.h"

#include <string.h>

#include "domain-ask.h"
#include "element.h"
#include "error.h"

static int without_mark(const char *old, void *data, char **ret)
{
	int r = mark_remove(old, ret);

	(void)data;
	return r == -ENOENT ? 1 : r;
}

static int take_mark(struct hotslot_domain *domain, unsigned flags, struct hotslot_error *error)
{
	return element_change(domain, flags, without_mark, NULL, error);
}

/* The running domain last: as long as it has the mark, somebody finishes this. */
int finish_launch(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int persistent = domain_is_persistent(domain), r = 0;

	if (persistent < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	if (persistent)
		r = take_mark(domain, VIR_DOMAIN_AFFECT_CONFIG, error);
	return r < 0 ? r : take_mark(domain, VIR_DOMAIN_AFFECT_LIVE, error);
}

static bool was_broken_off(const struct hotslot *hotslot, virDomainPtr domain)
{
	_cleanup_free_ char *text = virDomainGetXMLDesc(domain, 0);
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;

	return text && domain_xml_parse(text, &xml) == 0 && xml->launching &&
	       launcher_state(&xml->launcher, hotslot->local) == LAUNCHER_ENDED;
}

static void finish_trial(struct hotslot *hotslot, virDomainPtr domain)
{
	const char *name = virDomainGetName(domain);

	if (!name || strncmp(name, TRIAL_PREFIX, strlen(TRIAL_PREFIX)) != 0 ||
		!was_broken_off(hotslot, domain))
		return;
	if (virDomainDestroy(domain) == 0)
		connection_notice(hotslot,
			"Ended domain %s, which a launch that was broken off tried KVM with", name);
}

void finish_trials(struct hotslot *hotslot)
{
	_cleanup_connection_ virConnectPtr connection = NULL;
	virDomainPtr *domains;
	int n;

	/* Whether their launchers run can be told on their host only. */
	if (!hotslot->local)
		return;
	connection = connection_get(hotslot);
	n = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	for (int i = 0; i < n; i++) {
		finish_trial(hotslot, domains[i]);
		virDomainFree(domains[i]);
	}
	if (n >= 0)
		free(domains);
}

int finish_definition(struct hotslot *hotslot, virDomainPtr domain, bool *ret_broken_off)
{
	*ret_broken_off = was_broken_off(hotslot, domain);
	if (!*ret_broken_off || virDomainIsActive(domain) != 0 || virDomainUndefine(domain) < 0)
		return 0;
	connection_notice(hotslot,
		"Undefined domain %s: its launch was broken off before it was started",
		virDomainGetName(domain));
	return 1;
}
