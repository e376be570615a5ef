/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses a disk in a guest in ways that a shell cannot. Static, as it runs in any guest.
 *
 *   holder exclusive|map|ring NODE   has NODE open with O_EXCL; has it mapped, or registered with
 *                                    io_uring, without a descriptor: prints "ready" and stays
 *   holder race NODE LOG             for ever: opens NODE, every other time with O_EXCL, writes a
 *                                    number, closes it, and notes in LOG the last one that was
 *                                    written without an error
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the number is: not where anything looks for a file system. */
#define NUMBER_OFFSET (512 * 1024)

/* Between two tries, so that somebody else can have the disk. */
#define PAUSE_US 20000

static void die(const char *what)
{
	fprintf(stderr, "holder: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int open_node(const char *node, int flags)
{
	int fd = open(node, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		die(node);
	return fd;
}

static _Noreturn void stay(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static _Noreturn void hold_map(const char *node)
{
	int fd = open_node(node, O_RDONLY);

	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		die("mmap");
	close(fd);
	stay();
}

static _Noreturn void hold_ring(const char *node)
{
	struct io_uring_params params = { 0 };
	int fd = open_node(node, O_RDONLY), ring = (int)syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) < 0)
		die("io_uring");
	close(fd);
	stay();
}

static void note(const char *log, unsigned number)
{
	char text[32];
	int fd = open_node(log, O_WRONLY | O_CREAT);
	int length = snprintf(text, sizeof(text), "%010u\n", number);

	if (write(fd, text, (size_t)length) != length)
		die(log);
	close(fd);
}

static bool write_number(const char *node, int flags, unsigned number)
{
	int fd = open(node, O_WRONLY | O_CLOEXEC | flags);
	char text[512] = "";
	bool written;

	if (fd < 0)
		return false;
	snprintf(text, sizeof(text), "%010u\n", number);
	written = pwrite(fd, text, sizeof(text), NUMBER_OFFSET) == sizeof(text);
	return close(fd) == 0 && written;
}

static _Noreturn void race(const char *node, const char *log)
{
	for (unsigned number = 1;; number++) {
		if (write_number(node, number % 2 ? O_EXCL : 0, number))
			note(log, number);
		usleep(PAUSE_US);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "race"))
		race(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "map"))
		hold_map(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "ring"))
		hold_ring(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "exclusive")) {
		open_node(argv[2], O_RDONLY | O_EXCL);
		stay();
	}
	fputs("usage: holder exclusive|map|ring NODE | holder race NODE LOG\n", stderr);
	return 2;
}
