/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hears the kernel say that a disk was reset, as a new one does that it has taken for another. */
#include "resets.h"

#include <limits.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "checker.h"
#include "log.h"
#include "place.h"
#include "places.h"
#include "uevent.h"
#include "util.h"

/* What scsi_evt_emit() of drivers/scsi/scsi_lib.c says of a unit attention, as a change of the SCSI
 * device, when somebody has spoken with the disk and was told. */
#define WAS_RESET "POWER_ON_RESET_OCCURRED"

static bool is_below(const char *devpath, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(devpath, directory, length) && devpath[length] == '/';
}

/* The disk that is the SCSI device at DEVPATH, NULL if it is not known. */
static struct entry *find(const struct inventory *inventory, const char *devpath)
{
	char disk[PATH_MAX];
	struct place place;
	struct entry *entry;

	if ((size_t)snprintf(disk, sizeof(disk), "%s/block/sd", devpath) >= sizeof(disk) ||
		place_parse(disk, &place) != PLACE_VIRTIO_SCSI)
		return NULL;
	entry = inventory_find_place(inventory, place_number(place.target, place.lun));
	return entry && is_below(entry->devpath, devpath + 1) ? entry : NULL;
}

static void handle_event(struct resets *resets, const struct uevent *event)
{
	struct entry *entry;

	if (!event->attention || strcmp(event->attention, WAS_RESET))
		return;
	entry = find(&resets->tracker->inventory, event->devpath);
	if (entry)
		checker_note_reset(entry, event->seqnum);
	else
		checker_note_early_reset(resets->tracker, event->name);
}

static void handle_events(void *data, uint32_t events)
{
	struct resets *resets = data;
	char buffer[UEVENT_SIZE];
	struct uevent event;
	int r;

	(void)events;
	while ((r = uevent_receive(resets->source.fd, buffer, &event)) == 0)
		handle_event(resets, &event);
	if (r == -ENOBUFS)
		checker_doubt(resets->tracker);
}

/* The kernel's message begins with "change@". What comes and goes must not wake the agent once more
 * while the kernel scans. */
static int filter_changes(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6368616e /* "chan" */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

int resets_open(struct resets *resets, struct tracker *tracker)
{
	_cleanup_close_ int fd = uevent_open(0);
	int r;

	*resets = (struct resets){ .tracker = tracker, .source.fd = -1 };
	if (fd < 0)
		return fd;
	r = filter_changes(fd);
	if (r == 0)
		r = uevent_listen(fd);
	if (r < 0)
		return r;
	resets->source = (struct source){ fd, handle_events, resets };
	r = loop_add(tracker->loop, &resets->source, EPOLLIN);
	if (r < 0)
		resets->source.fd = -1;
	else
		steal_fd(&fd);
	return r;
}

void resets_continue(struct resets *resets, uint64_t expected_at)
{
	uint64_t until = expected_at > 0 ? expected_at + RESETS_PUT_OFF_MS : 0;
	bool put_off = now_ms() < until;
	int r = 0;

	if (put_off != resets->put_off)
		r = loop_change(
			resets->tracker->loop, &resets->source, put_off ? 0 : (uint32_t)EPOLLIN);
	if (r < 0)
		log_warning("cannot hear of resets: %s", strerror(-r));
	resets->put_off = put_off;
	resets->until = until;
}

uint64_t resets_deadline(const struct resets *resets)
{
	return resets->put_off ? resets->until : UINT64_MAX;
}

void resets_close(struct resets *resets)
{
	int fd = resets->source.fd;

	if (fd < 0)
		return;
	loop_remove(resets->tracker->loop, &resets->source);
	close(fd);
}
