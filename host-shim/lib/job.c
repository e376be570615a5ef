/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's jobs on a domain, and waiting for their end. */
#include "job.h"

#include <libvirt/virterror.h>

#include "error.h"
#include "known.h"
#include "libvirt-error.h"
#include "qemu-question.h"
#include "session.h"
#include "told.h"

/* libvirt 9.0 has an event for a job that is done, but none for one that failed, was cancelled or
 * takes a snapshot: these are asked after, so often. */
#define ASK_AGAIN_MS 500

/* In this time libvirt says whether there is a job, also after a deadline, unless it has to wait.
 */
#define ANSWER_MS 250

/* That there is no job holds for so long, as a job may begin in between anyhow: to read the domain
 * and to choose a place take less, of one with a few disks, and to ask a third of a millisecond. */
#define FREE_MS 5

/* What the domain does, or is done to it. */
static const char *const operations[] = {
	[VIR_DOMAIN_JOB_OPERATION_UNKNOWN] = "has a job of libvirt's",
	[VIR_DOMAIN_JOB_OPERATION_START] = "is being started",
	[VIR_DOMAIN_JOB_OPERATION_SAVE] = "is being saved",
	[VIR_DOMAIN_JOB_OPERATION_RESTORE] = "is being restored",
	[VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN] = "is being migrated to this host",
	[VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT] = "is being migrated to another host",
	[VIR_DOMAIN_JOB_OPERATION_SNAPSHOT] = "has a snapshot taken",
	[VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT] = "goes back to a snapshot",
	[VIR_DOMAIN_JOB_OPERATION_DUMP] = "is being dumped",
	[VIR_DOMAIN_JOB_OPERATION_BACKUP] = NULL, /* in nobody's way, and may last for days */
	[VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_DELETE] = "has a snapshot deleted",
};

static const char *describe(int operation)
{
	if (operation < 0 || (size_t)operation >= ARRAY_SIZE(operations))
		operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	return operations[operation];
}

static bool waited_in_vain(void)
{
	return virGetLastErrorCode() == VIR_ERR_OPERATION_TIMEOUT;
}

/* Some jobs have no statistics, and libvirt then has no word of what they are. */
static bool read_plain(virDomainPtr domain, const char **ret)
{
	virDomainJobInfo info;

	if (waited_in_vain())
		return false;
	/* "Migration statistics are available only on the source host". */
	if (virGetLastErrorCode() == VIR_ERR_OPERATION_UNSUPPORTED)
		*ret = describe(VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN);
	else if (virDomainGetJobInfo(domain, &info) < 0)
		return !waited_in_vain();
	else if (info.type != VIR_DOMAIN_JOB_NONE)
		*ret = describe(VIR_DOMAIN_JOB_OPERATION_UNKNOWN);
	return true;
}

/* A qemu_question_fn. NULL: no job is in the way. If it cannot be told, the call itself tells. */
static bool read_job(virDomainPtr domain, const char **ret)
{
	int type, n = 0, operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	virTypedParameterPtr statistics = NULL;

	*ret = NULL;
	if (virDomainGetJobStats(domain, &type, &statistics, &n, 0) < 0)
		return read_plain(domain, ret);
	(void)virTypedParamsGetInt(statistics, n, VIR_DOMAIN_JOB_OPERATION, &operation);
	virTypedParamsFree(statistics, n);
	/* One that is done, and not put away, still is one. */
	if (type != VIR_DOMAIN_JOB_NONE)
		*ret = describe(operation);
	return true;
}

/* What libvirt answers at once: whether it is at nothing that a question would have to wait for. It
 * does not say so of a domain that it starts, or that comes from another host: those do not run. */
static bool is_at_rest(virDomainPtr domain)
{
	virDomainControlInfo control;
	int state, reason;

	return virDomainGetControlInfo(domain, &control, 0) == 0 &&
	       control.state == VIR_DOMAIN_CONTROL_OK &&
	       virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_RUNNING;
}

static void note_free(struct hotslot_domain *domain)
{
	domain->free_link = domain->link;
	domain->free_until = domain->job_asked + FREE_MS;
}

/* An embedded driver is asked without a thread, for which an attach would wait longer than for all
 * else that comes before libvirt's call: there is no daemon that hangs, and no other client. */
static bool ask_here(struct hotslot_domain *domain)
{
	const char *job;

	domain->telling = false;
	if (!domain->hotslot->embedded || !is_at_rest(domain->domain))
		return false;
	domain->job_asked = now_ms();
	if (!read_job(domain->domain, &job) || job)
		return false;
	note_free(domain);
	domain->telling = told_begin(domain->events, &domain->told_since);
	return true;
}

static bool is_free(const struct hotslot_domain *domain)
{
	return domain->free_link == domain->link && now_ms() < domain->free_until;
}

