/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The <disk> elements that are made, as libvirt takes them: its schema accepts each, its parser
 * keeps all of it, and it is noticed if it does not. */
#include "test.h"

#include <libvirt/libvirt.h>

#include "backend.h"
#include "disk-compare.h"
#include "disk-xml.h"
#include "libvirt.h"

#define UUID "5e0f6d0a-3d0e-4b1c-9f6e-0a1b2c3d4e5f"
#define IQN "iqn.2026-01.org.example:vol"

/* What libvirt has not kept of the disk; NULL: nothing. */
static char *find_lost(const char *disk)
{
	_cleanup_free_ char *text = define_with_disk(disk, VIR_DOMAIN_DEFINE_VALIDATE);
	_cleanup_xml_ xmlDoc *asked = xml_read(disk), *domain = NULL;
	char *lost = NULL;
	xmlNode *live;

	assert_non_null(text);
	domain = xml_read(text);
	live = disk_compare_find(domain, 0, 1, 2);
	assert_non_null(live);
	assert_true(disk_compare(xmlDocGetRootElement(asked), live, &lost) >= 0);
	return lost;
}

static void check_kept(const struct disk_spec *spec)
{
	_cleanup_free_ char *text = NULL, *lost = NULL;

	print_message("%s\n", spec->source);
	assert_int_equal(disk_xml_format(spec, &text), 0);
	lost = find_lost(text);
	if (lost)
		print_message("%s\n", lost);
	assert_null(lost);
}

static struct disk_spec spec_of(const char *source)
{
	return (struct disk_spec){
		.source = source,
		.format = "raw",
		.target_dev = "sdb",
		.serial = "s-1",
		.alias = "ua-hotslot-slot-258",
		.read_only = true,
		.target = 1,
		.unit = 2,
	};
}

static void test_libvirt_takes_and_keeps_every_kind_of_source(void **state)
{
	static const char *const sources[] = {
		"/a/b.img",
		"iscsi://[::1]:13260/" IQN "/1",
		"nbd://h",
		"nbd://[fe80::1]:7/a%20b",
		"nbds://h/e",
		"nbd+unix:///e?socket=/run/s",
		"rbd:p/i",
		"rbd://m1,m2:6789,[::1]/p/i@s",
		"nvme://0000:01:0a.7/2",
		"volume:default/a.qcow2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct disk_spec spec = spec_of(sources[i]);

		check_kept(&spec);
	}
}

