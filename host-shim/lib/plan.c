/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a launch is to start: options checked, images found, places reserved. */
#include "plan-images.h"

#include <string.h>
#include <sys/stat.h>

#include "encode.h"
#include "error.h"
#include "isolate.h"
#include "options.h"
#include "slot.h"

#define MEMORY_DEFAULT_MIB 512
#define VCPUS_DEFAULT 1

/* The root disk's; no slot of a user's disk gives this id. */
#define ROOT_ID "root"

/* There is no directory here that it could be relative to. */
static int check_remote(const struct hotslot *hotslot, const char *what, const char *path,
	struct hotslot_error *error)
{
	if (hotslot->local || path[0] == '/')
		return 0;
	return error_set(error, HOTSLOT_ERROR_INVALID,
		"The %s %s: a path on another host must be absolute", what, path);
}

static int find_file(struct hotslot *hotslot, const char *what, const char *path, char **ret,
	struct hotslot_error *error)
{
	struct stat st;
	int r;

	if (!path || !*path)
		return error_set(error, HOTSLOT_ERROR_INVALID, "No %s is given", what);
	r = check_remote(hotslot, what, path, error);
	if (r < 0)
		return r;
	*ret = hotslot->local ? realpath(path, NULL) : strdup(path);
	if (!*ret || (hotslot->local && (access(*ret, R_OK) < 0 || stat(*ret, &st) < 0)))
		return error_set(
			error, HOTSLOT_ERROR_IMAGE, "Cannot read the %s %s: %m", what, path);
	if (hotslot->local && !S_ISREG(st.st_mode))
		return error_set(
			error, HOTSLOT_ERROR_IMAGE, "The %s %s is no regular file", what, path);
	return 0;
}

/* The file need not be there. */
static int make_absolute(const char *path, char **ret, struct hotslot_error *error)
{
	_cleanup_free_ char *directory = path[0] == '/' ? strdup("") : getcwd(NULL, 0);

	if (!directory || asprintf(ret, "%s%s%s", directory, *directory ? "/" : "", path) < 0) {
		*ret = NULL;
		return error_system(error, -errno, "Cannot use the console log %s", path);
	}
	return 0;
}

static int find_files(struct hotslot *hotslot, struct plan *plan, struct hotslot_error *error)
{
	const struct hotslot_launch_options *options = &plan->options;
	int r;

	if (options->append && !text_is_printable(options->append, strlen(options->append)))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"What to append to the kernel's command line is not printable");
	r = find_file(hotslot, "kernel", options->kernel, &plan->kernel, error);

	if (r == 0)
		r = find_file(hotslot, "initramfs", options->initramfs, &plan->initramfs, error);
	if (r == 0 && options->console_log && !*options->console_log)
		return error_set(
			error, HOTSLOT_ERROR_INVALID, "The name of the console log is empty");
	if (r == 0 && options->console_log)
		r = check_remote(hotslot, "console log", options->console_log, error);
	if (r == 0 && options->console_log)
		r = make_absolute(options->console_log, &plan->console_log, error);
	return r;
}

/* Remembers a drive as one that the domain has, for the next one. */
static int add_drive(
	struct domain_xml *taken, const struct drive *drive, unsigned target, unsigned unit)
{
	struct xml_disk disk = {
		.alias = drive->alias[0] ? (char *)drive->alias : NULL,
		.serial = drive->serial[0] ? (char *)drive->serial : NULL,
		.target_dev = drive->target_dev[0] ? (char *)drive->target_dev : NULL,
		.scsi = true,
		.target = target,
		.unit = unit,
	};

	return domain_xml_add(taken, &disk);
}

/* The labels that elements name, so that none of them is chosen for another drive. Of two that name
 * one, the second is refused when its turn comes. */
static int keep_labels(const struct plan *plan, struct domain_xml *taken)
{
	for (size_t i = 0; i < plan->n_drives; i++) {
		struct drive *drive = &plan->drives[i];
		const char *label = drive->element ? drive->element->target_dev : NULL;
		struct xml_disk disk = { .target_dev = (char *)label };

		if (!label || drive_label_is_taken(taken, label))
			continue;
		if (domain_xml_add(taken, &disk) < 0)
			return -ENOMEM;
		drive->label_kept = true;
	}
	return 0;
}

/* Drives whose slots are named come first; the others fill the gaps. */
static int reserve_drives(struct plan *plan, const struct hotslot_attach_options *options,
	bool named, struct domain_xml *taken, struct hotslot_error *error)
{
	for (size_t i = 0; i < plan->n_drives; i++) {
		struct drive *drive = &plan->drives[i];
		int r;

		if (named != (options[i].slot >= 0))
			continue;
		r = drive_reserve(drive, &options[i], taken, 0, error);
		if (r < 0)
			return r;
		if (add_drive(taken, drive, slot_target(drive->slot), slot_lun(drive->slot)) < 0)
			return error_memory(error);
		if (drive->reserved)
			slot_set_add(&plan->reserved, drive->slot);
	}
	return 0;
}

