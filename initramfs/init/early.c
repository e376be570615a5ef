/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has to be there before anything else: kernel file systems, standard streams, /run/hotslot.
 */
#include "early.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "log.h"
#include "util.h"

static const struct {
	const char *point;
	const char *type;
	unsigned long flags;
	const char *data;
	mode_t mode; /* of the mount point, if it has to be made */
} mounts[] = {
	{ "/dev", "devtmpfs", MS_NOSUID, "mode=0755", 0755 },
	{ "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, 0555 },
	{ "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, 0555 },
	{ "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", 0755 },
	{ "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666", 0755 },
	{ "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0755 },
	{ "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0755 },
};

/* The kernel gives PID 1 no standard streams if there is no console; a descriptor of ours must
 * not become one of them. */
static int open_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
		if (fd < 0)
			return -errno;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

int early_mount(void)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].point, mounts[i].mode);
		/* EBUSY: a kernel with CONFIG_DEVTMPFS_MOUNT has done it. */
		if (mount(mounts[i].type, mounts[i].point, mounts[i].type, mounts[i].flags,
			    mounts[i].data) < 0 &&
			errno != EBUSY) {
			r = -errno;
			log_error("cannot mount %s: %s", mounts[i].point, strerror(-r));
			return r;
		}
	}
	r = open_streams();
	if (r < 0)
		log_error("cannot open /dev/null: %s", strerror(-r));
	return r;
}

int early_mark(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r = fd < 0 ? -errno : 0;

	if (r < 0)
		log_error("cannot make %s: %s", path, strerror(-r));
	return r;
}

/* With autogroups, a nice value counts only within a session, and every service has its own: udevd
 * at nice 19 would get as much of the processor as the agent. Kernels without them do not have the
 * file. */
static void disable_autogroups(void)
{
	int r = write_attr_at(AT_FDCWD, "/proc/sys/kernel/sched_autogroup_enabled", "0");

	if (r < 0 && r != -ENOENT)
		log_warning("cannot turn off the scheduler's autogroups: %s", strerror(-r));
}

int early_state(bool links_by_agent)
{
	int r;

	if (mkdir("/run/hotslot", 0755) < 0 && errno != EEXIST) {
		r = -errno;
		log_error("cannot make /run/hotslot: %s", strerror(-r));
		return r;
	}
	disable_autogroups();
	r = early_mark(RUN_INIT);
	return r < 0 || !links_by_agent ? r : early_mark(RUN_LINKS_BY_AGENT);
}
