/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a domain that is defined: check, start, hello, confirm each disk. It is somebody's
 * domain: once started, it goes on, whatever fails. */
#include <libvirt/virterror.h>
#include <string.h>

#include "console-log.h"
#include "definition.h"
#include "domain-ask.h"
#include "encode.h"
#include "ended.h"
#include "error.h"
#include "guest.h"
#include "image-server.h"
#include "options.h"
#include "places.h"
#include "session.h"
#include "slot.h"

/* QEMU's sectors: guests do not count what is left of an image behind the last one, or count one
 * more. */
#define SECTOR_SIZE 512

struct start {
	struct hotslot_domain *domain;
	struct domain_xml *xml;
	struct guest_hidden hidden;
	uint64_t deadline;
};

/* ---- before it runs ---- */

static int runs_already(const struct hotslot_domain *domain, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_RUNNING, "Domain %s runs already", domain->name);
}

/* Who starts a domain waits for libvirt, and that for QEMU, as long as a server says nothing. */
static int await_servers(const struct start *start, const struct domain_xml *xml,
	unsigned timeout_ms, struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(timeout_ms, TIMEOUT_LAUNCH_MS);
	int r = 0;

	for (size_t i = 0; i < xml->n_disks && r == 0; i++)
		if (xml->disks[i].source)
			r = image_await_server(
				start->domain->hotslot, xml->disks[i].source, deadline, error);
	return r;
}

