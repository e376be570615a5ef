/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a domain, which is another one after 'virsh domrename'. */
#include "domain-name.h"

#include <string.h>

#include "domain.h"

void domain_name_update(struct hotslot_domain *domain, const char *name)
{
	struct old_name *old;
	char *copy;

	if (strcmp(domain->name, name) == 0)
		return;
	old = malloc(sizeof(*old));
	copy = strdup(name);
	if (!old || !copy) {
		free(old);
		free(copy);
		return;
	}
	*old = (struct old_name){ .next = domain->old_names, .text = domain->name };
	domain->old_names = old;
	/* A call on the domain may be about to print it. */
	__atomic_store_n(&domain->name, copy, __ATOMIC_RELEASE);
}

void domain_name_done(struct hotslot_domain *domain)
{
	while (domain->old_names) {
		struct old_name *old = domain->old_names;

		domain->old_names = old->next;
		free(old->text);
		free(old);
	}
	free(domain->name);
}