/* What it has learned long since is as old as that. */
static bool is_old(const struct hotslot_domain *domain, struct qemu_question *question)
{
	return !qemu_question_is_of(question, domain->domain) ||
	       (now_ms() >= domain->job_asked + FREE_MS && qemu_question_await(question, 0));
}

void job_ask(struct hotslot_domain *domain)
{
	struct qemu_question *question = domain->job_question;

	if (question && is_old(domain, question))
		question = qemu_question_free(question);
	if (!question && !ask_here(domain)) {
		domain->job_asked = now_ms();
		question = qemu_question_new_asking(domain->domain, read_job, domain->events);
	}
	domain->job_question = question;
}

void job_done(struct hotslot_domain *domain)
{
	struct qemu_question *question = domain->job_question;

	if (question)
		(void)qemu_question_await(question, domain->job_asked + ANSWER_MS);
	domain->job_question = qemu_question_free(question);
}

/* -ETIMEDOUT, with no error set: libvirt does not say. Then the question stands, for the next who
 * wants to know: each is a thread. */
static int ask_job(struct hotslot_domain *domain, uint64_t deadline, const char **ret)
{
	struct qemu_question *question;
	uint64_t least = now_ms() + ANSWER_MS;

	job_ask(domain);
	question = domain->job_question;
	*ret = NULL;
	if (!question)
		return 0;
	if (!qemu_question_await(question, deadline > least ? deadline : least))
		return -ETIMEDOUT;
	*ret = qemu_question_answer(question);
	domain->told = qemu_question_told(question);
	domain->job_question = qemu_question_free(question);
	if (*ret)
		domain->free_until = 0;
	else
		note_free(domain);
	return 0;
}

static unsigned count_changes(struct hotslot_domain *domain)
{
	unsigned changes;

	pthread_mutex_lock(&domain->events->lock);
	changes = domain->events->jobs + domain->events->signs;
	pthread_mutex_unlock(&domain->events->lock);
	return changes;
}

/* Until something has changed since, or it is time to ask again. */
static int wait_for_change(struct hotslot_domain *domain, unsigned changes, uint64_t deadline,
	struct hotslot_error *error)
{
	struct events *events = domain->events;
	uint64_t until = earlier(now_ms() + ASK_AGAIN_MS, deadline);
	int r;

	pthread_mutex_lock(&events->lock);
	while ((r = domain_check_alive(domain, error)) == 0 &&
		events->jobs + events->signs == changes && now_ms() < until)
		events_wait(events, until);
	pthread_mutex_unlock(&events->lock);
	return r;
}

static int await(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	bool told = false;

	if (is_free(domain))
		return 0;
	for (;;) {
		unsigned changes = count_changes(domain);
		const char *job;
		int r = ask_job(domain, deadline, &job);

		if (r < 0)
			return error_set(error, HOTSLOT_ERROR_BUSY,
				"Domain %s cannot be changed: libvirt is busy with it for another "
				"client, or QEMU does not answer; 'virsh domcontrol %s' tells "
				"which",
				domain->name, domain->name);
		/* A daemon that has gone has told nothing. */
		if (!job && domain_is_lost(domain)) {
			r = domain_reopen(domain, error);
			if (r < 0)
				return r;
			continue;
		}
		if (!job)
			return 0;
		if (now_ms() >= deadline)
			return error_set(error, HOTSLOT_ERROR_BUSY,
				"Domain %s %s, and cannot be changed meanwhile: try again when "
				"that is done; 'virsh domjobinfo %s' tells how far it is",
				domain->name, job, domain->name);
		if (!told)
			connection_notice(domain->hotslot,
				"Domain %s %s: waiting until that is done", domain->name, job);
		told = true;
		r = wait_for_change(domain, changes, deadline, error);
		if (r < 0)
			return r;
	}
}

int job_await(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	int r = await(domain, deadline, error);

	domain->told = domain->telling = false;
	return r;
}

int job_await_and_open(struct hotslot_domain *domain, bool known, uint64_t deadline,
	struct domain_xml **ret, struct hotslot_error *error)
{
	int r = await(domain, deadline, error);

	if (r == 0 && known && domain->telling)
		domain->told = told_end(domain->events, domain->told_since);
	if (r == 0)
		r = (known ? known_open : session_open)(domain, deadline, ret, error);
	domain->told = domain->telling = false;
	return r;
}

bool job_came_between(struct hotslot_domain *domain, uint64_t deadline)
{
	domain->free_until = 0;
	return libvirt_error_last() == LIBVIRT_ERROR_BUSY && now_ms() < deadline;
}

void job_explain(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const char *job;

	if (ask_job(domain, 0, &job) < 0)
		error_append(error,
			"; libvirt has to wait for the domain, too: QEMU is stopped or hangs, or "
			"another client keeps it busy");
	else if (job)
		error_append(error, "; the domain %s", job);
	domain->told = false;
}