/* Of a managed save it is the image that says what the domain has, and no longer the definition. */
static int check(const struct start *start, unsigned timeout_ms, struct hotslot_error *error)
{
	struct hotslot_domain *domain = start->domain;
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_is_active(domain);

	if (r > 0)
		return runs_already(domain, error);
	if (r == 0)
		r = domain_has_saved(domain);
	if (r < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	if (r > 0)
		return 0;
	r = definition_read(domain, &xml, error);
	if (r == 0)
		r = domain_check(domain, xml, error);
	if (r == 0)
		r = await_servers(start, xml, timeout_ms, error);
	if (r < 0)
		error_append(error, "; it was not started");
	return r;
}

/* ---- its start ---- */

/* With the events' lock held: what they tell from now on is about this run. */
static void begin_run(struct hotslot_domain *domain, unsigned stops)
{
	domain->stops = stops;
	domain->reboots = domain->events->reboots;
}

/* A daemon that has gone does not tell of the start any more; that the domain runs, does. */
static int ask_whether_it_runs(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int r = domain_reopen(domain, error);

	if (r < 0)
		return r;
	pthread_mutex_lock(&domain->events->lock);
	begin_run(domain, domain->events->stops);
	pthread_mutex_unlock(&domain->events->lock);
	r = domain_is_active(domain);
	if (r < 0)
		return error_libvirt(error, "Cannot ask about domain %s", domain->name);
	return r > 0 ? 0 : ended(domain, error);
}

/* Events come in their order: an end that is told of before this start is an earlier one's. */
static int await_event(struct start *start, unsigned starts, struct hotslot_error *error)
{
	struct hotslot_domain *domain = start->domain;
	struct events *events = domain->events;
	bool started, lost;

	pthread_mutex_lock(&events->lock);
	while (events->starts == starts && !events->disconnected && now_ms() < start->deadline)
		events_wait(events, start->deadline);
	started = events->starts != starts;
	lost = events->disconnected;
	if (started)
		begin_run(domain, events->stops_before);
	pthread_mutex_unlock(&events->lock);
	if (started)
		return 0;
	if (lost)
		return ask_whether_it_runs(domain, error);
	return error_set(error, HOTSLOT_ERROR_CONNECT,
		"libvirt does not tell of the start of domain %s", domain->name);
}

/* What a daemon has done that went before it could say so, is done. Nothing tells whether it was
 * that one: a domain that runs now is what was asked for. Returns 1 then. */
static int create(struct hotslot_domain *domain, struct hotslot_error *error)
{
	bool again = false;

	while (virDomainCreate(domain->domain) < 0) {
		int r;

		if (domain_reopened(domain)) {
			again = true;
			if (domain_is_active(domain) > 0)
				return 1;
			continue;
		}
		r = error_libvirt(error, "Cannot start domain %s", domain->name);
		if (virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID ||
			domain_is_active(domain) <= 0)
			return r;
		/* Else somebody else was faster. */
		if (!again)
			return runs_already(domain, error);
		error_clear(error);
		return 1;
	}
	return 0;
}

static int start_domain(struct start *start, unsigned timeout_ms, struct hotslot_error *error)
{
	struct hotslot_domain *domain = start->domain;
	struct events *events = domain->events;
	unsigned starts;
	int r;

	pthread_mutex_lock(&events->lock);
	starts = events->starts;
	pthread_mutex_unlock(&events->lock);
	/* Of its last run. */
	session_end(domain);
	domain->id = 0;
	r = create(domain, error);
	if (r < 0)
		return r;
	start->deadline = deadline_after(timeout_ms, TIMEOUT_LAUNCH_MS);
	if (r == 0)
		return await_event(start, starts, error);
	pthread_mutex_lock(&events->lock);
	begin_run(domain, events->stops);
	pthread_mutex_unlock(&events->lock);
	return 0;
}

/* ---- its disks ---- */

static int check_size(const struct start *start, const struct xml_disk *disk,
	const struct record *record, struct hotslot_error *error)
{
	uint64_t size = record->disk.size;
	virDomainBlockInfo info;

	if (!disk->target_dev ||
		domain_get_block_info(start->domain, disk->target_dev, &info) < 0 ||
		info.capacity == 0 ||
		(size <= info.capacity && info.capacity - size < SECTOR_SIZE) ||
		(size > info.capacity && size - info.capacity < SECTOR_SIZE))
		return 0;
	return error_set(error, HOTSLOT_ERROR_MISMATCH,
		"The guest of domain %s shows a disk in slot %u of %llu bytes, the host has one of "
		"%llu",
		start->domain->name, slot_from_place(disk->target, disk->unit),
		(unsigned long long)size, (unsigned long long)info.capacity);
}

/* Other tools' serials may be cut on their way, or quoted, also of a disk that was adopted: list
 * tells. */
static int confirm_in_slot(
	const struct start *start, const struct xml_disk *disk, struct hotslot_error *error)
{
	char serial[4 * SERIAL_OWN_MAX + 1];
	struct expectation expected = {
		.slot = slot_from_place(disk->target, disk->unit),
		.read_only = disk->read_only,
	};
	_cleanup_record_ struct record *record = NULL;
	int r;

	if (!record_is_foreign(disk) && disk->serial && serial_is_valid(disk->serial)) {
		serial_encode(disk->serial, strlen(disk->serial), serial);
		expected.serial = serial;
	}
	r = guest_expect(start->domain, &expected, start->deadline, &record, error);
	return r < 0 ? r : check_size(start, disk, record, error);
}

/* What is passed through has size and mode of its own, and who has no slot no links. */
static int confirm(
	const struct start *start, const struct xml_disk *disk, struct hotslot_error *error)
{
	uint64_t place = place_number(disk->target, disk->unit);
	int r;

	if (!disk->passthrough && slot_exists(disk->target, disk->unit))
		return confirm_in_slot(start, disk, error);
	r = guest_take_back(start->domain, place, start->deadline, error);
	if (r < 0 && error->code == HOTSLOT_ERROR_TIMEOUT)
		return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
			"The guest of domain %s did not show the disk %s in time",
			start->domain->name, place_locate(place).text);
	return r;
}

