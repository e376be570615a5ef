/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The partitions of a disk, as sysfs has them. */
#include <fcntl.h>
#include <string.h>

#include "identity.h"
#include "util.h"

/* Sysfs counts partitions in sectors of this size, whatever the disk's logical blocks. */
#define SECTOR_SIZE 512

/* Returns 1 if NAME is a partition below DIR, a negative errno if that cannot be told. */
static int read_partition(int dir, const char *name, struct partition *ret)
{
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t number, start, size;
	char text[DEVNUM_TEXT_SIZE];
	dev_t devnum;
	int r = fd < 0 ? -errno : 0;

	if (r < 0 || (r = read_attr_u64_at(fd, "partition", &number)) < 0 ||
		(r = read_attr_u64_at(fd, "start", &start)) < 0 ||
		(r = read_attr_u64_at(fd, "size", &size)) < 0 ||
		(r = read_attr_at(fd, "dev", text, sizeof(text))) < 0)
		return is_shortage(r) ? r : 0;
	if (strlen(name) >= sizeof(ret->name) || devnum_parse(text, &devnum) < 0 || number == 0 ||
		number > PARTITIONS_MAX)
		return 0;
	*ret = (struct partition){
		.number = (unsigned)number,
		.devnum = devnum,
		.start = start * SECTOR_SIZE,
		.size = size * SECTOR_SIZE,
	};
	strcpy(ret->name, name);
	return 1;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct partition *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int grow(struct partition **list, size_t n)
{
	struct partition *grown;

	/* Doubled whenever it is a power of two; most disks have none or a few. */
	if (n & (n - 1))
		return 0;
	grown = realloc(*list, (n ? 2 * n : 1) * sizeof(**list));
	if (!grown)
		return -ENOMEM;
	*list = grown;
	return 0;
}

/* Some dozens, of a disk without partitions. */
#define ENTRIES_SIZE 4096

/* Adds what of the directory's entries is a partition of the disk NAME. */
static int add_partitions(int dir, const char *name, struct partition **list, size_t *n)
{
	_Alignas(struct dirent64) char buffer[ENTRIES_SIZE];
	ssize_t size;

	while ((size = getdents64(dir, (void *)buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < size && *n < PARTITIONS_MAX;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			int r = 0;

			at += entry->d_reclen;
			/* "sda1" is below "sda". */
			if (strncmp(entry->d_name, name, strlen(name)))
				continue;
			r = grow(list, *n);
			if (r == 0)
				r = read_partition(dir, entry->d_name, *list + *n);
			if (r < 0)
				return r;
			*n += (size_t)r;
		}
	return size < 0 ? -errno : 0;
}

int disk_read_partitions_at(int dir, const char *devpath, struct partition **ret, size_t *ret_count)
{
	const char *name = strrchr(devpath, '/');
	_cleanup_free_ struct partition *list = NULL;
	size_t n = 0;
	int r;

	if (dir < 0)
		return dir;
	/* readdir() would be three more system calls, for each disk that comes. */
	r = add_partitions(dir, name ? name + 1 : devpath, &list, &n);
	if (r < 0)
		return r;
	if (n > 0)
		qsort(list, n, sizeof(*list), compare_numbers);
	*ret = steal_pointer(list);
	*ret_count = n;
	return 0;
}

int disk_read_partitions(
	const struct view *view, const char *devpath, struct partition **ret, size_t *ret_count)
{
	_cleanup_close_ int dir = disk_open_directory(view, devpath);

	return disk_read_partitions_at(dir, devpath, ret, ret_count);
}
