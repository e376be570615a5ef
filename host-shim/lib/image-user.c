/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an image already: a disk of a domain, itself or behind it. */
#include "image-user.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "image-host.h"
#include "image-volume.h"
#include "options.h"
#include "reopen.h"
#include "source-compare.h"

/* The image that others may have. */
struct sought {
	struct hotslot *hotslot; /* NULL: nobody knows its volumes */
	const char *path;
	char *place; /* of a volume, by its path; NULL: it is none */
	int sys;     /* -1 unless it is a device of this host */
	struct stat device;
};

static void sought_done(struct sought *sought)
{
	free(sought->place);
	closep(&sought->sys);
}

#define _cleanup_sought_ _cleanup_(sought_done)

/* The path of a volume, NULL if it is none. The caller frees it. */
static char *locate(struct hotslot *hotslot, const char *text)
{
	_cleanup_source_ struct source source = {};

	if (!hotslot || source_kind(text) != SOURCE_VOLUME || source_parse(text, &source) < 0)
		return NULL;
	return image_volume_path(hotslot, &source);
}

static bool is_local(const struct hotslot *hotslot)
{
	return hotslot && hotslot->local;
}

static struct sought seek(struct hotslot *hotslot, const char *path)
{
	struct sought sought = {
		.hotslot = hotslot,
		.path = path,
		.place = locate(hotslot, path),
		.sys = -1,
	};
	const char *place = sought.place ?: path;

	if (is_local(hotslot) && place[0] == '/' && stat(place, &sought.device) == 0 &&
		S_ISBLK(sought.device.st_mode))
		sought.sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return sought;
}

static bool is_at(const struct sought *sought, const char *place)
{
	struct stat st;

	if (source_is_same(place, sought->place ?: sought->path, is_local(sought->hotslot)))
		return true;
	if (sought->sys < 0 ||
		(place[0] == '/' ? stat(place, &st)
				 : image_host_find_scsi(sought->sys, place, &st)) < 0)
		return false;
	return image_host_overlaps(sought->sys, &sought->device, &st);
}

static bool is_sought(const struct sought *sought, const char *source)
{
	_cleanup_free_ char *place = locate(sought->hotslot, source);

	return strcmp(source, sought->path) == 0 || is_at(sought, place ?: source);
}

/* What the image is of the disk. */
enum part {
	PART_NONE,
	PART_BEHIND, /* only read */
	PART_SOURCE,
};

static enum part find_part(const struct xml_disk *disk, const struct sought *sought)
{
	enum part part = PART_NONE;

	if (disk->source && is_sought(sought, disk->source))
		return PART_SOURCE;
	for (size_t i = 0; i < disk->chain.n_images; i++) {
		const struct chain_image *image = &disk->chain.images[i];

		if (!is_sought(sought, image->source))
			continue;
		if (!image->behind)
			return PART_SOURCE;
		part = PART_BEHIND;
	}
	return part;
}

static bool may_share(const struct image *image, const struct xml_disk *disk, enum part part)
{
	if (part == PART_NONE)
		return true;
	return (image->read_only && (disk->read_only || part == PART_BEHIND)) ||
	       (image->shared && disk->shareable);
}

/* QEMU locks a file. Of a device it locks a node, and libvirt may give each QEMU nodes of its own.
 * What is of a server that is not told is described too coarsely to be told from others. */
bool image_is_guarded(const struct image *image)
{
	return !image->block && (!image->network || (source_kind(image->path) == SOURCE_PATH &&
							    !strstr(image->path, "://")));
}

static bool has_alias(const struct xml_disk *disk, const char *alias)
{
	return disk->alias && alias && strcmp(disk->alias, alias) == 0;
}

static int check_disks(const struct image *image, const struct sought *sought,
	const struct domain_xml *xml, const char *domain, const char *own,
	struct hotslot_error *error)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (has_alias(disk, own) || may_share(image, disk, find_part(disk, sought)))
			continue;
		return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
			"Image %s is in use by domain %s, as %s; only disks that are read-only or "
			"shareable can share one",
			image->path, domain, disk->alias ?: disk->target_dev ?: "a disk");
	}
	return 0;
}

