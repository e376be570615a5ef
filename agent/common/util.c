/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers that every part uses: file reading, numbers, paths, time. */
#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

/* A text attribute of sysfs is at most a page. */
#define ATTRIBUTE_MAX 4096

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return -EINVAL;
	for (; *s; s++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*s - '0'), &value) || value > max)
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

char *format_u64(char *s, uint64_t value)
{
	char digits[U64_TEXT_SIZE];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (n > 0)
		*s++ = digits[--n];
	*s = '\0';
	return s;
}

void devnum_format(dev_t devnum, char ret[DEVNUM_TEXT_SIZE])
{
	char *end = format_u64(ret, major(devnum));

	*end++ = ':';
	format_u64(end, minor(devnum));
}

bool take_u32(const char **s, uint32_t *ret)
{
	const char *p = *s;
	uint32_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint32_t)(*p - '0'), &value))
			return false;
	if (p == *s)
		return false;
	*s = p;
	*ret = value;
	return true;
}

int devnum_parse(const char *s, dev_t *ret)
{
	uint32_t major, minor;

	if (!take_u32(&s, &major) || *s++ != ':' || !take_u32(&s, &minor) || *s)
		return -EBADMSG;
	*ret = makedev(major, minor);
	return 0;
}

int path_join(char *ret, size_t size, const char *directory, const char *name)
{
	size_t length = strlen(directory), name_size = strlen(name) + 1;

	if (length + 1 + name_size > size)
		return -ENAMETOOLONG;
	memcpy(ret, directory, length);
	ret[length] = '/';
	memcpy(ret + length + 1, name, name_size);
	return 0;
}

static int read_up_to(int fd, char *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

int read_file_at(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len, size = ATTRIBUTE_MAX > max ? max + 1 : ATTRIBUTE_MAX;
	_cleanup_free_ char *data = NULL;
	char start[ATTRIBUTE_MAX];
	int r;

	if (fd < 0)
		return -errno;
	/* Sysfs and procfs do not tell a size, and nearly all of it is short: no more memory is
	 * taken than that needs. */
	r = read_up_to(fd, start, size, &len);
	if (r < 0)
		return r;
	data = malloc(len + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data, start, len);
	/* Grow until the end, one byte past MAX tells. */
	while (len == size && size <= max) {
		size_t part = 0;
		char *grown;

		size = size * 2 > max ? max + 1 : size * 2;
		grown = realloc(data, size + 1);
		if (!grown)
			return -ENOMEM;
		data = grown;
		r = read_up_to(fd, data + len, size - len, &part);
		if (r < 0)
			return r;
		len += part;
	}
	if (len > max)
		return -EFBIG;
	data[len] = '\0';
	*ret_data = steal_pointer(data);
	*ret_len = len;
	return 0;
}

int read_attr_at(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char data[ATTRIBUTE_MAX];
	ssize_t n;
	size_t len;

	if (fd < 0)
		return -errno;
	/* The kernel gives an attribute whole. */
	do
		n = read(fd, data, sizeof(data));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	len = (size_t)n;
	if (len > 0 && data[len - 1] == '\n')
		len--;
	if (memchr(data, 0, len))
		return -EBADMSG;
	if (len >= size)
		return -E2BIG;
	memcpy(buf, data, len);
	buf[len] = '\0';
	return 0;
}

int read_attr_u64_at(int dirfd, const char *path, uint64_t *ret)
{
	char text[32];
	int r = read_attr_at(dirfd, path, text, sizeof(text));

	if (r == -E2BIG)
		return -EBADMSG;
	if (r < 0)
		return r;
	return parse_u64(text, UINT64_MAX, ret) < 0 ? -EBADMSG : 0;
}

int write_attr_at(int dirfd, const char *path, const char *data)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(data);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, data, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

DIR *open_directory_at(int dirfd, const char *path)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir)
		steal_fd(&fd);
	return dir;
}

int make_directories(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}
