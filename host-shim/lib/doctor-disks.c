/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each of a domain's disks: what the host has, what the guest shows, and whether they agree. */
#include <string.h>
#include <sys/stat.h>

#include "block-job.h"
#include "doctor-work.h"
#include "domain-ask.h"
#include "places.h"
#include "reserve.h"
#include "slot.h"
#include "unheard.h"

/* QEMU's sectors: what is left of an image behind the last one, libvirt counts and guests do not.
 */
#define SECTOR_SIZE 512

/* The guest asks a disk who it is in some 10 ms; after this long no further one is asked: there may
 * be a thousand, or some that do not answer. */
#define DISKS_ASK_MS 3000

#define ADVICE_REPAIR "'hotslot repair DOM' puts it right"

struct examined {
	struct doctor *doctor;
	const struct hotslot_disk *disk;
	const struct unheard *unheard;
	bool sick; /* something was said of it */
};

static void warn(struct examined *disk, const char *advice, const char *text)
{
	disk->sick = true;
	doctor_say(
		disk->doctor, "disk", disk->disk->slot, HOTSLOT_HEALTH_WARNING, advice, "%s", text);
}

static void fail(
	struct examined *disk, enum hotslot_error_code code, const char *advice, const char *text)
{
	disk->sick = true;
	doctor_fail(disk->doctor, "disk", disk->disk->slot, code, advice, "%s%s%s",
		disk->disk->alias ?: "", disk->disk->alias ? ": " : "", text);
}

/* ---- the host's part ---- */

static void look_at_image(struct examined *disk)
{
	const char *source = disk->disk->source;
	struct stat st;

	if (!disk->doctor->hotslot->local || !source || source[0] != '/' || stat(source, &st) == 0)
		return;
	disk->sick = true;
	if ((errno == ENOENT || errno == ENOTDIR) && disk->doctor->xml->id < 0)
		doctor_fail(disk->doctor, "disk", disk->disk->slot, HOTSLOT_ERROR_IMAGE,
			"put it there again, or detach the disk with --config: the domain does "
			"not start without it",
			"Its image %s cannot be found: %s", source, strerror(errno));
	else if (errno == ENOENT || errno == ENOTDIR)
		doctor_say(disk->doctor, "disk", disk->disk->slot, HOTSLOT_HEALTH_WARNING,
			"QEMU has it open still: copy what is on it before the domain ends",
			"Its image %s cannot be found: %s", source, strerror(errno));
	else
		doctor_say(disk->doctor, "disk", disk->disk->slot, HOTSLOT_HEALTH_UNKNOWN,
			"ask as a user who may look at it",
			"Its image %s cannot be looked at from here: %s", source, strerror(errno));
}

static void look_at_reservation(struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;

	if (d->attached && !d->foreign && d->slot >= 0 &&
		reserve_has(disk->doctor->xml, (unsigned)d->slot))
		warn(disk, ADVICE_REPAIR,
			"It has a disk and is reserved still: an attach was broken off");
}

/* ---- the guest's ---- */

static void look_at_presence(struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;

	if (!d->attached)
		fail(disk, HOTSLOT_ERROR_NOT_CONFIRMED,
			ADVICE_REPAIR ", unless it is in use; if it cannot, start the domain anew",
			"The guest shows a disk that the domain does not have");
	else if (!d->visible && d->target_dev && unheard_has(disk->unheard, d->target_dev))
		fail(disk, HOTSLOT_ERROR_LIBVIRT,
			"start the domain anew: libvirt keeps it in the XML until then",
			"QEMU has let go of it, and libvirt has missed that");
	else if (!d->visible && d->slot < 0)
		fail(disk, HOTSLOT_ERROR_NOT_CONFIRMED,
			"have the guest scan its SCSI host, or detach the disk and attach it again",
			"The guest does not show it");
	else if (!d->visible)
		fail(disk, HOTSLOT_ERROR_NOT_CONFIRMED,
			"'hotslot repair DOM' has the guest look for it",
			"The guest does not show it");
	else if (strcmp(d->state, "present") != 0)
		fail(disk, HOTSLOT_ERROR_NOT_CONFIRMED, ADVICE_REPAIR,
			"The guest has let go of it, and it is still attached: a detach was broken "
			"off");
}