int image_check_disks(struct hotslot *hotslot, const struct image *image,
	const struct domain_xml *xml, const char *domain, const char *own,
	struct hotslot_error *error)
{
	_cleanup_sought_ struct sought sought = { .sys = -1 };

	if (image_is_guarded(image))
		return 0;
	sought = seek(hotslot, image->path);
	return check_disks(image, &sought, xml, domain, own, error);
}

/* Called with each active domain until it returns nonzero. */
typedef int (*visit_fn)(const char *name, const struct domain_xml *xml, void *data);

static int visit(virDomainPtr domain, visit_fn fn, void *data)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = virDomainGetXMLDesc(domain, 0);

	/* It may have ended meanwhile. */
	if (!text || domain_xml_parse(text, &xml) < 0)
		return 0;
	return fn(virDomainGetName(domain), xml, data);
}

static int visit_domains(struct hotslot *hotslot, visit_fn fn, void *data)
{
	uint64_t deadline = deadline_after(0, TIMEOUT_DEFAULT_MS);
	_cleanup_connection_ virConnectPtr connection = connection_get(hotslot);
	virDomainPtr *domains;
	int n, r = 0;

	do
		n = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	while (n < 0 && reopen_again(hotslot, &connection, deadline));
	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = visit(domains[i], fn, data);
		virDomainFree(domains[i]);
	}
	free(domains);
	return r;
}

struct search {
	const struct sought *sought;
	char *name;
};

static int find_user(const char *name, const struct domain_xml *xml, void *data)
{
	struct search *search = data;

	for (size_t i = 0; i < xml->n_disks; i++)
		if (find_part(&xml->disks[i], search->sought) != PART_NONE) {
			search->name = strdup(name);
			return 1;
		}
	return 0;
}

char *image_find_user(struct hotslot *hotslot, const char *path)
{
	_cleanup_sought_ struct sought sought = seek(hotslot, path);
	struct search search = { .sought = &sought };

	(void)visit_domains(hotslot, find_user, &search);
	return search.name;
}

struct check {
	const struct image *image;
	const struct sought *sought;
	const char *uuid, *own; /* a disk that has it already; NULL: none */
	struct hotslot_error *error;
};

static int check_domain(const char *name, const struct domain_xml *xml, void *data)
{
	const struct check *check = data;
	bool ours = check->uuid && xml->uuid && strcmp(check->uuid, xml->uuid) == 0;

	return check_disks(
		check->image, check->sought, xml, name, ours ? check->own : NULL, check->error);
}

static int check_domains(struct hotslot *hotslot, const struct image *image, const char *uuid,
	const char *own, struct hotslot_error *error)
{
	_cleanup_sought_ struct sought sought = { .sys = -1 };
	struct check check = { image, &sought, uuid, own, error };

	if (image_is_guarded(image))
		return 0;
	sought = seek(hotslot, image->path);
	return visit_domains(hotslot, check_domain, &check);
}

int image_check_domains(
	struct hotslot *hotslot, const struct image *image, struct hotslot_error *error)
{
	return check_domains(hotslot, image, NULL, NULL, error);
}

static bool is_device(const char *path)
{
	struct stat st;

	return path[0] == '/' && stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

int image_check_attached(struct hotslot *hotslot, const struct domain_xml *xml,
	const struct xml_disk *disk, struct hotslot_error *error)
{
	int r = 0;

	for (size_t i = 0; i < disk->chain.n_images && r == 0; i++) {
		const struct chain_image *part = &disk->chain.images[i];
		const struct image image = {
			.path = part->source,
			.network = part->source[0] != '/',
			.block = hotslot->local && is_device(part->source),
			.read_only = disk->read_only || part->behind,
			.shared = disk->shareable,
		};

		r = check_domains(hotslot, &image, xml->uuid, disk->alias, error);
	}
	return r;
}
