/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks of a definition get an alias, and which: the serial's, the slot's, the label's. */
#include "test.h"

#include "adopt-plan.h"

#define NAMED(name) "<alias name='" name "'/>"
#define SERIAL(serial) "<serial>" serial "</serial>"
#define AT(controller, target, unit)                                                \
	"<address type='drive' controller='" controller "' bus='0' target='" target \
	"' unit='" unit "'/>"
#define ELEMENT(device, dev, bus, more)                                                     \
	"<disk type='block' device='" device "'><target dev='" dev "' bus='" bus "'/>" more \
	"</disk>"
#define DISK(dev, more) ELEMENT("disk", dev, "scsi", more)
#define HOSTDEV(type, more) "<hostdev mode='subsystem' type='" type "'><source/>" more "</hostdev>"
#define IMAGE(path) "<source dev='" path "'/>"
#define OTHER(kind, alias) "<" kind ">" NAMED(alias) "</" kind ">"
#define UUID "9d2f6c1e-7b0a-4c55-8a3d-2e1f0b9c8d70"
#define SIXTEEN "0123456789abcdef"
#define TOO_LONG SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0"

static const struct {
	const char *disks, *want; /* "label=alias", each with a blank behind it */
} cases[] = {
	{ "", "" },
	{ DISK("sda", SERIAL(UUID) AT("0", "0", "0")), "sda=ua-hotslot-" UUID " " },
	{ DISK("sda", AT("0", "1", "2")), "sda=ua-hotslot-slot-258 " },
	{ ELEMENT("disk", "vda", "virtio", ""), "vda=ua-hotslot-vda " },
	{ ELEMENT("disk", "hda", "ide", AT("0", "0", "0")), "hda=ua-hotslot-hda " },
	{ ELEMENT("lun", "sda", "scsi", AT("0", "0", "3")), "sda=ua-hotslot-slot-3 " },
	/* On a controller that is not ours, and beyond the slots. */
	{ DISK("sda", AT("7", "0", "0")), "sda=ua-hotslot-sda " },
	{ DISK("sda", AT("0", "0", "300")), "sda=ua-hotslot-sda " },
	/* Serials that are no id, or not one disk's. */
	{ DISK("sda", SERIAL("a b") AT("0", "0", "0")), "sda=ua-hotslot-slot-0 " },
	{ DISK("sda", SERIAL("a.b") AT("0", "0", "0")), "sda=ua-hotslot-slot-0 " },
	{ DISK("sda", SERIAL("") AT("0", "0", "0")), "sda=ua-hotslot-slot-0 " },
	{ DISK("sda", SERIAL(TOO_LONG) AT("0", "0", "0")), "sda=ua-hotslot-slot-0 " },
	{ DISK("sda", SERIAL("s") AT("0", "0", "0")) DISK("sdb", SERIAL("s") AT("0", "0", "1")),
		"sda=ua-hotslot-slot-0 sdb=ua-hotslot-slot-1 " },
	{ DISK("sda", SERIAL("s") AT("0", "0", "0"))
			ELEMENT("cdrom", "sdb", "scsi", SERIAL("s") AT("0", "0", "1")),
		"sda=ua-hotslot-slot-0 " },
	/* A later disk in slot 5 would be called that. */
	{ DISK("sda", SERIAL("slot-5") AT("0", "0", "0")), "sda=ua-hotslot-slot-0 " },
	/* Who has an alias keeps it, and it is nobody else's. */
	{ DISK("sda", NAMED("ua-theirs") SERIAL("s") AT("0", "0", "0")), "" },
	{ DISK("sda", NAMED("ua-hotslot-s") AT("0", "0", "0"))
			DISK("sdb", SERIAL("s") AT("0", "0", "1")),
		"sdb=ua-hotslot-slot-1 " },
	{ DISK("sda", NAMED("ua-hotslot-slot-1") AT("0", "0", "0")) DISK("sdb", AT("0", "0", "1")),
		"sdb=ua-hotslot-sdb " },
	{ DISK("sda", NAMED("ua-hotslot-vda") AT("0", "0", "0"))
			ELEMENT("disk", "vda", "virtio", ""),
		"vda=ua-hotslot-vda-2 " },
	{ DISK("sda", SERIAL("vda") AT("0", "0", "0")) ELEMENT("disk", "vda", "virtio", ""),
		"sda=ua-hotslot-vda vda=ua-hotslot-vda-2 " },
	/* Nor is one of a device that is no disk. */
	{ OTHER("interface", "ua-hotslot-vda") ELEMENT("disk", "vda", "virtio", "")
			OTHER("channel", "ua-hotslot-vda-2"),
		"vda=ua-hotslot-vda-3 " },
	{ OTHER("channel", "ua-hotslot-agent") DISK("sda", SERIAL("agent") AT("0", "0", "0")),
		"sda=ua-hotslot-slot-0 " },
	/* No disks of a user's. */
	{ ELEMENT("cdrom", "sda", "scsi", AT("0", "0", "0")), "" },
	{ ELEMENT("floppy", "fda", "fdc", AT("0", "0", "0")), "" },
	{ DISK("sda", AT("0", "255", "0")), "" },
	{ DISK("sda", AT("7", "255", "0")), "sda=ua-hotslot-sda " },
	{ HOSTDEV("scsi", AT("0", "0", "9")), "-=ua-hotslot-slot-9 " },
	{ HOSTDEV("scsi", AT("0", "0", "300")), "-=ua-hotslot-disk-2 " },
	{ HOSTDEV("scsi", AT("7", "0", "9")) HOSTDEV("usb", "") HOSTDEV("pci", ""), "" },
};