static void look_at_serial(struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;

	if (d->mismatch)
		fail(disk, HOTSLOT_ERROR_MISMATCH, "detach it by slot or alias and attach it again",
			"The guest reads another serial than the host has given it");
	else if (d->conflict)
		warn(disk, "attach one of them with another serial",
			"Another disk has its serial: neither has a link by it");
	else if (d->serial && !d->by_serial)
		warn(disk, "see what the agent says in the guest's journal, or on its console",
			"It has no link by its serial");
}

static void look_at_link(struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;

	if (d->slot >= 0 && !d->by_slot)
		fail(disk, HOTSLOT_ERROR_NOT_CONFIRMED,
			"see the findings on links and rule, and what the agent says in the "
			"guest's journal, or on its console",
			"It has no link by its slot");
}

/* Both of these: the agent has answered, so QEMU runs, and they take no time. */
static void look_at_job(struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;
	struct block_job job;

	if (now_ms() >= disk->doctor->deadline ||
		!block_job_find(disk->doctor->domain, "DOM", d->target_dev, &job))
		return;
	disk->sick = true;
	doctor_say(disk->doctor, "disk", d->slot, HOTSLOT_HEALTH_WARNING, job.ends,
		"It can be neither detached nor resized now: %s is under way on it", job.what);
}

static void look_at_size(struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;
	virDomainBlockInfo info;
	uint64_t size;

	if (d->passthrough || !d->target_dev || now_ms() >= disk->doctor->deadline ||
		domain_get_block_info(disk->doctor->domain, d->target_dev, &info) < 0)
		return;
	size = info.capacity - info.capacity % SECTOR_SIZE;
	if (size == 0 || size == d->size || info.capacity == d->size)
		return;
	disk->sick = true;
	doctor_say(disk->doctor, "disk", d->slot, HOTSLOT_HEALTH_WARNING,
		d->foreign ? "have the guest read its capacity again" : ADVICE_REPAIR,
		"It has %llu bytes, and the guest sees %llu", (unsigned long long)size,
		(unsigned long long)d->size);
}

/* Where it is present, "taking it back" has it confirmed, and no more. */
static void look_at_answer(struct examined *disk)
{
	struct doctor *doctor = disk->doctor;
	struct hotslot_error error = {};
	uint64_t now = now_ms();

	if (disk->disk->slot < 0 || now >= doctor->ask_until ||
		guest_take_back(doctor->domain, (uint64_t)disk->disk->slot, now + DISKS_ASK_MS,
			&error) == 0)
		return;
	disk->sick = true;
	doctor_fail(doctor, "disk", disk->disk->slot, HOTSLOT_ERROR_NOT_CONFIRMED,
		"see what the guest's kernel says of it, and whether it has set it offline",
		"The guest cannot make sure that it is this disk: %s", error.message);
}

static void tell_disk(const struct examined *disk)
{
	const struct hotslot_disk *d = disk->disk;

	doctor_say(disk->doctor, "disk", d->slot, HOTSLOT_HEALTH_OK, NULL, "%s: %s, serial %s%s",
		d->name, d->source ?: "no image", d->serial ?: "none",
		d->foreign ? ", attached by others" : "");
}

static void examine(
	struct doctor *doctor, const struct hotslot_disk *d, const struct unheard *unheard)
{
	struct examined disk = { .doctor = doctor, .disk = d, .unheard = unheard };

	look_at_presence(&disk);
	if (d->attached) {
		look_at_image(&disk);
		look_at_reservation(&disk);
	}
	if (d->attached && d->visible && strcmp(d->state, "present") == 0) {
		look_at_serial(&disk);
		look_at_link(&disk);
		look_at_job(&disk);
		look_at_size(&disk);
		if (!disk.sick)
			look_at_answer(&disk);
	}
	if (!disk.sick)
		tell_disk(&disk);
}

/* Of a disk that the guest does not speak of: WHY not. */
static int examine_host_disk(
	struct doctor *doctor, const struct xml_disk *host, const char *advice, const char *why)
{
	_cleanup_record_ struct record *record = record_new(host->target, host->unit);
	struct examined disk = { .doctor = doctor };
	int r = record ? record_add_host(record, host) : -ENOMEM;

