/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's own parser as a witness. */
#include "libvirt.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "test.h"

static void be_silent(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

char *define_with_disk(const char *disk, unsigned flags)
{
	virConnectPtr connection = virConnectOpen("test:///default");
	_cleanup_free_ char *domain = NULL;
	virDomainPtr defined;
	char *text = NULL;

	virSetErrorFunc(NULL, be_silent);
	assert_non_null(connection);
	assert_true(asprintf(&domain,
			    "<domain type='test'><name>d</name><memory>1024</memory><os>"
			    "<type>hvm</type></os><devices><controller type='scsi' index='0' "
			    "model='virtio-scsi'/>%s</devices></domain>",
			    disk) > 0);
	defined = virDomainDefineXMLFlags(connection, domain, flags);
	if (defined) {
		text = virDomainGetXMLDesc(defined, 0);
		virDomainUndefine(defined);
		virDomainFree(defined);
	} else {
		print_message("%s\n%s\n", virGetLastErrorMessage(), disk);
	}
	virConnectClose(connection);
	return text;
}
