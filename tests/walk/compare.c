/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares with the model what the guest reads through its links and what the library lists. */
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "rows.h"
#include "walk.h"

/* Between two looks: each look takes the guest, which has one processor, off its work. */
#define LOOK_AGAIN_MS 20

extern char **environ;

/* Each as the guest, the library, or the model has it. */
struct view {
	char *links; /* NAME BYTES ro|rw FIRST-LINE, sorted */
	char *list;  /* see rows.c */
	char *nodes; /* NAME KERNEL-NAME MAJOR:MINOR, sorted */
};

static void view_done(struct view *view)
{
	free(view->links);
	free(view->list);
	free(view->nodes);
}

static FILE *open_text(struct walk *walk, char **ret)
{
	static size_t ignored;
	FILE *out = open_memstream(ret, &ignored);

	if (!out)
		walk_fail(walk, "no memory");
	return out;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the lines of TEXT, which it frees. */
static char *sort_lines(struct walk *walk, char *text)
{
	size_t n = 0, max = strlen(text) / 2 + 1;
	char **lines = calloc(max, sizeof(*lines)), *sorted, *state;
	FILE *out = open_text(walk, &sorted);

	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		lines[n++] = line;
	qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\n", lines[i]);
	fclose(out);
	free(lines);
	free(text);
	return sorted;
}

/* ---- the model ---- */

static void expect_tree(FILE *out, const struct disk *disk, const char *tree, const char *name)
{
	const char *mode = disk->read_only ? "ro" : "rw";
	char text[64];

	fprintf(out, "%s/%s %llu %s %s\n", tree, name, (unsigned long long)disk->size, mode,
		disk->text);
	for (unsigned i = 0; i < disk->n_parts; i++) {
		image_part_text(disk, i + 1, text, sizeof(text));
		fprintf(out, "%s/%s-part%u %llu %s %s\n", tree, name, i + 1,
			(unsigned long long)disk->parts[i].size, mode, text);
	}
}

/* Who of those that wait for a name has it: whoever is seen to have it first. */
static void adopt_names(struct walk *walk, const char *links)
{
	char line[300];

	for (size_t i = 0; i < walk->n_disks; i++) {
		struct disk *disk = walk->disks[i];

		snprintf(line, sizeof(line), "by-serial/%s %llu %s %s\n", disk->encoded,
			(unsigned long long)disk->size, disk->read_only ? "ro" : "rw", disk->text);
		if (disk_awaits_name(walk, disk) && strstr(links, line))
			disk->holds_name = true;
	}
}

static char *expect_links(struct walk *walk)
{
	char *text, slot[16];
	FILE *out = open_text(walk, &text);

	for (size_t i = 0; i < walk->n_disks; i++) {
		const struct disk *disk = walk->disks[i];

		snprintf(slot, sizeof(slot), "%d", disk->slot);
		if (disk->slot >= 0)
			expect_tree(out, disk, "by-slot", slot);
		if (disk_has_serial_link(walk, disk))
			expect_tree(out, disk, "by-serial", disk->encoded);
		else if (disk_awaits_name(walk, disk))
			fprintf(out, "by-serial/%s, maybe of disk %u\n", disk->encoded,
				disk->number);
	}
	fclose(out);
	return sort_lines(walk, text);
}

/* ---- the guest ---- */

/* NAME NODE MAJOR:MINOR BYTES ro|rw FIRST-LINE, or NAME NODE !ERROR */
static void read_link_line(FILE *links, FILE *nodes, const char *line)
{
	char name[256], node[64], devnum[32];
	int end = 0;

	if (sscanf(line, "%255s %63s %31[0-9:] %n", name, node, devnum, &end) != 3 || end == 0) {
		fprintf(links, "%s\n", line);
		return;
	}
	fprintf(links, "%s %s\n", name, line + end);
	fprintf(nodes, "%s %s %s\n", name, node, devnum);
}

static void read_guest(struct walk *walk, struct view *ret)
{
	_cleanup_free_ char *text = guest_run(walk, "witness links");
	FILE *links = open_text(walk, &ret->links), *nodes = open_text(walk, &ret->nodes);
	char *state;

	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		read_link_line(links, nodes, line);
	fclose(links);
	fclose(nodes);
	ret->links = sort_lines(walk, ret->links);
	ret->nodes = sort_lines(walk, ret->nodes);
}

/* ---- the library ---- */

static void print_node(FILE *out, const char *link, const char *name, const char *devnum)
{
	static const char prefix[] = "/dev/disk/";

	if (link && !strncmp(link, prefix, strlen(prefix)))
		fprintf(out, "%s ../../%s %s\n", link + strlen(prefix), name, devnum);
}

static void print_nodes(FILE *out, const struct hotslot_disk *disk)
{
	print_node(out, disk->by_slot, disk->name, disk->devnum);
	print_node(out, disk->by_serial, disk->name, disk->devnum);
	for (size_t i = 0; i < disk->n_partitions; i++) {
		const struct hotslot_partition *part = &disk->partitions[i];

		print_node(out, part->by_slot, part->name, part->devnum);
		print_node(out, part->by_serial, part->name, part->devnum);
	}
}

static void list_reserved(struct walk *walk, FILE *list)
{
	_cleanup_free_ int *slots = NULL;
	struct hotslot_error error;
	size_t count;

	if (hotslot_reserved(walk->domain, &slots, &count, &error) < 0)
		fprintf(list, "hotslot_reserved: %s\n", error.message);
	else
		rows_print_reserved(list, slots, count);
}

static void read_library(struct walk *walk, struct view *ret)
{
	FILE *list = open_text(walk, &ret->list), *nodes = open_text(walk, &ret->nodes);
	struct hotslot_error error;
	struct hotslot_disk **disks;
	size_t count;

	if (hotslot_list(walk->domain, &disks, &count, &error) < 0) {
		fprintf(list, "hotslot_list: %s: %s\n", hotslot_error_name(error.code),
			error.message);
		count = 0, disks = NULL;
	}
	for (size_t i = 0; i < count; i++) {
		rows_print_listed(list, disks[i]);
		print_nodes(nodes, disks[i]);
	}
	list_reserved(walk, list);
	if (disks)
		hotslot_disks_free(disks, count);
	fclose(list);
	fclose(nodes);
	ret->nodes = sort_lines(walk, ret->nodes);
}

/* ---- both ---- */

static void write_text(struct walk *walk, const char *name, const char *text)
{
	_cleanup_fclose_ FILE *out = fopen(name, "we");

	if (!out || fputs(text, out) == EOF)
		walk_fail(walk, "%s: %m", name);
}

/* Returns false after it has shown the difference. */
static bool show_difference(
	struct walk *walk, const char *what, const char *expected, const char *actual)
{
	char files[2][300], labels[2][64];
	char *argv[] = { (char[]){ "diff" }, (char[]){ "-U4" }, (char[]){ "--label" }, labels[0],
		(char[]){ "--label" }, labels[1], files[0], files[1], NULL };
	pid_t pid;

	if (!strcmp(expected, actual))
		return true;
	snprintf(files[0], sizeof(files[0]), "%s/expected", walk->directory);
	snprintf(files[1], sizeof(files[1]), "%s/actual", walk->directory);
	snprintf(labels[0], sizeof(labels[0]), "%s: expected", what);
	snprintf(labels[1], sizeof(labels[1]), "%s: actual", what);
	write_text(walk, files[0], expected);
	write_text(walk, files[1], actual);
	fflush(stdout);
	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0)
		waitpid(pid, NULL, 0);
	return false;
}

