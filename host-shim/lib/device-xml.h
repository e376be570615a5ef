/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The elements of the devices that we make, other than disks: controllers, the agent's channel, a
 * console. Each says its alias, and no more than what it was asked for: what it leaves out is
 * libvirt's to choose. Pure.
 */
#pragma once

#include "hotslot-appliance.h"
#include "xml.h"

/* What their aliases begin with. Not as a disk's, ua-hotslot-ID: there is an ID "scsi0", too, and
 * QEMU's names for devices are unique. libvirt drops an alias with other characters than A-Z a-z
 * 0-9 _ - in silence. */
#define DEVICE_ALIAS_PREFIX "ua-hotslot_"

/* Those of what a domain has one of. A controller's is the prefix, its type and its index. */
#define DEVICE_ALIAS_CHANNEL DEVICE_ALIAS_PREFIX "agent"
#define DEVICE_ALIAS_CONSOLE DEVICE_ALIAS_PREFIX "console"

/* A controller of virtio. */
struct device_controller {
	const char *type; /* "scsi", "virtio-serial" */
	unsigned index;
	enum hotslot_virtio_model model;
	bool iothread; /* the domain's first IOThread serves it */
};

void device_xml_controller(struct xml_writer *writer, const struct device_controller *controller);

/* The agent's. */
void device_xml_channel(struct xml_writer *writer);

/* A serial console that is written to the file. */
void device_xml_console(struct xml_writer *writer, const char *path);