/* The first slots, but those that drives are put into by name. */
static int reserve_first(
	const struct plan *plan, struct domain_xml *taken, struct hotslot_error *error)
{
	if (plan->options.reserve > SLOT_COUNT)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"%zu slots cannot be reserved: there are %d", plan->options.reserve,
			SLOT_COUNT);
	for (unsigned slot = 0; slot < plan->options.reserve; slot++)
		if (!domain_xml_disk_at(taken, slot_target(slot), slot_lun(slot)))
			slot_set_add(&taken->reserved, slot);
	return 0;
}

/* What is only reserved is no disk of the domain's. */
static void finish_reservations(struct plan *plan, const struct domain_xml *taken)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_drives; i++)
		if (!plan->drives[i].reserved)
			plan->drives[kept++] = plan->drives[i];
	plan->n_drives = kept;
	for (size_t i = 0; i < ARRAY_SIZE(plan->reserved.words); i++)
		plan->reserved.words[i] |= taken->reserved.words[i];
}

static int add_label(
	struct plan *plan, const struct hotslot_attach_options *drive, struct hotslot_error *error)
{
	const char *label = drive->label ?: plan->options.label;
	int r = drive->any_label ? 0
				 : isolate_refuse(plan->options.name, &plan->labels, label, error);

	if (r == 0 && label_set_add(&plan->labels, label) < 0)
		r = error_set(error, HOTSLOT_ERROR_LABEL,
			"The drives have more than the %d labels that are kept", LABELS_MAX);
	return r;
}

/* Whose disks the domain holds from the start, or is meant for. If they are all nobody's, there is
 * nothing to keep. */
static int plan_labels(struct plan *plan, const struct hotslot_attach_options *options,
	struct hotslot_error *error)
{
	const char *label = plan->options.label;
	int r = 0;

	if (label && !label_is_valid(label))
		return drive_bad_label(label, error);
	if (label)
		(void)label_set_add(&plan->labels, label);
	for (size_t i = 0; i < plan->n_drives && r == 0; i++)
		if (!plan->drives[i].reserved)
			r = add_label(plan, &options[i], error);
	if (plan->labels.count == 0)
		plan->labels.nobody = false;
	return r;
}

static int plan_drives(struct hotslot *hotslot, struct plan *plan, struct domain_xml *taken,
	struct hotslot_attach_options *options, struct hotslot_error *error)
{
	int r;

	plan->drives = calloc(plan->options.n_drives + 1, sizeof(*plan->drives));
	if (!plan->drives)
		return error_memory(error);
	for (size_t i = 0; i < plan->options.n_drives; i++) {
		plan->n_drives++;
		r = plan_check_drive(hotslot, plan, &options[i], &plan->drives[i], error);
		if (r < 0 && options[i].xml && plan->options.n_drives > 1)
			error_append(error, "; it is drive %zu", i + 1);
		if (r < 0)
			return r;
	}
	r = plan_check_twice(plan, hotslot->local, error);
	if (r == 0)
		r = plan_labels(plan, options, error);
	if (r == 0 && keep_labels(plan, taken) < 0)
		r = error_memory(error);
	if (r == 0)
		r = reserve_drives(plan, options, true, taken, error);
	if (r == 0)
		r = reserve_first(plan, taken, error);
	if (r == 0)
		r = reserve_drives(plan, options, false, taken, error);
	if (r == 0)
		finish_reservations(plan, taken);
	return r;
}

/* The caller's array has structs of the caller's length. */
static struct hotslot_attach_options *copy_drives(const struct hotslot_launch_options *options)
{
	struct hotslot_attach_options *copy = calloc(options->n_drives + 1, sizeof(*copy));
	const char *theirs = (const char *)options->drives;

	for (size_t i = 0; copy && i < options->n_drives; i++)
		options_copy(&copy[i], sizeof(copy[i]), theirs + i * options->drives->size);
	return copy;
}

static int plan_root(struct hotslot *hotslot, struct plan *plan, struct domain_xml *taken,
	struct hotslot_error *error)
{
	struct drive *root = &plan->root;
	int r = image_check(hotslot, plan->options.root, plan->options.root_format,
		plan->options.root_writable ? 0 : IMAGE_READ_ONLY, &root->image, error);

