/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers that every part uses: cleanup attributes, file reading, numbers, paths, time. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd); /* never retried: on Linux the descriptor is gone either way */
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Hands a pointer over to the caller: the cleanup attribute then sees NULL. */
#define steal_pointer(p)                     \
	({                                   \
		__typeof__(p) stolen_ = (p); \
		(p) = NULL;                  \
		stolen_;                     \
	})

/* Hands a descriptor over to the caller: the cleanup attribute then sees -1. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Monotonic time in milliseconds. Deadlines are values of this clock. */
uint64_t now_ms(void);

/* The same clock in microseconds: for what is measured. */
uint64_t now_us(void);

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Whether R, a negative errno, is for lack of descriptors or memory: it may be over soon, and says
 * nothing of what was to be read. */
static inline bool is_shortage(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* Parses all of S as a decimal number of at most MAX: digits only, no sign, no blank.
 * Returns -EINVAL if it is none, -ERANGE if it is larger. */
int parse_u64(const char *s, uint64_t max, uint64_t *ret);

/* The decimal number that *S starts with; *S is then behind it. Returns false if there is none, or
 * it is larger. */
bool take_u32(const char **s, uint32_t *ret);

/* Writes a decimal number and a NUL. Returns the end, where the NUL is. Here and below, by hand:
 * udev's helper runs for every event of a disk, and snprintf() would be most of its work. */
#define U64_TEXT_SIZE 21
char *format_u64(char *s, uint64_t value);

/* Room for "MAJOR:MINOR". */
#define DEVNUM_TEXT_SIZE 24
void devnum_format(dev_t devnum, char ret[DEVNUM_TEXT_SIZE]);

/* Parses all of S as "MAJOR:MINOR". Returns -EBADMSG if it is none. */
int devnum_parse(const char *s, dev_t *ret);

/* "DIRECTORY/NAME"; an empty DIRECTORY is the root. Returns -ENAMETOOLONG if it does not fit. */
int path_join(char *ret, size_t size, const char *directory, const char *name);

/* Reads a whole file of at most MAX bytes, relative to DIRFD. The data is NUL-terminated beyond
 * *ret_len; the caller frees it. Returns -EFBIG if the file is longer than MAX. */
int read_file_at(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_len);

/* Reads a one-line text attribute into BUF, without its newline. Returns -E2BIG if it does not
 * fit in SIZE, -EBADMSG if it holds a NUL byte. */
int read_attr_at(int dirfd, const char *path, char *buf, size_t size);

/* Reads a one-line decimal attribute. Returns -EBADMSG if it is no number. */
int read_attr_u64_at(int dirfd, const char *path, uint64_t *ret);

/* Writes DATA to an existing file (a sysfs or procfs attribute) in one write. */
int write_attr_at(int dirfd, const char *path, const char *data);

/* Opens a directory for readdir(). Returns NULL and sets errno if that fails. */
DIR *open_directory_at(int dirfd, const char *path);

/* Makes every missing directory of PATH, mode 0755. */
int make_directories(const char *path);
