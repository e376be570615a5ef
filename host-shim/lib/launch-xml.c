/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML of an appliance, and its kernel's command line. Pure. */
#include "launch-xml.h"

#include <string.h>

#include "device-xml.h"
#include "mark.h"
#include "metadata.h"
#include "slot.h"

/* A panic resets the machine at once, which ends the launch. The others spare the boot what it does
 * not need (measured under TCG): waiting for entropy, trusting the TSC, and self-tests of ciphers
 * (0.2 s). With preempt=full the kernel's scan for a disk does not wait for udevd's system calls (1
 * of 15 ms). The check of the timer fails where the host is too busy to deliver its ticks. */
#define CMDLINE_BASE                                                                        \
	"panic=-1 quiet random.trust_cpu=on tsc=reliable cryptomgr.notests no_timer_check " \
	"preempt=full"

/* Routing interrupts by ACPI takes TCG 75 ms a PCI device, calibrating the local APIC's timer 100
 * ms. Without them, Debian's cloud kernel has one processor and no MSI, which each driver would
 * find out with two warnings and their stacks in the log. */
#define CMDLINE_TCG_ONE_CPU "acpi=noirq pci=nomsi "

#define HEX_DIGITS "0123456789abcdefABCDEF"

/* Of the kernel, COMMAND_LINE_SIZE on x86. */
#define CMDLINE_MAX 2047

int launch_cmdline(
	const char *root_spec, bool root_writable, bool console, const char *append, char **ret)
{
	const char *quote = root_spec && strchr(root_spec, ' ') ? "\"" : "";
	_cleanup_free_ char *root = NULL, *text = NULL;

	if (root_spec && strchr(root_spec, '"'))
		return -EINVAL;
	if (asprintf(&root, " %shotslot.root=%s%s%s", quote, root_spec ?: "", quote,
		    root_writable ? " hotslot.rootrw" : "") < 0) {
		root = NULL;
		return -ENOMEM;
	}
	if (asprintf(&text, CMDLINE_BASE "%s%s%s%s",
		    console ? " console=ttyS0" : " 8250.nr_uarts=0", root_spec ? root : "",
		    append && *append ? " " : "", append ?: "") < 0) {
		text = NULL;
		return -ENOMEM;
	}
	if (strlen(CMDLINE_TCG_ONE_CPU) + strlen(text) > CMDLINE_MAX)
		return -EINVAL;
	*ret = steal_pointer(text);
	return 0;
}

bool launch_genid_is_valid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool hyphens = strchr(text, '-');

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !strchr(HEX_DIGITS, *text) || !*text++
				   : hyphens && *text++ != '-')
			return false;
	return *text == '\0';
}

static void write_text(struct xml_writer *w, const char *text)
{
	w->failed |= xmlTextWriterWriteString(w->writer, (const xmlChar *)text) < 0;
}

static void write_machine(struct xml_writer *w, const char *machine)
{
	xml_open(w, "type");
	if (machine)
		xml_put(w, "machine", machine);
	write_text(w, "hvm");
	xml_close(w);
}

static void write_cmdline(struct xml_writer *w, const struct launch_spec *spec)
{
	xml_open(w, "cmdline");
	if (!spec->kvm && spec->vcpus == 1)
		write_text(w, CMDLINE_TCG_ONE_CPU);
	write_text(w, spec->cmdline);
	xml_close(w);
}

static void write_os(struct xml_writer *w, const struct launch_spec *spec)
{
	xml_open(w, "os");
	write_machine(w, spec->machine);
	xml_put_text(w, "kernel", spec->kernel);
	xml_put_text(w, "initrd", spec->initramfs);
	write_cmdline(w, spec);
	xml_close(w);
	xml_open(w, "features");
	xml_open(w, "acpi"); /* to power off */
	xml_close(w);
	xml_close(w);
	xml_put_text(w, "on_poweroff", "destroy");
	xml_put_text(w, "on_reboot", "restart");
	xml_put_text(w, "on_crash", "destroy");
}

