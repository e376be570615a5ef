/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt may have to wait for a domain's QEMU to tell, or for another client that has: asked
 * in a thread, as libvirt has no deadline for it. Above all, whether it answers. */
#include "qemu-question.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "thread.h"
#include "told.h"

struct qemu_question {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* monotonic */
	virDomainPtr domain;
	qemu_question_fn ask;
	const char *answer;
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct events *events; /* to notify of the answer, or NULL */
	struct events *told; /* to have the answer wait for what libvirt tells before it, or NULL */
	bool all_told;	     /* that has come */
	bool answered;
	bool abandoned; /* the thread's, or nobody's if it is answered */
};

/* How many go on without a witness. */
static unsigned abandoned_questions;

static struct qemu_question *destroy(struct qemu_question *question)
{
	virDomainFree(question->domain);
	events_unref(question->events);
	events_unref(question->told);
	pthread_cond_destroy(&question->changed);
	pthread_mutex_destroy(&question->lock);
	free(question);
	return NULL;
}

static struct qemu_question *make(virDomainPtr domain, qemu_question_fn ask, struct events *events)
{
	struct qemu_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	pthread_mutex_init(&question->lock, NULL);
	thread_init_cond(&question->changed);
	(void)virDomainGetUUIDString(domain, question->uuid);
	virDomainRef(domain);
	question->domain = domain;
	question->events = events ? events_ref(events) : NULL;
	question->ask = ask;
	return question;
}

/* Of what libvirt has to ask QEMU for, the least. It waits 30 s for the job on the domain. */
static bool is_answered(virDomainPtr domain, const char **ret)
{
	virDomainIOThreadInfoPtr *threads = NULL;
	int n = virDomainGetIOThreadInfo(domain, &threads, VIR_DOMAIN_AFFECT_LIVE);

	if (n < 0)
		return virGetLastErrorCode() != VIR_ERR_OPERATION_TIMEOUT;
	*ret = NULL;
	for (int i = 0; i < n; i++)
		virDomainIOThreadInfoFree(threads[i]);
	free(threads);
	return true;
}

static void notify(struct events *events)
{
	if (!events)
		return;
	pthread_mutex_lock(&events->lock);
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
	events_unref(events);
}

static void *run(void *data)
{
	struct qemu_question *question = data;
	struct events *events = question->events ? events_ref(question->events) : NULL;
	const char *answer = NULL;
	bool abandoned, answered, all_told;

	thread_set_name("hotslot-asks");
	do {
		answered = question->ask(question->domain, &answer);
		all_told = answered && question->told && told_await(question->told);
		pthread_mutex_lock(&question->lock);
		abandoned = question->abandoned;
		question->answered = answered;
		question->all_told = all_told;
		question->answer = answer;
		pthread_cond_broadcast(&question->changed);
		pthread_mutex_unlock(&question->lock);
	} while (!answered && !abandoned);
	if (abandoned) {
		destroy(question);
		__atomic_sub_fetch(&abandoned_questions, 1, __ATOMIC_RELAXED);
	}
	notify(events);
	return NULL;
}

static struct qemu_question *start(
	virDomainPtr domain, qemu_question_fn ask, struct events *events, struct events *told)
{
	struct qemu_question *question = make(domain, ask, events);

	if (question && told)
		question->told = events_ref(told);
	if (question && thread_start(run, question) < 0)
		return destroy(question);
	return question;
}

struct qemu_question *qemu_question_for(virDomainPtr domain, struct events *events)
{
	return start(domain, is_answered, events, NULL);
}

struct qemu_question *qemu_question_new_asking(
	virDomainPtr domain, qemu_question_fn ask, struct events *told)
{
	return start(domain, ask, NULL, told);
}

struct qemu_question *qemu_question_new(virDomainPtr domain)
{
	return qemu_question_for(domain, NULL);
}

struct qemu_question *qemu_question_free(struct qemu_question *question)
{
	bool answered;

	if (!question)
		return NULL;
	pthread_mutex_lock(&question->lock);
	answered = question->answered;
	question->abandoned = true;
	if (!answered)
		__atomic_add_fetch(&abandoned_questions, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&question->lock);
	return answered ? destroy(question) : NULL;
}

bool qemu_question_hangs(void)
{
	return __atomic_load_n(&abandoned_questions, __ATOMIC_RELAXED) > 0;
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

const char *qemu_question_answer(const struct qemu_question *question)
{
	return question->answer;
}

bool qemu_question_told(const struct qemu_question *question)
{
	return question->all_told;
}

bool qemu_question_is_of(const struct qemu_question *question, virDomainPtr domain)
{
	return question->domain == domain;
}

bool qemu_question_is_about(const struct qemu_question *question, const char *uuid)
{
	return strcmp(question->uuid, uuid) == 0;
}
