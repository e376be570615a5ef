/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching several disks: libvirt gets the next while the guest still looks at those before it.
 *
 * Each is an attach of its own, from its check to its rollback; only its confirmation is taken
 * later. Where anybody else waits for the domain, what is under way is brought to its end first.
 */
#include <string.h>

#include "attach-work.h"
#include "call.h"
#include "error.h"
#include "options.h"
#include "session.h"

/* As many disks the guest may have yet to confirm. Linux's virtio-scsi keeps eight events
 * (VIRTIO_SCSI_EVENT_LEN in its drivers/scsi/virtio_scsi.c); of a ninth it hears that it has missed
 * something. */
#define AHEAD_MAX 6

struct one {
	struct attach attach;
	struct hotslot_error error;
	size_t number;
	int r; /* of its first half */
};

struct many {
	struct hotslot_domain *domain;
	const struct hotslot_attach_options *const *options;
	size_t count, next;
	struct hotslot_many_options how;
	struct one *begun[AHEAD_MAX]; /* and not ended, in order */
	size_t n_begun;
	bool stopped; /* no other is begun */
	int r;	      /* of the first that failed */
	struct hotslot_error *error;
};

static void tell(struct many *many, size_t number, int r, struct hotslot_disk *disk,
	const struct hotslot_error *error)
{
	if (r < 0) {
		if (many->r == 0)
			*many->error = *error;
		many->r = many->r ?: r;
		many->stopped = true;
	}
	if (many->how.done)
		many->how.done(many->how.data, number, disk, r < 0 ? error : NULL);
	else
		hotslot_disk_free(disk);
}

static void end_first(struct many *many)
{
	struct one *one = many->begun[0];
	struct hotslot_disk *disk = NULL;
	int r = one->r;

	memmove(many->begun, many->begun + 1, --many->n_begun * sizeof(struct one *));
	if (r == 0)
		r = attach_end(&one->attach, &disk, &one->error);
	tell(many, one->number, r, disk, &one->error);
	attach_done(&one->attach);
	free(one);
}

static void end_all(struct many *many)
{
	while (many->n_begun > 0)
		end_first(many);
}

static void fail_next(struct many *many, int r, const struct hotslot_error *error)
{
	end_all(many);
	tell(many, many->next++, r, NULL, error);
}

/* A session that begins anew looks for what was left half done, as these are. */
static bool is_connected(const struct hotslot_domain *domain)
{
	bool alive;

	pthread_mutex_lock(&domain->events->lock);
	alive = session_is_alive(domain);
	pthread_mutex_unlock(&domain->events->lock);
	return alive;
}

/* Each has the time that a call of its own would have. */
static void begin_next(struct many *many)
{
	const struct hotslot_attach_options *options = many->options[many->next];
	struct hotslot_error error = {};
	struct one *one;

	if (many->n_begun > 0 && !is_connected(many->domain))
		end_all(many);
	if (many->stopped)
		return;
	if (many->how.begin && !many->how.begin(many->how.data, many->next)) {
		many->stopped = true;
		return;
	}
	one = calloc(1, sizeof(*one));
	if (!one) {
		fail_next(many, error_memory(&error), &error);
		return;
	}
	call_renew(many->domain, options->timeout_ms);
	one->attach.domain = many->domain;
	one->number = many->next++;
	one->r = attach_begin(&one->attach, options, &one->error);
	many->stopped |= one->r < 0;
	many->begun[many->n_begun++] = one;
	if (!attach_may_wait(&one->attach))
		end_all(many);
	else if (many->n_begun == AHEAD_MAX)
		end_first(many);
}

static void run_call(struct many *many)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error error = {};
	int r = domain_begin(many->domain, many->options[many->next]->timeout_ms, &call, &error);

	if (r < 0) {
		fail_next(many, r, &error);
		return;
	}
	do
		begin_next(many);
	while (!many->stopped && many->next < many->count && !call_is_wanted(many->domain));
	end_all(many);
}

int hotslot_attach_many(struct hotslot_domain *domain,
	const struct hotslot_attach_options *const *options, size_t count,
	const struct hotslot_many_options *how, struct hotslot_error *error)
{
	struct hotslot_error ignored;
	struct many many = {
		.domain = domain,
		.options = options,
		.count = count,
		.error = error_begin(error, &ignored),
	};

	if (how)
		options_copy(&many.how, sizeof(many.how), how);
	while (!many.stopped && many.next < count)
		run_call(&many);
	return many.r;
}
