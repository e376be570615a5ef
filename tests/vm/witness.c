/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests' own hands and eyes in a guest: runs shell scripts that come over a virtio-serial port
 * of its own, and reads every link there is. Static, as it runs in any guest.
 *
 *   witness                  in the guest: serves the port org.hotslot.test.0 for ever
 *   witness ask SOCKET       on the host: has the script on standard input run, prints what it
 *                            prints, ends with its status
 *   witness links [DIR]      in the guest: prints a line for each link below DIR/disk (/dev):
 *                            NAME NODE MAJOR:MINOR BYTES ro|rw FIRST-LINE
 *   witness names [DIR]      the same without opening a device, which would keep the kernel from
 *                            reading a partition table: NAME NODE BYTES
 *
 * A request is "TOKEN LENGTH\n" and so many bytes; the answer is "TOKEN STATUS LENGTH\n" and so
 * many. The token tells an answer from one that was left over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define PORT "org.hotslot.test.0"
#define BINARIES "/run/witness/bin"
#define SCRIPT "/run/witness/script"
#define OUTPUT "/run/witness/output"

/* What a script or its output may have, bytes. */
#define TEXT_MAX (4 * 1024 * 1024)
#define HEADER_MAX 64

/* A port says nothing when the host has come, but to poll(). */
#define PORT_RETRY_MS 5

static void die(const char *what)
{
	fprintf(stderr, "witness: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- both ends ---- */

static void write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		struct pollfd ready = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EAGAIN)
			poll(&ready, 1, PORT_RETRY_MS);
		else if (n < 0)
			die("write");
		else
			data += n, length -= (size_t)n;
	}
}

/* Returns false at the end of the stream; a port without a host has no end. */
static bool read_all(int fd, char *data, size_t length, bool is_port)
{
	while (length > 0) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t n = read(fd, data, length);

		if (n < 0 && errno != EAGAIN)
			die("read");
		if (n == 0 && !is_port)
			return false;
		if (n <= 0) {
			if (is_port && n == 0)
				usleep(PORT_RETRY_MS * 1000);
			else
				poll(&ready, 1, -1);
			continue;
		}
		data += n, length -= (size_t)n;
	}
	return true;
}

static bool read_line(int fd, char line[HEADER_MAX], bool is_port)
{
	for (size_t i = 0; i < HEADER_MAX; i++) {
		if (!read_all(fd, line + i, 1, is_port))
			return false;
		if (line[i] == '\n') {
			line[i] = '\0';
			return true;
		}
	}
	errno = EBADMSG;
	die("header");
	return false;
}

/* ---- the guest ---- */

static bool find_port(char *ret, size_t size)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[PATH_MAX], name[64];

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		if (read_attr_at(AT_FDCWD, path, name, sizeof(name)) < 0 || strcmp(name, PORT))
			continue;
		snprintf(ret, size, "/dev/%s", entry->d_name);
		return access(ret, F_OK) == 0;
	}
	return false;
}

/* It may be plugged in later; its name comes a moment after its node. */
static int open_port(void)
{
	char path[PATH_MAX];
	int fd;

	while (!find_port(path, sizeof(path)))
		usleep(PORT_RETRY_MS * 1000);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void write_file(const char *path, const char *data, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd < 0)
		die(path);
	write_all(fd, data, length);
	close(fd);
}

static int run(const char *const argv[], const char *output)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
			_exit(126);
		close(0);
		open("/dev/null", O_RDONLY);
		setenv("PATH", BINARIES ":/usr/sbin:/usr/bin:/sbin:/bin", 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	/* As the child of PID 1 it has no orphans to reap. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void answer(int port, const char *token, int status)
{
	_cleanup_free_ char *output = NULL;
	char header[2 * HEADER_MAX];
	size_t length = 0;

	if (read_file_at(AT_FDCWD, OUTPUT, TEXT_MAX, &output, &length) < 0)
		length = 0;
	snprintf(header, sizeof(header), "%s %d %zu\n", token, status, length);
	write_all(port, header, strlen(header));
	write_all(port, output, length);
}

static _Noreturn void serve(void)
{
	static const char *const install[] = { "/bin/busybox", "--install", "-s", BINARIES, NULL };
	static const char *const script[] = { "/bin/busybox", "sh", SCRIPT, NULL };
	int port;

	mkdir("/run/witness", 0755);
	mkdir(BINARIES, 0755);
	if (run(install, OUTPUT) != 0)
		die("busybox");
	port = open_port();
	for (;;) {
		char header[HEADER_MAX], token[HEADER_MAX];
		_cleanup_free_ char *text = NULL;
		size_t length;

		if (!read_line(port, header, true) ||
			sscanf(header, "%63s %zu", token, &length) != 2 || length > TEXT_MAX)
			continue;
		text = malloc(length + 1);
		if (!text || !read_all(port, text, length, true))
			die("script");
		write_file(SCRIPT, text, length);
		answer(port, token, run(script, OUTPUT));
	}
}

/* ---- the links ---- */

/* The first line of the device, from the device and not from any cache. */
static void print_first_line(int fd)
{
	static char sector[4096] __attribute__((aligned(4096)));
	ssize_t n = pread(fd, sector, sizeof(sector) - 1, 0);

	/* A device shorter than that; one retry for a unit attention. */
	if (n < 0)
		n = pread(fd, sector, 512, 0);
	if (n < 0) {
		printf(" !%s", strerror(errno));
		return;
	}
	sector[n] = '\0';
	sector[strcspn(sector, "\n")] = '\0';
	printf(" %s", sector);
}

static void print_link(int directory, const char *tree, const char *name)
{
	char target[PATH_MAX] = "";
	uint64_t size = 0;
	struct stat st;
	int fd, read_only = 0;

	if (readlinkat(directory, name, target, sizeof(target) - 1) < 0)
		return;
	printf("%s/%s %s", tree, name, target);
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_DIRECT);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode)) {
		printf(" !%s\n", fd < 0 ? strerror(errno) : "no block device");
	} else {
		ioctl(fd, BLKGETSIZE64, &size);
		ioctl(fd, BLKROGET, &read_only);
		printf(" %u:%u %llu %s", major(st.st_rdev), minor(st.st_rdev),
			(unsigned long long)size, read_only ? "ro" : "rw");
		print_first_line(fd);
		putchar('\n');
	}
	closep(&fd);
}

