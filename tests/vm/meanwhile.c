/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot with somebody else beside it, at the worst moment:
 *
 *     meanwhile URI DOMAIN resize|detach REFERENCE NUMBER OUT.xml [IN.xml]
 *
 * resizes the disk to 8 MiB or detaches it, whoever attached it; but when the library reads
 * the domain's XML for the NUMBERth time, the disk of OUT.xml is detached right before that, and
 * the one of IN.xml attached, as virsh does. Prints "done" or "CODE: MESSAGE".
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hotslot.h>
#include <libvirt/libvirt.h>

#define NEW_SIZE (UINT64_C(8) << 20)

/* Of a disk. */
#define XML_SIZE 4096

static struct {
	long reads; /* until it happens */
	const char *out, *in;
} plan;

static void read_xml(const char *path, char text[XML_SIZE])
{
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	text[fread(text, 1, XML_SIZE - 1, f)] = '\0';
	fclose(f);
}

/* libvirt waits until QEMU has let go of it. */
static void replace(virDomainPtr domain)
{
	char text[XML_SIZE];

	read_xml(plan.out, text);
	if (virDomainDetachDeviceFlags(domain, text, VIR_DOMAIN_AFFECT_LIVE) < 0)
		exit(EXIT_FAILURE);
	if (!plan.in)
		return;
	read_xml(plan.in, text);
	if (virDomainAttachDeviceFlags(domain, text, VIR_DOMAIN_AFFECT_LIVE) < 0)
		exit(EXIT_FAILURE);
}

/* In the place of libvirt's, which it calls. */
char *virDomainGetXMLDesc(virDomainPtr domain, unsigned flags)
{
	char *(*real)(virDomainPtr, unsigned) = dlsym(RTLD_NEXT, "virDomainGetXMLDesc");

	if (--plan.reads == 0)
		replace(domain);
	return real(domain, flags);
}

static int act(struct hotslot_domain *domain, const char *what, const char *reference,
	struct hotslot_error *error)
{
	struct hotslot_resize_options resize = HOTSLOT_RESIZE_INIT;
	struct hotslot_detach_options detach = HOTSLOT_DETACH_INIT;

	resize.foreign = detach.foreign = true;
	if (strcmp(what, "resize") == 0)
		return hotslot_resize(domain, reference, NEW_SIZE, &resize, NULL, error);
	return hotslot_detach(domain, reference, &detach, error);
}

int main(int argc, char **argv)
{
	struct hotslot_domain *domain = NULL;
	struct hotslot *hotslot = NULL;
	struct hotslot_error error;
	int r;

	if (argc < 7)
		return EXIT_FAILURE;
	r = hotslot_open(argv[1], &hotslot, &error);
	if (r == 0)
		r = hotslot_domain_lookup(hotslot, argv[2], &domain, &error);
	plan.reads = strtol(argv[5], NULL, 10);
	plan.out = argv[6];
	plan.in = argv[7];
	if (r == 0)
		r = act(domain, argv[3], argv[4], &error);
	if (r < 0)
		printf("%s: %s\n", hotslot_error_name(error.code), error.message);
	else
		puts("done");
	hotslot_domain_unref(domain);
	hotslot_unref(hotslot);
	return EXIT_SUCCESS;
}
