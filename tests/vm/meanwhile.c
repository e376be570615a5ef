/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot with somebody else beside it, at the worst moment:
 *
 *     meanwhile URI DOMAIN resize|detach REFERENCE NUMBER OUT.xml [IN.xml]
 *
 * resizes the disk to 8 MiB or detaches it, whoever attached it; but when the library looks at
 * the domain for the NUMBERth time, as it reads its XML or asks whether it has changed, the disk of
 * OUT.xml is detached right before that, and the one of IN.xml attached, as virsh does. With "-"
 * for OUT.xml none is detached. Or:
 *
 *     meanwhile URI DOMAIN attach IMAGE NUMBER - IN.xml
 *
 * attaches the image, but the disk of IN.xml is attached right before the library does. With
 * "reset" for OUT.xml the guest is reset. Prints "done" or "CODE: MESSAGE".
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hotslot.h>
#include <libvirt/libvirt.h>

#define NEW_SIZE (UINT64_C(8) << 20)

/* Of a disk. */
#define XML_SIZE 4096

static struct {
	long looks;  /* until it happens */
	bool attach; /* it happens then */
	const char *out, *in;
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	bool reset;
} plan = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

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

static void on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
	(void)connection;
	(void)domain;
	(void)data;
	pthread_mutex_lock(&plan.lock);
	plan.reset = true;
	pthread_cond_broadcast(&plan.changed);
	pthread_mutex_unlock(&plan.lock);
}

/* The library, whose callback is an older one, has heard of it when this has. */
static void reset(virDomainPtr domain)
{
	virConnectPtr connection = virDomainGetConnect(domain);
	int id = virConnectDomainEventRegisterAny(connection, domain, VIR_DOMAIN_EVENT_ID_REBOOT,
		VIR_DOMAIN_EVENT_CALLBACK(on_reboot), NULL, NULL);

	if (id < 0 || virDomainReset(domain, 0) < 0)
		exit(EXIT_FAILURE);
	pthread_mutex_lock(&plan.lock);
	while (!plan.reset)
		pthread_cond_wait(&plan.changed, &plan.lock);
	pthread_mutex_unlock(&plan.lock);
	virConnectDomainEventDeregisterAny(connection, id);
}

/* libvirt waits until QEMU has let go of it. */
static void replace(virDomainPtr domain)
{
	char text[XML_SIZE];

	if (strcmp(plan.out, "reset") == 0) {
		reset(domain);
		return;
	}
	if (strcmp(plan.out, "-") != 0) {
		read_xml(plan.out, text);
		if (virDomainDetachDeviceFlags(domain, text, VIR_DOMAIN_AFFECT_LIVE) < 0)
			exit(EXIT_FAILURE);
	}
	if (!plan.in)
		return;
	read_xml(plan.in, text);
	if (virDomainAttachDeviceFlags(domain, text, VIR_DOMAIN_AFFECT_LIVE) < 0)
		exit(EXIT_FAILURE);
}

static void look(virDomainPtr domain)
{
	if (--plan.looks == 0)
		replace(domain);
}

/* In the place of libvirt's, which it calls. */
char *virDomainGetXMLDesc(virDomainPtr domain, unsigned flags)
{
	char *(*real)(virDomainPtr, unsigned) = dlsym(RTLD_NEXT, "virDomainGetXMLDesc");

	look(domain);
	return real(domain, flags);
}

/* Likewise. */
int virDomainIsActive(virDomainPtr domain)
{
	int (*real)(virDomainPtr) = dlsym(RTLD_NEXT, "virDomainIsActive");

	look(domain);
	return real(domain);
}

/* Likewise. */
int virDomainAttachDeviceFlags(virDomainPtr domain, const char *xml, unsigned flags)
{
	int (*real)(virDomainPtr, const char *, unsigned) =
		dlsym(RTLD_NEXT, "virDomainAttachDeviceFlags");
	char text[XML_SIZE];

	if (plan.attach) {
		plan.attach = false;
		read_xml(plan.in, text);
		if (real(domain, text, VIR_DOMAIN_AFFECT_LIVE) < 0)
			exit(EXIT_FAILURE);
	}
	return real(domain, xml, flags);
}

static int attach(struct hotslot_domain *domain, const char *image, struct hotslot_error *error)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;

	options.image = image;
	plan.attach = true;
	return hotslot_attach(domain, &options, NULL, error);
}

static int act(struct hotslot_domain *domain, const char *what, const char *reference,
	struct hotslot_error *error)
{
	struct hotslot_resize_options resize = HOTSLOT_RESIZE_INIT;
	struct hotslot_detach_options detach = HOTSLOT_DETACH_INIT;

	if (strcmp(what, "attach") == 0)
		return attach(domain, reference, error);
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
	plan.looks = strtol(argv[5], NULL, 10); /* 0: never */
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
