/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor: the least that a guest can do to tell its host of a disk. Static.
 *
 * As PID 1 of an initramfs it mounts the kernel's file systems, inserts the modules that MODULES
 * lists, and listens to the kernel's uevents. Of each disk that comes it makes the link
 * /dev/disk/by-slot/N and writes the line "add N" to the agent's port, of each that goes "remove
 * N"; and "ready" when it has begun.
 *
 * With the word "answers" on the kernel's command line, it reads of each disk what the agent's
 * answer has to say, makes and checks both of its links, and writes all that in its line.
 *
 * With udevd in the initramfs it starts that, and listens to what udevd says when it is done with
 * its rules, by which it makes the links; but one that answers makes them itself, and udevd runs
 * beside it as it does beside the agent.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "listener-answer.h"
#include "listener-udevd.h"
#include "slot.h"
#include "uevent-filter.h"
#include "util.h"

#define PORT "org.hotslot.agent.0"
#define MODULES "/etc/hotslot/modules"
#define LINKS "/dev/disk/by-slot"

/* The two groups of NETLINK_KOBJECT_UEVENT. */
#define KERNEL_GROUP 1
#define UDEV_GROUP 2

/* As udevd has it, so that nothing of a thousand disks is lost. */
#define RECEIVE_SIZE (128 * 1024 * 1024)
#define MESSAGE_MAX 16384

/* libudev's message: this, and "KEY=VALUE", each with its NUL, from properties_offset on. */
struct udev_header {
	char prefix[8]; /* "libudev" */
	uint32_t magic, header_size, properties_offset, properties_length;
};

struct uevent {
	const char *action, *path, *subsystem, *type, *name, *links;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "listener: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- PID 1 ---- */

static void mount_all(void)
{
	static const char *const types[][2] = { { "devtmpfs", "/dev" }, { "proc", "/proc" },
		{ "sysfs", "/sys" }, { "tmpfs", "/run" } };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		mkdir(types[i][1], 0755);
		/* A kernel may have mounted /dev already. */
		if (mount(types[i][0], types[i][1], types[i][0], 0, NULL) < 0 && errno != EBUSY)
			die(types[i][1]);
	}
}

/* One that may fail has a hyphen before it. */
static void insert(int directory, const char *line)
{
	bool optional = *line == '-';
	int fd = openat(directory, line + optional, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST && !optional))
		die(line);
	close(fd);
}

/* They are below the one directory that /usr/lib/modules has. */
static void insert_all(void)
{
	_cleanup_closedir_ DIR *releases = opendir("/usr/lib/modules");
	_cleanup_fclose_ FILE *list = fopen(MODULES, "re");
	const struct dirent *entry;
	char line[PATH_MAX];
	int directory = -1;

	while (releases && (entry = readdir(releases)))
		if (entry->d_name[0] != '.')
			directory = openat(dirfd(releases), entry->d_name, O_PATH | O_DIRECTORY);
	if (!list || directory < 0)
		die(MODULES);
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			insert(directory, line);
	}
	close(directory);
}

/* ---- uevents ---- */

static int open_uevents(unsigned group)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = group };
	const int size = RECEIVE_SIZE;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("netlink");
	return fd;
}

static const char *value_of(const char *property, const char *key)
{
	size_t length = strlen(key);

	return strncmp(property, key, length) == 0 && property[length] == '='
		       ? property + length + 1
		       : NULL;
}

static void parse(const char *text, const char *end, struct uevent *ret)
{
	*ret = (struct uevent){};
	for (; text < end; text += strlen(text) + 1) {
		ret->action = value_of(text, "ACTION") ?: ret->action;
		ret->path = value_of(text, "DEVPATH") ?: ret->path;
		ret->subsystem = value_of(text, "SUBSYSTEM") ?: ret->subsystem;
		ret->type = value_of(text, "DEVTYPE") ?: ret->type;
		ret->name = value_of(text, "DEVNAME") ?: ret->name;
		ret->links = value_of(text, "DEVLINKS") ?: ret->links;
	}
}

/* BUFFER has room for a NUL behind the message. */
static void receive(int fd, char buffer[MESSAGE_MAX], struct uevent *ret)
{
	const struct udev_header *header = (const void *)buffer;
	ssize_t n = recv(fd, buffer, MESSAGE_MAX - 1, 0);
	size_t offset = 0;

	if (n < 0)
		die("netlink"); /* with ENOBUFS, too: a lost uevent would be measured as none */
	buffer[n] = '\0';
	if ((size_t)n > sizeof(*header) && !memcmp(header->prefix, "libudev", 8))
		offset = header->properties_offset;
	parse(buffer + offset, buffer + n, ret);
}

