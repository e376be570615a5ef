/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot launch: boots an appliance. */
#include "commands.h"

#include <limits.h>
#include <string.h>

#include "drive-option.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "slot.h"
#include "xml-file.h"

/* A MiB count that stays in range when libvirt makes it KiB; libvirt and QEMU know the rest. */
#define MEMORY_MAX_MIB (1U << 24)

/* What QEMU's largest x86 machine takes. */
#define VCPUS_MAX 4096

/* More than any host has a use for. */
#define IOTHREADS_MAX 1024

/* Where an administrator may put the appliance that is used unless another is named. */
#define INSTALLED_KERNEL HOTSLOT_DATADIR "/vmlinuz"
#define INSTALLED_INITRAMFS HOTSLOT_DATADIR "/initramfs.img"

struct launch {
	struct client *client;
	struct hotslot_launch_options options;
	/* As many as --drive and --xml may be given. */
	struct hotslot_attach_options *drives;
	struct hotslot_backend_options *backends;
	const char **xml_files; /* of a drive that is an element; else NULL */
	char **xml;		/* what is in it */
};

static void add_drive(struct launch *launch)
{
	size_t i = launch->options.n_drives;
	const char *wrong;

	if (drive_parse(optarg, &launch->drives[i], &launch->backends[i], &wrong) == 0)
		launch->options.n_drives++;
	else
		set_problem(launch->client, "--drive: '%s' is not %s", wrong,
			*wrong ? "understood" : "an image");
}

static void add_element(struct launch *launch)
{
	size_t i = launch->options.n_drives++;

	launch->drives[i] = (struct hotslot_attach_options)HOTSLOT_ATTACH_INIT;
	launch->xml_files[i] = optarg;
	xml_file_check(launch->client, optarg);
}

static void set_accel(struct launch *launch)
{
	if (!strcmp(optarg, "auto"))
		launch->options.accel = HOTSLOT_ACCEL_AUTO;
	else if (!strcmp(optarg, "kvm"))
		launch->options.accel = HOTSLOT_ACCEL_KVM;
	else if (!strcmp(optarg, "tcg"))
		launch->options.accel = HOTSLOT_ACCEL_TCG;
	else
		set_problem(launch->client, "--accel '%s': not auto, kvm or tcg", optarg);
}

static void set_virtio_model(struct launch *launch)
{
	if (!strcmp(optarg, "transitional"))
		launch->options.virtio_model = HOTSLOT_VIRTIO_TRANSITIONAL;
	else if (!strcmp(optarg, "non-transitional"))
		launch->options.virtio_model = HOTSLOT_VIRTIO_NON_TRANSITIONAL;
	else
		set_problem(launch->client,
			"--virtio-model '%s': not transitional or non-transitional", optarg);
}

/* What the XML says only if it is asked for. */
static void set_machine_option(struct launch *launch, int option)
{
	switch (option) {
	case 'M':
		launch->options.machine = optarg;
		break;
	case 'V':
		set_virtio_model(launch);
		break;
	case 'g':
		launch->options.genid = optarg;
		break;
	case 'I':
		launch->options.iothreads =
			number_option(launch->client, "iothreads", 1, IOTHREADS_MAX);
		break;
	}
}

static void set_root_option(struct launch *launch, int option)
{
	switch (option) {
	case 'r':
		launch->options.root = optarg;
		break;
	case 'F':
		launch->options.root_format = optarg;
		break;
	case 'S':
		launch->options.root_spec = optarg;
		break;
	case 'W':
		launch->options.root_writable = true;
		break;
	default:
		set_machine_option(launch, option);
	}
}

