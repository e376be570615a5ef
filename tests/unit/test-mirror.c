/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mirror beside an agent that comes to know disks: agent/daemon/tracker-links.c. */
#include "guest.h"

#include <sys/sysmacros.h>

/* Slot 7. */
#define OTHER CONTROLLER "/host2/target2:0:0/2:0:0:7/block/sda"

static void add_mirror(struct guest *guest)
{
	char path[PATH_MAX];

	mkdirat(guest->machine.tree.fd, "mirror", 0755);
	snprintf(path, sizeof(path), "%s/mirror", guest->machine.tree.path);
	assert_int_equal(links_add_mirror(&guest->tracker.links, path), 0);
}

static bool exists(struct guest *guest, const char *path)
{
	return faccessat(guest->machine.tree.fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void move(struct guest *guest, const char *from, const char *to)
{
	assert_int_equal(renameat(guest->machine.tree.fd, from, guest->machine.tree.fd, to), 0);
}

static void check_link(struct guest *guest, const char *path, const char *expected)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(guest->machine.tree.fd, path, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	assert_string_equal(text, expected);
}

static void test_a_disk_that_has_the_name_of_one_that_is_gone_keeps_its_node(void **state)
{
	struct guest *guest = *state;

	add_mirror(guest);
	put_guest_disk(guest, SDA, "8:0");
	put_guest_serial(guest, SDA, "same");
	guest_look(guest, SDA);
	/* Both events are lost. */
	move(guest, "sys/" SDA, "gone");
	assert_int_equal(unlinkat(guest->machine.tree.fd, "sys/class/block/sda", 0), 0);
	assert_int_equal(unlinkat(guest->machine.tree.fd, "sys/dev/block/8:0", 0), 0);
	assert_int_equal(unlinkat(guest->machine.tree.fd, "dev/sda", 0), 0);
	put_guest_disk(guest, OTHER, "8:0");
	put_guest_serial(guest, OTHER, "same");
	put_attribute(&guest->machine, OTHER, "diskseq", "10");
	tracker_rescan(&guest->tracker);
	assert_true(exists(guest, "mirror/sda"));
	assert_false(exists(guest, "mirror/disk/by-slot/3"));
	check_link(guest, "mirror/disk/by-slot/7", "../../sda");
	check_link(guest, "mirror/disk/by-serial/same", "../../sda");
	assert_int_equal(guest->tracker.inventory.n, 1);
	assert_true(links_check(&guest->tracker.links, "disk/by-slot/7", makedev(8, 0)));
}

static void test_the_next_disk_brings_all_links_to_a_mirror_that_is_another(void **state)
{
	struct guest *guest = *state;

	add_mirror(guest);
	put_guest_disk(guest, SDA, "8:0");
	guest_look(guest, SDA);
	check_link(guest, "mirror/disk/by-slot/3", "../../sda");
	move(guest, "mirror", "covered");
	assert_int_equal(mkdirat(guest->machine.tree.fd, "mirror", 0755), 0);
	put_guest_disk(guest, SDC, "8:32");
	guest_look(guest, SDC);
	check_link(guest, "mirror/disk/by-slot/3", "../../sda");
	check_link(guest, "mirror/disk/by-slot/4", "../../sdc");
	assert_true(exists(guest, "mirror/sda"));
	assert_false(exists(guest, "covered/sdc"));
}

static void test_a_mirror_that_is_back_loses_what_is_stale(void **state)
{
	struct guest *guest = *state;

	add_mirror(guest);
	put_guest_disk(guest, SDA, "8:0");
	guest_look(guest, SDA);
	move(guest, "mirror", "covered");
	tracker_remove(&guest->tracker, "/" SDA, 0);
	move(guest, "covered", "mirror");
	assert_true(exists(guest, "mirror/disk/by-slot/3"));
	tracker_look_at_mirrors(&guest->tracker, true);
	assert_false(exists(guest, "mirror/disk/by-slot/3"));
	assert_false(exists(guest, "mirror/sda"));
}

static void test_a_stale_link_of_another_disk_is_pruned_where_udevd_makes_none(void **state)
{
	struct guest *guest = *state;
	const struct tree *tree = &guest->machine.tree;

	guest->tracker.links.owner = false;
	put_link(tree, "mirror/disk/by-serial/S", "../../sda");
	put_link(tree, "mirror/disk/by-slot/4", "../../sda");
	put_guest_disk(guest, SDA, "8:0");
	put_guest_disk(guest, SDC, "8:32");
	put_guest_serial(guest, SDC, "S");
	put_attribute(&guest->machine, SDC, "diskseq", "2");
	put_link(tree, "dev/disk/by-slot/3", "../../sda");
	add_mirror(guest);
	tracker_rescan(&guest->tracker);
	tracker_prune_links(&guest->tracker);
	check_link(guest, "mirror/disk/by-slot/3", "../../sda");
	assert_false(exists(guest, "mirror/disk/by-slot/4"));
	assert_false(exists(guest, "mirror/disk/by-serial/S"));
}

#define with_guest(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_guest(test_a_disk_that_has_the_name_of_one_that_is_gone_keeps_its_node),
		with_guest(test_the_next_disk_brings_all_links_to_a_mirror_that_is_another),
		with_guest(test_a_mirror_that_is_back_loses_what_is_stale),
		with_guest(test_a_stale_link_of_another_disk_is_pruned_where_udevd_makes_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
