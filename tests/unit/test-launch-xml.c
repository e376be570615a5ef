/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML of an appliance says what was asked for, and no more; each device that it makes has an
 * alias that libvirt takes. */
#include "test.h"

#include "device-xml.h"
#include "launch-xml.h"
#include "xml.h"

#define BEFORE_TYPE                \
	"<domain type=\"qemu\">\n" \
	" <name>vm</name>\n"       \
	" <genid/>\n"              \
	" <memory>1024</memory>\n" \
	" <vcpu>1</vcpu>\n"        \
	" <os>\n"

#define BEFORE_CONTROLLERS                                  \
	"  <kernel>/kernel</kernel>\n"                      \
	"  <initrd>/initramfs</initrd>\n"                   \
	"  <cmdline>acpi=noirq pci=nomsi quiet</cmdline>\n" \
	" </os>\n"                                          \
	" <features>\n"                                     \
	"  <acpi/>\n"                                       \
	" </features>\n"                                    \
	" <on_poweroff>destroy</on_poweroff>\n"             \
	" <on_reboot>restart</on_reboot>\n"                 \
	" <on_crash>destroy</on_crash>\n"                   \
	" <cpu mode=\"custom\" match=\"exact\">\n"          \
	"  <model>qemu64</model>\n"                         \
	"  <feature policy=\"require\" name=\"rdrand\"/>\n" \
	" </cpu>\n"                                         \
	" <devices>\n"                                      \
	"  <controller type=\"usb\" index=\"0\" model=\"none\"/>\n"

#define AFTER_CONTROLLERS                                             \
	"  <channel type=\"unix\">\n"                                 \
	"   <target type=\"virtio\" name=\"org.hotslot.agent.0\"/>\n" \
	"   <alias name=\"ua-hotslot_agent\"/>\n"                     \
	"  </channel>\n"                                              \
	"  <memballoon model=\"none\"/>\n"                            \
	" </devices>\n"                                               \
	"</domain>\n"

#define SCSI(attributes)                                           \
	"  <controller type=\"scsi\" index=\"0\"" attributes ">\n" \
	"   <alias name=\"ua-hotslot_scsi0\"/>\n"                  \
	"  </controller>\n"

#define SERIAL(attributes)                                                  \
	"  <controller type=\"virtio-serial\" index=\"0\"" attributes ">\n" \
	"   <alias name=\"ua-hotslot_virtio-serial0\"/>\n"                  \
	"  </controller>\n"

static const struct launch_spec plain = {
	.name = "vm",
	.memory_mib = 1,
	.vcpus = 1,
	.kernel = "/kernel",
	.initramfs = "/initramfs",
	.cmdline = "quiet",
};

/* Without the mark of the launch, which is another file's. */
static char *format(const struct launch_spec *spec)
{
	char *text = NULL, *metadata, *end;

	assert_int_equal(launch_xml_format(spec, &text), 0);
	metadata = strstr(text, " <metadata>");
	assert_non_null(metadata);
	end = strstr(metadata, "</metadata>\n");
	assert_non_null(end);
	end += strlen("</metadata>\n");
	memmove(metadata, end, strlen(end) + 1);
	return text;
}

