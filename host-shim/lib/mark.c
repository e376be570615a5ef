/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of a domain that is being launched. */
#include "mark.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "metadata.h"

#define LAUNCHING "launching"
#define PID "pid"
#define START "start"

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

struct launcher launcher_self(void)
{
	struct launcher self = { .pid = getpid() };

	if (read_start(self.pid, &self.start) < 0)
		self.pid = 0;
	return self;
}

bool launcher_runs(const struct launcher *launcher)
{
	uint64_t start;
	int r = launcher->pid > 0 ? read_start(launcher->pid, &start) : -ESRCH;

	/* Other users' processes may be hidden. */
	return r == -ENOENT || (r == 0 && start == launcher->start);
}

static xmlNode *find_mark(xmlNode *element)
{
	for (xmlNode *node = element ? element->children : NULL; node; node = node->next)
		if (metadata_is(node, LAUNCHING))
			return node;
	return NULL;
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
