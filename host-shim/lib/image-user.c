/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an image already: a disk of a domain, itself or behind it. */
#include "image-user.h"

#include <string.h>
#include <sys/stat.h>

#include "error.h"
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

bool image_is_same(const char *a, const char *b, bool local)
{
	return strcmp(a, b) == 0 || (local && a[0] == '/' && b[0] == '/' && is_same_file(a, b));
}

/* What the image is of the disk. */
enum part {
	PART_NONE,
	PART_BEHIND, /* only read */
	PART_SOURCE,
};

static enum part find_part(const struct xml_disk *disk, const char *path, bool local)
{
	enum part part = PART_NONE;

	if (disk->source && image_is_same(disk->source, path, local))
		return PART_SOURCE;
	for (size_t i = 0; i < disk->chain.n_images; i++) {
		const struct chain_image *image = &disk->chain.images[i];

		if (!image_is_same(image->source, path, local))
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

/* What has no text in source.h is described too coarsely to be told from others. */
static bool is_guarded(const struct image *image)
{
	return !image->network || source_kind(image->path) == SOURCE_PATH;
}

int image_check_disks(const struct image *image, const struct domain_xml *xml, const char *domain,
	struct hotslot_error *error)
{
	for (size_t i = 0; i < xml->n_disks && !is_guarded(image); i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (may_share(image, disk, find_part(disk, image->path, false)))
			continue;
		return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
			"Image %s is in use by domain %s, as %s; only disks that are read-only or "
			"shareable can share one",
			image->path, domain, disk->alias ?: disk->target_dev ?: "a disk");
	}
	return 0;
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
	_cleanup_connection_ virConnectPtr connection = connection_get(hotslot);
	virDomainPtr *domains;
	int n = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	int r = 0;

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
	const char *path;
	bool local;
	char *name;
};

static int find_user(const char *name, const struct domain_xml *xml, void *data)
{
	struct search *search = data;

	for (size_t i = 0; i < xml->n_disks; i++)
		if (find_part(&xml->disks[i], search->path, search->local) != PART_NONE) {
			search->name = strdup(name);
			return 1;
		}
	return 0;
}

char *image_find_user(struct hotslot *hotslot, const char *path)
{
	struct search search = { .path = path, .local = hotslot->local };

	(void)visit_domains(hotslot, find_user, &search);
	return search.name;
}

struct check {
	const struct image *image;
	struct hotslot_error *error;
};

static int check_disks(const char *name, const struct domain_xml *xml, void *data)
{
	const struct check *check = data;

	return image_check_disks(check->image, xml, name, check->error);
}

int image_check_domains(
	struct hotslot *hotslot, const struct image *image, struct hotslot_error *error)
{
	struct check check = { .image = image, .error = error };

	return is_guarded(image) ? 0 : visit_domains(hotslot, check_disks, &check);
}
