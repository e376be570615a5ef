/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an image is open elsewhere. */
#include <fcntl.h>

#include "image.h"

/* QEMU (block/file-posix.c) locks byte 100 + n of an image to say "I have permission n", and
 * 200 + n to say "nobody else may have it". 0 is consistent read, 1 write. */
#define LOCK_HAS 100
#define LOCK_DENIES 200
#define PERMISSION_READ 0
#define PERMISSION_WRITE 1

static int is_byte_locked(int fd, off_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return errno == EINVAL || errno == ENOLCK ? 0 : -errno; /* no locks here */
	return lock.l_type != F_UNLCK;
}

/* A disk reads and lets nobody else write; a writable one writes as well; a shared one does not
 * mind who else does. */
int image_is_locked(int fd, bool read_only, bool shared)
{
	const struct {
		off_t byte;
		bool matters;
	} conflicts[] = {
		{ LOCK_HAS + PERMISSION_WRITE, !shared },
		{ LOCK_DENIES + PERMISSION_READ, true },
		{ LOCK_DENIES + PERMISSION_WRITE, !read_only },
	};

	for (size_t i = 0; i < ARRAY_SIZE(conflicts); i++) {
		int r = conflicts[i].matters ? is_byte_locked(fd, conflicts[i].byte) : 0;

		if (r != 0)
			return r;
	}
	return 0;
}

/* Whatever has an image reads it, and says so. */
int image_is_open(int fd)
{
	return is_byte_locked(fd, LOCK_HAS + PERMISSION_READ);
}
