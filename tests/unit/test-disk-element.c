/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <disk> elements of users: what is taken of them, what is added, what is refused. */
#include "test.h"

#include "disk-element.h"

#define S "<source file='/a'/>"

static void test_what_an_element_says_is_taken(void **state)
{
	static const struct {
		const char *text;
		const char *source, *serial, *id, *target_dev, *format;
		int slot;
		unsigned controller;
		bool passthrough, read_only, shareable, transient, block, local;
	} cases[] = {
		{ .text = "<disk>" S "</disk>", .source = "/a", .slot = -1, .local = true },
		{ .text = "<?xml version='1.0'?><!-- c --><disk type='file'>" S "</disk>\n",
			.source = "/a",
			.slot = -1,
			.local = true },
		{ .text = "<disk type='block' device='lun'><source dev='/dev/sdx'/></disk>",
			.source = "/dev/sdx",
			.slot = -1,
			.passthrough = true,
			.block = true,
			.local = true },
		{ .text = "<disk type='network'><source protocol='nbd' name='e'><host name='h'/>"
			  "</source><readonly/></disk>",
			.source = "nbd://h:10809/e",
			.slot = -1,
			.read_only = true },
		{ .text = "<disk>" S "<driver type='qcow2'/><target dev='sdq' bus='scsi'/>"
			  "<serial>s-1</serial><alias name='ua-hotslot-i'/><transient/>"
			  "<address type='drive' controller='2' bus='0' target='1' unit='3'/>"
			  "</disk>",
			.source = "/a",
			.serial = "s-1",
			.id = "i",
			.target_dev = "sdq",
			.format = "qcow2",
			.slot = 259,
			.controller = 2,
			.transient = true,
			.local = true },
		{ .text = "<disk>" S "<shareable/></disk>",
			.source = "/a",
			.slot = -1,
			.shareable = true,
			.local = true },
		{ .text = "<disk>" S "<address type='drive'/></disk>",
			.source = "/a",
			.slot = 0,
			.local = true },
		{ .text = "<disk>" S "<address type='drive' target='254' unit='255'/></disk>",
			.source = "/a",
			.slot = 65279,
			.local = true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hotslot_error error = {};
		struct disk_element *element;

		print_message("%s\n", cases[i].text);
		assert_int_equal(disk_element_parse(cases[i].text, &element, &error), 0);
		assert_string_equal(element->source, cases[i].source);
		assert_string_equal(element->serial ?: "", cases[i].serial ?: "");
		assert_string_equal(element->id ?: "", cases[i].id ?: "");
		assert_string_equal(element->target_dev ?: "", cases[i].target_dev ?: "");
		assert_string_equal(element->format ?: "", cases[i].format ?: "");
		assert_int_equal(element->slot, cases[i].slot);
		assert_int_equal(element->controller, cases[i].controller);
		assert_int_equal(element->passthrough, cases[i].passthrough);
		assert_int_equal(element->read_only, cases[i].read_only);
		assert_int_equal(element->shareable, cases[i].shareable);
		assert_int_equal(element->transient, cases[i].transient);
		assert_int_equal(element->block, cases[i].block);
		assert_int_equal(element->local, cases[i].local);
		disk_element_free(element);
	}
}

static const struct {
	const char *text, *message;
} refused[] = {
	{ "", "is not well-formed, or is not one element" },
	{ "disk", "is not well-formed, or is not one element" },
	{ "<disk>" S, "is not well-formed, or is not one element" },
	{ "<disk>" S "</disk><disk>" S "</disk>", "is not well-formed, or is not one element" },
	{ "<domain/>", "is a <domain> element: give one <disk> element" },
	{ "<devices><disk>" S "</disk></devices>",
		"is a <devices> element: give one <disk> element" },
	{ "<!DOCTYPE disk><disk>" S "</disk>", "has a DTD: a <disk> element needs none" },
	{ "<!DOCTYPE disk [<!ENTITY e SYSTEM '/etc/passwd'>]><disk>" S
	  "<serial>&e;</serial></disk>",
		"has a DTD: a <disk> element needs none" },
	{ "<disk>" S "<serial>&e;</serial></disk>", "is not well-formed, or is not one element" },
	{ "<disk xmlns='u'>" S "</disk>", "has a namespace: libvirt's <disk> has none" },
	{ "<disk/>", "has no <source> that could be attached" },
	{ "<disk><source file='rel.img'/></disk>",
		"has file 'rel.img' in <source>, which is no absolute path" },
	{ "<disk type='block'><source dev='./sda'/></disk>",
		"has dev './sda' in <source>, which is no absolute path" },
	{ "<disk>" S "<backingStore type='file'><source file='/b'/><backingStore type='file'>"
	  "<source file='c.img'/></backingStore></backingStore></disk>",
		"has file 'c.img' in <source> of <backingStore>, which is no absolute path" },
	{ "<disk><source/></disk>", "has no <source> that could be attached" },
	{ "<disk>" S S "</disk>", "has more than one <source>" },
	{ "<disk>" S "<target dev='sda'/><target dev='sdb'/></disk>",
		"has more than one <target>" },
	{ "<disk>" S "<serial>a</serial><serial>b</serial></disk>", "has more than one <serial>" },
	{ "<disk>" S "<alias name='ua-hotslot-a'/><alias name='ua-hotslot-b'/></disk>",
		"has more than one <alias>" },
	{ "<disk>" S "<address type='drive'/><address type='drive'/></disk>",
		"has more than one <address>" },
	{ "<disk device='cdrom'>" S "</disk>",
		"has device 'cdrom': only 'disk' and 'lun' are attached" },
	{ "<disk>" S "<target bus='virtio'/></disk>",
		"has bus 'virtio' in <target>: slots are places on a SCSI controller, so "
		"it is 'scsi' or left out" },
	{ "<disk>" S "<target dev='vda'/></disk>",
		"has dev 'vda' in <target>: for a SCSI disk it is sda, sdb, ..., or left "
		"out" },
	{ "<disk>" S "<target dev='sd'/></disk>",
		"has dev 'sd' in <target>: for a SCSI disk it is sda, sdb, ..., or left "
		"out" },
	{ "<disk>" S "<target dev='sda1'/></disk>",
		"has dev 'sda1' in <target>: for a SCSI disk it is sda, sdb, ..., or left "
		"out" },
	{ "<disk>" S "<target dev='sdaaaaaaaaaaaaaa'/></disk>",
		"has dev 'sdaaaaaaaaaaaaaa' in <target>: for a SCSI disk it is sda, sdb, "
		"..., or left out" },
	{ "<disk>" S "<serial/></disk>", "has serial '', which is not 1 to 36 characters "
					 "of A-Z a-z 0-9 _ . + -" },
	{ "<disk>" S "<serial>1234567890123456789012345678901234567</serial></disk>",
		"has serial '1234567890123456789012345678901234567', which is not 1 to 36 "
		"characters of A-Z a-z 0-9 _ . + -" },
	{ "<disk device='lun'>" S "<serial>a</serial></disk>",
		"has a <serial>: a LUN has one of its own" },
	{ "<disk>" S "<alias/></disk>",
		"has alias '', which is not ua-hotslot-ID: leave it out, and give an id" },
	{ "<disk>" S "<alias name='ua-other'/></disk>",
		"has alias 'ua-other', which is not ua-hotslot-ID: leave it out, and give "
		"an id" },
	{ "<disk>" S "<address type='pci'/></disk>",
		"has an <address> that is not of type 'drive': leave it out, and give a "
		"slot" },
	{ "<disk>" S "<address type='drive' unit='-1'/></disk>",
		"has no number as unit in <address>" },
	{ "<disk>" S "<address type='drive' controller='x'/></disk>",
		"has no number as controller in <address>" },
	{ "<disk>" S "<address type='drive' bus='1'/></disk>",
		"has an <address> that is no slot: bus 0, target 0 to 254, unit 0 to 255 "
		"are" },
	{ "<disk>" S "<address type='drive' target='255'/></disk>",
		"has an <address> that is no slot: bus 0, target 0 to 254, unit 0 to 255 "
		"are" },
	{ "<disk>" S "<address type='drive' unit='256'/></disk>",
		"has an <address> that is no slot: bus 0, target 0 to 254, unit 0 to 255 "
		"are" },
};

static void test_what_is_no_disk_of_ours_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct hotslot_error error = {};
		struct disk_element *element;

		print_message("%s\n", refused[i].text);
		assert_int_equal(disk_element_parse(refused[i].text, &element, &error), -EINVAL);
		assert_int_equal(error.code, HOTSLOT_ERROR_INVALID);
		assert_memory_equal(error.message, "The XML ", strlen("The XML "));
		assert_string_equal(error.message + strlen("The XML "), refused[i].message);
	}
}

