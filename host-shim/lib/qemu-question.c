/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain's QEMU answers libvirt: asked in a thread, as libvirt has no deadline for it. */
#include "qemu-question.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

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
	pthread_condattr_t monotonic;

	if (!question)
		return NULL;
	pthread_mutex_init(&question->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&question->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
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

/* Signals are the program's: none is delivered to the thread. */
static int start(struct qemu_question *question)
{
	sigset_t all, old;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, run, question);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return -r;
	pthread_detach(thread);
	return 0;
}

struct qemu_question *qemu_question_new(virDomainPtr domain)
{
	struct qemu_question *question = make(domain);

	return question && start(question) < 0 ? destroy(question) : question;
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
	struct timespec until = {
		.tv_sec = (time_t)(deadline / 1000),
		.tv_nsec = (long)(deadline % 1000) * 1000000,
	};
	bool answered;

	pthread_mutex_lock(&question->lock);
	while (!question->answered && now_ms() < deadline)
		pthread_cond_timedwait(&question->changed, &question->lock, &until);
	answered = question->answered;
	pthread_mutex_unlock(&question->lock);
	return answered;
}

bool qemu_question_is_about(const struct qemu_question *question, const char *uuid)
{
	return strcmp(question->uuid, uuid) == 0;
}
