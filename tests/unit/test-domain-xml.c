/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's live XML gives its disks, its managed controller and its channel; ours is escaped. */
#include "test.h"

#include "disk-xml.h"
#include "domain-xml.h"
#include "launch-xml.h"

static struct domain_xml *parse(const char *devices)
{
	_cleanup_free_ char *text = NULL;
	struct domain_xml *xml = NULL;

	assert_true(asprintf(&text,
			    "<domain type='qemu' id='7'><name>vm</name><uuid>u-1</uuid>"
			    "<genid>g-1</genid><devices>%s</devices></domain>",
			    devices) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	return xml;
}

#define CONTROLLER(index, model) "<controller type='scsi' index='" index "' model='" model "'/>"

#define DISK(bus, controller, target, unit)                                                     \
	"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"                    \
	"<source file='/a &amp; b.img' index='3'/><target dev='sdc' bus='" bus "'/><readonly/>" \
	"<serial>vol-7</serial><alias name='ua-hotslot-x'/><address type='drive' "              \
	"controller='" controller "' bus='0' target='" target "' unit='" unit "'/></disk>"

#define PCI_DISK                                             \
	"<disk type='file'><target dev='vda' bus='virtio'/>" \
	"<address type='pci' slot='0x00'/></disk>"

static void test_a_disk_has_all_that_the_xml_says(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml =
		parse(CONTROLLER("0", "virtio-scsi") DISK("scsi", "0", "2", "5"));
	const struct xml_disk *disk = domain_xml_disk_at(xml, 2, 5);

	(void)state;
	assert_int_equal(xml->id, 7);
	assert_string_equal(xml->uuid, "u-1");
	assert_string_equal(xml->genid, "g-1");
	assert_non_null(disk);
	assert_ptr_equal(disk, domain_xml_disk_by_alias(xml, "ua-hotslot-x"));
	assert_string_equal(disk->source, "/a & b.img");
	assert_string_equal(disk->format, "qcow2");
	assert_string_equal(disk->target_dev, "sdc");
	assert_string_equal(disk->serial, "vol-7");
	assert_int_equal(disk->index, 3);
	assert_true(disk->read_only);
	assert_null(domain_xml_disk_at(xml, 2, 4));
	assert_null(domain_xml_disk_by_alias(xml, "ua-hotslot-"));
}

static void test_only_virtio_scsi_controllers_are_managed(void **state)
{
	static const struct {
		const char *devices;
		int controller;
	} cases[] = {
		{ "", -1 },
		{ "<controller type='scsi' index='0'/>", -1 },
		{ CONTROLLER("0", "lsilogic"), -1 },
		{ CONTROLLER("0", "virtio"), -1 },
		{ "<controller type='usb' index='0' model='virtio-scsi'/>", -1 },
		{ CONTROLLER("0", "lsilogic") CONTROLLER("1", "virtio-scsi"), 1 },
		{ CONTROLLER("3", "virtio-scsi") CONTROLLER("2", "virtio-transitional"), 2 },
		{ CONTROLLER("4", "virtio-non-transitional"), 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].devices);

		assert_int_equal(xml->controller, cases[i].controller);
	}
}

static void test_disks_elsewhere_are_not_ours(void **state)
{
	static const char *const disks[] = {
		DISK("ide", "0", "0", "0"),
		DISK("sata", "0", "0", "0"),
		DISK("scsi", "1", "0", "0"),
		PCI_DISK,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		_cleanup_free_ char *devices = NULL;
		struct domain_xml *xml;

		assert_true(
			asprintf(&devices, "%s%s", CONTROLLER("0", "virtio-scsi"), disks[i]) > 0);
		xml = parse(devices);
		assert_int_equal(xml->n_disks, 1);
		assert_null(domain_xml_disk_at(xml, 0, 0));
		domain_xml_free(xml);
	}
}

static void test_a_cdrom_drive_takes_its_place_and_is_no_disk(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml =
		parse(CONTROLLER("0", "virtio-scsi") "<disk type='file' device='cdrom'>"
						     "<target dev='sda' bus='scsi'/>"
						     "<address type='drive' unit='5'/></disk>");

	(void)state;
	assert_false(domain_xml_manages(xml, &xml->disks[0]));
	assert_null(domain_xml_disk_at(xml, 0, 5));
	assert_true(domain_xml_is_taken(xml, 0, 5));
	assert_false(domain_xml_is_taken(xml, 0, 4));
}