/* Cuts each line of the model's links down to NAME BYTES. */
static char *expect_names(struct walk *walk)
{
	_cleanup_free_ char *links = expect_links(walk);
	char *text, *state;
	FILE *out = open_text(walk, &text);

	for (char *line = strtok_r(links, "\n", &state); line;
		line = strtok_r(NULL, "\n", &state)) {
		char *size = strchr(line, ' ') + 1;

		size[strcspn(size, " ")] = '\0';
		fprintf(out, "%s\n", line);
	}
	fclose(out);
	return text;
}

/* Whether names and sizes are as expected. Opens no device: while a partition is open, the kernel
 * refuses to read the table again, and what is to come would not. */
static bool glance(struct walk *walk)
{
	_cleanup_free_ char *text = NULL, *expected = NULL, *actual = NULL, *sorted = NULL;
	char *state;
	FILE *out;

	/* The first line alone tells who has got it. */
	for (size_t i = 0; i < walk->n_disks; i++)
		if (disk_awaits_name(walk, walk->disks[i]))
			return true;
	text = guest_run(walk, "witness names");
	out = open_text(walk, &actual);
	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		char *size = strrchr(line, ' ');

		line[strcspn(line, " ")] = '\0';
		fprintf(out, "%s%s\n", line, size);
	}
	fclose(out);
	expected = expect_names(walk);
	sorted = sort_lines(walk, steal_pointer(actual));
	return !strcmp(expected, sorted);
}

/* SHOW: the differences. */
static bool look(struct walk *walk, bool show)
{
	struct view guest = {}, library = {}, model = {};
	bool links, list = true, nodes = true;

	/* The library first: that it lists a link means that it is there. */
	if (walk->agent) {
		read_library(walk, &library);
		model.list = rows_expect(walk);
	}
	read_guest(walk, &guest);
	adopt_names(walk, guest.links);
	model.links = expect_links(walk);
	links = !strcmp(model.links, guest.links);
	if (walk->agent) {
		list = !strcmp(model.list, library.list);
		nodes = !strcmp(library.nodes, guest.nodes);
	}
	if (show) {
		show_difference(walk, "links in the guest", model.links, guest.links);
		if (walk->agent)
			show_difference(walk, "list", model.list, library.list);
		if (walk->agent && links && list)
			show_difference(walk, "nodes, list and guest", library.nodes, guest.nodes);
	}
	view_done(&guest);
	view_done(&library);
	view_done(&model);
	return links && list && nodes;
}

void compare(struct walk *walk, bool at_once)
{
	uint64_t deadline = now_ms() + (at_once ? 0 : SETTLE_MS);

	for (;;) {
		bool last = now_ms() >= deadline;

		if ((at_once || last || glance(walk)) && look(walk, last))
			return;
		if (last)
			break;
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	walk_fail(walk, at_once ? "it does not hold at once" : "it does not come to hold");
}
