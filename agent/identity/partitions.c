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

int disk_read_partitions(
	const struct view *view, const char *devpath, struct partition **ret, size_t *ret_count)
{
	const char *name = strrchr(devpath, '/');
	_cleanup_free_ struct partition *list = NULL;
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	size_t n = 0;
	int r;

	name = name ? name + 1 : devpath;
	dir = open_directory_at(view->sys, devpath + (*devpath == '/'));
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) && n < PARTITIONS_MAX) {
		/* "sda1" is below "sda". */
		if (strncmp(entry->d_name, name, strlen(name)))
			continue;
		r = grow(&list, n);
		if (r < 0)
			return r;
		r = read_partition(dirfd(dir), entry->d_name, &list[n]);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	if (n > 0)
		qsort(list, n, sizeof(*list), compare_numbers);
	*ret = steal_pointer(list);
	*ret_count = n;
	return 0;
}
