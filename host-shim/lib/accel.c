/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KVM or TCG: what a guest really comes up under on this host. */
#include "accel.h"

#include <sys/random.h>

#include "error.h"
#include "finish.h"
#include "session.h"
#include "stop.h"

/* An appliance under KVM answers within a second or two. */
#define TRIAL_MS 10000

/* Names the emulator, and the connection unless it is to this host. NULL if libvirt has no KVM
 * to offer. */
static char *make_key(struct hotslot *hotslot)
{
	_cleanup_connection_ virConnectPtr connection = connection_get(hotslot);
	_cleanup_free_ char *text =
		virConnectGetDomainCapabilities(connection, NULL, NULL, NULL, "kvm", 0);
	_cleanup_free_ char *uri = virConnectGetURI(connection);
	_cleanup_xml_ xmlDoc *document = text ? xml_read(text) : NULL;
	_cleanup_free_ char *emulator = NULL;
	char *key;

	if (!document || !uri)
		return NULL;
	emulator = xml_text(xml_child(xmlDocGetRootElement(document), "path"));
	if (!emulator || asprintf(&key, "%s%s%s", emulator, hotslot->local ? "" : " ",
				 hotslot->local ? "" : uri) < 0)
		return NULL;
	return key;
}

static bool comes_up(struct hotslot_domain *domain)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored = {};
	_cleanup_call_ struct hotslot_domain *call = NULL;
	bool works;

	/* Nobody else has it yet. */
	if (domain_begin(domain, 0, &call, &ignored) < 0)
		return false;
	domain->booting = true;
	works = session_open(domain, now_ms() + TRIAL_MS, &xml, &ignored) == 0;
	(void)stop(domain, &ignored);
	return works;
}

/* Boots the appliance without its disks. */
static int try_kvm(
	struct hotslot *hotslot, const struct launch_spec *spec, struct hotslot_error *error)
{
	_cleanup_connection_ virConnectPtr connection = NULL;
	struct launch_spec trial = *spec;
	_cleanup_free_ char *text = NULL;
	struct hotslot_domain *domain;
	virDomainPtr created;
	char name[48];
	uint32_t random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_system(error, -errno, "Cannot make a name");
	snprintf(name, sizeof(name), TRIAL_PREFIX "%08x", random);
	trial.name = name;
	trial.kvm = true;
	trial.n_drives = 0;
	trial.root = NULL;
	trial.console_log = NULL;
	r = launch_xml_format(&trial, &text);
	if (r < 0)
		return error_system(error, r, "Cannot write the XML of domain %s", name);
	/* It ends with this connection, whatever happens to us; an embedded driver cannot do that.
	 */
	connection = connection_get(hotslot);
	created = virDomainCreateXML(
		connection, text, hotslot->embedded ? 0 : VIR_DOMAIN_START_AUTODESTROY);
	if (!created)
		return 0;
	r = domain_from_libvirt(hotslot, created, &domain, error);
	if (r < 0)
		return r;
	r = comes_up(domain);
	hotslot_domain_unref(domain);
	return r;
}

static int find_out(struct hotslot *hotslot, const struct launch_spec *spec, char **ret_doubt,
	struct hotslot_error *error)
{
	_cleanup_free_ char *key = make_key(hotslot);
	int works;

	if (!key)
		return 0;
	works = accel_recall(key);
	if (works >= 0)
		return works;
	works = try_kvm(hotslot, spec, error);
	if (works > 0)
		accel_remember(key, true);
	else if (works == 0)
		*ret_doubt = steal_pointer(key);
	return works;
}

int accel_choose(struct hotslot *hotslot, enum hotslot_accel accel, struct launch_spec *spec,
	char **ret_doubt, struct hotslot_error *error)
{
	int works;

	*ret_doubt = NULL;
	spec->kvm = accel == HOTSLOT_ACCEL_KVM;
	if (accel != HOTSLOT_ACCEL_AUTO)
		return 0;
	works = find_out(hotslot, spec, ret_doubt, error);
	if (works < 0)
		return works;
	spec->kvm = works;
	if (!works)
		connection_notice(hotslot,
			"No guest comes up under KVM on this host: using TCG, which is slower");
	return 0;
}
