/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain's QEMU answers libvirt: asked in a thread, as libvirt has no deadline for it. */
#include "qemu-question.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "thread.h"

struct qemu_question {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* monotonic */
	virDomainPtr domain;
	char uuid[VIR_UUID_STRING_BUFLEN];
	bool answered;
	bool abandoned; /* the thread's, or nobody's if it is answered */
};

static struct qemu_question *destroy(struct qemu_question *question)
{
	virDomainFree(question->domain);
	pthread_cond_destroy(&question->changed);
	pthread_mutex_destroy(&question->lock);
	free(question);
	return NULL;
}

static struct qemu_question *make(virDomainPtr domain)
{
	struct qemu_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	pthread_mutex_init(&question->lock, NULL);
	thread_init_cond(&question->changed);
	(void)virDomainGetUUIDString(domain, question->uuid);
	virDomainRef(domain);
	question->domain = domain;
	return question;
}

/* Of what libvirt has to ask QEMU for, the least. It waits 30 s for the job on the domain. */
static bool is_answered(virDomainPtr domain)
{
	virDomainIOThreadInfoPtr *threads = NULL;
	int n = virDomainGetIOThreadInfo(domain, &threads, VIR_DOMAIN_AFFECT_LIVE);

	if (n < 0)
		return virGetLastErrorCode() != VIR_ERR_OPERATION_TIMEOUT;
	for (int i = 0; i < n; i++)
		virDomainIOThreadInfoFree(threads[i]);
	free(threads);
	return true;
}

static void *run(void *data)
{
	struct qemu_question *question = data;
	bool abandoned, answered;

	do {
		answered = is_answered(question->domain);
		pthread_mutex_lock(&question->lock);
		abandoned = question->abandoned;
		question->answered = answered;
		pthread_cond_broadcast(&question->changed);
		pthread_mutex_unlock(&question->lock);
	} while (!answered && !abandoned);
	if (abandoned)
		destroy(question);
	return NULL;
}

struct qemu_question *qemu_question_new(virDomainPtr domain)
{
	struct qemu_question *question = make(domain);

	if (question && thread_start("hotslot-asks", run, question) < 0)
		return destroy(question);
	return question;
}

struct qemu_question *qemu_question_free(struct qemu_question *question)
{
	bool answered;

	if (!question)
		return NULL;
	pthread_mutex_lock(&question->lock);
	answered = question->answered;
	question->abandoned = true;
	pthread_mutex_unlock(&question->lock);
	return answered ? destroy(question) : NULL;
}

bool qemu_question_await(struct qemu_question *question, uint64_t deadline)
{
	bool answered;

	pthread_mutex_lock(&question->lock);
	while (!question->answered && now_ms() < deadline)
		(void)thread_wait(&question->changed, &question->lock, deadline);
	answered = question->answered;
	pthread_mutex_unlock(&question->lock);
	return answered;
}

bool qemu_question_is_about(const struct qemu_question *question, const char *uuid)
{
	return strcmp(question->uuid, uuid) == 0;
}
