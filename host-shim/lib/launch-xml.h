/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML of an appliance, and its kernel's command line. Pure. */
#pragma once

#include "drive.h"
#include "mark.h"

struct launch_spec {
	const char *name;
	bool kvm;
	unsigned memory_mib, vcpus;
	const char *kernel, *initramfs, *cmdline; /* paths absolute */
	const char *console_log;		  /* absolute; NULL: no console */
	const struct drive *drives;
	size_t n_drives;
	const struct drive *root;	 /* NULL: none */
	const struct slot_set *reserved; /* NULL: none */
	const struct label_set *labels;	 /* NULL: none */
	struct launcher launcher;	 /* who launches it */
	const char *machine;		 /* NULL: libvirt's default */
	const char *genid;		 /* NULL: libvirt makes one */
	enum hotslot_virtio_model virtio_model;
	unsigned iothreads; /* the first serves the disks */
};

/* The caller frees *ret. */
int launch_xml_format(const struct launch_spec *spec, char **ret);

/* The kernel's command line, but for what depends on the processors; ROOT_SPEC is NULL without a
 * root disk. -EINVAL if a text cannot stand there. The caller frees *ret. */
int launch_cmdline(
	const char *root_spec, bool root_writable, bool console, const char *append, char **ret);

/* Whether libvirt takes it as a GUID: 32 hexadecimal digits, with all four hyphens or none. */
bool launch_genid_is_valid(const char *text);
