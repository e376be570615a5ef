/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a disk out of use in this guest, so that the host can unplug it, and gives it back. */
#include "hold.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "child.h"
#include "hold-take.h"
#include "util.h"

struct hold {
	int directory; /* of the disk in sysfs; leads nowhere once the disk is gone */
	int claim;     /* the disk, opened with O_EXCL; -1 if it was offline already */
	int socket;    /* where the child sends the claim */
	bool held;
	bool finished;	     /* the step that was started last */
	struct child *child; /* of that step; its descriptor stays open until the next one */
	int (*finish)(struct hold *hold, struct disk_user *users, size_t max, size_t *count);
	struct hold_answer *answer; /* shared with the child */
};

/* The kernel says each of these once the disk is gone, by where it was noticed. */
static int as_gone(int r)
{
	return r == -ENOENT || r == -ENXIO ? -ENODEV : r;
}

static int open_directory(const struct hold_roots *roots, const struct disk *disk, int *ret)
{
	char path[sizeof("block/") + DISK_NAME_SIZE];
	_cleanup_close_ int fd = -1;
	uint64_t diskseq;
	int r;

	snprintf(path, sizeof(path), "block/%s", disk->name);
	fd = openat(roots->sysfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_attr_u64_at(fd, "diskseq", &diskseq);
	if (r == -ENOENT)
		diskseq = 0; /* before Linux 5.15 */
	else if (r < 0)
		return r;
	if (diskseq != disk->diskseq)
		return -ESTALE;
	*ret = steal_fd(&fd);
	return 0;
}

static int hold_new(const struct hold_roots *roots, const struct disk *disk, struct hold **ret)
{
	struct hold *hold = calloc(1, sizeof(*hold));
	int r;

	if (!hold)
		return -ENOMEM;
	hold->directory = hold->claim = hold->socket = -1;
	hold->answer = mmap(NULL, sizeof(*hold->answer), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hold->answer == MAP_FAILED) {
		r = -errno;
		free(hold);
		return r;
	}
	r = open_directory(roots, disk, &hold->directory);
	if (r < 0) {
		hold_free(hold);
		return r;
	}
	*ret = hold;
	return 0;
}

static void end_step(struct hold *hold)
{
	child_free(hold->child);
	hold->child = NULL;
	hold->finished = false;
	closep(&hold->socket);
	hold->socket = -1;
}

/* ---- taking --------------------------------------------------------------------------------- */

static int receive_claim(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Setting it offline is left to the parent: it does not block, and once the caller has given up
 * and freed the hold, it does not happen any more. */
static int finish_take(struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	const struct hold_answer *answer = hold->answer;
	int r = answer->result;

	if (r == HOLD_BUSY) {
		if (max > HOTSLOT_USERS_MAX)
			max = HOTSLOT_USERS_MAX;
		if (max > answer->count)
			max = answer->count;
		if (users)
			memcpy(users, answer->users, max * sizeof(*users));
		if (count)
			*count = answer->count;
	}
	if (r != HOLD_DONE)
		return r;
	hold->claim = receive_claim(hold->socket);
	r = write_attr_at(hold->directory, "device/state", "offline\n");
	if (r < 0)
		return r;
	hold->held = true;
	return HOLD_DONE;
}

int hold_take(const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n, bool force, struct hold **ret)
{
	struct hold_task task = { .roots = roots,
		.disk = disk,
		.partitions = partitions,
		.n = n,
		.force = force,
		.agent = getpid() };
	struct hold *hold = NULL;
	int sockets[2], r;

	r = hold_new(roots, disk, &hold);
	if (r < 0)
		return as_gone(r);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets) < 0) {
		r = -errno;
		hold_free(hold);
		return r;
	}
	hold->socket = sockets[0];
	hold->finish = finish_take;
	task.directory = hold->directory;
	task.socket = sockets[1];
	task.answer = hold->answer;
	r = child_start(hold_take_in_child, &task,
		(const int[]){ roots->sysfd, roots->procfd, task.directory, task.socket }, 4,
		&hold->child);
	close(sockets[1]);
	if (r < 0) {
		hold_free(hold);
		return r;
	}
	*ret = hold;
	return 0;
}

/* ---- giving back, giving up ----------------------------------------------------------------- */

static int set_running(void *data)
{
	struct hold *hold = data;

	hold->answer->result = write_attr_at(hold->directory, "device/state", "running\n");
	return 0;
}

static int delete (void *data)
{
	struct hold *hold = data;

	hold->answer->result = write_attr_at(hold->directory, "device/delete", "1");
	return 0;
}

static int finish_end(struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	(void)users, (void)max, (void)count;
	if (hold->answer->result < 0)
		return hold->answer->result;
	closep(&hold->claim);
	hold->claim = -1;
	hold->held = false;
	return HOLD_DONE;
}

static int start_end(struct hold *hold, child_fn fn)
{
	if (!hold->held || (hold->child && !hold->finished))
		return -EINVAL;
	end_step(hold);
	hold->finish = finish_end;
	return child_start(fn, hold, &hold->directory, 1, &hold->child);
}

int hold_release(struct hold *hold)
{
	return start_end(hold, set_running);
}

int hold_delete(struct hold *hold)
{
	return start_end(hold, delete);
}

/* ---- all steps ------------------------------------------------------------------------------ */

int hold_fd(const struct hold *hold)
{
	return hold->child ? child_fd(hold->child) : -1;
}

int hold_finish(struct hold *hold, struct disk_user *ret_users, size_t max, size_t *ret_count)
{
	int r;

	if (!hold->child || hold->finished)
		return -EINVAL;
	r = child_status(hold->child);
	if (r == -EAGAIN)
		return r;
	hold->finished = true;
	r = r == 0 ? hold->finish(hold, ret_users, max, ret_count) : -EIO;
	return as_gone(r);
}

void hold_free(struct hold *hold)
{
	if (!hold)
		return;
	end_step(hold);
	closep(&hold->claim);
	closep(&hold->directory);
	munmap(hold->answer, sizeof(*hold->answer));
	free(hold);
}