static void test_a_passed_through_device_takes_its_place(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = parse(
		CONTROLLER("0", "virtio-scsi") "<hostdev mode='subsystem' "
					       "type='scsi'><source><adapter name='scsi_host0'/>"
					       "<address bus='0' target='0' "
					       "unit='0'/></source><alias name='hostdev0'/>"
					       "<address type='drive' controller='0' bus='0' "
					       "target='3' unit='9'/></hostdev>");

	(void)state;
	assert_non_null(domain_xml_disk_at(xml, 3, 9));
	assert_string_equal(domain_xml_disk_at(xml, 3, 9)->source, "scsi_host0:0:0:0");
	assert_null(domain_xml_disk_at(xml, 0, 0));
}

static void test_a_passed_through_device_of_iscsi_has_its_uri(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = parse(
		CONTROLLER("0", "virtio-scsi") "<hostdev type='scsi'><source protocol='iscsi' "
					       "name='iqn.x:y/1'><host name='h' "
					       "port='3260'/></source><address type='drive' "
					       "unit='2'/></hostdev>");

	(void)state;
	assert_string_equal(domain_xml_disk_at(xml, 0, 2)->source, "iscsi://h:3260/iqn.x:y/1");
}

static void test_an_address_that_no_disk_can_have_is_no_place_of_ours(void **state)
{
	static const struct {
		const char *address;
		bool ours;
	} cases[] = {
		{ "target='255' unit='16383'", true },
		{ "target='256' unit='0'", false },
		{ "target='0' unit='16384'", false },
		{ "target='0' unit='0' bus='1'", false },
		{ "target='262144' unit='3'", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = NULL;
		_cleanup_free_ char *devices = NULL;

		assert_true(asprintf(&devices,
				    CONTROLLER("0",
					    "virtio-scsi") "<disk><target dev='sda' bus='scsi'/>"
							   "<address type='drive' %s/></disk>",
				    cases[i].address) > 0);
		xml = parse(devices);
		assert_int_equal(xml->n_disks, 1);
		assert_int_equal(domain_xml_manages(xml, &xml->disks[0]), cases[i].ours);
	}
}

static void test_another_disk_at_a_place_is_told_apart(void **state)
{
	const struct xml_disk disk = { .alias = (char *)"scsi0-0-0-5",
		.serial = (char *)"OLD",
		.source = (char *)"/old",
		.target_dev = (char *)"sdf",
		.scsi = true,
		.unit = 5 };
	struct xml_disk other = disk;

	(void)state;
	assert_true(xml_disk_is_same(&disk, &other));
	other.serial = (char *)"NEW";
	assert_false(xml_disk_is_same(&disk, &other));
	assert_true(xml_disk_shares(&disk, &other));
	other = disk;
	other.source = NULL;
	assert_false(xml_disk_is_same(&disk, &other));
	other = disk;
	other.index = 4;
	assert_false(xml_disk_is_same(&disk, &other));
	other = disk;
	other.unit = 6;
	assert_false(xml_disk_is_same(&disk, &other));
	assert_true(xml_disk_shares(&disk, &other));
	other = (struct xml_disk){ .scsi = true, .unit = 6 };
	assert_false(xml_disk_shares(&disk, &other));
}

static void test_sources_without_a_path_are_described(void **state)
{
	static const struct {
		const char *source;
		const char *text;
	} cases[] = {
		{ "<source dev='/dev/vg/lv'/>", "/dev/vg/lv" },
		{ "<source protocol='rbd' name='pool/image'/>", "rbd:pool/image" },
		{ "<source pool='p' volume='v'/>", "volume:p/v" },
		{ "<source/>", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *devices = NULL;
		struct domain_xml *xml;

		assert_true(asprintf(&devices, "<disk>%s</disk>", cases[i].source) > 0);
		xml = parse(devices);
		if (cases[i].text)
			assert_string_equal(xml->disks[0].source, cases[i].text);
		else
			assert_null(xml->disks[0].source);
		domain_xml_free(xml);
	}
}

static void test_the_channel_is_known_by_type_and_name(void **state)
{
	static const struct {
		const char *devices;
		bool has, connected;
	} cases[] = {
		{ "<channel type='unix'><target type='virtio' name='org.hotslot.agent.0' "
		  "state='connected'/></channel>",
			true, true },
		{ "<channel type='unix'><target type='virtio' name='org.hotslot.agent.0' "
		  "state='disconnected'/></channel>",
			true, false },
		{ "<channel type='unix'><target type='virtio' name='org.hotslot.agent.1'/>"
		  "</channel>",
			false, false },
		{ "<channel type='unix'><target type='guestfwd' name='org.hotslot.agent.0'/>"
		  "</channel>",
			false, false },
		{ "<!-- org.hotslot.agent.0 -->", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].devices);

		assert_int_equal(xml->has_channel, cases[i].has);
		assert_int_equal(xml->channel_connected, cases[i].connected);
	}
}

static void test_what_is_no_domain_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"<domain",
		"<network/>",
		"<domain id='x'/>",
		"<domain id='-1'/>",
		"<domain id='1'><devices>" CONTROLLER("-1", "virtio-scsi") "</devices></domain>",
		"<domain id='1'><devices>" DISK("scsi", "0", "0x1", "0") "</devices></domain>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct domain_xml *xml = NULL;

		assert_int_equal(domain_xml_parse(texts[i], &xml), -EBADMSG);
		assert_null(xml);
	}
}

