/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/place.h: where a disk is, by its path. */
#include "test.h"

#include "place.h"

#define CONTROLLER "devices/pci0000:00/0000:00:03.0/virtio0"

static void check_place(
	const char *path, const char *controller, const char *name, uint32_t target, uint32_t lun)
{
	struct place place;

	assert_int_equal(place_parse(path, &place), PLACE_VIRTIO_SCSI);
	assert_string_equal(place.controller, controller);
	assert_string_equal(place.name, name);
	assert_int_equal(place.channel, 0);
	assert_int_equal(place.target, target);
	assert_int_equal(place.lun, lun);
}

static void check_result(const char *path, int result)
{
	struct place place = { .target = 4711 };

	assert_int_equal(place_parse(path, &place), result);
	assert_int_equal(place.target, 4711);
}

static void test_a_disk_has_controller_target_and_lun(void **state)
{
	(void)state;
	check_place(
		"/" CONTROLLER "/host2/target2:0:5/2:0:5:7/block/sda", "0000:00:03.0", "sda", 5, 7);
	check_place(CONTROLLER "/host2/target2:0:5/2:0:5:7/block/sda", "0000:00:03.0", "sda", 5, 7);
	check_place(CONTROLLER "/host12/target12:0:255/12:0:255:0/block/sdzz", "0000:00:03.0",
		"sdzz", 255, 0);
}

static void test_a_controller_behind_bridges_has_them_in_its_name(void **state)
{
	(void)state;
	check_place("devices/pci0000:00/0000:00:02.0/0000:01:00.0/0000:02:01.0/virtio3/host0/"
		    "target0:0:0/0:0:0:1/block/sdb",
		"0000:00:02.0/0000:01:00.0/0000:02:01.0", "sdb", 0, 1);
}

static void test_the_host_number_is_no_part_of_a_place(void **state)
{
	struct place a, b;

	(void)state;
	place_parse(CONTROLLER "/host0/target0:0:1/0:0:1:2/block/sda", &a);
	place_parse(CONTROLLER "/host9/target9:0:1/9:0:1:2/block/sda", &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void test_linux_shows_luns_from_256_on_as_16384_more(void **state)
{
	(void)state;
	check_place(
		CONTROLLER "/host0/target0:0:0/0:0:0:255/block/sda", "0000:00:03.0", "sda", 0, 255);
	check_place(CONTROLLER "/host0/target0:0:0/0:0:0:16640/block/sda", "0000:00:03.0", "sda", 0,
		256);
	check_place(CONTROLLER "/host0/target0:0:0/0:0:0:17187/block/sda", "0000:00:03.0", "sda", 0,
		803);
	check_place(CONTROLLER "/host0/target0:0:0/0:0:0:32767/block/sda", "0000:00:03.0", "sda", 0,
		16383);
}

static void test_other_devices_are_elsewhere(void **state)
{
	(void)state;
	check_result("devices/virtual/block/loop0", PLACE_ELSEWHERE);
	check_result("devices/pci0000:00/0000:00:04.0/virtio1/block/vda", PLACE_ELSEWHERE);
	check_result("devices/pci0000:00/0000:00:01.1/ata1/host0/target0:0:0/0:0:0:0/block/sda",
		PLACE_ELSEWHERE);
	check_result("devices/pci0000:00/0000:00:05.0/host2/target2:0:0/2:0:0:0/block/sda",
		PLACE_ELSEWHERE);
	check_result("", PLACE_ELSEWHERE);
	check_result("/", PLACE_ELSEWHERE);
	/* A tape drive's or a partition's path ends otherwise. */
	check_result(CONTROLLER "/host2/target2:0:5/2:0:5:7/block/sda/sda1", PLACE_ELSEWHERE);
}

static void test_a_malformed_path_is_an_error(void **state)
{
	static const char *const ends[] = { "host2/target2:0:5/2:0:5/block/sda",
		"host2/target2:0:5/2:0:5:/block/sda", "host2/target2:0:5/2:0:5:7:9/block/sda",
		"host2/target2:0:5/2:0:5:x/block/sda", "host2/target2:0:5/2:0:-5:7/block/sda",
		"host2/target2:0:5/2:0:99999999999:7/block/sda",
		"host2/target2:0:5/2:0:5:7/scsi_tape/st0",
		"host2/target2:0:5/2:0:5:7/block/a-name-of-more-than-thirty-one-bytes" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), CONTROLLER "/%s", ends[i]);
		check_result(path, -EINVAL);
	}
}

static void test_a_controller_has_a_name(void **state)
{
	static const struct {
		const char *path;
		int result;
		const char *name;
	} table[] = {
		{ CONTROLLER, 0, "0000:00:03.0" },
		{ "/" CONTROLLER, 0, "0000:00:03.0" },
		{ "devices/pci0000:00/0000:00:02.0/0000:01:00.0/virtio12", 0,
			"0000:00:02.0/0000:01:00.0" },
		{ "devices/platform/a003e00.virtio_mmio/virtio0", 0,
			"platform/a003e00.virtio_mmio" },
		{ "devices/pci0000:00/0000:00:03.0", -EINVAL, NULL },
		{ "devices/pci0000:00/0000:00:03.0/virtio", -EINVAL, NULL },
		{ "devices/pci0000:00/0000:00:03.0/virtiox", -EINVAL, NULL },
		{ "devices/pci0000:00/virtio0", -EINVAL, NULL },
		{ "class/pci0000:00/0000:00:03.0/virtio0", -EINVAL, NULL },
		{ "virtio0", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
		{ "devices/pci0000:00/0000:00:02.0/0000:01:00.0/0000:02:00.0/virtio1", -E2BIG,
			NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char name[32] = "before";

		assert_int_equal(
			place_parse_controller(table[i].path, name, sizeof(name)), table[i].result);
		assert_string_equal(name, table[i].name ? table[i].name : "before");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_has_controller_target_and_lun),
		cmocka_unit_test(test_a_controller_behind_bridges_has_them_in_its_name),
		cmocka_unit_test(test_the_host_number_is_no_part_of_a_place),
		cmocka_unit_test(test_linux_shows_luns_from_256_on_as_16384_more),
		cmocka_unit_test(test_other_devices_are_elsewhere),
		cmocka_unit_test(test_a_malformed_path_is_an_error),
		cmocka_unit_test(test_a_controller_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
