/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an image is open elsewhere, and in which domain. */
#include <fcntl.h>
#include <string.h>

#include "domain-xml.h"
#include "image.h"

/* QEMU (block/file-posix.c) locks byte 100 + n of an image to say "I have permission n", and
 * 200 + n to say "nobody else may have it". 0 is consistent read, 1 write. */
#define LOCK_HAS 100
#define LOCK_DENIES 200
#define PERMISSION_READ 0
#define PERMISSION_WRITE 1

static int is_byte_locked(int fd, off_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return errno == EINVAL || errno == ENOLCK ? 0 : -errno; /* no locks here */
	return lock.l_type != F_UNLCK;
}

/* A disk reads and lets nobody else write; a writable one writes as well. */
int image_is_locked(int fd, bool read_only)
{
	const off_t conflicts[] = {
		LOCK_HAS + PERMISSION_WRITE,
		LOCK_DENIES + PERMISSION_READ,
		LOCK_DENIES + PERMISSION_WRITE,
	};
	size_t n = ARRAY_SIZE(conflicts) - (read_only ? 1 : 0);

	for (size_t i = 0; i < n; i++) {
		int r = is_byte_locked(fd, conflicts[i]);

		if (r != 0)
			return r;
	}
	return 0;
}

static bool domain_has_image(virDomainPtr domain, const char *path)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = virDomainGetXMLDesc(domain, 0);

	if (!text || domain_xml_parse(text, &xml) < 0)
		return false;
	for (size_t i = 0; i < xml->n_disks; i++)
		if (xml->disks[i].source && strcmp(xml->disks[i].source, path) == 0)
			return true;
	return false;
}

char *image_find_user(struct hotslot *hotslot, const char *path)
{
	char *name = NULL;
	virDomainPtr *domains;
	int n = virConnectListAllDomains(
		hotslot->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

	if (n < 0)
		return NULL;
	for (int i = 0; i < n; i++) {
		if (!name && domain_has_image(domains[i], path))
			name = strdup(virDomainGetName(domains[i]));
		virDomainFree(domains[i]);
	}
	free(domains);
	return name;
}
