/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest for tests of the agent's parts, in the test's own process. */
#include "guest.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "checker.h"
#include "lost.h"
#include "prober.h"

#define NONCE "0123456789abcdef"

/* Wall-clock milliseconds that a test waits for one frame; only a broken agent needs them. */
#define PATIENCE_MS 20000

static uint64_t earliest_deadline(void *data)
{
	struct guest *guest = data;
	uint64_t server = server_deadline(&guest->server);
	uint64_t prober = prober_deadline(&guest->tracker);
	uint64_t checker = checker_deadline(&guest->tracker);
	uint64_t lost = lost_deadline(&guest->tracker), now = now_ms() + PATIENCE_MS;

	server = server < checker ? server : checker;
	server = server < prober ? server : prober;
	server = server < lost ? server : lost;
	server = earlier(server, tracker_deadline(&guest->tracker));
	return server < now ? server : now;
}

/* One event at a time. */
/* What there is something to do for is never overlooked. */
static void check_busy(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		assert_true(inventory->entries[i]->busy || !entry_is_busy(inventory->entries[i]));
}

static void tick(void *data)
{
	struct guest *guest = data;

	tracker_continue(&guest->tracker);
	server_tick(&guest->server);
	checker_continue(&guest->tracker);
	lost_continue(&guest->tracker);
	prober_expire(&guest->tracker);
	prober_continue(&guest->tracker, true);
	check_busy(&guest->tracker.inventory);
	inventory_forget_idle(&guest->tracker.inventory);
	guest->loop.quit = true;
}

void run_guest_until(struct guest *guest, bool (*until)(struct guest *guest))
{
	uint64_t end = now_ms() + PATIENCE_MS;

	while (!until(guest)) {
		assert_true(now_ms() < end);
		guest->loop.quit = false;
		assert_int_equal(loop_run(&guest->loop), 0);
	}
}

static bool has_spoken(struct guest *guest)
{
	struct pollfd host = { .fd = guest->host, .events = POLLIN };

	return poll(&host, 1, 0) == 1;
}

json_t *hear_guest(struct guest *guest)
{
	char reason[HOTSLOT_REASON_MAX], *line;
	json_t *object;
	size_t length;
	ssize_t n;
	int r;

	while ((r = frame_reader_feed(&guest->reader, &guest->next, &guest->left, &line,
			&length)) != FRAME_READY) {
		if (r == FRAME_RESYNC)
			continue;
		run_guest_until(guest, has_spoken);
		n = read(guest->host, guest->bytes, sizeof(guest->bytes));
		assert_true(n > 0);
		guest->next = guest->bytes;
		guest->left = (size_t)n;
	}
	print_message("%s\n", line);
	assert_int_equal(frame_parse(line, length, &object, reason), 0);
	return object;
}