static void test_the_xml_says_machine_and_models_only_if_asked_for(void **state)
{
	static const struct {
		const char *machine, *type;
	} machines[] = {
		{ NULL, "  <type>hvm</type>\n" },
		{ "q35", "  <type machine=\"q35\">hvm</type>\n" },
		{ "pc", "  <type machine=\"pc\">hvm</type>\n" },
		{ "pc-i440fx-7.2", "  <type machine=\"pc-i440fx-7.2\">hvm</type>\n" },
	};
	static const struct {
		enum hotslot_virtio_model model;
		const char *controllers;
	} models[] = {
		{ HOTSLOT_VIRTIO_DEFAULT, SCSI(" model=\"virtio-scsi\"") SERIAL("") },
		{ HOTSLOT_VIRTIO_TRANSITIONAL, SCSI(" model=\"virtio-transitional\"")
						       SERIAL(" model=\"virtio-transitional\"") },
		{ HOTSLOT_VIRTIO_NON_TRANSITIONAL,
			SCSI(" model=\"virtio-non-transitional\"")
				SERIAL(" model=\"virtio-non-transitional\"") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(machines) * ARRAY_SIZE(models); i++) {
		size_t machine = i % ARRAY_SIZE(machines), model = i / ARRAY_SIZE(machines);
		_cleanup_free_ char *text = NULL, *want = NULL;
		struct launch_spec spec = plain;

		spec.machine = machines[machine].machine;
		spec.virtio_model = models[model].model;
		text = format(&spec);
		assert_true(asprintf(&want, "%s%s%s%s%s", BEFORE_TYPE, machines[machine].type,
				    BEFORE_CONTROLLERS, models[model].controllers,
				    AFTER_CONTROLLERS) > 0);
		assert_string_equal(text, want);
	}
}

static void test_a_generation_id_and_iothreads_are_as_they_were_given(void **state)
{
	struct launch_spec spec = plain;
	_cleanup_free_ char *text = NULL;

	(void)state;
	spec.genid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
	spec.iothreads = 3;
	text = format(&spec);
	assert_non_null(strstr(text, " <genid>f81d4fae-7dec-11d0-a765-00a0c91e6bf6</genid>\n"));
	assert_non_null(strstr(text, " <vcpu>1</vcpu>\n <iothreads>3</iothreads>\n"));
	assert_non_null(
		strstr(text, "model=\"virtio-scsi\">\n   <driver iothread=\"1\"/>\n   <alias "));
	/* The other controller does little, and libvirt takes none there. */
	assert_non_null(strstr(text, "index=\"0\">\n   <alias name=\"ua-hotslot_virtio-serial0\""));
}

/* A kernel that routes no interrupts by ACPI may find no second processor. */
static void test_interrupts_are_routed_by_acpi_but_for_one_emulated_cpu(void **state)
{
	static const struct {
		bool kvm;
		unsigned vcpus;
	} cases[] = { { true, 1 }, { true, 2 }, { false, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct launch_spec spec = plain;
		_cleanup_free_ char *text = NULL;

		spec.kvm = cases[i].kvm;
		spec.vcpus = cases[i].vcpus;
		text = format(&spec);
		assert_non_null(strstr(text, "  <cmdline>quiet</cmdline>\n"));
	}
}

static void test_what_libvirt_does_not_take_as_a_guid_is_none(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true },
		{ "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", true },
		{ "f81d4fae7dec11d0a76500a0c91e6bf6", true },
		{ "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}", false },
		{ "f81d4fae-7dec-11d0-a765-00a0c91e6bf", false },
		{ "f81d4fae-7dec-11d0-a765-00a0c91e6bf6a", false },
		{ "f81d4fae-7dec-11d0-a765-00a0c91e6bg6", false },
		{ "f81d4fae-7dec11d0-a765-00a0c91e6bf6", false },
		{ "f81d4fae7dec-11d0-a765-00a0c91e6bf6", false },
		{ " f81d4fae-7dec-11d0-a765-00a0c91e6bf6", false },
		{ "f81d4fae-7dec-11d0-a765-", false },
		{ "-", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(launch_genid_is_valid(cases[i].text), cases[i].valid);
}

/* A device that we make and that is one in the guest: all but what says that there is none. */
static bool is_device(xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && !xml_attribute_is(node, "model", "none");
}

static void test_each_device_has_an_alias_that_no_id_of_a_disk_gives(void **state)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	struct launch_spec spec = plain;
	xmlNode *devices;
	unsigned count = 0;

	(void)state;
	spec.console_log = "/console";
	text = format(&spec);
	document = xml_read(text);
	assert_non_null(document);
	devices = xml_child(xmlDocGetRootElement(document), "devices");
	for (xmlNode *node = devices->children; node; node = node->next) {
		_cleanup_free_ char *alias =
			is_device(node) ? xml_attribute(xml_child(node, "alias"), "name") : NULL;

		if (!is_device(node))
			continue;
		count++;
		assert_non_null(alias);
		assert_int_equal(
			strncmp(alias, DEVICE_ALIAS_PREFIX, strlen(DEVICE_ALIAS_PREFIX)), 0);
		assert_int_equal(
			strspn(alias, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-"),
			strlen(alias));
		assert_int_not_equal(strncmp(alias, "ua-hotslot-", strlen("ua-hotslot-")), 0);
	}
	assert_int_equal(count, 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_xml_says_machine_and_models_only_if_asked_for),
		cmocka_unit_test(test_a_generation_id_and_iothreads_are_as_they_were_given),
		cmocka_unit_test(test_interrupts_are_routed_by_acpi_but_for_one_emulated_cpu),
		cmocka_unit_test(test_what_libvirt_does_not_take_as_a_guid_is_none),
		cmocka_unit_test(test_each_device_has_an_alias_that_no_id_of_a_disk_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
