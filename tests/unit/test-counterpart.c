/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One disk in two versions of a domain's XML: by alias first, then by serial, then by address, or
 * by its label where it can have no such address. */
#include "test.h"

#include "counterpart.h"
#include "volume.h"

#define DISK "<disk type='file' device='disk'>"
#define LUN "<disk type='block' device='lun'>"
#define SCSI "<target dev='sda' bus='scsi'/>"
#define VIRTIO(dev) "<target dev='" dev "' bus='virtio'/>"
#define SERIAL(serial) "<serial>" serial "</serial>"
#define ALIAS(alias) "<alias name='" alias "'/>"
#define IMAGE(path) "<source file='" path "'/>"
#define AT(unit) "<address type='drive' controller='0' bus='0' target='0' unit='" unit "'/>"
#define ON(controller, unit) \
	"<address type='drive' controller='" controller "' bus='0' target='0' unit='" unit "'/>"
#define END "</disk>"
#define HOSTDEV "<hostdev mode='subsystem' type='scsi'>"
#define HOSTDEV_END "</hostdev>"

static struct domain_xml *parse(const char *disks)
{
	_cleanup_free_ char *text = NULL;
	struct domain_xml *xml = NULL;

	assert_true(asprintf(&text,
			    "<domain type='qemu' id='7'><devices><controller type='scsi' index='0' "
			    "model='virtio-scsi'/>%s</devices></domain>",
			    disks) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	return xml;
}

#define NONE (-1)

/* Where the disk of ONE is in OTHERS, by its number there. */
static const struct {
	const char *what, *one, *others;
	int found;
} pairs[] = {
	{ "an alias of a user's, though serial and address are another's",
		DISK SCSI SERIAL("S") ALIAS("ua-a") AT("1") END,
		DISK SCSI SERIAL("S") ALIAS("ua-b") AT("1") END DISK SCSI SERIAL("T") ALIAS("ua-a")
			AT("2") END,
		1 },
	{ "a serial, though another has the address",
		DISK SCSI SERIAL("S") ALIAS("scsi0-0-0-1") AT("1") END,
		DISK SCSI AT("1") END DISK SCSI SERIAL("S") AT("2") END, 1 },
	{ "our alias is the slot's: another serial is another disk",
		DISK SCSI IMAGE("/b") SERIAL("B") ALIAS("ua-hotslot-slot-0") AT("0") END,
		DISK SCSI IMAGE("/a") SERIAL("A") ALIAS("ua-hotslot-slot-0") AT("0") END, NONE },
	{ "and so is another image, without serials",
		LUN SCSI IMAGE("/b") ALIAS("ua-hotslot-slot-0") AT("0") END,
		LUN SCSI IMAGE("/a") ALIAS("ua-hotslot-slot-0") AT("0") END, NONE },
	{ "or without one of them",
		DISK SCSI IMAGE("/b") SERIAL("B") ALIAS("ua-hotslot-slot-0") AT("0") END,
		DISK SCSI IMAGE("/a") ALIAS("ua-hotslot-slot-0") AT("0") END, NONE },
	{ "with an id of the caller's, too",
		DISK SCSI IMAGE("/b") SERIAL("B") ALIAS("ua-hotslot-data") AT("0") END,
		DISK SCSI IMAGE("/a") SERIAL("A") ALIAS("ua-hotslot-data") AT("3") END, NONE },
	{ "the same one with a snapshot's image",
		DISK SCSI IMAGE("/a.snap") SERIAL("A") ALIAS("ua-hotslot-slot-0") AT("0") END,
		DISK SCSI IMAGE("/a") SERIAL("A") ALIAS("ua-hotslot-slot-0") AT("0") END, 0 },
	{ "the same one without serials",
		LUN SCSI IMAGE("/a") ALIAS("ua-hotslot-slot-0") AT("0") END,
		LUN SCSI IMAGE("/a") ALIAS("ua-hotslot-slot-0") AT("4") END, 0 },
	{ "a serial that is elsewhere, though another has the slot's alias",
		DISK SCSI SERIAL("A") ALIAS("scsi0-0-0-0") AT("0") END,
		DISK SCSI SERIAL("B") ALIAS("ua-hotslot-slot-0") AT("0") END DISK SCSI SERIAL("A")
			ALIAS("ua-hotslot-slot-1") AT("1") END,
		1 },
	{ "another image at the address of ours is another disk", DISK SCSI IMAGE("/d") AT("5") END,
		DISK SCSI IMAGE("/c") SERIAL("hs-5") ALIAS("ua-hotslot-slot-5") AT("5") END, NONE },
	{ "and the same image is the same one", DISK SCSI IMAGE("/c") AT("5") END,
		DISK SCSI IMAGE("/c") SERIAL("hs-5") ALIAS("ua-hotslot-slot-5") AT("5") END, 0 },
	{ "another image at the address, with nothing else", DISK SCSI IMAGE("/d") AT("5") END,
		DISK SCSI IMAGE("/c") ALIAS("scsi0-0-0-5") AT("5") END, NONE },
	{ "a transient disk keeps its serial",
		DISK SCSI IMAGE("/c.TRANSIENT-vm") SERIAL("C") AT("5") "<transient/>" END,
		DISK SCSI IMAGE("/c") SERIAL("C") AT("5") "<transient/>" END, 0 },
	{ "the address, with nothing else", DISK SCSI ALIAS("scsi0-0-0-1") AT("1") END,
		DISK SCSI AT("0") END DISK SCSI AT("1") END, 1 },
	{ "the address, where two have the serial", DISK SCSI SERIAL("S") AT("1") END,
		DISK SCSI SERIAL("S") AT("0") END DISK SCSI SERIAL("S") AT("1") END, 1 },
	{ "nothing, where two have the serial elsewhere", DISK SCSI SERIAL("S") AT("1") END,
		DISK SCSI SERIAL("S") AT("2") END DISK SCSI SERIAL("S") AT("3") END, NONE },
	{ "an alias that libvirt has made up is an address",
		DISK SCSI ALIAS("scsi0-0-0-1") AT("2") END,
		DISK SCSI ALIAS("scsi0-0-0-1") AT("1") END DISK SCSI AT("2") END, 1 },
	{ "another user's alias at the address is another disk",
		DISK SCSI ALIAS("ua-a") AT("1") END, DISK SCSI ALIAS("ua-b") AT("1") END, NONE },
	{ "another serial at the address is another disk", DISK SCSI SERIAL("S") AT("1") END,
		DISK SCSI SERIAL("T") AT("1") END, NONE },
	{ "a serial under another alias is another disk",
		DISK SCSI SERIAL("S") ALIAS("ua-a") AT("1") END,
		DISK SCSI SERIAL("S") ALIAS("ua-b") AT("1") END, NONE },
	{ "one that was given another alias since",
		DISK SCSI IMAGE("/a") SERIAL("S") ALIAS("ua-hotslot-slot-1") AT("1") END,
		DISK SCSI IMAGE("/a") SERIAL("S") ALIAS("ua-b") AT("1") END, 0 },
	{ "one that was given another alias since, and has no serial",
		LUN SCSI IMAGE("/a") ALIAS("ua-a") AT("1") END,
		LUN SCSI IMAGE("/a") ALIAS("ua-b") AT("1") END, 0 },
	{ "another serial",
		DISK SCSI IMAGE("/a") SERIAL("S") ALIAS("ua-hotslot-slot-1") AT("1") END,
		DISK SCSI IMAGE("/a") SERIAL("T") ALIAS("ua-hotslot-slot-1") AT("1") END, 0 },
	{ "neither is the same", DISK SCSI IMAGE("/a") SERIAL("S") ALIAS("ua-a") AT("1") END,
		DISK SCSI IMAGE("/a") SERIAL("T") ALIAS("ua-b") AT("1") END, NONE },
	{ "another alias, and a snapshot's image: nobody knows",
		DISK SCSI IMAGE("/a.snap") SERIAL("S") ALIAS("ua-a") AT("1") END,
		DISK SCSI IMAGE("/a") SERIAL("S") ALIAS("ua-b") AT("1") END, NONE },
	{ "one that has got its alias since", DISK SCSI ALIAS("ua-a") AT("1") END,
		DISK SCSI AT("1") END, 0 },
	{ "one that has got its serial since", DISK SCSI SERIAL("S") AT("1") END,
		DISK SCSI AT("1") END, 0 },
	{ "a LUN has no serial, and keeps its address", LUN SCSI AT("1") END,
		LUN SCSI AT("0") END LUN SCSI AT("1") END, 1 },
	{ "a LUN by its alias", LUN SCSI ALIAS("ua-a") AT("1") END,
		LUN SCSI AT("1") END LUN SCSI ALIAS("ua-a") AT("2") END, 1 },
	{ "a host device by its address", HOSTDEV AT("1") HOSTDEV_END,
		HOSTDEV AT("0") HOSTDEV_END HOSTDEV AT("1") HOSTDEV_END, 1 },
	{ "a LUN is no disk, whatever its address", LUN SCSI AT("1") END, DISK SCSI AT("1") END,
		NONE },
	{ "a drive for CDs is no disk", DISK SCSI AT("1") END,
		"<disk device='cdrom'>" SCSI AT("1") END, NONE },
	{ "a disk that was given no address is found by its alias",
		DISK SCSI ALIAS("ua-a") AT("3") END, DISK SCSI ALIAS("ua-a") END, 0 },
	{ "and by its serial", DISK SCSI SERIAL("S") AT("3") END, DISK SCSI SERIAL("S") END, 0 },
	{ "and not by its label", DISK SCSI AT("3") END, DISK SCSI END, NONE },
	{ "the same place of another controller is another place", DISK SCSI ON("1", "3") END,
		DISK SCSI ON("0", "3") END, NONE },
	{ "the label, on another bus", DISK VIRTIO("vdb") END,
		DISK VIRTIO("vda") END DISK VIRTIO("vdb") ALIAS("virtio-disk1") END, 1 },
	{ "a serial before the label", DISK VIRTIO("vdb") SERIAL("S") END,
		DISK VIRTIO("vdb") END DISK VIRTIO("vda") SERIAL("S") END, 1 },
	{ "another serial under the label is another disk", DISK VIRTIO("vda") SERIAL("S") END,
		DISK VIRTIO("vda") SERIAL("T") END, NONE },
	{ "the label of a SCSI disk tells nothing", DISK SCSI AT("0") END,
		DISK "<target dev='sda' bus='sata'/>" END, NONE },
};

static void test_a_disk_is_found_by_alias_then_serial_then_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_domain_xml_ struct domain_xml *one = parse(pairs[i].one);
		_cleanup_domain_xml_ struct domain_xml *others = parse(pairs[i].others);
		const struct xml_disk *found = counterpart_find(others, &one->disks[0]);

