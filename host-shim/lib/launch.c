/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Launching an appliance: check, boot, hello, confirm each drive; or end it again. */
#include <libvirt/virterror.h>
#include <string.h>

#include "accel.h"
#include "confirm.h"
#include "console-log.h"
#include "drive-verify.h"
#include "error.h"
#include "finish.h"
#include "image-user.h"
#include "launch-create.h"
#include "options.h"
#include "plan.h"
#include "reopen.h"
#include "resolve.h"
#include "session.h"
#include "stop.h"

static int name_is_taken(
	struct hotslot *hotslot, virDomainPtr domain, const char *name, struct hotslot_error *error)
{
	bool broken_off;
	int r = finish_definition(hotslot, domain, &broken_off);

	virDomainFree(domain);
	if (r > 0)
		return 0;
	r = error_set(error, HOTSLOT_ERROR_DOMAIN_EXISTS, "There is a domain %s already", name);
	if (broken_off)
		error_append(error,
			", whose launch was broken off: 'hotslot repair' finishes it, 'hotslot "
			"shutdown --force' ends it");
	return r;
}

static int check_name(struct hotslot *hotslot, const char *name, struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(0, TIMEOUT_DEFAULT_MS);
	_cleanup_connection_ virConnectPtr connection = NULL;
	virDomainPtr domain;
	int r;

	if (!name || !*name)
		return error_set(error, HOTSLOT_ERROR_INVALID, "The domain needs a name");
	r = reopen_get(hotslot, deadline, &connection, error);
	if (r < 0)
		return r;
	do
		domain = virDomainLookupByName(connection, name);
	while (!domain && reopen_again(hotslot, &connection, deadline));
	if (domain)
		return name_is_taken(hotslot, domain, name, error);
	if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return 0;
	return error_libvirt(error, "Cannot look domain '%s' up", name);
}

/* What a drive's element asks for, libvirt may have dropped. */
static int verify(
	struct hotslot_domain *domain, const struct plan *plan, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	int r = domain_read_document(domain, &document, &xml, error);

	for (size_t i = 0; i < plan->spec.n_drives && r == 0; i++) {
		const struct drive *drive = &plan->spec.drives[i];

		r = drive_verify(drive, 0, document, xml, "Domain", domain->name, error);
		if (r == 0)
			r = image_check_attached(
				domain->hotslot, xml, resolve_host(xml, drive->slot), error);
	}
	return r;
}

static int boot(struct hotslot_domain *domain, const struct plan *plan, uint64_t deadline,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r;

	error_step(error, "hello");
	r = session_open(domain, deadline, &xml, error);
	if (r < 0)
		return r;
	error_step(error, "verify");
	r = verify(domain, plan, error);
	if (r < 0)
		return r;
	error_step(error, "confirm");
	for (size_t i = 0; i < plan->spec.n_drives && r == 0; i++) {
		_cleanup_record_ struct record *record = NULL;

		r = confirm_drive(domain, &plan->spec.drives[i], deadline, &record, error);
	}
	if (r < 0)
		return r;
	error_step(error, "finish");
	return finish_launch(domain, error);
}

/* The domain is ended again; undefined, too, if we have defined it. */
static void roll_back(
	struct hotslot_domain *domain, const struct plan *plan, struct hotslot_error *error)
{
	struct hotslot_error other = {};

	if (stop(domain, &other) < 0)
		error_append(error, "; %s", other.message);
	else if (plan->options.persistent && virDomainUndefine(domain->domain) < 0)
		launch_still_defined(plan, error);
	if (plan->spec.console_log)
		console_log_append(error, plan->spec.console_log);
	else
		error_append(error, "; a console log may tell more");
}

static int boot_or_end(struct hotslot_domain *domain, const struct plan *plan, uint64_t deadline,
	struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r = domain_begin(domain, 0, &call, error);

	if (r < 0)
		return r;
	domain->booting = true;
	r = boot(domain, plan, deadline, error);
	domain->booting = false;
	if (r < 0)
		roll_back(domain, plan, error);
	return r;
}

static int run(struct hotslot *hotslot, struct plan *plan, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	_cleanup_launch_socket_ int launching = -1;
	struct hotslot_domain *domain;
	uint64_t deadline;
	int r;

	error_step(error, "check");
	r = check_name(hotslot, plan->options.name, error);
	if (r == 0)
		r = plan_make(hotslot, plan, error);
	if (r < 0)
		return r;
	plan->spec.launcher = launcher_begin(hotslot->local, &launching);
	finish_trials(hotslot);
	error_step(error, "accelerator");
	r = accel_choose(hotslot, plan->options.accel, &plan->spec, &plan->kvm_doubt, error);
	if (r < 0)
		return r;
	error_step(error, "start");
	deadline = deadline_after(plan->options.timeout_ms, TIMEOUT_LAUNCH_MS);
	r = launch_create(hotslot, plan, deadline, &domain, error);
	if (r < 0)
		return r;
	r = boot_or_end(domain, plan, deadline, error);
	if (r < 0) {
		hotslot_domain_unref(domain);
		return r;
	}
	if (plan->kvm_doubt)
		accel_remember(plan->kvm_doubt, false);
	*ret = domain;
	return 0;
}

int hotslot_launch(struct hotslot *hotslot, const struct hotslot_launch_options *options,
	struct hotslot_domain **ret, struct hotslot_error *error)
{
	struct hotslot_error ignored;
	struct plan plan = {};
	int r;

	error = error_begin(error, &ignored);
	options_copy(&plan.options, sizeof(plan.options), options);
	r = run(hotslot, &plan, ret, error);
	plan_done(&plan);
	return r;
}
