/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finishing or undoing what calls that were broken off have left. */
#include "repair-work.h"

#include <stdarg.h>

#include "error.h"
#include "finish.h"
#include "isolate.h"
#include "options.h"
#include "record.h"
#include "reserve.h"
#include "session.h"
#include "slot.h"

/* What a call that wants something else spends on this at most. */
#define BEGUN_MS 5000

void repair_tell(struct repair *repair, int slot, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;
	int r;

	repair->told++;
	va_start(arguments, format);
	r = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (r < 0)
		text = NULL;
	else if (repair->fn)
		repair->fn(repair->data, slot, text);
	else if (!repair->whole && slot >= 0)
		connection_notice(repair->domain->hotslot, "Slot %d of domain %s: %s", slot,
			repair->domain->name, text);
	else if (!repair->whole)
		connection_notice(
			repair->domain->hotslot, "Domain %s: %s", repair->domain->name, text);
}

int repair_failed(struct repair *repair, struct hotslot_error *error)
{
	if (error->code == HOTSLOT_ERROR_NOT_RUNNING || error->code == HOTSLOT_ERROR_CONNECT ||
		error->code == HOTSLOT_ERROR_SYSTEM)
		return -EIO;
	if (repair->problem->code == HOTSLOT_ERROR_NONE)
		*repair->problem = *error;
	else
		connection_notice(repair->domain->hotslot, "%s", error->message);
	*error = (struct hotslot_error){};
	return 0;
}

bool repair_is_over(struct repair *repair)
{
	if (!repair->whole && repair->told >= REPAIR_BEGUN_MAX)
		return true;
	if (now_ms() < repair->deadline)
		return false;
	if (repair->problem->code == HOTSLOT_ERROR_NONE)
		error_set(repair->problem, HOTSLOT_ERROR_TIMEOUT,
			"Not all of domain %s could be repaired in time", repair->domain->name);
	return true;
}

bool repair_is_ours(const struct domain_xml *xml, const struct xml_disk *disk)
{
	return domain_xml_manages(xml, disk) && slot_exists(disk->target, disk->unit) &&
	       !record_is_foreign(disk);
}

/* An attach fills the slot when the guest has confirmed its disk. */
static int fill_reserved(struct repair *repair, struct hotslot_error *error)
{
	struct domain_xml *xml = *repair->xml;

	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];
		unsigned slot = slot_from_place(disk->target, disk->unit);
		int r;

		if (!repair_is_ours(xml, disk) || !reserve_has(xml, slot))
			continue;
		r = reserve_fill(repair->domain, slot, HOTSLOT_SCOPE_LIVE, error);
		if (r < 0) {
			r = repair_failed(repair, error);
			if (r < 0)
				return r;
			continue;
		}
		slot_set_remove(&xml->reserved, slot);
		repair_tell(repair, (int)slot,
			"it has a disk and is not reserved any more: an attach was broken off");
	}
	return 0;
}

/* While its launcher runs, or may, it is his. */
static bool is_left_alone(const struct repair *repair)
{
	const struct domain_xml *xml = *repair->xml;
	enum launcher_state state = launcher_state(&xml->launcher, repair->domain->hotslot->local);

	if (state == LAUNCHER_UNKNOWN && repair->whole)
		connection_notice(repair->domain->hotslot,
			"Domain %s: whether process %d, which launches it, still runs cannot be "
			"told from here: its launch is left alone",
			repair->domain->name, xml->launcher.pid);
	return state != LAUNCHER_ENDED;
}

static int finish_mark(struct repair *repair, struct hotslot_error *error)
{
	struct domain_xml *xml = *repair->xml;
	int r;

	if (!xml->launching || is_left_alone(repair))
		return 0;
	r = repair_confirm(repair, error);
	if (r == 0)
		r = finish_launch(repair->domain, error);
	if (r < 0) {
		error_append(error,
			"; the launch of domain %s was broken off, and cannot be finished: end it "
			"with 'hotslot shutdown --force'",
			repair->domain->name);
		return repair_failed(repair, error);
	}
	xml->launching = false;
	repair_tell(repair, -1, "its launch was broken off, and is finished now");
	return 0;
}

