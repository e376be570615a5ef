/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our element of a domain's metadata, as libvirt keeps it. */
#include "element.h"

#include <libvirt/virterror.h>

#include "definition-lock.h"
#include "error.h"
#include "job.h"
#include "metadata.h"

int element_get(
	struct hotslot_domain *domain, unsigned flags, char **ret, struct hotslot_error *error)
{
	do
		*ret = virDomainGetMetadata(
			domain->domain, VIR_DOMAIN_METADATA_ELEMENT, METADATA_URI, flags);
	while (!*ret && domain_reopened(domain));
	if (*ret || virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_METADATA)
		return 0;
	return error_libvirt(error, "Cannot read the metadata of domain %s", domain->name);
}

int element_set(struct hotslot_domain *domain, unsigned flags, const char *text,
	struct hotslot_error *error)
{
	uint64_t deadline = domain_deadline(domain);
	int r;

	/* All of it: twice is as good as once. */
	do {
		r = job_await(domain, deadline, error);
		if (r < 0)
			return r;
		r = virDomainSetMetadata(domain->domain, VIR_DOMAIN_METADATA_ELEMENT, text,
			METADATA_KEY, METADATA_URI, flags);
	} while (r < 0 && (job_came_between(domain, deadline) || domain_reopened(domain)));
	if (r == 0)
		return 0;
	return error_libvirt(error, "Cannot write the metadata of domain %s", domain->name);
}

int element_change(struct hotslot_domain *domain, unsigned flags, element_change_fn fn, void *data,
	struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	_cleanup_free_ char *old = NULL, *text = NULL;
	int r = definition_lock_for(domain, flags, &lock, error);

	if (r == 0)
		r = element_get(domain, flags, &old, error);
	if (r < 0)
		return r;
	r = fn(old, data, &text);
	if (r < 0)
		return error_system(
			error, r, "Cannot change the metadata of domain %s", domain->name);
	return r > 0 ? 0 : element_set(domain, flags, text, error);
}