static void print_name(int directory, const char *tree, const char *name)
{
	char target[PATH_MAX] = "", path[PATH_MAX + 32];
	const char *node;
	uint64_t sectors;

	if (readlinkat(directory, name, target, sizeof(target) - 1) < 0)
		return;
	node = strrchr(target, '/');
	snprintf(path, sizeof(path), "/sys/class/block/%s/size", node ? node + 1 : target);
	if (read_attr_u64_at(AT_FDCWD, path, &sectors) < 0)
		printf("%s/%s %s !no such device\n", tree, name, target);
	else
		printf("%s/%s %s %llu\n", tree, name, target, (unsigned long long)sectors * 512);
}

static int print_links(
	const char *dev, void (*print)(int directory, const char *tree, const char *name))
{
	static const char *const trees[] = { "by-slot", "by-serial" };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		char path[PATH_MAX];
		struct dirent **names;
		int directory, n;

		snprintf(path, sizeof(path), "%s/disk/%s", dev, trees[i]);
		n = scandir(path, &names, NULL, versionsort);
		directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		for (int k = 0; k < n; k++) {
			if (names[k]->d_name[0] != '.')
				print(directory, trees[i], names[k]->d_name);
			free(names[k]);
		}
		if (n >= 0)
			free(names);
		closep(&directory);
	}
	return EXIT_SUCCESS;
}

/* ---- the host ---- */

static char *read_input(size_t *ret_length)
{
	char *text = malloc(TEXT_MAX);
	ssize_t n;

	*ret_length = 0;
	if (!text)
		die("memory");
	while ((n = read(0, text + *ret_length, TEXT_MAX - *ret_length)) > 0)
		*ret_length += (size_t)n;
	return text;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

static int ask(const char *path)
{
	_cleanup_close_ int fd = connect_to(path);
	char header[2 * HEADER_MAX], token[HEADER_MAX], wanted[HEADER_MAX];
	_cleanup_free_ char *text = NULL;
	uint64_t random;
	size_t length;
	int status;

	text = read_input(&length);
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		die("random");
	snprintf(wanted, sizeof(wanted), "%016llx", (unsigned long long)random);
	snprintf(header, sizeof(header), "%s %zu\n", wanted, length);
	write_all(fd, header, strlen(header));
	write_all(fd, text, length);
	for (;;) {
		_cleanup_free_ char *output = NULL;

		if (!read_line(fd, header, false) ||
			sscanf(header, "%63s %d %zu", token, &status, &length) != 3 ||
			length > TEXT_MAX)
			die("answer");
		output = malloc(length + 1);
		if (!output || !read_all(fd, output, length, false))
			die("answer");
		if (strcmp(token, wanted))
			continue; /* of somebody who did not wait for it */
		write_all(1, output, length);
		return status;
	}
}

int main(int argc, char **argv)
{
	if (argc == 1)
		serve();
	if (argc == 3 && !strcmp(argv[1], "ask"))
		return ask(argv[2]);
	if (argc <= 3 && !strcmp(argv[1], "links"))
		return print_links(argc == 3 ? argv[2] : "/dev", print_link);
	if (argc <= 3 && !strcmp(argv[1], "names"))
		return print_links(argc == 3 ? argv[2] : "/dev", print_name);
	fputs("usage: witness | witness ask SOCKET | witness links|names [DIR]\n", stderr);
	return 2;
}
