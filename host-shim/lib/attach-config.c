/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an attach does to the persistent definition: alone, or before the running domain.
 *
 * The definition comes first, as it can be put back, and the guest has the last word. Whoever is
 * killed after it leaves a disk in the definition alone. The next attach of that image to both is
 * its end: the disk is given to the running domain as the definition has it, with its slot, serial,
 * id and label. It is the same the other way: an attach to the definition of what the running
 * domain has gives it that disk.
 */
#include "attach-work.h"
#include "config.h"
#include "definition-lock.h"
#include "domain-ask.h"
#include "error.h"
#include "places.h"
#include "reserve.h"
#include "resolve.h"
#include "source-compare.h"

/* Choosing anew when somebody else was faster. */
#define CHOICES_MAX 64

/* A domain that has an image twice does not start, unless it only reads or shares it: QEMU's locks.
 */
static int check_image(const struct attach *attach, const struct domain_xml *definition,
	struct hotslot_error *error)
{
	const struct image *image = &attach->drive.image;
	bool local = attach->domain->hotslot->local;

	for (size_t i = 0; i < definition->n_disks; i++) {
		const struct xml_disk *disk = &definition->disks[i];

		if (!disk->source || !source_is_same(disk->source, image->path, local) ||
			(disk->read_only && image->read_only) ||
			(disk->shareable && attach->drive.backend.shareable) ||
			(attach->twin_found && is_same(disk->alias, attach->twin.alias)))
			continue;
		return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
			"The definition of domain %s has %s already, as %s",
			attach->domain->name, image->path,
			disk->alias ?: disk->target_dev ?: "a disk");
	}
	return 0;
}

static int check_definition(const struct attach *attach, const struct domain_xml *definition,
	struct hotslot_error *error)
{
	int r = domain_check_gap(attach->domain, definition, "The definition of domain", error);

	return r < 0 ? r : check_image(attach, definition, error);
}

/* A reservation is the definition's, too. */
static int pass_over_definition(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *definition = NULL;
	int r;

	if (domain_is_persistent(attach->domain) <= 0)
		return 0;
	r = definition_read(attach->domain, &definition, error);
	return r < 0 ? r : attach_join(attach, attach->xml, definition, error);
}

int attach_join_definition(struct attach *attach, struct hotslot_error *error)
{
	int r;

	if (attach->drive.reserved)
		return attach->options.slot < 0 ? pass_over_definition(attach, error) : 0;
	if (attach->options.scope != HOTSLOT_SCOPE_PERSISTENT)
		return 0;
	attach->definition = domain_xml_free(attach->definition);
	r = config_read(attach->domain, attach->xml->controller, &attach->definition, error);
	if (r == 0)
		r = attach_agree(
			attach, attach->xml, attach->definition, "definition of domain", error);
	return r < 0 ? r : check_definition(attach, attach->definition, error);
}

/* ---- the definition ---- */

static int check_defined(
	const struct attach *attach, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	_cleanup_free_ char *text = NULL;
	int r = definition_read_text(attach->domain, &text, error);

	if (r < 0)
		return r;
	document = xml_read(text);
	r = document ? domain_xml_parse(text, &xml) : -EBADMSG;
	if (r < 0)
		return error_system(
			error, r, "Cannot parse the definition of domain %s", attach->domain->name);
	xml->controller = attach->xml->controller;
	r = attach_compare(attach, document, xml, "The definition of domain", error);
	if (r == 0)
		*ret = steal_pointer(xml);
	return r;
}

/* Since it was read, others may have attached something: the image, or a disk of another label. */
static int check_again(const struct attach *attach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_xml_parse(attach->definition_text, &xml);

	if (r < 0)
		return error_system(
			error, r, "Cannot parse the definition of domain %s", attach->domain->name);
	xml->controller = attach->xml->controller;
	r = check_definition(attach, xml, error);
	if (r < 0 || attach->options.any_label)
		return r;
	return isolate_check(attach->domain, xml, attach->options.label, error);
}

static int define(struct attach *attach, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	int r;

	error_step(error, "define");
	r = definition_lock(attach->domain, &lock, error);
	free(steal_pointer(attach->definition_text));
	if (r == 0)
		r = definition_read_text(attach->domain, &attach->definition_text, error);
	if (r == 0)
		r = check_again(attach, error);
	if (r == 0)
		r = attach_format(attach, error);
	if (r < 0)
		return r;
	attach->may_be_defined = true;
	r = config_add(attach->domain, attach->asked, error);
	attach->definition_refused = r < 0;
	return r < 0 ? r : check_defined(attach, ret, error);
}

int attach_define(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;

	attach->definition_refused = false;
	if (!attach->definition)
		return 0;
	attach_choose_label(attach);
	return attach->twin_found ? 0 : define(attach, &xml, error);
}

/* If libvirt refused it, what is there may be somebody else's. */
static const struct xml_disk *find_own(const struct attach *attach, const struct domain_xml *xml)
{
	const struct xml_disk *disk = domain_xml_disk_by_alias(xml, attach->drive.alias);

	if (!disk)
		return NULL;
	return attach->drive.passthrough
		       ? (is_same(disk->source, attach->drive.image.path) ? disk : NULL)
	       : is_same(disk->serial, attach->drive.serial) ? disk
							     : NULL;
}

static int remove_own(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct xml_disk *disk;
	int r = definition_read(attach->domain, &xml, error);

	if (r < 0)
		return r;
	disk = find_own(attach, xml);
	return disk ? config_remove(attach->domain, disk, error) : 0;
}