/* Which disks are the system's, the guest may find out only when it has mounted its root. */
static int read_hidden(struct start *start, struct hotslot_error *error)
{
	struct record **records;
	size_t count;
	int r = guest_disks_at_once(
		start->domain, start->deadline, &records, &count, &start->hidden, error);

	if (r == 0)
		records_free(records, count);
	return r;
}

static bool is_hidden(const struct start *start, const struct xml_disk *disk)
{
	return !start->hidden.undecided &&
	       guest_hides(&start->hidden, place_number(disk->target, disk->unit));
}

static int confirm_unless_hidden(
	struct start *start, const struct xml_disk *disk, struct hotslot_error *error)
{
	struct hotslot_error other = {};
	int r;

	if (!domain_xml_manages(start->xml, disk) || disk->target == SLOT_SYSTEM_TARGET ||
		is_hidden(start, disk))
		return 0;
	r = confirm(start, disk, error);
	if (r == 0 || error->code != HOTSLOT_ERROR_NOT_CONFIRMED)
		return r;
	start->deadline = deadline_after(0, TIMEOUT_DEFAULT_MS);
	if (read_hidden(start, &other) < 0 || !is_hidden(start, disk))
		return r;
	*error = (struct hotslot_error){};
	return 0;
}

static int confirm_all(struct start *start, struct hotslot_error *error)
{
	int r = read_hidden(start, error);

	for (size_t i = 0; r == 0 && i < start->xml->n_disks; i++)
		r = confirm_unless_hidden(start, &start->xml->disks[i], error);
	return r;
}

/* ---- all ---- */

/* A managed save keeps that, too. */
static int check_paused(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int state, reason;

	if (domain_get_state(domain, &state, &reason) < 0 || state != VIR_DOMAIN_PAUSED)
		return 0;
	return error_set(error, HOTSLOT_ERROR_AGENT,
		"Domain %s is paused, as it was when it was saved: 'virsh resume' lets it go on",
		domain->name);
}

static int await_guest(struct start *start, struct hotslot_error *error)
{
	struct hotslot_domain *domain = start->domain;
	int r;

	error_step(error, "hello");
	r = check_paused(domain, error);
	if (r < 0)
		return r;
	/* There is nothing to repair yet; what is missing is told, and not sought. */
	domain->repairing = true;
	r = session_open(domain, start->deadline, &start->xml, error);
	domain->repairing = false;
	if (r < 0)
		return r;
	error_step(error, "confirm");
	return confirm_all(start, error);
}

static void explain(struct start *start, struct hotslot_error *error)
{
	struct hotslot_domain *domain = start->domain;
	struct events *events = domain->events;
	unsigned resets;

	pthread_mutex_lock(&events->lock);
	resets = events->reboots - domain->reboots;
	pthread_mutex_unlock(&events->lock);
	if (resets > 0)
		error_append(
			error, "; its guest was reset %u time%s", resets, resets == 1 ? "" : "s");
	if (error->code != HOTSLOT_ERROR_NOT_RUNNING)
		error_append(error, "; the domain stays started");
	console_log_append_of(domain, error);
}

static int run(struct start *start, unsigned timeout_ms, struct hotslot_error *error)
{
	int r;

	error_step(error, "check");
	r = check(start, timeout_ms, error);
	if (r < 0)
		return r;
	error_step(error, "start");
	r = start_domain(start, timeout_ms, error);
	if (r < 0)
		return r;
	r = await_guest(start, error);
	if (r < 0)
		explain(start, error);
	return r;
}

int hotslot_start(struct hotslot_domain *domain, const struct hotslot_start_options *options,
	struct hotslot_error *error)
{
	struct hotslot_start_options copy = {};
	struct hotslot_error ignored;
	struct start start = { .domain = domain };
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	if (options)
		options_copy(&copy, sizeof(copy), options);
	r = domain_begin(domain, copy.timeout_ms, &call, error);
	if (r == 0)
		r = run(&start, copy.timeout_ms, error);
	domain_xml_free(start.xml);
	return r;
}