static void set_option(struct launch *launch, int option)
{
	struct hotslot_launch_options *options = &launch->options;
	struct client *client = launch->client;

	switch (option) {
	case 'k':
		options->kernel = optarg;
		break;
	case 'i':
		options->initramfs = optarg;
		break;
	case 'm':
		options->memory_mib = number_option(client, "memory", 1, MEMORY_MAX_MIB);
		break;
	case 'v':
		options->vcpus = number_option(client, "vcpus", 1, VCPUS_MAX);
		break;
	case 'a':
		set_accel(launch);
		break;
	case 'd':
		add_drive(launch);
		break;
	case 'X':
		add_element(launch);
		break;
	case 'A':
		options->append = optarg;
		break;
	case 'C':
		options->console_log = optarg;
		break;
	case 'p':
		options->persistent = true;
		break;
	case 'R':
		options->reserve = number_option(client, "reserve", 0, SLOT_COUNT);
		break;
	case 'L':
		options->label = optarg;
		break;
	case 't':
		options->timeout_ms = timeout_option(client);
		break;
	default:
		set_root_option(launch, option);
	}
}

/* The option, else the environment, else the installed file, else NULL. */
static const char *default_file(const char *option, const char *variable, const char *installed)
{
	const char *value = option ? option : getenv(variable);

	if (value && *value)
		return value;
	return access(installed, F_OK) == 0 ? installed : NULL;
}

static void set_defaults(struct launch *launch)
{
	struct hotslot_launch_options *options = &launch->options;

	options->kernel = default_file(options->kernel, "HOTSLOT_KERNEL", INSTALLED_KERNEL);
	options->initramfs =
		default_file(options->initramfs, "HOTSLOT_INITRAMFS", INSTALLED_INITRAMFS);
	if (!options->kernel)
		set_problem(launch->client, "no kernel: give --kernel FILE or set HOTSLOT_KERNEL");
	if (!options->initramfs)
		set_problem(launch->client,
			"no initramfs: give --initramfs FILE or set HOTSLOT_INITRAMFS");
	if (!options->root && (options->root_format || options->root_writable))
		set_problem(launch->client, "--root-format and --root-rw need --root");
	if (launch->client->has_controller)
		set_problem(launch->client, "--controller: an appliance has only one");
	options->drives = launch->drives;
}

/* Sets *RET_FILE to the one that cannot be read. */
static int read_elements(struct launch *launch, const char **ret_file, struct hotslot_error *error)
{
	for (size_t i = 0; i < launch->options.n_drives; i++) {
		*ret_file = launch->xml_files[i];
		if (*ret_file && xml_file_read(*ret_file, &launch->xml[i], error) < 0)
			return -1;
		launch->drives[i].xml = launch->xml[i];
	}
	return 0;
}

static int launch_domain(struct launch *launch)
{
	struct client *client = launch->client;
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	const char *file;
	int r;

	if (read_elements(launch, &file, &error) < 0)
		return fail(client, NULL, file, &error, NULL);
	if (client_connect(client, &error) < 0)
		return fail(client, NULL, launch->options.name, &error, NULL);
	if (!client->quiet)
		progress_begin("booting", false);
	r = hotslot_launch(client->hotslot, &launch->options, &domain, &error);
	progress_end();
	if (r < 0)
		return fail(client, NULL, launch->options.name, &error, NULL);
	if (client->json)
		result = json_pack("{ss ss}", "domain", hotslot_domain_name(domain), "uuid",
			hotslot_domain_uuid(domain));
	if (client_keep(client, domain) < 0)
		hotslot_domain_unref(domain); /* the next command looks it up again */
	return finish(client, result);
}

