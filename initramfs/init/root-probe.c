/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is on a block device that may be the root disk. */
#include "root-probe.h"

#include <blkid.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../../agent/daemon/probe-sandbox.h"
#include "reap.h"
#include "util.h"

/* Exit statuses of the child. */
enum {
	CHILD_DONE = 0,
	CHILD_FAILED = 1,
	CHILD_AMBIGUOUS = 2,
};

static void take(blkid_probe probe, const char *key, char *ret, size_t size)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, key, &value, NULL) == 0)
		snprintf(ret, size, "%s", value);
}

static int look(struct root_contents *ret)
{
	blkid_probe probe = blkid_new_probe();
	int r;

	if (!probe || blkid_probe_set_device(probe, PROBE_SANDBOX_FD, 0, 0) < 0)
		return CHILD_FAILED;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe,
		BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(probe, 1);
	r = blkid_do_safeprobe(probe);
	if (r < 0)
		return r == -2 ? CHILD_AMBIGUOUS : CHILD_FAILED;
	take(probe, "TYPE", ret->type, sizeof(ret->type));
	take(probe, "USAGE", ret->usage, sizeof(ret->usage));
	take(probe, "LABEL", ret->label, sizeof(ret->label));
	take(probe, "UUID", ret->uuid, sizeof(ret->uuid));
	return CHILD_DONE;
}

/* In the child: does not return. */
static void run_child(const char *node, struct root_contents *ret)
{
	int fd = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || probe_sandbox_enter(fd, ROOT_PROBE_DEADLINE_MS / 1000) < 0)
		_exit(CHILD_FAILED);
	_exit(look(ret));
}

static int wait_child(pid_t pid)
{
	int status, r = reap_until(pid, now_ms() + ROOT_PROBE_DEADLINE_MS, &status);

	if (r == -ETIMEDOUT)
		kill(pid, SIGKILL); /* reaped some time, as any orphan */
	if (r < 0)
		return r;
	if (!WIFEXITED(status))
		return -EIO;
	switch (WEXITSTATUS(status)) {
	case CHILD_DONE:
		return 0;
	case CHILD_AMBIGUOUS:
		return -ENOTUNIQ;
	default:
		return -EIO;
	}
}

/* Nothing that the child wrote is believed: not even that its strings end. */
static void take_answer(const struct root_contents *answer, struct root_contents *ret)
{
	memcpy(ret, answer, sizeof(*ret));
	ret->type[sizeof(ret->type) - 1] = '\0';
	ret->usage[sizeof(ret->usage) - 1] = '\0';
	ret->label[sizeof(ret->label) - 1] = '\0';
	ret->uuid[sizeof(ret->uuid) - 1] = '\0';
}

int root_probe(const char *node, struct root_contents *ret)
{
	struct root_contents *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int r;

	if (shared == MAP_FAILED)
		return -errno;
	pid = fork();
	if (pid == 0)
		run_child(node, shared);
	r = pid < 0 ? -errno : wait_child(pid);
	if (r == 0)
		take_answer(shared, ret);
	munmap(shared, sizeof(*shared));
	return r;
}
