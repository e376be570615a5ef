/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's block nodes as libvirt makes them. Pure. */
#include "block-nodes.h"

#include <string.h>

/* "libvirt-4294967295-storage" */
#define NODE_NAME_SIZE 32

static const json_t *find_node(const json_t *nodes, unsigned number, const char *kind)
{
	char name[NODE_NAME_SIZE];
	const json_t *node;
	size_t i;

	snprintf(name, sizeof(name), "libvirt-%u-%s", number, kind);
	json_array_foreach(nodes, i, node)
	{
		const char *other = json_string_value(json_object_get(node, "node-name"));

		if (other && strcmp(other, name) == 0)
			return node;
	}
	return NULL;
}

static bool has_text(const json_t *node, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(node, key));

	return value && strcmp(value, text) == 0;
}

/* One that libvirt had left over may have the next number. */
static const json_t *find_backing(const json_t *nodes, const json_t *node, unsigned number)
{
	const char *file = json_string_value(json_object_get(node, "backing_file"));
	const json_t *backing = file ? find_node(nodes, number + 1, "format") : NULL;

	return has_text(backing, "file", file ?: "") ? backing : NULL;
}

int block_chain_find(const json_t *nodes, const char *top, struct block_chain *ret)
{
	struct block_chain chain = { .count = 1 };
	const json_t *node;
	int end = 0;

	if (sscanf(top, "libvirt-%9u-format%n", &chain.first, &end) != 1 || end == 0 || top[end])
		return -ENOENT;
	node = find_node(nodes, chain.first, "format");
	if (!node || !has_text(node, "node-name", top))
		return -ENOENT;
	while (chain.count < BLOCK_CHAIN_MAX &&
		(node = find_backing(nodes, node, chain.first + chain.count - 1)))
		chain.count++;
	*ret = chain;
	return 0;
}

int block_chain_next(const json_t *nodes, const char *path, size_t *start, struct block_chain *ret)
{
	while (*start < json_array_size(nodes)) {
		const json_t *node = json_array_get(nodes, (*start)++);
		const char *name = json_string_value(json_object_get(node, "node-name"));
		struct block_chain chain;

		if (!name || block_chain_find(nodes, name, &chain) < 0 ||
			!has_text(find_node(nodes, chain.first, "storage"), "file", path))
			continue;
		*ret = chain;
		return 0;
	}
	return -ENOENT;
}
