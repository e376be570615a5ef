/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/tracker-doubt.c: the agent while it has no descriptors left, and after that. */
#include "guest.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "agent-process.h"
#include "presence.h"

static void drop_frame(struct guest *guest)
{
	json_decref(hear_guest(guest));
}

static void set_limit(rlim_t n)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Returns what the limit was. */
static rlim_t begin_shortage(void)
{
	struct rlimit limit;
	int lowest;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	lowest = dup(STDIN_FILENO);
	assert_true(lowest >= 0);
	close(lowest);
	set_limit((rlim_t)lowest);
	return limit.rlim_cur;
}

/* Returns what the limit was: there are N descriptors and no more. */
static rlim_t begin_shortage_but(int n)
{
	int held[8];
	rlim_t before;

	for (int i = 0; i < n; i++)
		assert_true((held[i] = dup(STDIN_FILENO)) >= 0);
	before = begin_shortage();
	for (int i = 0; i < n; i++)
		close(held[i]);
	return before;
}

static bool is_sure(struct guest *guest)
{
	return guest->tracker.doubt.error == 0;
}

/* Its time has come to look again. */
static void look_again(struct guest *guest)
{
	assert_true(tracker_deadline(&guest->tracker) > now_ms());
	assert_true(tracker_deadline(&guest->tracker) < now_ms() + 60000);
	guest->tracker.doubt.look_at = now_ms();
	run_guest_until(guest, is_sure);
	assert_int_equal(tracker_deadline(&guest->tracker), UINT64_MAX);
}

static void put_sda(struct guest *guest)
{
	put_guest_disk(guest, SDA, "8:0");
	guest_look(guest, SDA);
	drop_frame(guest);
}

static void test_looking_at_all_disks_forgets_none(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	put_sda(guest);
	limit = begin_shortage();
	tracker_rescan(&guest->tracker);
	set_limit(limit);
	assert_int_equal(guest->tracker.inventory.n, 1);
	look_again(guest);
	assert_int_equal(guest->tracker.inventory.n, 1);
	assert_int_equal(
		faccessat(guest->machine.tree.fd, "dev/disk/by-slot/3", F_OK, AT_SYMLINK_NOFOLLOW),
		0);
	ask(guest, "disks", "{}");
	check_frame(guest, "return", "hidden", "{\"places\":[],\"undecided\":false}");
}

static void test_looking_at_one_disk_does_not_forget_it(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	put_sda(guest);
	limit = begin_shortage();
	guest_look(guest, SDA);
	set_limit(limit);
	assert_int_equal(guest->tracker.inventory.n, 1);
	look_again(guest);
}

static void test_a_disk_that_comes_meanwhile_is_taken_up_afterwards(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	put_guest_disk(guest, SDA, "8:0");
	limit = begin_shortage();
	guest_look(guest, SDA);
	set_limit(limit);
	assert_int_equal(guest->tracker.inventory.n, 0);
	look_again(guest);
	check_frame(guest, "event", "slot", "3");
}

static void test_a_disk_that_goes_meanwhile_is_forgotten_afterwards(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	put_sda(guest);
	remove_attribute(&guest->machine, SDA, "diskseq");
	limit = begin_shortage();
	tracker_rescan(&guest->tracker);
	set_limit(limit);
	assert_int_equal(guest->tracker.inventory.n, 1);
	look_again(guest);
	check_frame(guest, "event", "slot", "3");
	assert_int_equal(guest->tracker.inventory.n, 0);
}

static void check_no_release(struct guest *guest, const char *arguments)
{
	rlim_t limit = begin_shortage();

	ask(guest, "release", arguments);
	check_frame(guest, "error", "class", "\"InternalError\"");
	set_limit(limit);
}

static void test_no_disk_is_said_to_be_gone(void **state)
{
	struct guest *guest = *state;

	put_sda(guest);
	check_no_release(guest, "{\"slot\":3}");
	check_no_release(guest, "{\"slot\":3,\"force\":true}");
	check_no_release(guest, "{\"slot\":4}");
	assert_int_equal(guest->tracker.inventory.n, 1);
	/* What it was in doubt of it looks at first. */
	ask(guest, "release", "{\"slot\":4}");
	check_frame(guest, "return", "state", "\"gone\"");
	assert_true(is_sure(guest));
}

