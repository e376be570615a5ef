/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that a snapshot, a commit or a copy gives another image is the same disk; one that was
 * detached and attached again is not. On a bus that is not SCSI, the label is the place. */
#include "test.h"

#include "domain-xml.h"

/* As libvirt 9.0 writes them. */
#define SOURCE(index) "<source file='/image-" index "' index='" index "'/>"
#define BEHIND(index, more)                                                \
	"<backingStore type='file' index='" index "'><format type='raw'/>" \
	"<source file='/image-" index "'/>" more "</backingStore>"
#define END "<backingStore/>"
#define MIRROR(index) "<mirror type='file' job='copy' ready='yes'>" SOURCE(index) "</mirror>"

static struct domain_xml *parse(const char *images)
{
	_cleanup_free_ char *text = NULL;
	struct domain_xml *xml = NULL;

	assert_true(asprintf(&text,
			    "<domain type='qemu' id='7'><devices><controller type='scsi' index='0' "
			    "model='virtio-scsi'/><disk type='file' device='disk'>%s<target "
			    "dev='sda' bus='scsi'/><serial>S</serial><alias name='ua-a'/><address "
			    "type='drive' controller='0' bus='0' target='0' unit='1'/></disk>"
			    "</devices></domain>",
			    images) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	assert_int_equal(xml->n_disks, 1);
	return xml;
}

static const struct {
	const char *what, *before, *after;
	bool same;
} cases[] = {
	{ "nothing has happened", SOURCE("3") END, SOURCE("3") END, true },
	{ "a snapshot", SOURCE("3") END, SOURCE("4") BEHIND("3", END), true },
	{ "two snapshots", SOURCE("3") END, SOURCE("5") BEHIND("4", BEHIND("3", END)), true },
	{ "an active commit", SOURCE("4") BEHIND("3", END), SOURCE("3") END, true },
	{ "a pull", SOURCE("4") BEHIND("3", END), SOURCE("4") END, true },
	{ "a copy that has begun", SOURCE("3") END, SOURCE("3") END MIRROR("4"), true },
	{ "a copy that has ended", SOURCE("3") END MIRROR("4"), SOURCE("4") END, true },
	{ "the same image, attached again", SOURCE("3") END, "<source file='/image-3' index='4'/>",
		false },
	{ "another one with the same image behind it", SOURCE("4") BEHIND("3", END),
		SOURCE("6") BEHIND("5", END), false },
	{ "no numbers, one image", "<source dev='/dev/x'/>", "<source dev='/dev/x'/>", true },
	{ "no numbers, two images", "<source dev='/dev/x'/>", "<source dev='/dev/y'/>", false },
};

static void test_a_disk_is_the_same_with_another_image(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *before = parse(cases[i].before);
		_cleanup_domain_xml_ struct domain_xml *after = parse(cases[i].after);
		struct xml_disk copy;

		print_message("%s\n", cases[i].what);
		assert_int_equal(xml_disk_copy(&before->disks[0], &copy), 0);
		assert_int_equal(xml_disk_is_same(&after->disks[0], &copy), cases[i].same);
		assert_int_equal(xml_disk_is_same(&copy, &after->disks[0]), cases[i].same);
		xml_disk_done(&copy);
	}
}

static void test_a_disk_of_another_bus_is_the_same_under_its_label(void **state)
{
	const struct xml_disk disk = { .source = (char *)"/y", .target_dev = (char *)"vdb" };
	struct xml_disk other = disk;

	(void)state;
	assert_true(xml_disk_is_same(&disk, &other));
	other.target_dev = (char *)"vdc";
	assert_false(xml_disk_is_same(&disk, &other));
	other = disk;
	other.source = (char *)"/z";
	assert_false(xml_disk_is_same(&disk, &other));
	other = disk;
	other.scsi = true;
	assert_false(xml_disk_is_same(&disk, &other));
	assert_false(xml_disk_is_same(&other, &disk));
}

static void test_every_image_is_known_and_what_is_behind_another(void **state)
{
	static const struct {
		const char *source;
		bool behind;
	} images[] = { { "/image-5", false }, { "/image-4", true }, { "/image-3", true },
		{ "/image-6", false } };
	_cleanup_domain_xml_ struct domain_xml *xml =
		parse(SOURCE("5") BEHIND("4", BEHIND("3", END)) MIRROR("6"));
	struct xml_disk copy;

	(void)state;
	assert_int_equal(xml_disk_copy(&xml->disks[0], &copy), 0);
	assert_int_equal(copy.chain.n_images, ARRAY_SIZE(images));
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		assert_string_equal(copy.chain.images[i].source, images[i].source);
		assert_int_equal(copy.chain.images[i].behind, images[i].behind);
	}
	assert_true(disk_chain_has(&copy.chain, 3));
	assert_false(disk_chain_has(&copy.chain, 7));
	xml_disk_done(&copy);
}

static void test_a_number_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = { "<source file='/a' index='x'/>",
		"<source file='/a' index='1'/>" BEHIND("-1", END),
		"<source file='/a'/><mirror><source file='/b' index='99999999999'/></mirror>" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *text = NULL;
		struct domain_xml *xml = NULL;

		assert_true(asprintf(&text, "<domain><devices><disk>%s</disk></devices></domain>",
				    bad[i]) > 0);
		assert_int_equal(domain_xml_parse(text, &xml), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_is_the_same_with_another_image),
		cmocka_unit_test(test_a_disk_of_another_bus_is_the_same_under_its_label),
		cmocka_unit_test(test_every_image_is_known_and_what_is_behind_another),
		cmocka_unit_test(test_a_number_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
