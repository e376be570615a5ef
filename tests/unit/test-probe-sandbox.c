/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the probe's child can and cannot do. */
#include "test.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "child.h"
#include "probe-sandbox.h"

/* A child takes milliseconds; only a broken one makes the test wait. */
#define PATIENCE_MS 20000

static void wait_readable(int fd)
{
	struct pollfd child = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&child, 1, PATIENCE_MS), 1);
}

static int in_sandbox(child_fn fn)
{
	struct child *child;
	int r;

	assert_int_equal(child_start(fn, NULL, NULL, 0, &child), 0);
	wait_readable(child_fd(child));
	r = child_status(child);
	assert_int_equal(child_status(child), r);
	child_free(child);
	return r;
}

static void enter(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || probe_sandbox_enter(fd, 5) < 0)
		_exit(99);
}

static int read_disk(void *data)
{
	char magic[4];

	(void)data;
	enter();
	return pread(PROBE_SANDBOX_FD, magic, 4, 0) == 4 && !memcmp(magic, "\177ELF", 4) ? 0 : 1;
}

static int open_file(void *data)
{
	(void)data;
	enter();
	return open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES ? 0 : 1;
}

static int do_nothing(void *data)
{
	(void)data;
	enter();
	return 0;
}

static int take_memory(void *data)
{
	(void)data;
	enter();
	return mmap(NULL, 2 * PROBE_MEMORY_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? 0
		       : 1;
}

static int make_code(void *data)
{
	(void)data;
	enter();
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? 0
		       : 1;
}

static int run_program(void *data)
{
	(void)data;
	enter();
	execl("/bin/true", "true", NULL);
	return 0;
}

static int start_process(void *data)
{
	(void)data;
	enter();
	return fork() == 0 ? 0 : 1;
}

static int trace_parent(void *data)
{
	(void)data;
	enter();
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? 0 : 1;
}

static int kill_parent(void *data)
{
	(void)data;
	enter();
	return kill(getppid(), SIGCONT) == 0 ? 0 : 1;
}

static int look_into_parent(void *data)
{
	char byte;
	struct iovec into = { &byte, 1 }, from = { data, 1 };

	enter();
	return process_vm_readv(getppid(), &into, 1, &from, 1, 0) == 1 ? 0 : 1;
}

static int open_socket(void *data)
{
	(void)data;
	enter();
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int cut_disk(void *data)
{
	(void)data;
	enter();
	return ftruncate(PROBE_SANDBOX_FD, 0) < 0 && errno == EACCES ? 0 : 1;
}

static int use_other_descriptors(void *data)
{
	char byte;

	(void)data;
	enter();
	for (int fd = 0; fd < 64; fd++)
		if (fd != PROBE_SANDBOX_FD && (read(fd, &byte, 1) >= 0 || errno != EBADF))
			return 1;
	return dup(PROBE_SANDBOX_FD) < 0 ? 0 : 1;
}

static int become_root(void *data)
{
	(void)data;
	enter();
	return setuid(0) < 0 && setgid(0) < 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? 0 : 1;
}

static int fill_heap(void *data)
{
	(void)data;
	enter();
	/* As a parser would: piece by piece. */
	for (size_t size = 0; size < 2 * PROBE_MEMORY_MAX; size += 65536) {
		char *piece = mmap(
			NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED)
			return 0;
		piece[0] = 1;
	}
	return 1;
}

/* For as much time as it likes. */
static int spin(void *data)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)data;
	if (fd < 0 || probe_sandbox_enter(fd, 1) < 0)
		return 99;
	for (volatile unsigned i = 0;; i++)
		;
}

static int write_disk(void *data)
{
	(void)data;
	enter();
	return write(PROBE_SANDBOX_FD, "x", 1) < 0;
}

static void test_the_sandbox_lets_the_disk_be_read(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(read_disk), 0);
}

static void test_the_sandbox_refuses_what_libraries_may_ask_for(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(open_file), 0);
	assert_int_equal(in_sandbox(take_memory), 0);
	assert_int_equal(in_sandbox(fill_heap), 0);
	assert_int_equal(in_sandbox(make_code), 0);
	assert_int_equal(in_sandbox(cut_disk), 0);
	assert_int_equal(in_sandbox(use_other_descriptors), 0);
	assert_int_equal(in_sandbox(become_root), 0);
}

static pid_t pid_of(int pidfd)
{
	char path[64], *data;
	size_t length;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	assert_int_equal(read_file_at(AT_FDCWD, path, 4096, &data, &length), 0);
	pid = atoi(strstr(data, "\nPid:") + 5);
	free(data);
	return pid;
}

