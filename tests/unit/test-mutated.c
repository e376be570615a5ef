/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thousand disks that lie: each look at one ends in time, within its limits, and in an answer. */
#include "test.h"

#include <poll.h>
#include <sys/resource.h>

#include "../mutate/images.h"
#include "encode.h"
#include "probe-sandbox.h"
#include "probe.h"

#define SEEDS "tests/mutate/seeds"
#define MUTATED 1000

/* Children at one time. */
#define PARALLEL 8

static struct images images;
static struct tree tree;

static int set_up(void **state)
{
	char path[PATH_MAX];

	(void)state;
	if (!getenv("SRC"))
		return 0; /* not run by tests/run */
	snprintf(path, sizeof(path), "%s/" SEEDS, getenv("SRC"));
	assert_int_equal(images_read(path, &images), 0);
	assert_true(images.n > 20);
	make_tree(&tree);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (images.n > 0)
		remove_tree(&tree);
	return 0;
}

/* One look that is under way. */
struct look {
	uint32_t number;
	struct probe *probe;
};

/* Starts to look at a file in the place of a disk, and at two ranges of it as its partitions. */
static void start(const struct image *image, struct look *ret)
{
	const struct partition partitions[] = {
		{ .number = 1, .start = 0, .size = image->size / 2 },
		{ .number = 2, .start = image->size / 2, .size = image->size },
	};
	struct disk disk = { .size = image->size };
	int fd;

	snprintf(disk.name, sizeof(disk.name), "sd%u", ret->number);
	fd = openat(tree.fd, disk.name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(image_write(image, fd), 0);
	close(fd);
	assert_int_equal(
		probe_start(tree.path, &disk, partitions, 2, PROBE_COMPARE_TABLE, &ret->probe), 0);
}

static void check_text(const char *text)
{
	assert_true(text_is_printable(text, strlen(text)));
}

static void check_contents(const struct contents *contents)
{
	check_text(contents->type);
	check_text(contents->label);
	check_text(contents->uuid);
	check_text(contents->table);
	if (contents->state == CONTENTS_KNOWN)
		return;
	assert_int_equal(contents->state, CONTENTS_UNKNOWN);
	assert_true(!*contents->type && !*contents->label && !*contents->uuid && !*contents->table);
}

/* Returns whether there was an answer. */
static bool finish(struct look *look, struct contents *ret)
{
	struct pollfd child = { .fd = probe_fd(look->probe), .events = POLLIN };
	struct contents partitions[2];
	char name[32];
	int r;

	print_message("number %u\n", look->number);
	assert_int_equal(poll(&child, 1, PROBE_DEADLINE_MS), 1);
	r = probe_finish(look->probe, ret, partitions);
	assert_true(r == 0 || r == -EBADMSG);
	if (r == 0) {
		check_contents(ret);
		check_contents(&partitions[0]);
		check_contents(&partitions[1]);
	}
	probe_free(look->probe);
	look->probe = NULL;
	snprintf(name, sizeof(name), "sd%u", look->number);
	unlinkat(tree.fd, name, 0);
	return r == 0;
}

static void test_each_image_is_known_before_it_is_changed(void **state)
{
	(void)state;
	if (images.n == 0)
		skip();
	for (uint32_t i = 0; i < images.n; i++) {
		struct look look = { .number = i };
		struct contents contents;

		start(&images.images[i], &look);
		assert_true(finish(&look, &contents));
		assert_string_equal(
			*contents.type ? contents.type : contents.table, images.images[i].is);
	}
}

/* The most memory that a child has had, beyond what this process has. */
static long children_grew_kib(void)
{
	struct rusage own, children;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return children.ru_maxrss - own.ru_maxrss;
}

static void test_a_thousand_mutated_images_are_contained(void **state)
{
	struct look looks[PARALLEL] = {};
	unsigned known = 0, broken = 0;

	(void)state;
	if (images.n == 0)
		skip();
	for (uint32_t i = 0; i < MUTATED + PARALLEL; i++) {
		struct look *look = &looks[i % PARALLEL];
		struct contents contents;
		struct image image;

		if (look->probe) {
			bool answered = finish(look, &contents);

			known += answered && contents.state == CONTENTS_KNOWN && *contents.type;
			broken += !answered;
		}
		if (i >= MUTATED)
			continue;
		image_mutate(&images, i, &image);
		look->number = i;
		start(&image, look);
	}
	print_message(
		"%u known, %u broke off, %ld KiB grown\n", known, broken, children_grew_kib());
	/* Mutations that spoil everything, or nothing, test nothing. */
	assert_in_range(known, MUTATED / 10, MUTATED - MUTATED / 10);
	assert_true(children_grew_kib() < PROBE_MEMORY_MAX / 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_image_is_known_before_it_is_changed),
		cmocka_unit_test(test_a_thousand_mutated_images_are_contained),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
