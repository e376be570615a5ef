/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking libvirt about a domain, and asking again where the daemon has gone meanwhile. */
#include "domain-ask.h"

int domain_is_active(struct hotslot_domain *domain)
{
	int r;

	do
		r = virDomainIsActive(domain->domain);
	while (r < 0 && domain_reopened(domain));
	return r;
}

int domain_is_persistent(struct hotslot_domain *domain)
{
	int r;

	do
		r = virDomainIsPersistent(domain->domain);
	while (r < 0 && domain_reopened(domain));
	return r;
}

int domain_has_saved(struct hotslot_domain *domain)
{
	int r;

	do
		r = virDomainHasManagedSaveImage(domain->domain, 0);
	while (r < 0 && domain_reopened(domain));
	return r;
}

int domain_get_state(struct hotslot_domain *domain, int *ret_state, int *ret_reason)
{
	int r;

	do
		r = virDomainGetState(domain->domain, ret_state, ret_reason, 0);
	while (r < 0 && domain_reopened(domain));
	return r;
}

bool domain_pause_passes(int reason)
{
	return reason == VIR_DOMAIN_PAUSED_MIGRATION || reason == VIR_DOMAIN_PAUSED_SAVE ||
	       reason == VIR_DOMAIN_PAUSED_DUMP || reason == VIR_DOMAIN_PAUSED_SNAPSHOT ||
	       reason == VIR_DOMAIN_PAUSED_STARTING_UP ||
	       reason == VIR_DOMAIN_PAUSED_SHUTTING_DOWN || reason == VIR_DOMAIN_PAUSED_POSTCOPY;
}

char *domain_get_xml(struct hotslot_domain *domain, unsigned flags)
{
	char *text;

	do
		text = virDomainGetXMLDesc(domain->domain, flags);
	while (!text && domain_reopened(domain));
	return text;
}

char *domain_get_saved_xml(struct hotslot_domain *domain)
{
	char *text;

	do
		text = virDomainManagedSaveGetXMLDesc(domain->domain, 0);
	while (!text && domain_reopened(domain));
	return text;
}

int domain_get_block_info(
	struct hotslot_domain *domain, const char *target_dev, virDomainBlockInfo *ret)
{
	int r;

	do
		r = virDomainGetBlockInfo(domain->domain, target_dev, ret, 0);
	while (r < 0 && domain_reopened(domain));
	return r;
}
