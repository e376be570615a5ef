/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What udev's rule is told of a new disk, and what it has to ask hotslot-id for. */
#include "guest.h"

#include <sys/file.h>

#include "claim.h"
#include "foretell.h"

struct oracle {
	struct guest *guest;
	struct foretell foretell;
};

static int set_up(void **state)
{
	static struct oracle oracle;
	void *guest;
	int r = set_up_guest(&guest);

	oracle.guest = guest;
	if (r == 0)
		assert_int_equal(foretell_open(&oracle.foretell, &oracle.guest->tracker), 0);
	*state = &oracle;
	return r;
}

static int tear_down(void **state)
{
	struct oracle *oracle = *state;
	void *guest = oracle->guest;

	foretell_close(&oracle->foretell);
	return tear_down_guest(&guest);
}

static void put(struct oracle *oracle, const char *devpath, const char *number, const char *serial)
{
	struct guest *guest = oracle->guest;

	put_guest_disk(guest, devpath, number);
	put_attribute(&guest->machine, devpath, "diskseq", "7");
	put_guest_serial(guest, devpath, serial);
}

static void hear(struct oracle *oracle, const char *devpath, uint64_t seqnum)
{
	foretell_arrival(&oracle->foretell,
		&(struct uevent){ .devpath = devpath, .seqnum = seqnum, .diskseq = 7 });
}

/* What is told of a uevent; NULL: nothing. */
static const char *told(const struct oracle *oracle, const char *seqnum)
{
	static char text[512];
	_cleanup_close_ int fd = openat(oracle->foretell.directory, seqnum, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return fd < 0 ? NULL : text;
}

#define ALL                                                                         \
	"HOTSLOT_STATUS=slotted\nHOTSLOT_SLOT=3\nHOTSLOT_CONTROLLER=0000:00:03.0\n" \
	"HOTSLOT_TARGET=0\nHOTSLOT_LUN=3\nHOTSLOT_SERIAL=vol-7\n"

static void test_a_new_disk_is_told_as_the_helper_prints_it(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	hear(oracle, "/" SDA, 41);
	assert_null(told(oracle, "40"));
	assert_string_equal(told(oracle, "41"), ALL "HOTSLOT_BY_SERIAL=1\n");
}

static void test_what_udevd_has_handled_is_taken_back(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	hear(oracle, "/" SDA, 41);
	hear(oracle, "/" SDA, 42);
	foretell_handled(&oracle->foretell, 41);
	assert_non_null(told(oracle, "41"));
	foretell_continue(&oracle->foretell);
	assert_null(told(oracle, "41"));
	assert_non_null(told(oracle, "42"));
}

static void test_who_has_not_got_the_name_is_told_so(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	put(oracle, SDC, "8:32", "vol-7");
	hear(oracle, "/" SDC, 41);
	hear(oracle, "/" SDA, 42);
	assert_string_equal(told(oracle, "42"), ALL);
}

static void test_another_disk_than_the_uevent_is_of_is_left_to_the_helper(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	put_attribute(&oracle->guest->machine, SDA, "diskseq", "8");
	hear(oracle, "/" SDA, 41);
	assert_null(told(oracle, "41"));
	hear(oracle, "/" SDD, 42); /* gone */
	assert_null(told(oracle, "42"));
}

static void test_a_disk_that_is_known_is_left_to_the_helper(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	guest_look(oracle->guest, SDA);
	hear(oracle, "/" SDA, 41);
	assert_null(told(oracle, "41"));
}

static void test_a_disk_that_may_be_the_systems_is_left_to_the_helper(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	oracle->guest->tracker.identity.system.undecided = true;
	hear(oracle, "/" SDA, 41);
	assert_null(told(oracle, "41"));
}

static void test_nobody_is_waited_for(void **state)
{
	struct oracle *oracle = *state;
	_cleanup_close_ int claims = -1;

	put(oracle, SDA, "8:0", "vol-7");
	assert_int_equal(mkdirat(oracle->foretell.run, CLAIMS_DIRECTORY, 0755), 0);
	claims = openat(oracle->foretell.run, CLAIMS_DIRECTORY, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(claims, LOCK_EX), 0);
	hear(oracle, "/" SDA, 41);
	assert_null(told(oracle, "41"));
	assert_int_equal(flock(claims, LOCK_UN), 0);
	hear(oracle, "/" SDA, 42);
	assert_non_null(told(oracle, "42"));
}

static void test_a_disk_of_the_agents_own_is_told_once_it_is_answered(void **state)
{
	struct oracle *oracle = *state;
	struct guest *guest = oracle->guest;
	const struct entry *entry;

	put(oracle, SDA, "8:0", "vol-7");
	guest_look(guest, SDA);
	entry = inventory_find_place(&guest->tracker.inventory, 3);
	assert_non_null(entry);
	foretell_disk(&oracle->foretell, 41, &entry->disk);
	assert_null(told(oracle, "41"));
	foretell_continue(&oracle->foretell);
	assert_string_equal(told(oracle, "41"), ALL);
}

static void test_the_oldest_are_taken_back(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	for (uint64_t seqnum = 1; seqnum <= FORETOLD_MAX + 1; seqnum++)
		hear(oracle, "/" SDA, seqnum);
	assert_null(told(oracle, "1"));
	assert_non_null(told(oracle, "2"));
}

static void test_what_another_agent_has_told_is_taken_back(void **state)
{
	struct oracle *oracle = *state;

	put(oracle, SDA, "8:0", "vol-7");
	hear(oracle, "/" SDA, 41);
	foretell_close(&oracle->foretell);
	assert_int_equal(foretell_open(&oracle->foretell, &oracle->guest->tracker), 0);
	assert_null(told(oracle, "41"));
}

#define ORACLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ORACLE_TEST(test_a_new_disk_is_told_as_the_helper_prints_it),
		ORACLE_TEST(test_what_udevd_has_handled_is_taken_back),
		ORACLE_TEST(test_who_has_not_got_the_name_is_told_so),
		ORACLE_TEST(test_another_disk_than_the_uevent_is_of_is_left_to_the_helper),
		ORACLE_TEST(test_a_disk_that_is_known_is_left_to_the_helper),
		ORACLE_TEST(test_a_disk_that_may_be_the_systems_is_left_to_the_helper),
		ORACLE_TEST(test_nobody_is_waited_for),
		ORACLE_TEST(test_a_disk_of_the_agents_own_is_told_once_it_is_answered),
		ORACLE_TEST(test_the_oldest_are_taken_back),
		ORACLE_TEST(test_what_another_agent_has_told_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