	if (r < 0)
		return r;
	disk.disk = &record->disk;
	look_at_image(&disk);
	look_at_reservation(&disk);
	doctor_say(doctor, "disk", record->disk.slot, HOTSLOT_HEALTH_UNKNOWN, advice, "%s: %s: %s",
		record->disk.alias ?: "no alias", record->disk.source ?: "no image", why);
	return 0;
}

/* Those that the guest hides, all of them if HIDDEN is NULL. Returns how many. */
static size_t examine_host(struct doctor *doctor, const struct guest_hidden *hidden,
	const char *advice, const char *why)
{
	const struct domain_xml *xml = doctor->xml;
	size_t n = 0;

	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (!domain_xml_manages(xml, disk) || disk->target == SLOT_SYSTEM_TARGET ||
			(hidden && !guest_hides(hidden, place_number(disk->target, disk->unit))))
			continue;
		n++;
		if (examine_host_disk(doctor, disk, advice, why) < 0)
			doctor_fail(
				doctor, "disk", -1, HOTSLOT_ERROR_SYSTEM, NULL, "Out of memory");
	}
	return n;
}

static size_t examine_hidden(struct doctor *doctor, const struct guest_hidden *hidden)
{
	if (!hidden->undecided)
		return examine_host(doctor, hidden,
			"nothing, if its root file system stands on it; otherwise see "
			"hotslot-agent(8)",
			"The guest hides it as the system's own");
	doctor_say(doctor, "disk", -1, HOTSLOT_HEALTH_WARNING,
		"wait until it has mounted its root file system; if it never does, see "
		"hotslot-agent(8)",
		"The guest cannot tell yet which disks its root file system stands on: it hides "
		"them all");
	return examine_host(doctor, hidden, NULL, "The guest hides it");
}

static void find_unheard(
	const struct doctor *doctor, const struct disks *disks, struct unheard *ret)
{
	for (size_t i = 0; i < disks->count; i++)
		if (!disks->records[i]->disk.visible && now_ms() < doctor->deadline) {
			unheard_find(doctor->domain, ret);
			return;
		}
}

static bool examine_all(struct doctor *doctor)
{
	_cleanup_unheard_ struct unheard unheard = {};
	struct hotslot_error error = {};
	_cleanup_disks_ struct disks disks = {};
	size_t hidden;

	if (disks_read(doctor->domain, doctor->xml, doctor->deadline, &disks, &error) < 0) {
		doctor_fail(doctor, "disk", -1, error.code, NULL, "%s", error.message);
		doctor->unknown = "The agent does not say";
		return false;
	}
	hidden = examine_hidden(doctor, &disks.hidden);
	if (hidden + disks.count == 0 && !disks.hidden.undecided)
		doctor_ok(doctor, "disk", "There are none");
	find_unheard(doctor, &disks, &unheard);
	doctor->ask_until = earlier(now_ms() + DISKS_ASK_MS, doctor->deadline);
	for (size_t i = 0; i < disks.count; i++)
		examine(doctor, &disks.records[i]->disk, &unheard);
	return true;
}

/* In no list, as they have no slot: somebody may look for them. Without a place, libvirt chooses
 * one by the label, and makes another controller for those from sdh on. */
static void tell_others(struct doctor *doctor)
{
	const struct domain_xml *xml = doctor->xml;

	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];
		const char *name = disk->target_dev ?: disk->alias ?: "?";

		if (!disk->scsi || domain_xml_manages(xml, disk))
			continue;
		if ((int)disk->controller != xml->controller)
			doctor_ok(doctor, "disk",
				"%s: %s, on controller %u, which is not managed: it has no slot",
				name, disk->source ?: "no image", disk->controller);
		else
			doctor_ok(doctor, "disk", "%s: a CD-ROM drive, %s: no disk goes there",
				name, place_locate(place_number(disk->target, disk->unit)).text);
	}
}

void doctor_disks(struct doctor *doctor)
{
	if ((doctor->unknown || !examine_all(doctor)) &&
		examine_host(doctor, NULL, NULL, doctor->unknown) == 0)
		doctor_ok(doctor, "disk", "The domain has none");
	tell_others(doctor);
}