static xmlNode *devices_of(xmlDoc *document)
{
	return xml_child(xmlDocGetRootElement(document), "devices");
}

static void check_case(
	const char *disks, const struct domain_xml *live, xmlNode *live_devices, const char *want)
{
	_cleanup_adopt_plan_ struct adopt_plan plan = {};
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	_cleanup_free_ char *text = NULL;
	char got[512] = "";

	assert_true(asprintf(&text,
			    "<domain><devices><controller type='scsi' index='0' "
			    "model='virtio-scsi'/>%s</devices></domain>",
			    disks) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	document = xml_read(text);
	assert_int_equal(adopt_plan_make(xml, devices_of(document), live, live_devices, &plan), 0);
	for (size_t i = 0; i < plan.n; i++) {
		const struct adoption *adoption = &plan.adoptions[i];

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s=%s ",
			adoption->disk->target_dev ?: "-", adoption->alias);
		assert_false(xml_child(adoption->element, "alias"));
	}
	assert_string_equal(got, want);
}

static void test_each_disk_without_an_alias_gets_the_best_that_is_free(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(cases[i].disks, NULL, NULL, cases[i].want);
}

static void test_what_runs_under_a_users_alias_keeps_it(void **state)
{
	static const struct {
		const char *disks, *live, *want;
	} running[] = {
		{ DISK("sda", AT("0", "0", "1")),
			DISK("sda", NAMED("ua-hotslot-data") AT("0", "0", "1")),
			"sda=ua-hotslot-data " },
		{ DISK("sda", AT("0", "0", "1")), DISK("sda", NAMED("ua-theirs") AT("0", "0", "1")),
			"sda=ua-theirs " },
		{ DISK("sda", AT("0", "0", "1")),
			DISK("sda", NAMED("scsi0-0-0-1") AT("0", "0", "1")),
			"sda=ua-hotslot-slot-1 " },
		/* Another disk runs under the alias that would be this one's. */
		{ DISK("sda", SERIAL("s") AT("0", "0", "1")),
			DISK("sda", SERIAL("t") NAMED("ua-hotslot-slot-1") AT("0", "0", "1"))
				DISK("sdb", SERIAL("u") NAMED("ua-hotslot-s") AT("0", "0", "2")),
			"sda=ua-hotslot-sda " },
		/* Another disk is in its place. */
		{ DISK("sdf", IMAGE("/d") AT("0", "0", "5")),
			DISK("sdf", IMAGE("/c") SERIAL("hs-5") NAMED("ua-hotslot-slot-5")
					    AT("0", "0", "5")),
			"sdf=ua-hotslot-sdf " },
		{ DISK("sdf", IMAGE("/d") AT("0", "0", "5")),
			DISK("sdf", IMAGE("/c") NAMED("ua-theirs") AT("0", "0", "5")),
			"sdf=ua-hotslot-slot-5 " },
		{ DISK("sdf", IMAGE("/c") AT("0", "0", "5")),
			DISK("sdf", IMAGE("/c") SERIAL("hs-5") NAMED("ua-hotslot-slot-5")
					    AT("0", "0", "5")),
			"sdf=ua-hotslot-slot-5 " },
		{ DISK("sda", AT("0", "0", "1")), OTHER("interface", "ua-hotslot-slot-1"),
			"sda=ua-hotslot-sda " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(running); i++) {
		_cleanup_domain_xml_ struct domain_xml *live = NULL;
		_cleanup_xml_ xmlDoc *document = NULL;
		_cleanup_free_ char *text = NULL;

		assert_true(asprintf(&text,
				    "<domain id='1'><devices><controller type='scsi' index='0' "
				    "model='virtio-scsi'/>%s</devices></domain>",
				    running[i].live) > 0);
		assert_int_equal(domain_xml_parse(text, &live), 0);
		document = xml_read(text);
		check_case(running[i].disks, live, devices_of(document), running[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_disk_without_an_alias_gets_the_best_that_is_free),
		cmocka_unit_test(test_what_runs_under_a_users_alias_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