void check_frame(struct guest *guest, const char *kind, const char *member, const char *expected)
{
	json_t *frame = hear_guest(guest), *value = json_object_get(frame, kind);
	_cleanup_free_ char *actual = NULL;

	assert_non_null(value);
	if (!strcmp(kind, "event"))
		value = json_object_get(frame, "data");
	if (json_object_get(value, "disk") && strcmp(member, "desc"))
		value = json_object_get(value, "disk");
	actual = json_dumps(
		json_object_get(value, member), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	assert_non_null(actual);
	assert_string_equal(actual, expected);
	json_decref(frame);
}

void ask(struct guest *guest, const char *execute, const char *arguments)
{
	char text[512];

	snprintf(text, sizeof(text),
		"{\"execute\":\"%s\",\"arguments\":%s,\"session\":\"" NONCE "\"}\n", execute,
		arguments);
	assert_int_equal(write(guest->host, text, strlen(text)), strlen(text));
}

void put_guest_disk(struct guest *guest, const char *devpath, const char *devnum)
{
	char path[PATH_MAX];
	unsigned major, minor;

	put_disk(&guest->machine, devpath, devnum);
	assert_int_equal(sscanf(devnum, "%u:%u", &major, &minor), 2);
	snprintf(path, sizeof(path), "dev/%s", strrchr(devpath, '/') + 1);
	if (mknodat(guest->machine.tree.fd, path, S_IFBLK | 0600, makedev(major, minor)) < 0)
		skip();
}

void put_guest_serial(struct guest *guest, const char *devpath, const char *serial)
{
	put_serial_page(&guest->machine, devpath, serial, strlen(serial), (unsigned)strlen(serial));
}

void put_guest_scan(struct guest *guest)
{
	put_attribute(&guest->machine, SCAN_DIRECTORY, "scan", "");
	if (faccessat(guest->machine.tree.fd, "sys/class/scsi_host/host2", F_OK, 0) < 0)
		put_sys_link(&guest->machine.tree, "sys", "class/scsi_host/host2", SCAN_DIRECTORY);
}

int put_guest_pipe(struct guest *guest, const char *directory, const char *attribute)
{
	char path[PATH_MAX];
	int fd;

	put_attribute(&guest->machine, directory, "uevent", "");
	snprintf(
		path, sizeof(path), "%s/sys/%s/%s", guest->machine.tree.path, directory, attribute);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

bool is_guest_scanned(struct guest *guest, const char *text)
{
	char value[32];

	return read_attr_at(guest->tracker.view.sys, SCAN_DIRECTORY "/scan", value,
		       sizeof(value)) == 0 &&
	       !strcmp(value, text);
}

void guest_look(struct guest *guest, const char *devpath)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/%s", devpath);
	tracker_refresh(&guest->tracker, path);
}

static enum fresh_result answer(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	(void)dev_dir, (void)sysfd, (void)disk, (void)was_reset;
	return FRESH_SAME;
}

static void open_agent(struct guest *guest)
{
	char dev[96], run[96];
	const struct tracker_options options = {
		.dev_directory = dev,
		.run_directory = run,
		.callbacks = { server_disk_added, server_disk_changed, server_disk_removed,
			&guest->server },
	};
	int sockets[2];

	snprintf(dev, sizeof(dev), "%s/dev", guest->machine.tree.path);
	snprintf(run, sizeof(run), "%s/run", guest->machine.tree.path);
	guest->loop = (struct loop){ .deadline = earliest_deadline, .tick = tick, .data = guest };
	assert_int_equal(loop_open(&guest->loop), 0);
	assert_int_equal(tracker_open(&guest->tracker, &guest->loop, &options), 0);
	guest->tracker.checker.ask = answer;
	view_close(&guest->tracker.view);
	assert_int_equal(view_open(guest->machine.tree.path, &guest->tracker.view), 0);
	tracker_rescan(&guest->tracker);
	assert_int_equal(server_open(&guest->server, &guest->loop, &guest->tracker), 0);
	/* What tests put there may be an earlier agent's doing. */
	guest->tracker.first = false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
	assert_int_equal(server_use_socket(&guest->server, sockets[0]), 0);
	guest->host = sockets[1];
}

int set_up_guest(void **state)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	static const char hello[] = "{\"execute\":\"hello\",\"arguments\":{\"nonce\":\"" NONCE
				    "\",\"versions\":[1]}}\n";

	make_machine(&guest->machine);
	put_controller(&guest->machine, CONTROLLER);
	put_text(&guest->machine.tree, "proc/sys/kernel/random/boot_id", "boot\n");
	put_text(&guest->machine.tree, "run/" LINKS_BY_AGENT_MARK, "");
	assert_int_equal(mkdirat(guest->machine.tree.fd, "dev", 0755), 0);
	open_agent(guest);
	assert_int_equal(write(guest->host, hello, strlen(hello)), strlen(hello));
	json_decref(hear_guest(guest));
	*state = guest;
	return 0;
}

int tear_down_guest(void **state)
{
	struct guest *guest = *state;

	server_close(&guest->server);
	tracker_close(&guest->tracker);
	loop_close(&guest->loop);
	close(guest->host);
	frame_reader_done(&guest->reader);
	remove_machine(&guest->machine);
	free(guest);
	return 0;
}
