/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot who attaches several images at once:
 *
 *     batch URI DOMAIN GROW STOP IMAGE...
 *
 * Right before libvirt gets the image number GROW, counted from 1, that is made 1 MiB larger, so
 * that the guest sees another disk than the one that was checked; 0: none. Number STOP and those
 * behind it are not begun any more; 0: all are. Prints for each that was begun its number and its
 * link, or the error and its step; then how many were attached and not yet confirmed at the most,
 * and what the call returned: "done" or the error.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hotslot.h>
#include <libvirt/libvirt.h>

#define IMAGES_MAX 512
#define MORE (1 << 20)

static struct {
	char **images;
	size_t grow, stop;
	size_t calls, done, ahead;
} plan;

static void grow(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || truncate(path, st.st_size + MORE) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

/* The library's calls come here. */
int virDomainAttachDeviceFlags(virDomainPtr domain, const char *xml, unsigned int flags)
{
	int (*real)(virDomainPtr, const char *, unsigned int) = (int (*)(virDomainPtr, const char *,
		unsigned int))dlsym(RTLD_NEXT, "virDomainAttachDeviceFlags");

	if (++plan.calls == plan.grow)
		grow(plan.images[plan.calls - 1]);
	if (plan.calls - plan.done > plan.ahead)
		plan.ahead = plan.calls - plan.done;
	return real(domain, xml, flags);
}

static bool begin(void *data, size_t number)
{
	(void)data;
	return plan.stop == 0 || number + 1 < plan.stop;
}

static void done(
	void *data, size_t number, struct hotslot_disk *disk, const struct hotslot_error *error)
{
	(void)data;
	plan.done++;
	if (disk)
		printf("%zu %s\n", number + 1, disk->by_slot);
	else
		printf("%zu %s %s\n", number + 1, hotslot_error_name(error->code), error->step);
	hotslot_disk_free(disk);
}

static int attach(const char *uri, const char *name, char **images, size_t count)
{
	static struct hotslot_attach_options options[IMAGES_MAX];
	static const struct hotslot_attach_options *all[IMAGES_MAX];
	const struct hotslot_many_options how = {
		.size = sizeof(how), .begin = begin, .done = done
	};
	struct hotslot_domain *domain;
	struct hotslot_error error;
	struct hotslot *hotslot;
	int r;

	for (size_t i = 0; i < count; i++) {
		options[i] = (struct hotslot_attach_options)HOTSLOT_ATTACH_INIT;
		options[i].image = images[i];
		all[i] = &options[i];
	}
	if (hotslot_open(uri, &hotslot, &error) < 0 ||
		hotslot_domain_lookup(hotslot, name, &domain, &error) < 0) {
		fprintf(stderr, "%s\n", error.message);
		return EXIT_FAILURE;
	}
	r = hotslot_attach_many(domain, all, count, &how, &error);
	printf("ahead %zu\n%s\n", plan.ahead, r < 0 ? error.message : "done");
	hotslot_domain_unref(domain);
	hotslot_unref(hotslot);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc < 6 || argc - 5 > IMAGES_MAX)
		return EXIT_FAILURE;
	plan.grow = strtoul(argv[3], NULL, 10);
	plan.stop = strtoul(argv[4], NULL, 10);
	plan.images = argv + 5;
	return attach(argv[1], argv[2], argv + 5, (size_t)argc - 5);
}
