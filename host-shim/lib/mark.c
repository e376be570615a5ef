/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of a domain that is being launched. */
#include "mark.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "metadata.h"

#define LAUNCHING "launching"
#define PID "pid"
#define START "start"
#define BOOT "boot"
#define PID_NAMESPACE "pid-namespace"
#define NET_NAMESPACE "net-namespace"
#define SOCKET "socket"

/* A line of some fifty numbers, and a name of at most 64 bytes. */
#define STAT_SIZE 2048

/* Of the fields behind the name, which is in parentheses and may have any byte. */
#define STAT_START_FIELD 20

/* -ESRCH if the process has ended, -ENOENT if that cannot be told here. */
static int read_start(int pid, uint64_t *ret)
{
	char path[32], stat[STAT_SIZE], *field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_attr_at(AT_FDCWD, path, stat, sizeof(stat)) < 0)
		return kill(pid, 0) < 0 && errno == ESRCH ? -ESRCH : -ENOENT;
	field = strrchr(stat, ')');
	if (field && (strncmp(field, ") Z", 3) == 0 || strncmp(field, ") X", 3) == 0))
		return -ESRCH;
	for (int i = 0; i < STAT_START_FIELD && field; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -ENOENT;
	field++;
	field[strcspn(field, " ")] = '\0';
	return parse_u64(field, UINT64_MAX, ret);
}

static uint64_t read_namespace(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Two kernels have different boots, two containers on one have different namespaces. */
static void read_place(struct launcher *ret)
{
	if (read_attr_at(
		    AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret->boot, sizeof(ret->boot)) < 0)
		ret->boot[0] = '\0';
	ret->pid_namespace = read_namespace("/proc/self/ns/pid");
	ret->net_namespace = read_namespace("/proc/self/ns/net");
}

struct launcher launcher_self(bool local)
{
	struct launcher self = { .pid = getpid() };

	if (read_start(self.pid, &self.start) == 0 && local)
		read_place(&self);
	return self;
}

struct launcher launcher_begin(bool local, int *ret_socket)
{
	struct launcher self = launcher_self(local);

	*ret_socket = self.boot[0] && self.net_namespace ? launch_socket_open(self.socket) : -1;
	return self;
}

static enum launcher_state process_state(const struct launcher *launcher)
{
	uint64_t start;
	int r = read_start(launcher->pid, &start);

	/* Other users' processes may be hidden. */
	if (r < 0)
		return r == -ESRCH ? LAUNCHER_ENDED : LAUNCHER_UNKNOWN;
	return start == launcher->start ? LAUNCHER_RUNS : LAUNCHER_ENDED;
}

/* A process may do other things after a launch that was broken off. */
static enum launcher_state ask_socket(const struct launcher *launcher, enum launcher_state state)
{
	int r = launch_socket_ask(launcher->socket);

	if (r < 0)
		return state;
	return r > 0 ? LAUNCHER_RUNS : LAUNCHER_ENDED;
}

enum launcher_state launcher_state(const struct launcher *launcher, bool local)
{
	struct launcher here = {};
	enum launcher_state state;

	if (launcher->pid == 0)
		return LAUNCHER_ENDED;
	read_place(&here);
	if (!local || !launcher->boot[0] || !here.boot[0])
		return LAUNCHER_UNKNOWN;
	/* Of what ran before the host was started anew, nothing does. */
	if (strcmp(launcher->boot, here.boot) != 0)
		return LAUNCHER_ENDED;
	if (launcher->pid_namespace != here.pid_namespace)
		return LAUNCHER_UNKNOWN;
	state = process_state(launcher);
	/* An older hotslot has no socket. */
	if (state == LAUNCHER_ENDED || !launcher->socket[0] ||
		launcher->net_namespace != here.net_namespace)
		return state;
	return ask_socket(launcher, state);
}

static xmlNode *find_mark(xmlNode *element)
{
	for (xmlNode *node = element ? element->children : NULL; node; node = node->next)
		if (metadata_is(node, LAUNCHING))
			return node;
	return NULL;
}

static void parse_namespace(xmlNode *mark, const char *name, uint64_t *ret)
{
	_cleanup_free_ char *space = xml_attribute(mark, name);

	if (space)
		(void)parse_u64(space, UINT64_MAX, ret);
}

/* What is not there, or none, is not known. */
static void parse_place(xmlNode *mark, struct launcher *ret)
{
	_cleanup_free_ char *boot = xml_attribute(mark, BOOT);
	_cleanup_free_ char *name = xml_attribute(mark, SOCKET);

	if (boot && strlen(boot) < sizeof(ret->boot))
		strcpy(ret->boot, boot);
	parse_namespace(mark, PID_NAMESPACE, &ret->pid_namespace);
	parse_namespace(mark, NET_NAMESPACE, &ret->net_namespace);
	if (name && launch_socket_is_name(name))
		strcpy(ret->socket, name);
}

static struct launcher read_mark(xmlNode *mark)
{
	_cleanup_free_ char *pid = xml_attribute(mark, PID), *start = xml_attribute(mark, START);
	struct launcher launcher = {};
	uint64_t number;

	if (!pid || !start || parse_u64(pid, INT_MAX, &number) < 0 ||
		parse_u64(start, UINT64_MAX, &launcher.start) < 0)
		return (struct launcher){};
	launcher.pid = (int)number;
	parse_place(mark, &launcher);
	return launcher;
}

bool mark_parse(xmlNode *metadata, struct launcher *ret)
{
	for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next) {
		xmlNode *mark =
			node->ns && metadata_is(node, METADATA_KEY) ? find_mark(node) : NULL;

		if (mark) {
			*ret = read_mark(mark);
			return true;
		}
	}
	return false;
}

void mark_write(struct xml_writer *w, const struct launcher *launcher)
{
	xml_open(w, METADATA_KEY ":" LAUNCHING);
	xml_putf(w, PID, "%d", launcher->pid);
	xml_putf(w, START, "%llu", (unsigned long long)launcher->start);
	if (launcher->boot[0]) {
		xml_put(w, BOOT, launcher->boot);
		xml_putf(w, PID_NAMESPACE, "%llu", (unsigned long long)launcher->pid_namespace);
	}
	if (launcher->socket[0]) {
		xml_putf(w, NET_NAMESPACE, "%llu", (unsigned long long)launcher->net_namespace);
		xml_put(w, SOCKET, launcher->socket);
	}
	xml_close(w);
}

int mark_remove(const char *old, char **ret)
{
	_cleanup_xml_ xmlDoc *document = old ? xml_read(old) : NULL;
	xmlNode *element = document ? xmlDocGetRootElement(document) : NULL, *mark;

	if (!find_mark(element))
		return -ENOENT;
	while ((mark = find_mark(element))) {
		xmlUnlinkNode(mark);
		xmlFreeNode(mark);
	}
	return metadata_format(document, element, ret);
}
