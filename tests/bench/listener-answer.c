/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listener-answer.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "encode.h"
#include "slot.h"
#include "util.h"

#define BY_SLOT "disk/by-slot"
#define BY_SERIAL "disk/by-serial"

/* A header of four bytes, and the serial. */
#define VPD_HEADER 4
#define SERIAL_SIZE (4 * SERIAL_MAX + 1)

enum { DEV, SIZE, BLOCK_SIZE, READ_ONLY, DISKSEQ, ATTRIBUTES };

static const char *const attributes[ATTRIBUTES] = { "dev", "size", "queue/logical_block_size", "ro",
	"diskseq" };

static int dev, sys;
static char serials[SLOT_MAX + 1][SERIAL_SIZE];

static int open_directory(int at, const char *path, int flags)
{
	return openat(at, path, O_DIRECTORY | O_CLOEXEC | flags);
}

bool answer_begin(void)
{
	dev = open_directory(AT_FDCWD, "/dev", O_PATH);
	sys = open_directory(AT_FDCWD, "/sys", O_PATH);
	return dev >= 0 && sys >= 0 && make_directories("/dev/" BY_SERIAL) == 0;
}

static bool read_serial(int directory, char ret[SERIAL_SIZE])
{
	_cleanup_close_ int fd = openat(directory, "device/vpd_pg80", O_RDONLY | O_CLOEXEC);
	char page[VPD_HEADER + SERIAL_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, page, sizeof(page));

	if (n <= VPD_HEADER)
		return false;
	serial_encode(page + VPD_HEADER, (size_t)n - VPD_HEADER, ret);
	return true;
}

/* One with no partitions. */
static bool list(int directory)
{
	char entries[4096];
	long n;

	while ((n = syscall(SYS_getdents64, directory, entries, sizeof(entries))) > 0)
		;
	return n == 0;
}

static int open_tree(const char *tree)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dev, tree, &how, sizeof(how));
}

static bool make_link(const char *tree, const char *leaf, const char *name)
{
	_cleanup_close_ int directory = open_tree(tree);
	char target[64];

	snprintf(target, sizeof(target), "../../%s", name);
	return symlinkat(target, directory, leaf) == 0;
}

static bool check_link(const char *tree, const char *leaf, const char *name)
{
	_cleanup_close_ int directory = open_tree(tree);
	char target[64];
	struct stat st;

	return readlinkat(directory, leaf, target, sizeof(target)) > 0 &&
	       fstatat(dev, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(st.st_mode);
}

static bool say(
	int port, char values[ATTRIBUTES][32], const char *name, const char *serial, unsigned slot)
{
	char line[1024];
	int n = snprintf(line, sizeof(line),
		"add %u {\"slot\":%u,\"name\":\"%s\",\"devnum\":\"%s\",\"sectors\":%s,"
		"\"block-size\":%s,\"read-only\":%s,\"diskseq\":%s,\"serial\":\"%s\","
		"\"links\":[\"/dev/" BY_SLOT "/%u\",\"/dev/" BY_SERIAL "/%s\"],"
		"\"partitions\":[]}\n",
		slot, slot, name, values[DEV], values[SIZE], values[BLOCK_SIZE], values[READ_ONLY],
		values[DISKSEQ], serial, slot, serial);

	return write(port, line, (size_t)n) == n;
}

bool answer_added(int port, const char *path, const char *name, unsigned slot)
{
	_cleanup_close_ int directory = open_directory(sys, path, O_RDONLY);
	char values[ATTRIBUTES][32], leaf[16], *serial = serials[slot];

	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (read_attr_at(directory, attributes[i], values[i], sizeof(values[i])) < 0)
			return false;
	snprintf(leaf, sizeof(leaf), "%u", slot);
	return read_serial(directory, serial) && list(directory) &&
	       make_link(BY_SLOT, leaf, name) && make_link(BY_SERIAL, serial, name) &&
	       check_link(BY_SLOT, leaf, name) && check_link(BY_SERIAL, serial, name) &&
	       say(port, values, name, serial, slot);
}

bool answer_removed(unsigned slot)
{
	char path[sizeof(BY_SERIAL "/") + SERIAL_SIZE];

	snprintf(path, sizeof(path), BY_SLOT "/%u", slot);
	if (unlinkat(dev, path, 0) < 0)
		return false;
	snprintf(path, sizeof(path), BY_SERIAL "/%s", serials[slot]);
	return unlinkat(dev, path, 0) == 0;
}