/* TCG's default model, which has no RDRAND, with it: the guest's first random bytes would take
 * the kernel a second to gather. */
static void write_cpu(struct xml_writer *w)
{
	xml_open(w, "cpu");
	xml_put(w, "mode", "custom");
	xml_put(w, "match", "exact");
	xml_put_text(w, "model", "qemu64");
	xml_open(w, "feature");
	xml_put(w, "policy", "require");
	xml_put(w, "name", "rdrand");
	xml_close(w);
	xml_close(w);
}

/* Without it, libvirt would add one. There is no device, so there is no alias, either. */
static void write_no_usb(struct xml_writer *w)
{
	xml_open(w, "controller");
	xml_put(w, "type", "usb");
	xml_put(w, "index", "0");
	xml_put(w, "model", "none");
	xml_close(w);
}

/* The same. */
static void write_no_balloon(struct xml_writer *w)
{
	xml_open(w, "memballoon");
	xml_put(w, "model", "none");
	xml_close(w);
}

static void write_controllers(struct xml_writer *w, const struct launch_spec *spec)
{
	const struct device_controller scsi = {
		.type = "scsi",
		.model = spec->virtio_model,
		.iothread = spec->iothreads > 0,
	};
	const struct device_controller serial = {
		.type = "virtio-serial",
		.model = spec->virtio_model,
	};

	write_no_usb(w);
	device_xml_controller(w, &scsi);
	device_xml_controller(w, &serial);
}

static void write_disks(struct xml_writer *w, const struct launch_spec *spec)
{
	struct disk_spec disk;

	for (size_t i = 0; i < spec->n_drives; i++) {
		drive_describe(&spec->drives[i], 0, &disk);
		disk_xml_write(w, &disk);
	}
	if (spec->root) {
		drive_describe(spec->root, 0, &disk);
		disk.target = SLOT_SYSTEM_TARGET;
		disk.unit = 0;
		disk_xml_write(w, &disk);
	}
}

static void write_devices(struct xml_writer *w, const struct launch_spec *spec)
{
	xml_open(w, "devices");
	write_disks(w, spec);
	write_controllers(w, spec);
	device_xml_channel(w);
	if (spec->console_log)
		device_xml_console(w, spec->console_log);
	write_no_balloon(w);
	xml_close(w);
}

static void write_number(struct xml_writer *w, const char *element, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	xml_put_text(w, element, text);
}

static void write_metadata(struct xml_writer *w, const struct launch_spec *spec)
{
	metadata_open(w);
	if (spec->reserved)
		metadata_put_reserved(w, spec->reserved);
	if (spec->labels)
		label_write(w, spec->labels);
	mark_write(w, &spec->launcher);
	metadata_close(w);
}

int launch_xml_format(const struct launch_spec *spec, char **ret)
{
	_cleanup_xml_writer_ struct xml_writer w = {};
	int r = xml_writer_begin(&w);

	if (r < 0)
		return r;
	xml_open(&w, "domain");
	xml_put(&w, "type", spec->kvm ? "kvm" : "qemu");
	xml_put_text(&w, "name", spec->name);
	if (spec->genid) {
		xml_put_text(&w, "genid", spec->genid);
	} else {
		xml_open(&w, "genid");
		xml_close(&w);
	}
	write_metadata(&w, spec);
	write_number(&w, "memory", (uint64_t)spec->memory_mib * 1024); /* libvirt counts in KiB */
	write_number(&w, "vcpu", spec->vcpus);
	if (spec->iothreads > 0)
		write_number(&w, "iothreads", spec->iothreads);
	write_os(&w, spec);
	if (!spec->kvm)
		write_cpu(&w);
	write_devices(&w, spec);
	xml_close(&w);
	return xml_writer_take(&w, ret);
}
