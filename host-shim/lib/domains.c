/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All domains of a connection. */
#include <string.h>

#include "domain.h"
#include "error.h"
#include "options.h"
#include "reopen.h"

static int compare_names(const void *a, const void *b)
{
	struct hotslot_domain *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* Takes over FOUND, and the domains in it. */
static int wrap(struct hotslot *hotslot, virDomainPtr *found, int n, struct hotslot_domain **ret,
	size_t *ret_count, struct hotslot_error *error)
{
	int r = 0;

	for (int i = 0; i < n; i++) {
		if (r < 0) {
			virDomainFree(found[i]);
			continue;
		}
		r = domain_from_libvirt(hotslot, found[i], &ret[*ret_count], error);
		if (r == 0)
			++*ret_count;
	}
	return r;
}

int hotslot_domains(struct hotslot *hotslot, struct hotslot_domain ***ret, size_t *ret_count,
	struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(0, TIMEOUT_DEFAULT_MS);
	_cleanup_connection_ virConnectPtr connection = NULL;
	virDomainPtr *found = NULL;
	struct hotslot_domain **domains;
	struct hotslot_error ignored;
	size_t count = 0;
	int n, r;

	error = error_begin(error, &ignored);
	r = reopen_get(hotslot, deadline, &connection, error);
	if (r < 0)
		return r;
	do
		n = virConnectListAllDomains(connection, &found, 0);
	while (n < 0 && reopen_again(hotslot, &connection, deadline));
	if (n < 0)
		return error_libvirt(error, "Cannot list the domains");
	domains = calloc((size_t)n + 1, sizeof(struct hotslot_domain *));
	if (!domains) {
		for (int i = 0; i < n; i++)
			virDomainFree(found[i]);
		free(found);
		return error_memory(error);
	}
	r = wrap(hotslot, found, n, domains, &count, error);
	free(found);
	if (r < 0) {
		hotslot_domains_free(domains, count);
		return r;
	}
	qsort(domains, count, sizeof(struct hotslot_domain *), compare_names);
	*ret = domains;
	*ret_count = count;
	return 0;
}

void hotslot_domains_free(struct hotslot_domain **domains, size_t count)
{
	for (size_t i = 0; domains && i < count; i++)
		hotslot_domain_unref(domains[i]);
	free(domains);
}
