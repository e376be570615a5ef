/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block jobs: what somebody has libvirt do with a disk. */
#include "block-job.h"

#include "error.h"
#include "places.h"

#define USER_KIND "block-job"

static const char *name_of(int type)
{
	switch (type) {
	case VIR_DOMAIN_BLOCK_JOB_TYPE_PULL:
		return "a block pull";
	case VIR_DOMAIN_BLOCK_JOB_TYPE_COPY:
		return "a block copy";
	case VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT:
		return "a block commit";
	case VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT:
		return "an active block commit";
	case VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP:
		return "a backup";
	default:
		return "a block job";
	}
}

/* A mirror goes on when all is copied, until somebody says which side is to be the disk. A backup
 * is a job of the domain; that of a client who pulls has no end of its own. */
static void describe_end(int type, const char *domain, const char *label, char *ret, size_t size)
{
	if (type == VIR_DOMAIN_BLOCK_JOB_TYPE_COPY ||
		type == VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT)
		snprintf(ret, size, "'virsh blockjob %s %s' with --pivot or --abort ends it",
			domain, label);
	else if (type == VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP)
		snprintf(ret, size,
			"whoever makes it ends it when it is done, 'virsh domjobabort %s' before",
			domain);
	else
		snprintf(ret, size,
			"it ends by itself, 'virsh blockjob %s %s --abort' ends it before", domain,
			label);
}

void block_job_describe(const virDomainBlockJobInfo *info, const char *domain, const char *label,
	struct block_job *ret)
{
	snprintf(ret->what, sizeof(ret->what), "%s", name_of(info->type));
	if (info->end > 0 && info->cur <= info->end)
		snprintf(ret->what, sizeof(ret->what), "%s (%u %% done)", name_of(info->type),
			(unsigned)((double)info->cur * 100 / (double)info->end));
	describe_end(info->type, domain, label, ret->ends, sizeof(ret->ends));
}

int block_job_find(struct hotslot_domain *domain, const char *domain_name, const char *label,
	struct block_job *ret)
{
	virDomainBlockJobInfo info = { 0 };

	if (!label || virDomainGetBlockJobInfo(domain->domain, label, &info, 0) <= 0)
		return 0;
	block_job_describe(&info, domain_name, label, ret);
	return 1;
}

int block_job_explain(
	struct hotslot_domain *domain, const char *label, int r, struct hotslot_error *error)
{
	struct block_job job;
	char message[sizeof(error->message)];

	if (!block_job_find(domain, domain->name, label, &job))
		return r;
	snprintf(message, sizeof(message), "%s", error->message);
	return error_set(error, HOTSLOT_ERROR_DISK_BUSY, "%s; %s is under way on it: %s", message,
		job.what, job.ends);
}

static int fail(const struct hotslot_domain *domain, const struct xml_disk *disk,
	const struct block_job *job, const struct guest_audience *audience,
	struct hotslot_error *error)
{
	const struct hotslot_user user = {
		.size = sizeof(user),
		.kind = USER_KIND,
		.device = disk->target_dev,
		.what = job->what,
		.waiting = now_ms() < audience->wait_until,
	};

	if (audience->fn)
		audience->fn(audience->data, &user);
	return error_set(error, HOTSLOT_ERROR_DISK_BUSY,
		"The disk %s of domain %s cannot be detached now: %s is under way on it: %s",
		place_locate(place_number(disk->target, disk->unit)).text, domain->name, job->what,
		job->ends);
}

/* ---- waiting ---- */

static unsigned count_devices(const struct hotslot_domain *domain)
{
	unsigned devices;

	pthread_mutex_lock(&domain->events->lock);
	devices = domain->events->devices;
	pthread_mutex_unlock(&domain->events->lock);
	return devices;
}

/* Until something has happened since then. */
static int wait_for_event(struct hotslot_domain *domain, unsigned devices, uint64_t until,
	struct hotslot_error *error)
{
	struct events *events = domain->events;
	int r;

	pthread_mutex_lock(&events->lock);
	while ((r = domain_check_alive(domain, error)) == 0 && events->devices == devices &&
		!events->disconnected && now_ms() < until)
		events_wait(events, until);
	pthread_mutex_unlock(&events->lock);
	return r;
}

static int await(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t until,
	struct listener *listener, const struct guest_audience *audience,
	struct hotslot_error *error)
{
	for (;;) {
		unsigned devices = count_devices(domain);
		struct block_job job;
		int r;

		if (now_ms() < until)
			block_job_listen(domain, listener);
		if (!block_job_find(domain, domain->name, disk->target_dev, &job))
			return 0;
		if (now_ms() >= until)
			return fail(domain, disk, &job, audience, error);
		r = wait_for_event(domain, devices, until, error);
		if (r < 0)
			return r;
	}
}

int block_job_await(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t until,
	const struct guest_audience *audience, struct hotslot_error *error)
{
	struct listener listener = {};
	int r = await(domain, disk, until, &listener, audience, error);

	listener_end(&listener);
	return r;
}

/* ---- events ---- */

static void on_job(virConnectPtr connection, virDomainPtr domain, const char *label, int type,
	int status, void *data)
{
	(void)connection;
	(void)domain;
	(void)label;
	(void)type;
	(void)status;
	events_block_job(data);
}

static void unref(void *data)
{
	events_unref(data);
}

void block_job_listen(const struct hotslot_domain *domain, struct listener *listener)
{
	struct events *events;

	if (!listener_move(listener, domain))
		return;
	events = events_ref(domain->events);
	listener->id = virConnectDomainEventRegisterAny(listener->connection, domain->domain,
		VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, VIR_DOMAIN_EVENT_CALLBACK(on_job), events, unref);
	if (listener->id < 0)
		events_unref(events);
}
