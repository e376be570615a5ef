/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often the agent has started in this boot. */
#include "epoch.h"

#include <fcntl.h>
#include <string.h>

#include "log.h"
#include "util.h"

#define EPOCH_FILE "epoch"

/* Where the number is written before it takes the other's place. */
#define ASIDE ".epoch"

static int write_epoch(int dir, uint64_t epoch)
{
	_cleanup_close_ int fd =
		openat(dir, ASIDE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 || dprintf(fd, "%llu\n", (unsigned long long)epoch) < 0 ||
		renameat(dir, ASIDE, dir, EPOCH_FILE) < 0)
		return -errno;
	return 0;
}

int epoch_count(const char *run_directory, uint64_t *ret)
{
	_cleanup_close_ int dir = open(run_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t epoch;
	int r;

	if (dir < 0 || read_attr_u64_at(dir, EPOCH_FILE, &epoch) < 0)
		epoch = 0;
	r = dir < 0 ? -errno : write_epoch(dir, ++epoch);
	if (r < 0) {
		log_error("cannot write %s/" EPOCH_FILE ": %s", run_directory, strerror(-r));
		return r;
	}
	*ret = epoch;
	return 0;
}
