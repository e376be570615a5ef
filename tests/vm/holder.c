/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses a disk in a guest in ways that a shell cannot. Static, as it runs in any guest.
 *
 *   holder exclusive|map|ring NODE   has NODE open with O_EXCL; has it mapped, or registered with
 *                                    io_uring, without a descriptor: prints "ready" and stays
 *   holder busy|mapped NODE          has it registered with a ring that submits all the time; with
 *                                    one that is mapped and has no descriptor either
 *   holder ended|thread NODE         has NODE open, but its first thread has ended, or another one
 *                                    has it that has descriptors of its own
 *   holder long NODE                 has it open by a node whose path is too long to be told
 *   holder mount NODE DIR            has the ext4 in NODE mounted, in a mount namespace that only
 *                                    one of its threads is in
 *   holder race NODE LOG             for ever: opens NODE, every other time with O_EXCL, writes a
 *                                    number, closes it, and notes in LOG the last one that was
 *                                    written without an error
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
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

/* ---- io_uring ---- */

#define ENTRIES 4096

static int register_with_ring(const char *node, struct io_uring_params *ret)
{
	int fd = open_node(node, O_RDONLY), ring;

	*ret = (struct io_uring_params){ 0 };
	ring = (int)syscall(SYS_io_uring_setup, ENTRIES, ret);
	if (ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) < 0)
		die("io_uring");
	close(fd);
	return ring;
}

static char *map_ring(int ring, size_t size, off_t offset)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);

	if (map == MAP_FAILED)
		die("mmap");
	return map;
}

static _Noreturn void hold_ring(const char *node)
{
	struct io_uring_params params;

	register_with_ring(node, &params);
	stay();
}

static _Noreturn void hold_mapped_ring(const char *node)
{
	struct io_uring_params params;
	int ring = register_with_ring(node, &params);

	map_ring(ring, 4096, IORING_OFF_SQ_RING);
	close(ring);
	stay();
}

/* What it submits are zeroes: IORING_OP_NOP. Their completions are dropped. */
static _Noreturn void hold_busy_ring(const char *node)
{
	struct io_uring_params params;
	int ring = register_with_ring(node, &params);
	char *submitted = map_ring(
		ring, params.sq_off.array + ENTRIES * sizeof(unsigned), IORING_OFF_SQ_RING);
	char *completed = map_ring(ring, params.cq_off.cqes, IORING_OFF_CQ_RING);
	unsigned *tail = (unsigned *)(submitted + params.sq_off.tail);

	puts("ready");
	fflush(stdout);
	for (;;) {
		__atomic_store_n(tail, *tail + ENTRIES, __ATOMIC_RELEASE);
		syscall(SYS_io_uring_enter, ring, ENTRIES, 0, 0, NULL, 0);
		__atomic_store_n((unsigned *)(completed + params.cq_off.head),
			*(volatile unsigned *)(completed + params.cq_off.tail), __ATOMIC_RELEASE);
	}
}

/* ---- threads ---- */

static const char *thread_node, *thread_directory;

static void *stay_in_thread(void *unused)
{
	(void)unused;
	stay();
}

static void *hold_in_thread(void *unused)
{
	if (unshare(CLONE_FILES) < 0)
		die("unshare");
	open_node(thread_node, O_RDONLY);
	return stay_in_thread(unused);
}

static void *mount_in_thread(void *unused)
{
	if (unshare(CLONE_FS | CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount(thread_node, thread_directory, "ext4", 0, NULL) < 0)
		die("mount");
	return stay_in_thread(unused);
}

static void start(void *(*thread)(void *))
{
	pthread_t id;

	if (pthread_create(&id, NULL, thread, NULL) != 0)
		die("pthread_create");
}

static _Noreturn void hold_by_thread(void *(*thread)(void *))
{
	start(thread);
	for (;;)
		pause();
}

static _Noreturn void hold_after_end(const char *node)
{
	open_node(node, O_RDONLY);
	start(stay_in_thread);
	pthread_exit(NULL);
}

/* ---- a long path ---- */

/* So many directories of this length are more than PATH_MAX. */
#define LONG_NAME 200
#define LONG_DEPTH 22

static _Noreturn void hold_far_away(const char *node)
{
	char name[LONG_NAME + 1];
	struct stat st;

	memset(name, 'd', LONG_NAME);
	name[LONG_NAME] = '\0';
	if (stat(node, &st) < 0 || chdir("/dev") < 0)
		die(node);
	for (int i = 0; i < LONG_DEPTH; i++)
		if ((mkdir(name, 0700) < 0 && errno != EEXIST) || chdir(name) < 0)
			die(name);
	unlink("node");
	if (mknod("node", S_IFBLK | 0600, st.st_rdev) < 0)
		die("node");
	open_node("node", O_RDONLY);
	if (chdir("/") < 0)
		die("/");
	stay();
}

/* ---- a race ---- */

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
	thread_node = argc > 2 ? argv[2] : NULL;
	thread_directory = argc > 3 ? argv[3] : NULL;
	if (argc == 4 && !strcmp(argv[1], "mount"))
		hold_by_thread(mount_in_thread);
	if (argc == 3 && !strcmp(argv[1], "thread"))
		hold_by_thread(hold_in_thread);
	if (argc == 3 && !strcmp(argv[1], "ended"))
		hold_after_end(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "long"))
		hold_far_away(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "map"))
		hold_map(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "ring"))
		hold_ring(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "busy"))
		hold_busy_ring(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "mapped"))
		hold_mapped_ring(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "exclusive")) {
		open_node(argv[2], O_RDONLY | O_EXCL);
		stay();
	}
	fputs("usage: holder exclusive|map|ring|busy|mapped|ended|thread|long NODE | "
	      "holder mount NODE DIR | holder race NODE LOG\n",
		stderr);
	return 2;
}