static void test_one_that_is_too_long_is_not_read(void **state)
{
	_cleanup_free_ char *text = calloc(1, DISK_ELEMENT_MAX + 2);
	struct hotslot_error error = {};
	struct disk_element *element;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', DISK_ELEMENT_MAX);
	memcpy(text, "<disk>" S "</disk>", strlen("<disk>" S "</disk>"));
	assert_int_equal(disk_element_parse(text, &element, &error), 0);
	disk_element_free(element);
	text[DISK_ELEMENT_MAX] = ' ';
	assert_int_equal(disk_element_parse(text, &element, &error), -EINVAL);
	assert_string_equal(error.message, "The XML is longer than 1 MiB: no <disk> element is");
}

static void check_completed(const char *text, const char *serial, const char *expected)
{
	const struct disk_identity identity = {
		.target_dev = "sdb",
		.alias = "ua-hotslot-i",
		.serial = serial,
		.controller = 3,
		.target = 1,
		.unit = 2,
	};
	_cleanup_free_ char *completed = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	struct hotslot_error error = {};
	struct disk_element *element;
	xmlChar *flat = NULL;

	assert_int_equal(disk_element_parse(text, &element, &error), 0);
	assert_int_equal(disk_element_complete(element, &identity, &completed), 0);
	disk_element_free(element);
	document = xml_read(completed);
	xmlDocDumpMemory(document, &flat, NULL);
	assert_string_equal(strchr((char *)flat, '\n') + 1, expected);
	xmlFree(flat);
}