static void test_a_shut_off_domain_has_no_id(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;

	(void)state;
	assert_int_equal(domain_xml_parse("<domain/>", &xml), 0);
	assert_int_equal(xml->id, -1);
}

static const struct disk_spec spec = {
	.source = "/a'b\"<c>&.img",
	.format = "raw",
	.target_dev = "sdb",
	.serial = "hs-1",
	.alias = "ua-hotslot-slot-1",
	.target = 1,
	.unit = 2,
};

static void test_our_disk_is_read_back_as_it_was_meant(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL, *devices = NULL;
	const struct xml_disk *disk;

	(void)state;
	assert_int_equal(disk_xml_format(&spec, &text), 0);
	assert_true(asprintf(&devices, "%s%s", CONTROLLER("0", "virtio-scsi"), text) > 0);
	xml = parse(devices);
	disk = domain_xml_disk_at(xml, 1, 2);
	assert_non_null(disk);
	assert_string_equal(disk->source, spec.source);
	assert_string_equal(disk->alias, spec.alias);
	assert_string_equal(disk->serial, spec.serial);
	assert_string_equal(disk->format, spec.format);
	assert_false(disk->read_only);
}

static void test_a_path_that_cannot_be_xml_is_refused(void **state)
{
	static const char *const paths[] = { "/a\x01", "/a\nb", "/\xff.img" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct disk_spec bad = spec;
		char *text = NULL;

		bad.source = paths[i];
		assert_int_equal(disk_xml_format(&bad, &text), -EINVAL);
		assert_null(text);
	}
}

static void test_the_command_line_says_root_and_console(void **state)
{
	static const struct {
		const char *root, *append, *want;
		bool writable, console;
	} cases[] = {
		{ NULL, NULL, " 8250.nr_uarts=0", false, false },
		{ NULL, "a=b", " 8250.nr_uarts=0 a=b", false, false },
		{ NULL, NULL, " console=ttyS0", false, true },
		{ "system", NULL, " 8250.nr_uarts=0 hotslot.root=system", false, false },
		{ "LABEL=x", "c", " 8250.nr_uarts=0 hotslot.root=LABEL=x hotslot.rootrw c", true,
			false },
		{ "LABEL=a b", NULL, " 8250.nr_uarts=0 \"hotslot.root=LABEL=a b\"", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		size_t want = strlen(cases[i].want);

		assert_int_equal(launch_cmdline(cases[i].root, cases[i].writable, cases[i].console,
					 cases[i].append, &text),
			0);
		assert_true(strlen(text) > want);
		assert_string_equal(text + strlen(text) - want, cases[i].want);
	}
}

static void test_a_command_line_that_cannot_be_is_refused(void **state)
{
	char longest[4096];
	char *text = NULL;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(launch_cmdline(NULL, false, false, longest, &text), -EINVAL);
	assert_int_equal(launch_cmdline("LABEL=\"", false, false, NULL, &text), -EINVAL);
	assert_null(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_has_all_that_the_xml_says),
		cmocka_unit_test(test_only_virtio_scsi_controllers_are_managed),
		cmocka_unit_test(test_disks_elsewhere_are_not_ours),
		cmocka_unit_test(test_a_cdrom_drive_takes_its_place_and_is_no_disk),
		cmocka_unit_test(test_a_passed_through_device_takes_its_place),
		cmocka_unit_test(test_a_passed_through_device_of_iscsi_has_its_uri),
		cmocka_unit_test(test_an_address_that_no_disk_can_have_is_no_place_of_ours),
		cmocka_unit_test(test_another_disk_at_a_place_is_told_apart),
		cmocka_unit_test(test_sources_without_a_path_are_described),
		cmocka_unit_test(test_the_channel_is_known_by_type_and_name),
		cmocka_unit_test(test_what_is_no_domain_is_refused),
		cmocka_unit_test(test_a_shut_off_domain_has_no_id),
		cmocka_unit_test(test_our_disk_is_read_back_as_it_was_meant),
		cmocka_unit_test(test_a_path_that_cannot_be_xml_is_refused),
		cmocka_unit_test(test_the_command_line_says_root_and_console),
		cmocka_unit_test(test_a_command_line_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