	if (r == 0)
		r = plan_await_server(hotslot, plan, &root->image, error);
	if (r < 0)
		return r;
	snprintf(root->alias, sizeof(root->alias), ALIAS_PREFIX ROOT_ID);
	snprintf(root->serial, sizeof(root->serial), "hs-" ROOT_ID);
	drive_choose_label(taken, SLOT_COUNT, root->target_dev, sizeof(root->target_dev));
	plan->spec.root = root;
	return add_drive(taken, root, SLOT_SYSTEM_TARGET, 0) < 0 ? error_memory(error) : 0;
}

static int plan_disks(struct hotslot *hotslot, struct plan *plan, struct hotslot_error *error)
{
	_cleanup_free_ struct hotslot_attach_options *options = copy_drives(&plan->options);
	_cleanup_domain_xml_ struct domain_xml *taken = domain_xml_new();
	int r = 0;

	if (!options || !taken)
		return error_memory(error);
	taken->controllers[0].iothread = plan->options.iothreads > 0;
	if (plan->options.root)
		r = plan_root(hotslot, plan, taken, error);
	return r < 0 ? r : plan_drives(hotslot, plan, taken, options, error);
}

static int plan_cmdline(struct plan *plan, struct hotslot_error *error)
{
	const struct hotslot_launch_options *options = &plan->options;
	const char *root = options->root ? options->root_spec ?: "system" : options->root_spec;
	int r = launch_cmdline(root, options->root_writable, options->console_log, options->append,
		&plan->cmdline);

	if (r == -EINVAL)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The kernel's command line is too long, or its root has a quote");
	return r < 0 ? error_memory(error) : 0;
}

/* QEMU's machines, of all that libvirt lists, that have no place for a controller. */
static const char *const without_pci[] = { "microvm", "isapc", "none" };

/* Of one that there is not, too, libvirt would only say that it has no PCI bus. */
static int check_machine(struct hotslot *hotslot, const char *machine, struct hotslot_error *error)
{
	_cleanup_connection_ virConnectPtr connection = connection_get(hotslot);
	_cleanup_free_ char *text = NULL;

	if (!*machine)
		return error_set(
			error, HOTSLOT_ERROR_INVALID, "The name of the machine type is empty");
	for (size_t i = 0; i < ARRAY_SIZE(without_pci); i++)
		if (strcmp(machine, without_pci[i]) == 0)
			return error_set(error, HOTSLOT_ERROR_INVALID,
				"Cannot launch on a machine of type %s: it has no PCI bus, which "
				"controllers and channel need; q35 and pc have one",
				machine);
	text = virConnectGetDomainCapabilities(connection, NULL, NULL, machine, NULL, 0);
	return text ? 0 : error_libvirt(error, "Cannot launch on a machine of type %s", machine);
}

static int plan_machine(struct hotslot *hotslot, struct plan *plan, struct hotslot_error *error)
{
	const struct hotslot_launch_options *options = &plan->options;
	int r = options->machine ? check_machine(hotslot, options->machine, error) : 0;

	if (r < 0)
		return r;
	if (options->virtio_model > HOTSLOT_VIRTIO_NON_TRANSITIONAL)
		return error_set(error, HOTSLOT_ERROR_INVALID, "There is no virtio model %d",
			(int)options->virtio_model);
	if (options->genid && !launch_genid_is_valid(options->genid))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The generation ID is no GUID of 32 hexadecimal digits, such as "
			"f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
	plan->spec.machine = options->machine;
	plan->spec.virtio_model = options->virtio_model;
	plan->spec.genid = options->genid;
	plan->spec.iothreads = options->iothreads;
	return 0;
}

int plan_make(struct hotslot *hotslot, struct plan *plan, struct hotslot_error *error)
{
	const struct hotslot_launch_options *options = &plan->options;
	int r = plan_machine(hotslot, plan, error);

	if (r == 0)
		r = find_files(hotslot, plan, error);
	if (r == 0)
		r = plan_cmdline(plan, error);
	if (r == 0)
		r = plan_disks(hotslot, plan, error);
	plan->spec.name = options->name;
	plan->spec.memory_mib = options->memory_mib ?: MEMORY_DEFAULT_MIB;
	plan->spec.vcpus = options->vcpus ?: VCPUS_DEFAULT;
	plan->spec.kernel = plan->kernel;
	plan->spec.initramfs = plan->initramfs;
	plan->spec.cmdline = plan->cmdline;
	plan->spec.console_log = plan->console_log;
	plan->spec.drives = plan->drives;
	plan->spec.n_drives = plan->n_drives;
	plan->spec.reserved = &plan->reserved;
	plan->spec.labels = &plan->labels;
	return r;
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_drives; i++)
		drive_done(&plan->drives[i]);
	drive_done(&plan->root);
	free(plan->drives);
	free(plan->kernel);
	free(plan->initramfs);
	free(plan->console_log);
	free(plan->cmdline);
	free(plan->kvm_doubt);
}
