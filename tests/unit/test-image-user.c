/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may have an image that another disk has. */
#include "test.h"

#include "image-user.h"

#define NBD "nbd://h:10809/e"
#define DISK(images, more)                                                                    \
	"<domain type='qemu' id='7'><devices><disk type='network' device='disk'>" images more \
	"<target dev='sda' bus='scsi'/><alias name='ua-a'/></disk></devices></domain>"
#define E "<source protocol='nbd' name='e'><host name='h' port='10809'/></source>"
#define F "<source protocol='nbd' name='f'><host name='h' port='10809'/></source>"
#define BEHIND(source) "<backingStore type='network'>" source "</backingStore>"

static const struct {
	const char *what, *xml;
	const char *path, *own;
	bool network, read_only, shared;
	bool allowed;
} cases[] = {
	{ "another image", DISK(F, ""), .path = NBD, .network = true, .allowed = true },
	{ "two writers", DISK(E, ""), .path = NBD, .network = true, .allowed = false },
	{ "one writer", DISK(E, "<readonly/>"), .path = NBD, .network = true, .allowed = false },
	{ "another writer", DISK(E, ""), .path = NBD, .network = true, .read_only = true,
		.allowed = false },
	{ "two readers", DISK(E, "<readonly/>"), .path = NBD, .network = true, .read_only = true,
		.allowed = true },
	{ "one that shares", DISK(E, "<shareable/>"), .path = NBD, .network = true,
		.allowed = false },
	{ "another that shares", DISK(E, ""), .path = NBD, .network = true, .shared = true,
		.allowed = false },
	{ "two that share", DISK(E, "<shareable/>"), .path = NBD, .network = true, .shared = true,
		.allowed = true },
	{ "a writer to what is behind", DISK(F, BEHIND(E)), .path = NBD, .network = true,
		.allowed = false },
	{ "a reader of what is behind", DISK(F, BEHIND(E)), .path = NBD, .network = true,
		.read_only = true, .allowed = true },
	{ "a mirror", DISK(F, "<mirror type='network' job='copy'>" E "</mirror>"), .path = NBD,
		.network = true, .read_only = true, .allowed = false },
	{ "itself", DISK(E, ""), .path = NBD, .own = "ua-a", .network = true, .allowed = true },
	{ "another of two", DISK(E, ""), .path = NBD, .own = "ua-b", .network = true,
		.allowed = false },
	{ "a file, which QEMU locks", DISK("<source file='/a'/>", ""), .path = "/a",
		.allowed = true },
	{ "a server of another kind",
		DISK("<source protocol='ssh' name='/a'><host name='h'/></source>", ""),
		.path = "ssh://h/a", .network = true, .allowed = false },
	{ "a host that is not told", DISK("<source protocol='ssh' name='/a'/>", ""),
		.path = "ssh:/a", .network = true, .allowed = true },
};

static void test_what_nothing_guards_is_one_disks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = NULL;
		struct hotslot_error error = {};
		const struct image image = {
			.path = (char *)cases[i].path,
			.network = cases[i].network,
			.read_only = cases[i].read_only,
			.shared = cases[i].shared,
		};
		int r;

		print_message("%s\n", cases[i].what);
		assert_int_equal(domain_xml_parse(cases[i].xml, &xml), 0);
		r = image_check_disks(NULL, &image, xml, "vm", cases[i].own, &error);
		assert_int_equal(r == 0, cases[i].allowed);
		if (cases[i].allowed)
			continue;
		assert_int_equal(error.code, HOTSLOT_ERROR_IMAGE_IN_USE);
		assert_memory_equal(error.message, "Image ", strlen("Image "));
		assert_string_equal(strstr(error.message, " is in use"),
			" is in use by domain vm, as ua-a; only disks that are read-only or "
			"shareable can share one");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_nothing_guards_is_one_disks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
