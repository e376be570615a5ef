/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which virtio-scsi controller is managed. */
#include "controller.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "place.h"
#include "util.h"

#define DRIVER_DIRECTORY "bus/virtio/drivers/virtio_scsi"

/* Who is there with and without a driver, and VIRTIO_ID_SCSI, as sysfs has it. */
#define DEVICE_DIRECTORY "bus/virtio/devices"
#define SCSI_DEVICE "0x0008"

/* The kernel's command line is at most 4096 bytes on most architectures; a configuration file
 * has a line or two. */
#define CONFIG_MAX 65536

static int copy_value(const char *value, size_t length, char *ret, size_t size)
{
	if (length >= size)
		return -E2BIG;
	memcpy(ret, value, length);
	ret[length] = '\0';
	return 1;
}

static size_t trimmed_length(const char *s, size_t length)
{
	while (length > 0 && (s[length - 1] == ' ' || s[length - 1] == '\t'))
		length--;
	return length;
}

int config_find(const char *text, const char *key, char *ret, size_t size)
{
	while (*text) {
		size_t length = strcspn(text, "\n"), blank = strspn(text, " \t"), name;
		const char *line = text, *equals;

		text += length + (text[length] == '\n');
		length = strcspn(line, "#\n");
		if (blank >= length)
			continue;
		equals = memchr(line, '=', length);
		if (!equals)
			return -EBADMSG;
		name = trimmed_length(line + blank, (size_t)(equals - line) - blank);
		if (name != strlen(key) || strncmp(line + blank, key, name))
			continue;
		equals += 1 + strspn(equals + 1, " \t");
		if (equals > line + length)
			equals = line + length;
		return copy_value(equals, trimmed_length(equals, (size_t)(line + length - equals)),
			ret, size);
	}
	return 0;
}

static bool is_blank(char c)
{
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\n');
}

/* The length of the parameter at S: to the next blank outside quotes. */
static size_t parameter_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n] && (quoted || !is_blank(s[n])); n++)
		quoted ^= s[n] == '"';
	return n;
}

int cmdline_find(const char *text, const char *key, char *ret, size_t size)
{
	size_t key_length = strlen(key), length;
	int r = 0;

	/* Nearly always. */
	if (!strstr(text, key))
		return 0;
	for (; *text; text += length) {
		const char *value = text;
		size_t n;

		length = n = is_blank(*text) ? 1 : parameter_length(text);
		if (*value == '"')
			value++, n--;
		if (n <= key_length || strncmp(value, key, key_length) || value[key_length] != '=')
			continue;
		value += key_length + 1;
		n -= key_length + 1;
		if (*value == '"')
			value++, n--;
		if (n > 0 && value[n - 1] == '"')
			n--;
		r = copy_value(value, n, ret, size);
	}
	return r;
}

/* Reads the configured name: command line first. Returns 1, 0 if there is none, or an error. */
static int read_configuration(const struct view *view, char ret[CONTROLLER_SIZE])
{
	_cleanup_free_ char *cmdline = NULL, *config = NULL;
	size_t length;
	int r;

	r = read_file_at(view->proc, "cmdline", CONFIG_MAX, &cmdline, &length);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		r = cmdline_find(cmdline, CONTROLLER_PARAMETER, ret, CONTROLLER_SIZE);
		if (r != 0)
			return r;
	}
	if (view->etc < 0)
		return 0;
	r = read_file_at(view->etc, CONTROLLER_CONFIG, CONFIG_MAX, &config, &length);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return config_find(config, CONTROLLER_KEY, ret, CONTROLLER_SIZE);
}

static bool is_scsi(const struct view *view, const char *name)
{
	char path[PATH_MAX], device[sizeof(SCSI_DEVICE) + 1];

	return (size_t)snprintf(path, sizeof(path), DEVICE_DIRECTORY "/%s/device", name) <
		       sizeof(path) &&
	       read_attr_at(view->sys, path, device, sizeof(device)) == 0 &&
	       !strcmp(device, SCSI_DEVICE);
}

/* The length of DEVPATH up to the device of this name, which has one place on its bus; 0 if it is
 * not on the way. */
static size_t length_to(const char *devpath, const char *name)
{
	const char *slash = devpath;

	while ((slash = strchr(slash, '/'))) {
		size_t n = 0;

		slash++;
		while (name[n] && slash[n] == name[n])
			n++;
		if (!name[n] && slash[n] == '/')
			return (size_t)(slash + n - devpath);
	}
	return 0;
}