/* Whether it is again what it was, to the last letter. */
static bool is_as_before(const struct attach *attach)
{
	_cleanup_free_ char *text = NULL;
	struct hotslot_error ignored = {};

	return definition_read_text(attach->domain, &text, &ignored) == 0 &&
	       is_same(text, attach->definition_text);
}

void attach_undefine(struct attach *attach, struct hotslot_error *error)
{
	struct hotslot_error other = {};

	if (!attach->may_be_defined)
		return;
	if (remove_own(attach, &other) < 0) {
		error->code = HOTSLOT_ERROR_PARTIAL;
		error_append(error,
			"; the definition of domain %s has the disk, in slot %u, or may have it: "
			"'detach --config' takes it from there, the same attach once more "
			"completes it: %s",
			attach->domain->name, attach->drive.slot, other.message);
		return;
	}
	attach->may_be_defined = false;
	if (attach->definition_refused)
		return;
	error_append(error, is_as_before(attach)
				    ? "; its definition is as it was"
				    : "; its definition does not have the disk, but somebody else "
				      "has changed it meanwhile");
}

static bool is_overtaken(const struct attach *attach, const struct domain_xml *now)
{
	const struct drive *drive = &attach->drive;

	return domain_xml_is_taken(now, slot_target(drive->slot), slot_lun(drive->slot)) ||
	       domain_xml_disk_by_alias(now, drive->alias) ||
	       drive_label_is_taken(now, drive->target_dev);
}

bool attach_definition_is_overtaken(struct attach *attach)
{
	_cleanup_domain_xml_ struct domain_xml *now = NULL;
	struct hotslot_error ignored = {};

	if (!attach->definition_refused ||
		config_read(attach->domain, attach->xml->controller, &now, &ignored) < 0 ||
		!is_overtaken(attach, now))
		return false;
	return attach->options.scope == HOTSLOT_SCOPE_CONFIG ||
	       attach_join_definition(attach, &ignored) == 0;
}

/* ---- the definition alone ---- */

static int read_config(
	struct attach *attach, struct slot_set *ret_reserved, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *live = NULL;
	int r;

	attach->xml = domain_xml_free(attach->xml);
	r = config_read(attach->domain, -1, &attach->xml, error);
	if (r == 0)
		r = config_is_running(attach->domain, error);
	if (r > 0)
		r = domain_read(attach->domain, &live, error);
	if (r == 0 && !attach->drive.reserved)
		r = check_definition(attach, attach->xml, error);
	if (r == 0 && !attach->drive.reserved && !attach->options.any_label)
		r = isolate_check(attach->domain, attach->xml, attach->options.label, error);
	if (r < 0)
		return r;
	*ret_reserved = attach->xml->reserved;
	return live ? attach_agree(attach, attach->xml, live, "running domain", error) : 0;
}

static int tell(struct attach *attach, const struct domain_xml *xml, struct hotslot_error *error)
{
	unsigned slot = attach->drive.slot;

	attach->record = record_new(slot_target(slot), slot_lun(slot));
	if (!attach->record)
		return error_memory(error);
	if (!xml)
		return 0;
	if (record_add_host(attach->record, resolve_host(xml, slot)) < 0)
		return error_memory(error);
	attach->record->disk.attached = attach->twin_found;
	attach->record->disk.persistence = HOTSLOT_PERSISTENCE_YES;
	return 0;
}

static int define_alone(struct attach *attach, bool filled, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	unsigned slot = attach->drive.slot;
	int r;

	attach_choose_label(attach);
	r = isolate_record_config(
		attach->domain, attach->xml, attach->options.label, &attach->recorded, error);
	if (r == 0)
		r = define(attach, &xml, error);
	if (r == 0 && filled) {
		error_step(error, "fill");
		r = reserve_fill(attach->domain, slot, HOTSLOT_SCOPE_CONFIG, error);
	}
	if (r == 0)
		r = tell(attach, xml, error);
	if (r < 0)
		attach_undefine(attach, error);
	return r;
}

static int choose_and_define(struct attach *attach, struct hotslot_error *error)
{
	struct slot_set reserved;
	int r;

	attach->definition_refused = false;
	error_step(error, "check");
	r = read_config(attach, &reserved, error);
	if (r < 0)
		return r;
	error_step(error, "reserve");
	r = drive_reserve(&attach->drive, &attach->options, attach->xml, 0, error);
	if (r < 0)
		return r;
	if (!attach->drive.reserved)
		return define_alone(attach, slot_set_has(&reserved, attach->drive.slot), error);
	r = tell(attach, NULL, error);
	return r < 0 ? r
		     : reserve_add(attach->domain, attach->drive.slot, HOTSLOT_SCOPE_CONFIG, error);
}

int attach_config(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_definition_lock_ struct hotslot_domain *lock = NULL;
	struct hotslot_error other = {};
	int r;

	error_step(error, "check");
	r = drive_check(attach->domain->hotslot, &attach->options, &attach->drive, error);
	if (r == 0)
		r = definition_lock(attach->domain, &lock, error);
	if (r < 0)
		return r;
	r = choose_and_define(attach, error);
	for (int i = 1; r < 0 && i < CHOICES_MAX && attach_definition_is_overtaken(attach); i++) {
		*error = (struct hotslot_error){};
		r = choose_and_define(attach, error);
	}
	if (r < 0 && !attach->may_be_defined &&
		isolate_forget(attach->domain, &attach->recorded, &other) < 0)
		error_append(error, "; its label is still noted: %s", other.message);
	return r;
}