#define ADDED "<address type=\"drive\" controller=\"3\" bus=\"0\" target=\"1\" unit=\"2\"/>"

static void test_only_what_is_missing_is_added(void **state)
{
	(void)state;
	check_completed("<disk>" S "</disk>", "s",
		"<disk><source file=\"/a\"/><target dev=\"sdb\" bus=\"scsi\"/>"
		"<alias name=\"ua-hotslot-i\"/>" ADDED "<serial>s</serial></disk>\n");
	check_completed("<disk device='lun'>" S "</disk>", NULL,
		"<disk device=\"lun\"><source file=\"/a\"/><target dev=\"sdb\" bus=\"scsi\"/>"
		"<alias name=\"ua-hotslot-i\"/>" ADDED "</disk>\n");
	check_completed("<disk x='&lt;'><address type='drive' unit='2' target='1' controller='3'/>"
			"<!-- c --><target dev='sdb' tray='open'/><serial>s</serial>" S
			"<x:y xmlns:x='u'>t</x:y></disk>",
		"s",
		"<disk x=\"&lt;\"><address type=\"drive\" unit=\"2\" target=\"1\" controller=\"3\" "
		"bus=\"0\"/><!-- c --><target dev=\"sdb\" tray=\"open\" bus=\"scsi\"/>"
		"<serial>s</serial><source file=\"/a\"/><x:y xmlns:x=\"u\">t</x:y>"
		"<alias name=\"ua-hotslot-i\"/></disk>\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_element_says_is_taken),
		cmocka_unit_test(test_what_is_no_disk_of_ours_is_refused),
		cmocka_unit_test(test_one_that_is_too_long_is_not_read),
		cmocka_unit_test(test_only_what_is_missing_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
