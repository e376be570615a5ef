/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tracker judges disks by, and what to do when that changes: the root file system may be
 * mounted, or switched to, or grow onto another disk, at any time. */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "log.h"
#include "tracker.h"

/* What cannot be read is as it was before: the disks that are known are not hidden for that, and
 * new ones are not taken up. */
static void keep_system(struct tracker *tracker, const struct system_disks *before)
{
	struct system_disks *system = &tracker->identity.system;
	int error = system->error;

	tracker_doubt(tracker, "what the root file system stands on", error);
	if (!tracker->settled)
		return;
	*system = *before;
	system->error = error;
}

void tracker_read_identity(struct tracker *tracker)
{
	const struct system_disks system = tracker->identity.system;
	char before[CONTROLLER_SIZE];
	int r;

	strcpy(before, tracker->identity.controller);
	r = identity_read(&tracker->view, &tracker->identity);
	if (is_shortage(r))
		tracker_doubt(tracker, "which controller is managed", r);
	else if (r < 0)
		log_error("cannot tell the managed controller: %s; see /etc/" CONTROLLER_CONFIG,
			strerror(-r));
	if (r < 0)
		tracker->identity.controller[0] = '\0';
	if (tracker->identity.system.error < 0)
		keep_system(tracker, &system);
	if (tracker->settled)
		strcpy(tracker->identity.controller, before);
	/* As long as every disk is hidden, nothing has been named by it. */
	else
		tracker->settled =
			*tracker->identity.controller && !tracker->identity.system.undecided;
}

/* What a disk was before. */
struct judgement {
	struct tracker *tracker;
	const struct identity *before;
};

/* udevd knows the disk as the helper has judged it at its last event. */
static void trigger_if_changed(void *data, const char *devpath)
{
	const struct judgement *judgement = data;
	struct tracker *tracker = judgement->tracker;
	struct identity_error error;
	struct disk before, now;

	if (disk_identify(&tracker->view, judgement->before, devpath + 1, &before, &error) == 0 &&
		disk_identify(&tracker->view, &tracker->identity, devpath + 1, &now, &error) == 0 &&
		before.status != now.status)
		tracker_trigger(tracker, devpath + 1);
}

static bool is_same_identity(const struct identity *a, const struct identity *b)
{
	return a->system.undecided == b->system.undecided && a->system.n == b->system.n &&
	       !memcmp(a->system.devnums, b->system.devnums,
		       a->system.n * sizeof(a->system.devnums[0])) &&
	       !strcmp(a->controller, b->controller);
}

void tracker_judge(struct tracker *tracker)
{
	struct identity before = tracker->identity;
	struct judgement judgement = { tracker, &before };
	bool doubted = tracker->doubt.error < 0;

	tracker_read_identity(tracker);
	if (!doubted && is_same_identity(&before, &tracker->identity))
		return;
	tracker_rescan(tracker);
	tracker_for_each_disk(tracker, trigger_if_changed, &judgement);
}

static void handle_mounts(void *data, uint32_t events)
{
	(void)events;
	tracker_look_at_mirrors(data, true);
	tracker_judge(data);
}

static int watch_mounts(struct tracker *tracker, struct source *source, const char *path)
{
	source->fd = openat(tracker->view.proc, path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return -errno;
	source->ready = handle_mounts;
	source->data = tracker;
	/* The kernel reports a changed mount table as EPOLLPRI (proc(5)). */
	return loop_add(tracker->loop, source, EPOLLPRI | EPOLLET);
}

int tracker_watch_mounts(struct tracker *tracker)
{
	int r;

	if ((r = watch_mounts(tracker, &tracker->mounts_source, "self/mountinfo")) < 0 ||
		(r = watch_mounts(tracker, &tracker->pid1_mounts_source, "1/mountinfo")) < 0)
		log_error("cannot watch the mount table: %s", strerror(-r));
	return r;
}
