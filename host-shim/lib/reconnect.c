/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An embedded driver's reconnecting to the guests that run: who has to wait for it. */
#include "reconnect.h"

#include "error.h"
#include "qemu-question.h"

/* From the opening on. It takes less than 100 ms, also under TCG. */
#define MOMENT_MS 1000

/* A call that needs a job waits for the driver's. */
struct reconnects {
	uint64_t moment; /* when it is over */
	size_t count;
	struct qemu_question *questions[];
};

struct reconnects *reconnects_begin(virConnectPtr connection)
{
	struct reconnects *reconnects;
	virDomainPtr *domains;
	int n = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

	if (n < 0)
		return NULL;
	reconnects = calloc(1, sizeof(*reconnects) + (size_t)n * sizeof(*reconnects->questions));
	if (reconnects)
		reconnects->moment = now_ms() + MOMENT_MS;
	for (int i = 0; i < n; i++) {
		struct qemu_question *question = reconnects ? qemu_question_new(domains[i]) : NULL;

		if (question)
			reconnects->questions[reconnects->count++] = question;
		virDomainFree(domains[i]);
	}
	free(domains);
	return reconnects;
}

/* What is under way when the program ends is broken off with it, which libvirt bears. */
struct reconnects *reconnects_end(struct reconnects *reconnects)
{
	for (size_t i = 0; reconnects && i < reconnects->count; i++) {
		(void)qemu_question_await(reconnects->questions[i], reconnects->moment);
		qemu_question_free(reconnects->questions[i]);
	}
	free(reconnects);
	return NULL;
}

bool reconnects_await(const struct reconnects *reconnects, const char *uuid, uint64_t deadline)
{
	for (size_t i = 0; reconnects && i < reconnects->count; i++)
		if (qemu_question_is_about(reconnects->questions[i], uuid))
			return qemu_question_await(reconnects->questions[i], deadline);
	return true;
}

bool reconnects_await_moment(const struct reconnects *reconnects, const char *uuid)
{
	return !reconnects || reconnects_await(reconnects, uuid, reconnects->moment);
}

int reconnects_finish(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	if (reconnects_await(domain->hotslot->reconnects, domain->uuid, deadline))
		return 0;
	return error_set(error, HOTSLOT_ERROR_TIMEOUT,
		"QEMU of domain %s does not answer libvirt: continue its process if that is "
		"stopped; 'hotslot shutdown --force' ends it",
		domain->name);
}