static int parse_and_launch(struct launch *launch, int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initramfs", required_argument, NULL, 'i' },
		{ "memory", required_argument, NULL, 'm' },
		{ "vcpus", required_argument, NULL, 'v' },
		{ "accel", required_argument, NULL, 'a' },
		{ "drive", required_argument, NULL, 'd' },
		{ "xml", required_argument, NULL, 'X' },
		{ "root", required_argument, NULL, 'r' },
		{ "root-format", required_argument, NULL, 'F' },
		{ "root-spec", required_argument, NULL, 'S' },
		{ "root-rw", no_argument, NULL, 'W' },
		{ "append", required_argument, NULL, 'A' },
		{ "console", required_argument, NULL, 'C' },
		{ "persistent", no_argument, NULL, 'p' },
		{ "reserve", required_argument, NULL, 'R' },
		{ "label", required_argument, NULL, 'L' },
		{ "machine", required_argument, NULL, 'M' },
		{ "virtio-model", required_argument, NULL, 'V' },
		{ "genid", required_argument, NULL, 'g' },
		{ "iothreads", required_argument, NULL, 'I' },
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct arguments arguments;
	int option, status;

	while ((option = next_option(launch->client, argc, argv, options)) >= 0)
		set_option(launch, option);
	if (argc - optind == 1)
		set_defaults(launch);
	if (!take_plain_arguments(launch->client, argc, argv, 1, 1, &arguments, &status))
		return status;
	launch->options.name = arguments.values[0];
	return launch_domain(launch);
}

static void free_launch(struct launch *launch, size_t count)
{
	for (size_t i = 0; launch->xml && i < count; i++)
		free(launch->xml[i]);
	free(launch->xml);
	free(launch->xml_files);
	free(launch->drives);
	free(launch->backends);
}

static int run_launch(struct client *client, int argc, char **argv)
{
	struct launch launch = { .client = client, .options = HOTSLOT_LAUNCH_INIT };
	struct hotslot_error error = { 0 };
	size_t count = (size_t)argc;
	int status;

	launch.drives = calloc(count, sizeof(*launch.drives));
	launch.backends = calloc(count, sizeof(*launch.backends));
	launch.xml_files = calloc(count, sizeof(*launch.xml_files));
	launch.xml = calloc(count, sizeof(*launch.xml));
	if (launch.drives && launch.backends && launch.xml_files && launch.xml) {
		status = parse_and_launch(&launch, argc, argv);
	} else {
		set_error(&error, -ENOMEM, "out of memory");
		status = fail(client, NULL, NULL, &error, NULL);
	}
	free_launch(&launch, count);
	return status;
}

const struct command command_launch = {
	.name = "launch",
	.run = run_launch,
	.arguments = "NAME [options]",
	.summary = "Boot an appliance and wait until its agent answers",
	.help = "  --kernel FILE      its kernel; without this, $HOTSLOT_KERNEL\n"
		"  --initramfs FILE   its initramfs; without this, $HOTSLOT_INITRAMFS\n"
		"  --memory MIB       without this, 512\n"
		"  --vcpus N          without this, 1\n"
		"  --accel A          auto, kvm or tcg; auto tries whether a guest comes up under "
		"KVM\n"
		"  --drive IMAGE[,format=F][,readonly][,serial=S][,slot=N][,id=I]\n"
		"          [,lun][,strict][,label=L][,any-label]\n"
		"                     a disk from the start; may be repeated. Of attach's "
		"options,\n"
		"                     those from --cache to --secret are words here, too\n"
		"  --xml FILE         the same as a <disk> element, - for standard input; what it\n"
		"                     lacks of alias, address, serial and target is added\n"
		"  --root IMAGE       a root disk, hidden from every list\n"
		"  --root-format F    its format\n"
		"  --root-spec SPEC   LABEL=..., UUID=... or a device: the root file system\n"
		"  --root-rw          mount it for writing\n"
		"  --append ARGS      more for the kernel's command line\n"
		"  --console FILE     the serial console goes there\n"
		"  --persistent       define the domain, too\n"
		"  --reserve N        reserve the first N slots\n"
		"  --label L          whose disks it is for, its drives among them\n"
		"  --machine M        its machine type: q35, pc or another that QEMU has\n"
		"  --virtio-model M   transitional or non-transitional: of its controllers\n"
		"  --genid GUID       its VM generation ID; without this, libvirt makes one\n"
		"  --iothreads N      so many IOThreads; the first serves the disks\n"
		"  --timeout S        wait S seconds for the agent; without this, 60\n",
};