/* Its place is in the path: …/target0:0:1/0:0:1:5/block/sda */
static bool find_slot(const struct uevent *event, unsigned *ret)
{
	const char *block;
	unsigned target, lun;

	if (!event->path || !event->type || strcmp(event->type, "disk") != 0)
		return false;
	block = strstr(event->path, "/block/");
	while (block && block > event->path && block[-1] != '/')
		block--;
	if (!block || sscanf(block, "%*u:%*u:%u:%u/", &target, &lun) != 2)
		return false;
	*ret = slot_from_place(target, lun);
	return true;
}

/* ---- the port ---- */

static bool find_port(char *ret, size_t size)
{
	_cleanup_closedir_ DIR *ports = opendir("/sys/class/virtio-ports");
	const struct dirent *entry;

	while (ports && (entry = readdir(ports))) {
		char path[PATH_MAX], name[64];

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		if (read_attr_at(AT_FDCWD, path, name, sizeof(name)) < 0 || strcmp(name, PORT))
			continue;
		snprintf(ret, size, "/dev/%s", entry->d_name);
		return true;
	}
	return false;
}

/* Its name comes with a uevent of its own. */
static int open_port(int uevents)
{
	char path[PATH_MAX], buffer[MESSAGE_MAX];
	struct uevent event;
	int fd;

	while (!find_port(path, sizeof(path)))
		receive(uevents, buffer, &event);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

/* Blocks until the host has opened its end. */
static void say(int port, const char *line)
{
	if (write(port, line, strlen(line)) != (ssize_t)strlen(line))
		die("port");
}

/* ---- the work ---- */

static void answer(int port, const struct uevent *event, unsigned slot)
{
	char line[32];

	if (strcmp(event->action, "add") == 0) {
		if (!answer_added(port, event->path + 1, event->name, slot))
			die(event->path);
	} else if (strcmp(event->action, "remove") == 0) {
		if (!answer_removed(slot))
			die(event->path);
		snprintf(line, sizeof(line), "remove %u\n", slot);
		say(port, line);
	}
}

enum way { LINKS_ONE, LINKS_NONE, ANSWERS };

static void serve(int uevents, int port, enum way way)
{
	char buffer[MESSAGE_MAX], link[64], target[64], line[32];
	struct uevent event;
	unsigned slot;

	receive(uevents, buffer, &event);
	if (!event.action || !event.name || !find_slot(&event, &slot))
		return;
	if (way == ANSWERS) {
		answer(port, &event, slot);
		return;
	}
	snprintf(link, sizeof(link), LINKS "/%u", slot);
	snprintf(target, sizeof(target), "../../%s", event.name);
	snprintf(line, sizeof(line), "%s %u\n", event.action, slot);
	if (strcmp(event.action, "add") == 0) {
		if (way == LINKS_NONE ? !event.links : symlink(target, link) < 0)
			die(link);
	} else if (strcmp(event.action, "remove") != 0 || (way == LINKS_ONE && unlink(link) < 0)) {
		return;
	}
	say(port, line);
}

/* The kernel gives PID 1 the words of its command line that it does not know. */
static enum way choose(int argc, char *argv[], bool by_udev)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "answers") == 0)
			return ANSWERS;
	return by_udev ? LINKS_NONE : LINKS_ONE;
}

int main(int argc, char *argv[])
{
	static const char *const block[] = { "block" };
	bool udevd = udevd_is_there();
	enum way way = choose(argc, argv, udevd);
	int uevents, port;

	mount_all();
	uevents = open_uevents(KERNEL_GROUP);
	insert_all();
	if (udevd && !(way == ANSWERS ? udevd_start_beside() : udevd_start()))
		die("udevd");
	port = open_port(uevents);
	close(uevents);
	uevents = open_uevents(way == LINKS_NONE ? UDEV_GROUP : KERNEL_GROUP);
	if (way != LINKS_NONE &&
		uevent_filter_attach(uevents, UEVENT_KEEP, block, ARRAY_SIZE(block)) < 0)
		die("filter");
	if (make_directories(LINKS) < 0 || (way == ANSWERS && !answer_begin()))
		die(LINKS);
	say(port, "ready\n");
	for (;;)
		serve(uevents, port, way);
}
