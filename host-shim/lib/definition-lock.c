/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who changes the definition of a domain, one at a time. */
#include "definition-lock.h"

#include "error.h"
#include "turn.h"

/* What its file is called, beside that of the turn to talk with the agent. */
#define NAME_SIZE (VIR_UUID_STRING_BUFLEN + sizeof(".definition"))

static int is_taken(
	const struct hotslot_domain *domain, struct turn *lock, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_BUSY,
		"Process %d changes the definition of domain %s, and was not done in time: wait "
		"until it is, or, if it hangs or is stopped, continue or end it",
		(int)turn_holder(lock), domain->name);
}

static void wait_poked(struct hotslot_domain *domain, uint64_t until)
{
	pthread_mutex_lock(&domain->events->lock);
	while (!domain->poked && now_ms() < until)
		events_wait(domain->events, until);
	domain->poked = false;
	pthread_mutex_unlock(&domain->events->lock);
}

/* It may have been about the turn to talk with the agent. */
static void poke_again(struct hotslot_domain *domain)
{
	pthread_mutex_lock(&domain->events->lock);
	domain->poked = true;
	pthread_mutex_unlock(&domain->events->lock);
}

static int wait_for(struct hotslot_domain *domain, struct turn *lock, struct hotslot_error *error)
{
	uint64_t deadline = domain_deadline(domain), again;

	turn_queue(lock);
	while (turn_try(lock, &again) < 0) {
		if (now_ms() >= deadline)
			return is_taken(domain, lock, error);
		wait_poked(domain, earlier(again, deadline));
	}
	poke_again(domain);
	return 0;
}

static int take(struct hotslot_domain *domain, struct hotslot_error *error)
{
	char name[NAME_SIZE];
	struct turn *lock;
	uint64_t again;
	int r = 0;

	snprintf(name, sizeof(name), "%s.definition", domain->uuid);
	lock = turn_new(name, domain_poked, domain);
	if (!lock)
		return error_memory(error);
	if (turn_try(lock, &again) < 0)
		r = wait_for(domain, lock, error);
	if (r < 0)
		turn_free(lock);
	else
		domain->definition_lock = lock;
	return r;
}

int definition_lock(
	struct hotslot_domain *domain, struct hotslot_domain **ret, struct hotslot_error *error)
{
	int r = domain->definition_lock ? 0 : take(domain, error);

	if (r < 0)
		return r;
	domain->definition_locks++;
	*ret = domain;
	return 0;
}

int definition_lock_for(struct hotslot_domain *domain, unsigned flags, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	return flags & VIR_DOMAIN_AFFECT_CONFIG ? definition_lock(domain, ret, error) : 0;
}

void definition_unlockp(struct hotslot_domain **lock)
{
	struct hotslot_domain *domain = *lock;

	if (domain && --domain->definition_locks == 0)
		domain->definition_lock = turn_free(domain->definition_lock);
}
