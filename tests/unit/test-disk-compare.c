/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements that libvirt writes in words of its own: they are what was asked for, and what differs
 * is still seen. libvirt's own parser is the witness. */
#include "test.h"

#include "disk-compare.h"
#include "libvirt.h"

#define AT                                                                    \
	"<target dev='sdb' bus='scsi'/><address type='drive' controller='0' " \
	"bus='0' target='1' unit='2'/>"
#define DISK(inside) "<disk type='file' device='disk'>" inside AT "</disk>"
#define NETWORK(inside) "<disk type='network' device='disk'>" inside AT "</disk>"
#define A "<source file='/a'/>"
#define QCOW2(inside) "<driver name='qemu' type='qcow2'>" inside "</driver>"
#define SECRET(uuid) \
	"<encryption format='luks'><secret type='passphrase' uuid='" uuid "'/></encryption>"
#define CACHE(unit, size) \
	QCOW2("<metadata_cache><max_size" unit ">" size "</max_size></metadata_cache>")

/* A domain with that disk, as libvirt has it once it is defined. */
static xmlDoc *define(const char *disk)
{
	_cleanup_free_ char *text = define_with_disk(disk, 0);

	assert_non_null(text);
	return xml_read(text);
}

static void test_what_libvirt_says_in_its_own_words_is_kept(void **state)
{
	static const char *const disks[] = {
		DISK("<source file='/a'>" SECRET(
			"21A14A9A-5DE6-4CF1-9C2B-3FBDDB0B5D0E") "</source>"),
		DISK("<source file='/a'>" SECRET("21a14a9a5de64cf19c2b3fbddb0b5d0e") "</source>"),
		DISK(A QCOW2("") "<backingStore type='file' index='9'><format type='raw'/>"
				 "<source file='/b' index='4'/><backingStore/></backingStore>"),
		NETWORK("<source protocol='nbd' name='e'><host name='h' port='10809' "
			"transport='tcp'/></source>"),
		NETWORK("<source protocol='nbd' name='e'><host name='h' port='010809'/></source>"),
		NETWORK("<source protocol='iscsi' name='iqn.2026-01.org.example:y'>"
			"<host name='h' port='3260'/></source>"),
		DISK(A CACHE(" unit='KiB'", "1024")),
		DISK(A CACHE(" unit='m'", "2")),
		DISK(A CACHE(" unit='MB'", "2")),
		DISK(A CACHE("", "4096")),
		DISK(A "<transient shareBacking='no'/>"),
		DISK(A "<driver name='qemu' type='raw' cache='default'/>"),
		DISK(A "<driver/><blockio/><geometry/><iotune/>"),
		DISK(A "<blockio logical_block_size='0'/><iotune><total_bytes_sec>0"
		       "</total_bytes_sec><total_iops_sec>00</total_iops_sec></iotune>"),
		"<disk type='file' device='disk' snapshot='no'>" A "<readonly/>" AT "</disk>",
		NETWORK("<source protocol='https' name='i'><host name='h' port='443'/><cookies>"
			"<cookie name='c'>secret</cookie></cookies></source><readonly/>"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		_cleanup_xml_ xmlDoc *asked = xml_read(disks[i]), *domain = define(disks[i]);
		_cleanup_free_ char *lost = NULL;
		xmlNode *live = disk_compare_find(domain, 0, 1, 2);
		int r = disk_compare(xmlDocGetRootElement(asked), live, &lost);

		print_message("%s: %s\n", disks[i], lost ?: "kept");
		assert_int_equal(r, 0);
	}
}

static void test_what_means_something_else_is_not_kept(void **state)
{
	static const struct {
		const char *asked, *live, *lost;
	} cases[] = {
		{ "<disk><secret uuid='AB-0'/></disk>", "<disk><secret uuid='ab-1'/></disk>",
			"uuid='AB-0' of <secret>" },
		{ "<disk><secret uuid='ab'/></disk>", "<disk><secret uuid='abc'/></disk>",
			"uuid='ab' of <secret>" },
		{ "<disk><secret usage='AB'/></disk>", "<disk><secret usage='ab'/></disk>",
			"usage='AB' of <secret>" },
		{ "<disk><host transport='rdma'/></disk>", "<disk><host/></disk>",
			"transport='rdma' of <host>" },
		{ "<disk><host transport='tcp'/></disk>", "<disk><host transport='rdma'/></disk>",
			"transport='tcp' of <host>" },
		{ "<disk><transient shareBacking='yes'/></disk>", "<disk><transient/></disk>",
			"shareBacking='yes' of <transient>" },
		{ "<disk><transient shareBacking='no'/></disk>", "<disk/>", "<transient>" },
		{ "<disk><source protocol='iscsi' name='i'/></disk>",
			"<disk><source protocol='iscsi' name='i/1'/></disk>",
			"name='i' of <source>" },
		{ "<disk><source protocol='iscsi' name='i'/></disk>",
			"<disk><source protocol='iscsi' name='ii/0'/></disk>",
			"name='i' of <source>" },
		{ "<disk><source protocol='rbd' name='i'/></disk>",
			"<disk><source protocol='rbd' name='i/0'/></disk>",
			"name='i' of <source>" },
		{ "<disk><max_size unit='KiB'>1</max_size></disk>",
			"<disk><max_size unit='bytes'>1000</max_size></disk>",
			"'1' in <max_size>" },
		{ "<disk><max_size unit='XB'>1</max_size></disk>",
			"<disk><max_size unit='bytes'>1</max_size></disk>", "'1' in <max_size>" },
		{ "<disk snapshot='no'/>", "<disk/>", "snapshot='no' of <disk>" },
		{ "<disk><speed/></disk>", "<disk/>", "<speed>" },
		{ "<disk><iotune><a>1</a></iotune></disk>", "<disk/>", "<iotune>" },
		{ "<disk><blockio a='1'/></disk>", "<disk/>", "<blockio>" },
		{ "<disk><backingStore/></disk>", "<disk/>", "<backingStore>" },
		{ "<disk><max_size unit='EiB'>99</max_size></disk>",
			"<disk><max_size unit='EiB'>99</max_size></disk>", "'99' in <max_size>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *asked = xml_read(cases[i].asked);
		_cleanup_xml_ xmlDoc *live = xml_read(cases[i].live);
		_cleanup_free_ char *lost = NULL;

		print_message("%s\n", cases[i].asked);
		assert_int_equal(disk_compare(xmlDocGetRootElement(asked),
					 xmlDocGetRootElement(live), &lost),
			1);
		assert_string_equal(lost, cases[i].lost);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_libvirt_says_in_its_own_words_is_kept),
		cmocka_unit_test(test_what_means_something_else_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
