/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors by which a disk is kept from others, from the child that gets them to the agent.
 */
#include "hold-claim.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "child.h"
#include "util.h"

void hold_claim_clear(struct hold_claim *claim)
{
	*claim = (struct hold_claim){ .disk = -1, .plain = -1, .watch = -1 };
}

int hold_claim_send(int socket, const struct hold_claim *claim)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(*claim))];
	} control = { .space = { 0 } };
	struct iovec data = { .iov_base = (char[1]){ 0 }, .iov_len = 1 };
	const struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(*claim)) };
	memcpy(CMSG_DATA(&control.header), claim, sizeof(*claim));
	return sendmsg(socket, &message, 0) < 0 ? -errno : 0;
}

void hold_claim_receive(int socket, struct hold_claim *ret)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(*ret))];
	} control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header;

	if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(*ret)))
		memcpy(ret, CMSG_DATA(header), sizeof(*ret));
}

struct last {
	int disk;
	int others; /* readable once they are closed */
};

static int close_last(void *data)
{
	const struct last *last = data;
	ssize_t n;
	char byte;

	n = read(last->others, &byte, 1);
	(void)n; /* the end of the pipe */
	close(last->disk);
	return 0;
}

/* Has a child close the disk after us. Without one we are the last. */
static void leave_to_child(int disk, int pipe)
{
	struct last last = { .disk = disk, .others = pipe };
	struct child *child;

	if (child_start(close_last, &last, (const int[]){ disk, pipe }, 2, &child) == 0)
		child_leave(child);
}

void hold_claim_drop(struct hold_claim *claim, bool dirty)
{
	int ends[2] = { -1, -1 };

	if (claim->plain >= 0 && dirty && pipe2(ends, O_CLOEXEC) == 0)
		leave_to_child(claim->plain, ends[0]);
	closep(&claim->watch);
	closep(&claim->disk);
	closep(&claim->plain);
	closep(&ends[0]);
	closep(&ends[1]);
	hold_claim_clear(claim);
}
