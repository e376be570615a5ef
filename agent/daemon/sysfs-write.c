/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes to sysfs that may take long, in a child: scans, rescans and deletions of SCSI devices. */
#include "sysfs-write.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "child.h"
#include "jobs.h"
#include "place.h"
#include "util.h"

/* What marks a LUN of 256 or more, in flat space addressing (SAM-5 4.7); see place_parse(). */
#define LUN_FLAT_SPACE 16384

struct job {
	int sys;
	char path[PATH_MAX];
	char text[48];
};

static int run_job(void *data)
{
	struct job *job = data;

	return write_attr_at(job->sys, job->path, job->text) < 0;
}

static int start_job(struct job *job)
{
	char name[sizeof(job->path) + sizeof(job->text) + 1];

	snprintf(name, sizeof(name), "%s %s", job->path, job->text);
	return job_start(name, run_job, job, job->sys);
}

/* Whether the SCSI host in sysfs directory PATH ("devices/…/virtio0/host2/scsi_host/host2") is
 * CONTROLLER's. */
static bool is_host_of(const char *path, const char *controller)
{
	char parent[PATH_MAX], name[CONTROLLER_SIZE], *host;

	if ((size_t)snprintf(parent, sizeof(parent), "%s", path) >= sizeof(parent))
		return false;
	host = strstr(parent, "/host");
	if (!host)
		return false;
	*host = '\0';
	return place_parse_controller(parent, name, sizeof(name)) == 0 && !strcmp(name, controller);
}

/* Finds the "scan" attribute of CONTROLLER's SCSI host. */
static int find_scan(const struct view *view, const char *controller, char *ret, size_t size)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(view->sys, "class/scsi_host");
	struct dirent *entry;

	if (!dir)
		return -ENODEV;
	while ((entry = readdir(dir))) {
		char path[PATH_MAX], target[PATH_MAX];

		snprintf(path, sizeof(path), "class/scsi_host/%s", entry->d_name);
		if (entry->d_name[0] == '.' ||
			view_read_link(view, path, target, sizeof(target)) < 0 ||
			!is_host_of(target, controller))
			continue;
		return (size_t)snprintf(ret, size, "%s/scan", path) < size ? 0 : -ENAMETOOLONG;
	}
	return -ENODEV;
}

static int prepare_scan(const struct view *view, const char *controller, uint32_t target,
	uint32_t lun, struct job *ret)
{
	int r = find_scan(view, controller, ret->path, sizeof(ret->path));

	if (r < 0)
		return r;
	ret->sys = view->sys;
	/* The kernel takes the address bits as they are: without them it would find the same disk,
	 * and show it as another one. */
	if (lun >= SLOT_LUNS)
		lun |= LUN_FLAT_SPACE;
	/* Channel, target, LUN. */
	snprintf(ret->text, sizeof(ret->text), "0 %u %u", target, lun);
	return 0;
}

int scsi_scan_start(const struct view *view, const char *controller, uint32_t target, uint32_t lun)
{
	struct job job;
	int r = prepare_scan(view, controller, target, lun, &job);

	return r < 0 ? r : start_job(&job);
}

/* The kernel has LUN 0, but it is none that the agent would ask: the system's own, or no disk. */
static int scan_each(int sys, const char *path, unsigned host, uint32_t target)
{
	int r = 0;

	for (uint32_t lun = 1; lun < SLOT_LUNS && r == 0; lun++) {
		char device[64], text[48];

		snprintf(device, sizeof(device), "bus/scsi/devices/%u:0:%u:%u", host, target, lun);
		snprintf(text, sizeof(text), "0 %u %u", target, lun);
		if (faccessat(sys, device, F_OK, 0) < 0)
			r = write_attr_at(sys, path, text);
	}
	return r;
}

int scsi_scan_target(const struct view *view, const char *controller, uint32_t target)
{
	char path[PATH_MAX], text[32], first[64];
	unsigned host;
	int r = find_scan(view, controller, path, sizeof(path));

	if (r < 0)
		return r;
	if (sscanf(path, "class/scsi_host/host%u/", &host) == 1) {
		snprintf(first, sizeof(first), "bus/scsi/devices/%u:0:%u:0", host, target);
		if (faccessat(view->sys, first, F_OK, 0) == 0)
			return scan_each(view->sys, path, host, target);
	}
	snprintf(text, sizeof(text), "0 %u -", target);
	return write_attr_at(view->sys, path, text);
}

struct replacement {
	int sys;
	char devpath[PATH_MAX];
	uint64_t diskseq;
	struct job scan;
};

/* By its directory, which leads nowhere once it is gone: another disk may have got its name. */
static void drop_disk(const struct replacement *replacement)
{
	_cleanup_close_ int dir =
		openat(replacement->sys, replacement->devpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t diskseq;

	if (dir < 0 || read_attr_u64_at(dir, "diskseq", &diskseq) < 0 ||
		diskseq != replacement->diskseq)
		return;
	write_attr_at(dir, "device/state", "offline\n");
	write_attr_at(dir, "device/delete", "1");
}

static int run_replacement(void *data)
{
	struct replacement *replacement = data;

	drop_disk(replacement);
	return run_job(&replacement->scan);
}

/* Not one of the jobs that can be put off; it is done once for a disk. */
int scsi_replace_start(const struct view *view, const struct disk *disk, const char *devpath)
{
	struct replacement replacement = { .sys = view->sys, .diskseq = disk->diskseq };
	struct child *child;
	int r;

	r = prepare_scan(view, disk->controller, disk->target, disk->lun, &replacement.scan);
	if (r < 0)
		return r;
	snprintf(replacement.devpath, PATH_MAX, "%s", devpath);
	r = child_start(run_replacement, &replacement, &view->sys, 1, &child);
	if (r == 0)
		child_leave(child);
	return r;
}

int scsi_rescan_start(const struct view *view, const char *devpath)
{
	struct job job = { .sys = view->sys, .text = "1" };

	if ((size_t)snprintf(job.path, sizeof(job.path), "%s/device/rescan", devpath) >=
		sizeof(job.path))
		return -ENAMETOOLONG;
	return start_job(&job);
}
