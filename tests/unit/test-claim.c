/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/claim.h: of several disks with one serial, the first one has its name. */
#include "machine.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "claim.h"
#include "identity.h"
#include "util.h"

#define HOST "devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:0/"
#define SDA HOST "2:0:0:0/block/sda"
#define SDB HOST "2:0:0:1/block/sdb"

static struct machine machine;
static int run_directory;

static struct disk disk_of(unsigned minor, uint64_t diskseq)
{
	return (struct disk){ .devnum = makedev(8, minor), .diskseq = diskseq, .serial = "vol-7" };
}

static int set_up(void **state)
{
	(void)state;
	make_machine(&machine);
	put_disk(&machine, SDA, "8:0");
	put_attribute(&machine, SDA, "diskseq", "1");
	put_serial_page(&machine, SDA, "vol-7", 5, 5);
	put_attribute(&machine, SDA, "uevent", "");
	put_disk(&machine, SDB, "8:16");
	put_attribute(&machine, SDB, "diskseq", "2");
	put_serial_page(&machine, SDB, "vol-7", 5, 5);
	put_attribute(&machine, SDB, "uevent", "");
	run_directory = open(machine.tree.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(run_directory >= 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(run_directory);
	remove_machine(&machine);
	return 0;
}

static void test_the_first_disk_keeps_the_name(void **state)
{
	struct disk first = disk_of(0, 1), second = disk_of(16, 2);

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
		assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_TAKEN);
	}
}

static void test_the_name_is_free_when_the_first_disk_is_gone(void **state)
{
	struct disk first = disk_of(0, 1), second = disk_of(16, 2);

	(void)state;
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	/* Another disk under the same number. */
	put_attribute(&machine, SDA, "diskseq", "3");
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_HELD);
	first.diskseq = 3;
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_TAKEN);
}

static void test_a_claim_that_makes_no_sense_is_replaced(void **state)
{
	struct disk first = disk_of(0, 1);
	int fd;

	(void)state;
	assert_int_equal(mkdirat(run_directory, CLAIMS_DIRECTORY, 0755), 0);
	fd = openat(run_directory, CLAIMS_DIRECTORY "/vol-7", O_WRONLY | O_CREAT, 0644);
	assert_int_equal(write(fd, "nonsense\n", 9), 9);
	close(fd);
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
}

static void test_whoever_waits_is_looked_at_again_once(void **state)
{
	struct disk first = disk_of(0, 1), second = disk_of(16, 2);
	char text[16];

	(void)state;
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	assert_int_equal(claim_pass_on(run_directory, &machine.view), 0);
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_TAKEN);
	/* Whoever has it is still there. */
	assert_int_equal(claim_pass_on(run_directory, &machine.view), 0);
	assert_int_equal(faccessat(run_directory, CLAIMS_WANTED_DIRECTORY "/vol-7", F_OK, 0), 0);
	/* Another disk under its number. Both have the serial; an event more does no harm. */
	put_attribute(&machine, SDA, "diskseq", "3");
	assert_int_equal(claim_pass_on(run_directory, &machine.view), 2);
	assert_int_equal(faccessat(run_directory, CLAIMS_WANTED_DIRECTORY, F_OK, 0), -1);
	assert_int_equal(read_attr_at(machine.view.sys, SDB "/uevent", text, sizeof(text)), 0);
	assert_string_equal(text, "change");
	assert_int_equal(claim_pass_on(run_directory, &machine.view), 0);
}

static void put_serial(const char *devpath, const char *serial)
{
	put_serial_page(&machine, devpath, serial, strlen(serial), (unsigned)strlen(serial));
}

static void test_a_disk_that_has_another_serial_passes_its_first_name_on(void **state)
{
	struct disk first = disk_of(0, 1), second = disk_of(16, 2);
	char text[16];

	(void)state;
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_TAKEN);
	strcpy(first.serial, "vol-8");
	put_serial(SDA, "vol-8");
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	assert_int_equal(read_attr_at(machine.view.sys, SDB "/uevent", text, sizeof(text)), 0);
	assert_string_equal(text, "change");
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_HELD);
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	/* And back: it is somebody else's by now. */
	strcpy(first.serial, "vol-7");
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_TAKEN);
	strcpy(second.serial, "vol-8");
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_HELD);
}

static void test_a_disk_that_may_have_no_name_passes_it_on(void **state)
{
	struct disk first = disk_of(0, 1), second = disk_of(16, 2);

	(void)state;
	assert_int_equal(claim_drop(run_directory, &machine.view, &first), 0);
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	assert_int_equal(claim_drop(run_directory, &machine.view, &second), 0);
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_TAKEN);
	/* What is hidden has no disk sequence number. */
	first.diskseq = 0;
	assert_int_equal(claim_drop(run_directory, &machine.view, &first), 0);
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_HELD);
}

/* The holder goes between the look at it and the mark: in place of its disk sequence number there
 * is a pipe, which tells it once and is gone then. */
static void test_who_goes_before_somebody_waits_is_succeeded(void **state)
{
	struct disk first = disk_of(0, 1), second = disk_of(16, 2);
	static const char path[] = "sys/" SDA "/diskseq";
	int status;

	(void)state;
	assert_int_equal(claim_serial(run_directory, &machine.view, &first), CLAIM_HELD);
	assert_int_equal(unlinkat(machine.tree.fd, path, 0), 0);
	assert_int_equal(mkfifoat(machine.tree.fd, path, 0600), 0);
	if (fork() == 0) {
		/* Each reader opens it anew: to the first one it is there, to the next one gone. */
		int fd = openat(machine.tree.fd, path, O_WRONLY);
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", machine.tree.path, path);
		if (fd < 0 || unlink(file) < 0 || write(fd, "1\n", 2) != 2)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(claim_serial(run_directory, &machine.view, &second), CLAIM_HELD);
	assert_true(wait(&status) > 0 && status == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_the_first_disk_keeps_the_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_name_is_free_when_the_first_disk_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_claim_that_makes_no_sense_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_whoever_waits_is_looked_at_again_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_disk_that_has_another_serial_passes_its_first_name_on, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_disk_that_may_have_no_name_passes_it_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_who_goes_before_somebody_waits_is_succeeded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