/* A line of /proc/PID/FILE of a child that has ended and was not reaped yet. */
static void read_status(int pidfd, const char *file, const char *key, char *ret, size_t size)
{
	char path[64], *data, *line;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid_of(pidfd), file);
	assert_int_equal(read_file_at(AT_FDCWD, path, 16384, &data, &length), 0);
	line = strstr(data, key);
	assert_non_null(line);
	line += strlen(key);
	snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line);
	free(data);
}

static void test_the_sandbox_leaves_no_privileges(void **state)
{
	struct child *child;
	char value[64];

	(void)state;
	assert_int_equal(child_start(do_nothing, NULL, NULL, 0, &child), 0);
	wait_readable(child_fd(child));
	read_status(child_fd(child), "status", "\nNoNewPrivs:\t", value, sizeof(value));
	assert_string_equal(value, "1");
	read_status(child_fd(child), "status", "\nCapPrm:\t", value, sizeof(value));
	assert_string_equal(value, "0000000000000000");
	if (geteuid() == 0) {
		read_status(child_fd(child), "status", "\nUid:\t", value, sizeof(value));
		assert_string_equal(value, "65534\t65534\t65534\t65534");
		read_status(child_fd(child), "status", "\nGroups:\t", value, sizeof(value));
		assert_string_equal(value, " ");
	}
	assert_int_equal(child_status(child), 0);
	child_free(child);
}

/* What it is rooted in ends with it, and has nothing that it could open. */
static void test_the_sandbox_has_no_file_system(void **state)
{
	char path[64], root[PATH_MAX], expected[64], value[64];
	struct child *child;
	ssize_t n;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(child_start(spin, NULL, NULL, 0, &child), 0);
	do
		read_status(child_fd(child), "status", "\nSeccomp:\t", value, sizeof(value));
	while (strcmp(value, "2"));
	snprintf(path, sizeof(path), "/proc/%d/root", pid_of(child_fd(child)));
	snprintf(expected, sizeof(expected), "/proc/%d/fdinfo", pid_of(child_fd(child)));
	n = readlink(path, root, sizeof(root) - 1);
	assert_true(n > 0);
	root[n] = '\0';
	assert_string_equal(root, expected);
	child_free(child);
}

/* What the filter lets through, or will let through by mistake some day, is limited, too. */
static void test_the_sandbox_has_limits_behind_its_filter(void **state)
{
	static const char *const limits[] = { "\nMax cpu time", "\nMax file size",
		"\nMax core file size", "\nMax processes", "\nMax open files" };
	static const char *const values[] = { "5", "0", "0", "0", "1" };
	struct child *child;
	char value[128];

	(void)state;
	assert_int_equal(child_start(do_nothing, NULL, NULL, 0, &child), 0);
	wait_readable(child_fd(child));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		char soft[32], hard[32];

		read_status(child_fd(child), "limits", limits[i], value, sizeof(value));
		assert_int_equal(sscanf(value, "%31s %31s", soft, hard), 2);
		assert_string_equal(soft, values[i]);
		assert_string_equal(hard, values[i]);
	}
	read_status(child_fd(child), "limits", "\nMax address space", value, sizeof(value));
	assert_null(strstr(value, "unlimited"));
	child_free(child);
}

static void test_the_sandbox_ends_who_takes_too_much_time(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(spin), -ECHILD);
}

static void test_the_sandbox_kills_intruders(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(start_process), -ECHILD);
	assert_int_equal(in_sandbox(trace_parent), -ECHILD);
	assert_int_equal(in_sandbox(kill_parent), -ECHILD);
	assert_int_equal(in_sandbox(look_into_parent), -ECHILD);
	assert_int_equal(in_sandbox(run_program), -ECHILD);
	assert_int_equal(in_sandbox(open_socket), -ECHILD);
	assert_int_equal(in_sandbox(write_disk), -ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_sandbox_lets_the_disk_be_read),
		cmocka_unit_test(test_the_sandbox_refuses_what_libraries_may_ask_for),
		cmocka_unit_test(test_the_sandbox_leaves_no_privileges),
		cmocka_unit_test(test_the_sandbox_has_no_file_system),
		cmocka_unit_test(test_the_sandbox_has_limits_behind_its_filter),
		cmocka_unit_test(test_the_sandbox_ends_who_takes_too_much_time),
		cmocka_unit_test(test_the_sandbox_kills_intruders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
