/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that libvirt has in the XML, while QEMU has let go of them. */
#include "unheard.h"

#include <libvirt/virterror.h>
#include <string.h>

bool unheard_is(struct hotslot_domain *domain, const char *label)
{
	virDomainBlockStatsStruct unused;
	int r;

	do
		r = virDomainBlockStats(domain->domain, label, &unused, sizeof(unused));
	while (r < 0 && domain_reopened(domain));
	/* All that libvirt does not find among QEMU's devices is an internal error to it, and that
	 * its daemon is gone. */
	return r < 0 && virGetLastErrorCode() == VIR_ERR_INTERNAL_ERROR &&
	       virGetLastErrorDomain() != VIR_FROM_RPC;
}

/* What libvirt has of QEMU alone; without a device to ask about, it leaves it out. */
static bool has_statistics(const virDomainStatsRecord *record, unsigned i)
{
	char name[VIR_TYPED_PARAM_FIELD_LENGTH];

	snprintf(name, sizeof(name), "block.%u.rd.reqs", i);
	return virTypedParamsGet(record->params, record->nparams, name);
}

static void add(struct unheard *unheard, const virDomainStatsRecord *record, unsigned i)
{
	char name[VIR_TYPED_PARAM_FIELD_LENGTH];
	const char *label = NULL;
	char **labels;

	snprintf(name, sizeof(name), "block.%u.name", i);
	if (virTypedParamsGetString(record->params, record->nparams, name, &label) <= 0)
		return;
	labels = reallocarray(unheard->labels, unheard->n + 1, sizeof(char *));
	if (!labels)
		return;
	unheard->labels = labels;
	labels[unheard->n] = strdup(label);
	unheard->n += labels[unheard->n] != NULL;
}

void unheard_find(const struct hotslot_domain *domain, struct unheard *ret)
{
	virDomainPtr domains[] = { domain->domain, NULL };
	virDomainStatsRecordPtr *records = NULL;
	unsigned count = 0;

	*ret = (struct unheard){};
	if (virDomainListGetStats(domains, VIR_DOMAIN_STATS_BLOCK, &records, 0) <= 0)
		return;
	(void)virTypedParamsGetUInt(records[0]->params, records[0]->nparams, "block.count", &count);
	for (unsigned i = 0; i < count; i++)
		if (!has_statistics(records[0], i))
			add(ret, records[0], i);
	virDomainStatsRecordListFree(records);
}

bool unheard_has(const struct unheard *unheard, const char *label)
{
	for (size_t i = 0; i < unheard->n; i++)
		if (strcmp(unheard->labels[i], label) == 0)
			return true;
	return false;
}

void unheard_done(struct unheard *unheard)
{
	for (size_t i = 0; i < unheard->n; i++)
		free(unheard->labels[i]);
	free(unheard->labels);
	*unheard = (struct unheard){};
}