static void test_a_disk_that_could_not_be_read_when_it_came_is_not_gone(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	put_guest_disk(guest, SDA, "8:0");
	limit = begin_shortage();
	guest_look(guest, SDA);
	ask(guest, "release", "{\"slot\":3}");
	check_frame(guest, "error", "class", "\"InternalError\"");
	set_limit(limit);
}

/* Its partitions are deeper in sysfs than what says who it is. */
static void test_a_disk_that_is_not_taken_up_as_yet_is_not_gone(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	put_guest_disk(guest, SDA, "8:0");
	put_attribute(&guest->machine, SDA "/sda1", "partition", "1");
	limit = begin_shortage_but(2);
	guest_look(guest, SDA);
	set_limit(limit);
	/* One more for the list of all disks. */
	begin_shortage_but(3);
	ask(guest, "release", "{\"slot\":3}");
	check_frame(guest, "error", "class", "\"InternalError\"");
	set_limit(limit);
	assert_int_equal(guest->tracker.inventory.n, 0);
}

static void put_on(struct guest *guest, const char *devpath, const char *devnum, const char *member)
{
	put_block(&guest->machine, devpath, devnum);
	put_member(&guest->machine, devpath, "slaves", member);
}

/* A descriptor for each of the layers that the root stands on, and so more than for a disk. */
static rlim_t begin_shortage_at_the_root(struct guest *guest)
{
	put_guest_disk(guest, SDC, "8:32");
	put_on(guest, "devices/virtual/block/dm-0", "253:0", SDC);
	put_on(guest, "devices/virtual/block/dm-1", "253:1", "devices/virtual/block/dm-0");
	put_on(guest, "devices/virtual/block/dm-2", "253:2", "devices/virtual/block/dm-1");
	put_on(guest, "devices/virtual/block/dm-3", "253:3", "devices/virtual/block/dm-2");
	put_on(guest, "devices/virtual/block/dm-4", "253:4", "devices/virtual/block/dm-3");
	put_mounts(&guest->machine, "1 1 253:4 / / rw - ext4 /dev/dm-4 rw\n");
	tracker_rescan(&guest->tracker);
	put_sda(guest);
	return begin_shortage_but(4);
}

static void test_disks_are_not_hidden_as_the_root_cannot_be_looked_at(void **state)
{
	struct guest *guest = *state;
	rlim_t limit = begin_shortage_at_the_root(guest);

	tracker_judge(&guest->tracker);
	tracker_rescan(&guest->tracker);
	assert_int_equal(guest->tracker.inventory.n, 1);
	put_disk(&guest->machine, SDB, "8:16");
	guest_look(guest, SDB);
	assert_int_equal(guest->tracker.inventory.n, 1);
	/* The root may have grown onto it. */
	ask(guest, "release", "{\"slot\":3,\"force\":true}");
	check_frame(guest, "error", "class", "\"InternalError\"");
	set_limit(limit);
	look_again(guest);
	assert_int_equal(guest->tracker.inventory.n, 2);
}

static void test_what_is_hidden_is_undecided_meanwhile(void **state)
{
	struct guest *guest = *state;
	rlim_t limit = begin_shortage();

	ask(guest, "disks", "{}");
	check_frame(guest, "return", "hidden", "{\"places\":[],\"undecided\":true}");
	set_limit(limit);
}

static void test_an_agent_that_starts_without_descriptors_decides_later(void **state)
{
	struct guest *guest = *state;
	rlim_t limit;

	guest->tracker.settled = false;
	put_guest_disk(guest, SDA, "8:0");
	limit = begin_shortage();
	tracker_rescan(&guest->tracker);
	assert_true(guest->tracker.identity.system.undecided);
	set_limit(limit);
	look_again(guest);
	assert_false(guest->tracker.identity.system.undecided);
	check_frame(guest, "event", "slot", "3");
}