static void test_libvirt_takes_and_keeps_how_a_disk_is_served(void **state)
{
	static const struct {
		const char *source;
		struct hotslot_backend_options backend;
	} cases[] = {
		{ "/a.img", { .cache = "none",
				    .io = "native",
				    .discard = "unmap",
				    .detect_zeroes = "unmap",
				    .shareable = true } },
		{ "/a.img", { .cache = "unsafe",
				    .io = "threads",
				    .discard = "ignore",
				    .detect_zeroes = "off" } },
		{ "/a.img", { .cache = "writeback", .io = "io_uring", .detect_zeroes = "on" } },
		{ "/a.img", { .bps = 1 << 20, .read_iops = 100, .write_iops = 200 } },
		{ "/a.img", { .iops = 7, .read_bps = 1, .write_bps = 1000000000000000 } },
		{ "/a.img", { .luks = UUID } },
		{ "/a.img", { .luks = "21A14A9A-5DE6-4CF1-9C2B-3FBDDB0B5D0E" } },
		{ "/a.img", { .luks = "the key of vol-7 & co" } },
		{ "rbd:p/i", { .user = "admin", .secret = UUID, .luks = "k" } },
		{ "rbd://m/p/i", { .user = "admin", .secret = "ceph-key" } },
		{ "iscsi://h/" IQN "/1", { .user = "me", .secret = "chap" } },
		{ "volume:p/v", { .luks = UUID, .cache = "directsync" } },
		{ "nvme://0000:01:00.0/1", { .discard = "unmap" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct disk_spec spec = spec_of(cases[i].source);
		struct hotslot_error error = {};
		int r = backend_check(
			&cases[i].backend, source_kind(cases[i].source), false, &error);

		print_message("%s\n", error.message);
		assert_int_equal(r, 0);
		spec.backend = &cases[i].backend;
		check_kept(&spec);
	}
}

static void test_what_does_not_go_together_is_refused(void **state)
{
	static const struct {
		struct hotslot_backend_options backend;
		const char *message;
		const char *source;
		bool passthrough;
	} cases[] = {
		{ .backend = { .cache = "writethru" },
			.message = "cache 'writethru' is none of none, writeback, writethrough, "
				   "directsync, "
				   "unsafe" },
		{ .backend = { .cache = "" },
			.message = "cache '' is none of none, writeback, writethrough, directsync, "
				   "unsafe" },
		{ .backend = { .io = "uring" },
			.message = "io 'uring' is none of threads, native, io_uring" },
		{ .backend = { .discard = "on" },
			.message = "discard 'on' is none of unmap, ignore" },
		{ .backend = { .detect_zeroes = "yes" },
			.message = "detect-zeroes 'yes' is none of on, off, unmap" },
		{ .backend = { .io = "native" },
			.message = "io native needs cache none or directsync: it goes past the "
				   "host's cache" },
		{ .backend = { .io = "native", .cache = "writeback" },
			.message = "io native needs cache none or directsync: it goes past the "
				   "host's cache" },
		{ .backend = { .detect_zeroes = "unmap" },
			.message = "detect-zeroes unmap needs discard unmap: without it nothing is "
				   "freed" },
		{ .backend = { .detect_zeroes = "unmap", .discard = "ignore" },
			.message = "detect-zeroes unmap needs discard unmap: without it nothing is "
				   "freed" },
		{ .backend = { .bps = 1, .read_bps = 1 },
			.message = "bps limits reads and writes together: read-bps and write-bps "
				   "cannot be "
				   "given with it" },
		{ .backend = { .iops = 1, .write_iops = 1 },
			.message = "iops limits reads and writes together: read-iops and "
				   "write-iops cannot be "
				   "given with it" },
		{ .backend = { .write_bps = 1000000000000001 },
			.message = "write-bps is more than the 1000000000000000 that QEMU takes" },
		{ .backend = { .luks = "" },
			.message = "The secret of luks is empty or not printable" },
		{ .backend = { .luks = "a\nb" },
			.message = "The secret of luks is empty or not printable" },
		{ .backend = { .user = "me" },
			.message = "user and secret go together: the secret is libvirt's, with "
				   "the user's password or key" },
		{ .backend = { .secret = "s" },
			.message = "user and secret go together: the secret is libvirt's, with "
				   "the user's password or key" },
		{ .backend = { .user = "me", .secret = "s" },
			.message = "user and secret are for iscsi:// and rbd: images" },
		{ .backend = { .user = "me", .secret = "s" },
			.message = "user and secret are for iscsi:// and rbd: images",
			.source = "nbd://h" },
		{ .backend = { .luks = "s" },
			.message = "luks cannot be given: the host does not read what is on a LUN "
				   "that is "
				   "passed through",
			.source = "/dev/sdb",
			.passthrough = true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hotslot_error error = {};

		assert_int_equal(
			backend_check(&cases[i].backend, source_kind(cases[i].source ?: "/a.img"),
				cases[i].passthrough, &error),
			-EINVAL);
		assert_string_equal(error.message, cases[i].message);
		assert_int_equal(error.code, HOTSLOT_ERROR_INVALID);
	}
}

/* ---- what is kept ---- */

#define ADDRESS "<address type='drive' controller='0' bus='0' target='1' unit='2'/>"
#define DISK(rest)                                                         \
	"<disk type='file' device='disk'><driver name='qemu' type='raw'/>" \
	"<source file='/a'/><target dev='sdb' bus='scsi'/>" rest ADDRESS "</disk>"

static void test_what_is_not_as_it_was_asked_for_is_said(void **state)
{
	static const struct {
		const char *asked, *live, *lost;
	} cases[] = {
		{ "<disk/>", "<disk/>", NULL },
		{ "<disk type='file'/>", "<disk type='file' device='disk'/>", NULL },
		{ "<disk type='file'/>", "<disk type='block'/>", "type='file' of <disk>" },
		{ "<disk type='file'/>", "<disk/>", "type='file' of <disk>" },
		{ "<disk rawio='default'/>", "<disk/>", NULL },
		{ "<disk><a n='0x1f'/></disk>", "<disk><a n='31'/></disk>", NULL },
		{ "<disk><a n='0x'/></disk>", "<disk><a n='0'/></disk>", "n='0x' of <a>" },
		{ "<disk><a n='007'/></disk>", "<disk><a n='7'/></disk>", NULL },
		{ "<disk><a n='1'/></disk>", "<disk><a n='1x'/></disk>", "n='1' of <a>" },
		{ "<disk><readonly/></disk>", "<disk/>", "<readonly>" },
		{ "<disk/>", "<disk><readonly/></disk>", NULL },
		{ "<disk><serial> x </serial></disk>", "<disk><serial>x</serial></disk>", NULL },
		{ "<disk><serial>x</serial></disk>", "<disk><serial>y</serial></disk>",
			"'x' in <serial>" },
		{ "<disk><iotune><a>5</a><b>0</b></iotune></disk>",
			"<disk><iotune><a>5</a></iotune></disk>", NULL },
		{ "<disk><iotune><a>5</a><b>1</b></iotune></disk>",
			"<disk><iotune><a>5</a></iotune></disk>", "<b>" },
		{ "<disk><source index='1' file='a'/></disk>",
			"<disk><source file='a' index='7'/></disk>", NULL },
		{ "<disk><source><host name='b'/></source></disk>",
			"<disk><source><host name='a'/><host name='b'/></source></disk>", NULL },
		{ "<disk><source><host name='c'/></source></disk>",
			"<disk><source><host name='a'/><host name='b'/></source></disk>",
			"name='c' of <host>" },
		{ "<disk><x:note xmlns:x='urn:x'/><privateData/><mirror/><!-- c --></disk>",
			"<disk/>", NULL },
		{ "<disk><transient/><driver type='raw'/><source file='a'/></disk>",
			"<disk><transient/><driver type='qcow2'/><source file='b'/></disk>", NULL },
		{ "<disk><transient/><serial>x</serial></disk>", "<disk><transient/></disk>",
			"<serial>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *asked = xml_read(cases[i].asked);
		_cleanup_xml_ xmlDoc *live = xml_read(cases[i].live);
		_cleanup_free_ char *lost = NULL;

		print_message("%s\n", cases[i].asked);
		assert_int_equal(disk_compare(xmlDocGetRootElement(asked),
					 xmlDocGetRootElement(live), &lost),
			cases[i].lost ? 1 : 0);
		if (cases[i].lost)
			assert_string_equal(lost, cases[i].lost);
	}
}

/* A witness that the comparison is of use: the test driver, too, drops a malformed alias. */
static void test_what_libvirt_drops_is_noticed(void **state)
{
	_cleanup_free_ char *kept = find_lost(DISK("<serial>s</serial>"));
	_cleanup_free_ char *lost = find_lost(DISK("<alias name='mine'/>"));

	(void)state;
	assert_null(kept);
	assert_string_equal(lost, "<alias>");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libvirt_takes_and_keeps_every_kind_of_source),
		cmocka_unit_test(test_libvirt_takes_and_keeps_how_a_disk_is_served),
		cmocka_unit_test(test_what_does_not_go_together_is_refused),
		cmocka_unit_test(test_what_is_not_as_it_was_asked_for_is_said),
		cmocka_unit_test(test_what_libvirt_drops_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
