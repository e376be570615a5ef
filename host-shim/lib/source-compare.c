/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two texts of source.h mean one image. */
#include "source-compare.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>

#include "source.h"

/* Devices by their number: a device has nodes in several places. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	if (stat(a, &one) < 0 || stat(b, &other) < 0)
		return false;
	if (S_ISBLK(one.st_mode) && S_ISBLK(other.st_mode))
		return one.st_rdev == other.st_rdev;
	return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool is_same_path(const char *a, const char *b, bool local)
{
	return strcmp(a, b) == 0 || (local && a[0] == '/' && b[0] == '/' && is_same_file(a, b));
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ?: "", b ?: "") == 0;
}

static bool is_same_host(const char *a, const char *b)
{
	struct in6_addr one, other;

	if (inet_pton(AF_INET6, a, &one) == 1 && inet_pton(AF_INET6, b, &other) == 1)
		return memcmp(&one, &other, sizeof(one)) == 0;
	return strcasecmp(a, b) == 0;
}

/* A name of a target is the world's own, RFC 7143, whichever portal leads to it. */
static bool is_same_lun(const struct source *a, const struct source *b)
{
	size_t length = strcspn(a->name, "/");

	return length == strcspn(b->name, "/") && strncasecmp(a->name, b->name, length) == 0 &&
	       strcmp(a->name + length, b->name + length) == 0;
}

static bool is_same_export(const struct source *a, const struct source *b, bool local)
{
	if (!is_same_text(a->name, b->name) || !a->socket != !b->socket)
		return false;
	if (a->socket)
		return is_same_path(a->socket, b->socket, local);
	return is_same_host(a->hosts[0].name, b->hosts[0].name) &&
	       strcmp(a->hosts[0].port, b->hosts[0].port) == 0;
}

/* Any monitor knows the whole cluster, and ceph.conf names some of one. */
static bool is_same_cluster(const struct source *a, const struct source *b)
{
	if (a->n_hosts == 0 || b->n_hosts == 0)
		return true;
	for (size_t i = 0; i < a->n_hosts; i++)
		for (size_t k = 0; k < b->n_hosts; k++)
			if (is_same_host(a->hosts[i].name, b->hosts[k].name))
				return true;
	return false;
}

/* Both of one kind. */
static bool is_same(const struct source *a, const struct source *b, bool local)
{
	switch (a->kind) {
	case SOURCE_PATH:
		return is_same_path(a->name, b->name, local);
	case SOURCE_ISCSI:
		return is_same_lun(a, b);
	case SOURCE_NBD:
		return is_same_export(a, b, local);
	case SOURCE_RBD:
		return is_same_text(a->name, b->name) && is_same_text(a->snapshot, b->snapshot) &&
		       is_same_cluster(a, b);
	default:
		return false;
	}
}

bool source_is_same(const char *a, const char *b, bool local)
{
	_cleanup_source_ struct source one = {}, other = {};

	if (strcmp(a, b) == 0)
		return true;
	return source_parse(a, &one) == 0 && source_parse(b, &other) == 0 &&
	       one.kind == other.kind && is_same(&one, &other, local);
}