int repair_advise(const struct hotslot_domain *domain, const struct domain_xml *xml, int r,
	struct hotslot_error *error)
{
	if (!xml || !xml->launching || domain->booting || error->code == HOTSLOT_ERROR_NOT_RUNNING)
		return r;
	switch (launcher_state(&xml->launcher, domain->hotslot->local)) {
	case LAUNCHER_RUNS:
		error_append(error, "; process %d is launching the domain", xml->launcher.pid);
		break;
	case LAUNCHER_UNKNOWN:
		error_append(error,
			"; process %d launches the domain, or its launch was broken off, which "
			"cannot be told from here",
			xml->launcher.pid);
		break;
	case LAUNCHER_ENDED:
		error_append(error,
			"; its launch was broken off: if it does not come up, end it with 'hotslot "
			"shutdown --force'");
	}
	return r;
}

static bool disks_may_differ(const struct repair *repair)
{
	const struct domain_xml *xml = *repair->xml;
	int64_t disks, released, n = 0;

	for (size_t i = 0; i < xml->n_disks; i++)
		n += domain_xml_manages(xml, &xml->disks[i]) &&
		     xml->disks[i].target != SLOT_SYSTEM_TARGET;
	session_left(repair->domain, &disks, &released);
	return repair->whole || disks != n || released != 0;
}

/* Only the next start would show that they are missing. */
static int mend_labels(struct repair *repair, struct hotslot_error *error)
{
	bool mended;
	int r = isolate_mend(repair->domain, *repair->xml, &mended, error);

	if (r < 0)
		return repair_failed(repair, error);
	if (mended)
		repair_tell(repair, -1, "its configuration has all of its labels again");
	return 0;
}

static int run(struct repair *repair, struct hotslot_error *error)
{
	int r = finish_mark(repair, error);

	if (r == 0)
		r = fill_reserved(repair, error);
	if (r == 0 && repair->whole)
		r = mend_labels(repair, error);
	if (r == 0 && disks_may_differ(repair))
		r = repair_disks(repair, error);
	return r;
}

int repair_begun(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **xml,
	struct hotslot_error *error)
{
	struct hotslot_error problem = {};
	struct repair repair = {
		.domain = domain,
		.xml = xml,
		.deadline = now_ms() + BEGUN_MS,
		.problem = &problem,
	};
	int r;

	if (deadline < repair.deadline)
		repair.deadline = deadline;
	r = run(&repair, error);
	if (r == 0 && problem.code != HOTSLOT_ERROR_NONE)
		connection_notice(domain->hotslot, "%s", problem.message);
	return r;
}

static int open_and_run(struct repair *repair, struct hotslot_error *error)
{
	int r;

	error_step(error, "hello");
	repair->domain->repairing = true;
	r = session_open(repair->domain, repair->deadline, repair->xml, error);
	repair->domain->repairing = false;
	if (r < 0)
		return r;
	error_step(error, "repair");
	return run(repair, error);
}

int hotslot_repair(struct hotslot_domain *domain, unsigned timeout_ms, hotslot_repair_fn fn,
	void *data, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored, problem = {};
	struct repair repair = {
		.domain = domain,
		.xml = &xml,
		.whole = true,
		.fn = fn,
		.data = data,
		.problem = &problem,
	};
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	r = domain_begin(domain, timeout_ms, &call, error);
	if (r < 0)
		return r;
	/* Other calls had their own time. */
	repair.deadline = deadline_after(timeout_ms, TIMEOUT_DEFAULT_MS);
	r = open_and_run(&repair, error);
	if (r == 0 && problem.code != HOTSLOT_ERROR_NONE)
		r = error_set(error, problem.code, "%s", problem.message);
	return r;
}
