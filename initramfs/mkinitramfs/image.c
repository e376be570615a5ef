/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into an initramfs: a sorted set of paths and where their contents come from. */
#include "image.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "log.h"
#include "util.h"

static void entry_done(struct image_entry *entry)
{
	free(entry->path);
	free(entry->source);
	free(entry->data);
}

void image_done(struct image *image)
{
	for (size_t i = 0; i < image->count; i++)
		entry_done(&image->entries[i]);
	free(image->entries);
	*image = (struct image){};
}

/* Finds PATH; if it is not there, *ret_index is where it belongs. */
static bool find_entry(const struct image *image, const char *path, size_t *ret_index)
{
	size_t low = 0, high = image->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, image->entries[middle].path);

		if (order == 0) {
			*ret_index = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret_index = low;
	return false;
}

static int grow(struct image *image)
{
	size_t allocated = image->allocated ? image->allocated * 2 : 128;
	struct image_entry *entries;

	if (image->count < image->allocated)
		return 0;
	entries = reallocarray(image->entries, allocated, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	image->entries = entries;
	image->allocated = allocated;
	return 0;
}

static char *copy(const char *bytes, size_t length, int *r)
{
	char *copied = bytes ? malloc(length + 1) : NULL;

	if (bytes && !copied)
		*r = -ENOMEM;
	if (copied) {
		memcpy(copied, bytes, length);
		copied[length] = '\0';
	}
	return copied;
}

static char *copy_text(const char *text, int *r)
{
	return copy(text, text ? strlen(text) : 0, r);
}

/* Inserts one entry; the caller keeps TEMPLATE and its strings. */
static int insert(struct image *image, const struct image_entry *template)
{
	struct image_entry entry = *template;
	size_t index;
	int r;

	if (find_entry(image, template->path, &index))
		return S_ISDIR(template->mode) && !S_ISDIR(image->entries[index].mode) ? -ENOTDIR
										       : 0;
	r = grow(image);
	if (r < 0)
		return r;
	entry.path = copy_text(template->path, &r);
	entry.source = copy_text(template->source, &r);
	entry.data = copy(template->data, template->length, &r);
	if (r < 0) {
		entry_done(&entry);
		return r;
	}
	memmove(&image->entries[index + 1], &image->entries[index],
		(image->count - index) * sizeof(entry));
	image->entries[index] = entry;
	image->count++;
	return 0;
}

/* The top directories that are symlinks to those below /usr. */
static bool is_merged(const char *component, size_t length)
{
	static const char *const merged[] = { "bin", "sbin", "lib", "lib64" };

	for (size_t i = 0; i < ARRAY_SIZE(merged); i++)
		if (strlen(merged[i]) == length && !memcmp(merged[i], component, length))
			return true;
	return false;
}

/* "/lib//x" becomes "usr/lib/x". RET has room for PATH_MAX bytes. */
static int normalize(const char *path, char *ret)
{
	size_t used = 0;

	while (*(path += strspn(path, "/"))) {
		size_t length = strcspn(path, "/");

		if (length == 2 && !memcmp(path, "..", 2))
			return -EINVAL;
		if (used + length + sizeof("usr//") > PATH_MAX)
			return -ENAMETOOLONG;
		if (used == 0 && path[length] == '/' && is_merged(path, length))
			used = (size_t)sprintf(ret, "usr");
		if (length != 1 || *path != '.')
			used += (size_t)sprintf(
				ret + used, "%s%.*s", used ? "/" : "", (int)length, path);
		path += length;
	}
	return used ? 0 : -EINVAL;
}

static int add_parents(struct image *image, char *path)
{
	struct image_entry parent = { .path = path, .mode = S_IFDIR | 0755 };
	int r = 0;

	for (char *slash = strchr(path, '/'); slash && r == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = insert(image, &parent);
		*slash = '/';
	}
	return r;
}

static int add(struct image *image, const char *path, struct image_entry entry)
{
	char normal[PATH_MAX];
	int r = normalize(path, normal);

	if (r == 0)
		r = add_parents(image, normal);
	entry.path = normal;
	if (r == 0)
		r = insert(image, &entry);
	if (r < 0)
		log_error("cannot add %s to the image: %s", path, strerror(-r));
	return r;
}

int image_add_directory(struct image *image, const char *path, mode_t permissions)
{
	return add(image, path, (struct image_entry){ .mode = S_IFDIR | permissions });
}

int image_add_file(struct image *image, const char *path, const char *source, mode_t permissions)
{
	return add(image, path,
		(struct image_entry){ .mode = S_IFREG | permissions, .source = (char *)source });
}

int image_add_data(struct image *image, const char *path, const void *data, size_t length)
{
	return add(image, path,
		(struct image_entry){
			.mode = S_IFREG | 0644, .data = (char *)data, .length = length });
}

int image_add_text(struct image *image, const char *path, const char *data)
{
	return image_add_data(image, path, data, strlen(data));
}

int image_add_symlink(struct image *image, const char *path, const char *target)
{
	return add(image, path,
		(struct image_entry){ .mode = S_IFLNK | 0777, .source = (char *)target });
}

int image_add_console(struct image *image)
{
	/* The kernel opens it for PID 1 before anything is mounted. */
	return add(image, "/dev/console",
		(struct image_entry){ .mode = S_IFCHR | 0600, .device = makedev(5, 1) });
}