static int add_controller(const struct view *view, const char *among, const char *name,
	const char *devpath, struct controllers *list)
{
	char path[sizeof(DRIVER_DIRECTORY) + NAME_MAX + 1], directory[PATH_MAX];
	size_t length = length_to(devpath, name);

	if (length > 0 && length < sizeof(directory)) {
		memcpy(directory, devpath, length);
		directory[length] = '\0';
	} else if (path_join(path, sizeof(path), among, name) < 0 ||
		   view_read_link(view, path, directory, sizeof(directory)) < 0) {
		return 0; /* gone meanwhile */
	}
	if (list->n == CONTROLLERS_MAX)
		return -E2BIG;
	if (place_parse_controller(directory, list->names[list->n], CONTROLLER_SIZE) == 0)
		list->n++;
	return 0;
}

static int list_controllers(const struct view *view, const char *devpath, struct controllers *list)
{
	const char *among = view->starting ? DEVICE_DIRECTORY : DRIVER_DIRECTORY;
	_cleanup_closedir_ DIR *dir = open_directory_at(view->sys, among);
	struct dirent *entry;
	int r;

	list->n = 0;
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "virtio", 6) ||
			(view->starting && !is_scsi(view, entry->d_name)))
			continue;
		r = add_controller(view, among, entry->d_name, devpath, list);
		if (r < 0)
			return r;
	}
	return 0;
}

int controllers_list(const struct view *view, struct controllers *ret)
{
	return list_controllers(view, "", ret);
}

/* Whether one of the system's disks is on the controller; an unknown disk might be. */
static bool holds_system(
	const struct view *view, const struct system_disks *system, const char *controller)
{
	for (size_t i = 0; i < system->n; i++) {
		char name[32], path[PATH_MAX];
		struct place place;

		snprintf(name, sizeof(name), "%u:%u", major(system->devnums[i]),
			minor(system->devnums[i]));
		if (view_find_block(view, name, path, sizeof(path)) < 0)
			return true;
		if (place_parse(path, &place) == PLACE_VIRTIO_SCSI &&
			!strcmp(place.controller, controller))
			return true;
	}
	return false;
}

/* Whether NAME is a PCI function, "0000:01:02.0", or what is left of that without its domain and
 * its bus, too. */
static bool is_function(const char *function, size_t length, const char *name, size_t name_length)
{
	const char *end;

	if (name_length == 0 || name_length > length)
		return false;
	end = function + length - name_length;
	return strncmp(end, name, name_length) == 0 && (end == function || end[-1] == ':');
}

/* The functions on the way, as the host tells them: the numbers of buses behind bridges are the
 * guest's, and a root's is left out if it is 0. */
static bool is_host_path(const char *path, const char *name)
{
	char from_root[CONTROLLER_SIZE + sizeof("00:")];

	snprintf(from_root, sizeof(from_root), "%s%s",
		strcspn(name, ":") < strcspn(name, "/") ? "" : "00:", name);
	for (name = from_root;; path++, name++) {
		size_t length = strcspn(path, "/"), name_length = strcspn(name, "/");

		if (!is_function(path, length, name, name_length))
			return false;
		path += length;
		name += name_length;
		if (!*path || !*name)
			return *path == *name;
	}
}

/* The whole path of the configured controller; a controller that is not there keeps its name. */
static void complete_name(const struct controllers *list, char name[CONTROLLER_SIZE])
{
	for (size_t i = 0; i < list->n; i++) {
		const char *last = strrchr(list->names[i], '/');

		if ((last && !strcmp(last + 1, name)) || is_host_path(list->names[i], name)) {
			strcpy(name, list->names[i]);
			return;
		}
	}
}

int controller_find(const struct view *view, const struct system_disks *system, const char *devpath,
	char ret[CONTROLLER_SIZE])
{
	struct controllers list;
	char best[CONTROLLER_SIZE] = "";
	int configured, r;

	configured = read_configuration(view, best);
	if (configured < 0)
		return configured;
	r = list_controllers(view, devpath, &list);
	if (r < 0)
		return r;
	if (configured) {
		complete_name(&list, best);
	} else if (list.n == 1) {
		strcpy(best, list.names[0]);
	} else if (!system->undecided) {
		for (size_t i = 0; i < list.n; i++)
			if ((!*best || strcmp(list.names[i], best) < 0) &&
				!holds_system(view, system, list.names[i]))
				strcpy(best, list.names[i]);
	}
	strcpy(ret, best);
	return 0;
}