/* Nobody looks again at what no descriptor would help. */
static void test_a_root_that_does_not_tell_is_not_asked_again(void **state)
{
	struct guest *guest = *state;

	put_mounts(&guest->machine, "1 0 8:99 / / rw - ext4 /dev/nowhere rw\n");
	tracker_rescan(&guest->tracker);
	assert_true(guest->tracker.identity.system.undecided);
	assert_int_equal(tracker_deadline(&guest->tracker), UINT64_MAX);
}

static void test_partitions_that_cannot_be_read_stay(void **state)
{
	struct guest *guest = *state;
	struct partition *partitions = NULL;
	rlim_t limit;
	size_t n = 7;

	put_disk(&guest->machine, SDA, "8:0");
	put_attribute(&guest->machine, SDA "/sda1", "partition", "1");
	limit = begin_shortage_but(1); /* for the disk's directory */
	assert_int_equal(disk_read_partitions(&guest->tracker.view, SDA, &partitions, &n), -EMFILE);
	set_limit(limit);
	assert_int_equal(n, 7);
}

static void test_a_disk_that_is_void_is_not_taken_to_have_gone(void **state)
{
	struct guest *guest = *state;
	struct voids *voids = &guest->tracker.voids;
	int sys = guest->tracker.view.sys;
	rlim_t limit;

	put_disk(&guest->machine, SDA, "8:0");
	voids_add(voids, 3, makedev(8, 0), 1);
	limit = begin_shortage();
	voids_prune(voids, sys);
	set_limit(limit);
	assert_true(voids_has_place(voids, 3));
	voids_add(voids, 4, makedev(8, 16), 1);
	voids_prune(voids, sys);
	assert_false(voids_has_place(voids, 4));
}

/* ---- the program ---- */

static bool may_raise_limit(rlim_t by)
{
	struct rlimit limit, more;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	more = limit;
	more.rlim_max += by;
	return setrlimit(RLIMIT_NOFILE, &more) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int set_up_agent_with_few(void **state)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1024, 4096 }), 0);
	return set_up_agent(state);
}

/* It is the last: without the right to, this process cannot raise its own limit again either. */
static void test_the_agent_raises_its_limit_as_far_as_it_may(void **state)
{
	struct agent *agent = *state;
	struct rlimit limit;

	say(agent, "{\"execute\":\"hello\",\"arguments\":{\"nonce\":\"0123456789abcdef\","
		   "\"versions\":[1]}}");
	json_decref(hear(agent));
	assert_int_equal(prlimit(agent->pid, RLIMIT_NOFILE, NULL, &limit), 0);
	assert_int_equal(limit.rlim_cur, limit.rlim_max);
	if (may_raise_limit(1))
		assert_true(limit.rlim_max >= 3 * 65280);
	else
		assert_int_equal(limit.rlim_max, 4096);
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_looking_at_all_disks_forgets_none),
		GUEST_TEST(test_looking_at_one_disk_does_not_forget_it),
		GUEST_TEST(test_a_disk_that_comes_meanwhile_is_taken_up_afterwards),
		GUEST_TEST(test_a_disk_that_goes_meanwhile_is_forgotten_afterwards),
		GUEST_TEST(test_no_disk_is_said_to_be_gone),
		GUEST_TEST(test_a_disk_that_could_not_be_read_when_it_came_is_not_gone),
		GUEST_TEST(test_a_disk_that_is_not_taken_up_as_yet_is_not_gone),
		GUEST_TEST(test_disks_are_not_hidden_as_the_root_cannot_be_looked_at),
		GUEST_TEST(test_what_is_hidden_is_undecided_meanwhile),
		GUEST_TEST(test_an_agent_that_starts_without_descriptors_decides_later),
		GUEST_TEST(test_a_root_that_does_not_tell_is_not_asked_again),
		GUEST_TEST(test_partitions_that_cannot_be_read_stay),
		GUEST_TEST(test_a_disk_that_is_void_is_not_taken_to_have_gone),
		cmocka_unit_test_setup_teardown(test_the_agent_raises_its_limit_as_far_as_it_may,
			set_up_agent_with_few, tear_down_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