		print_message("%s\n", pairs[i].what);
		assert_int_equal(found ? found - others->disks : NONE, pairs[i].found);
	}
}

static void test_in_doubt_a_disk_is_another_one_and_what_is_in_its_place_is_told(void **state)
{
	static const struct {
		const char *one, *other;
		int certain, rival;
	} cases[] = {
		{ DISK SCSI SERIAL("S") ALIAS("ua-a") AT("1") END,
			DISK SCSI SERIAL("S") ALIAS("ua-a") AT("1") END, 0, 0 },
		{ DISK SCSI SERIAL("S") ALIAS("ua-a") AT("1") END,
			DISK SCSI SERIAL("T") ALIAS("ua-a") AT("2") END, NONE, 0 },
		{ DISK SCSI IMAGE("/a") ALIAS("ua-a") AT("1") END,
			DISK SCSI IMAGE("/b") ALIAS("ua-a") AT("1") END, NONE, 0 },
		{ DISK SCSI SERIAL("S") AT("1") END, DISK SCSI SERIAL("T") AT("2") END, NONE,
			NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *one = parse(cases[i].one);
		_cleanup_domain_xml_ struct domain_xml *others = parse(cases[i].other);
		const struct xml_disk *disk = &one->disks[0], *found;

		found = counterpart_find_certain(others, disk);
		assert_int_equal(found ? found - others->disks : NONE, cases[i].certain);
		found = counterpart_find_rival(others, disk);
		assert_int_equal(found ? found - others->disks : NONE, cases[i].rival);
	}
}

/* What the name of a volume leads to, and how. */
static const struct {
	const char *what, *volume, *disks;
	int how, found;
} volumes[] = {
	{ "our alias before all", "v",
		DISK SCSI SERIAL("v") AT("0") END DISK SCSI ALIAS("ua-v") AT("1")
			END DISK SCSI ALIAS("ua-hotslot-v") AT("2") END,
		VOLUME_BY_ALIAS, 2 },
	{ "another's before the serial", "v",
		DISK SCSI SERIAL("v") AT("0") END DISK SCSI ALIAS("ua-v") AT("1") END,
		VOLUME_BY_ALIAS, 1 },
	{ "the serial of a domain that is older than aliases", "v",
		DISK SCSI ALIAS("scsi0-0-0-0") AT("0") END DISK SCSI SERIAL("v")
			ALIAS("scsi0-0-0-1") AT("1") END,
		VOLUME_BY_SERIAL, 1 },
	{ "the serial before the address", "slot-0",
		DISK SCSI AT("0") END DISK SCSI SERIAL("slot-0") AT("1") END, VOLUME_BY_SERIAL, 1 },
	{ "the address of a disk without a name", "slot-1",
		DISK SCSI AT("0") END DISK SCSI AT("1") END, VOLUME_BY_ADDRESS, 1 },
	{ "a LUN by its alias", "v", LUN SCSI AT("0") END LUN SCSI ALIAS("ua-v") AT("1") END,
		VOLUME_BY_ALIAS, 1 },
	{ "a LUN by its address", "slot-1", LUN SCSI AT("1") END, VOLUME_BY_ADDRESS, 0 },
	{ "a host device by its address", "slot-1", HOSTDEV AT("1") HOSTDEV_END, VOLUME_BY_ADDRESS,
		0 },
	{ "an alias in full is no volume", "ua-v", DISK SCSI ALIAS("ua-v") AT("0") END, VOLUME_NONE,
		NONE },
	{ "nor is one of libvirt's making", "scsi0-0-0-0",
		DISK SCSI ALIAS("scsi0-0-0-0") AT("0") END, VOLUME_NONE, NONE },
	{ "a serial of two", "v",
		DISK SCSI SERIAL("v") AT("0") END DISK SCSI SERIAL("v") AT("1") END, -ENOTUNIQ,
		NONE },
	{ "a serial on another controller", "v", DISK SCSI SERIAL("v") ON("1", "0") END,
		VOLUME_NONE, NONE },
	{ "no slot has such a number", "slot-01", DISK SCSI AT("1") END, VOLUME_NONE, NONE },
	{ "nor this one", "slot-", DISK SCSI AT("0") END, VOLUME_NONE, NONE },
	{ "nor this one", "slot-65280", DISK SCSI AT("0") END, VOLUME_NONE, NONE },
	{ "an empty slot", "slot-5", DISK SCSI AT("0") END, VOLUME_NONE, NONE },
};

static void test_a_volume_is_found_by_alias_then_serial_then_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(volumes[i].disks);
		const struct xml_disk *disk = NULL;

		print_message("%s\n", volumes[i].what);
		assert_int_equal(volume_find(xml, volumes[i].volume, &disk), volumes[i].how);
		assert_int_equal(disk ? disk - xml->disks : NONE, volumes[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_is_found_by_alias_then_serial_then_address),
		cmocka_unit_test(
			test_in_doubt_a_disk_is_another_one_and_what_is_in_its_place_is_told),
		cmocka_unit_test(test_a_volume_is_found_by_alias_then_serial_then_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
