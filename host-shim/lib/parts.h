/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain needs for us that others may not have given it: the agent's channel, its
 * controllers, and the ports that these are plugged into. Pure.
 */
#pragma once

#include "record.h"
#include "xml.h"

enum part_kind {
	PART_CHANNEL,
	PART_SERIAL, /* virtio-serial controller */
	PART_SCSI,   /* virtio-scsi controller */
	PART_PCI,    /* port for one of these */
};

/* "ua-hotslot_virtio-serial2147483647" and what tells it from another device's of that name. */
#define PART_ALIAS_SIZE 64

struct part {
	enum part_kind kind;
	unsigned index;		   /* of a controller */
	unsigned controller, port; /* of the channel: its place */
	unsigned slot;		   /* of a PCIe port: its place on the root */
	unsigned chassis;	   /* likewise: its number; 0: its index, as libvirt chooses */
	char alias[PART_ALIAS_SIZE];
};

/* The first three, and a port for each of two; libvirt's own way to make room takes a bridge or
 * three. Further ones are left as they are. */
#define PARTS_MAX 16

struct parts {
	size_t n;
	struct part parts[PARTS_MAX];
	bool metadata; /* and the domain's <metadata> was made for our note */
	unsigned room; /* PCI controllers from this number on are new; 0: not known */
};

/* "channel", "virtio-serial", "scsi", "pci". */
const char *part_kind_name(enum part_kind kind);

/* NULL if there is none of that kind. */
const struct part *parts_find(const struct parts *parts, enum part_kind kind);

/* Whether there is one of that kind and number. */
bool parts_has(const struct parts *parts, const struct part *part);

/* -ENOSPC if there are too many. */
int parts_add(struct parts *parts, const struct part *part);

/* The element of DEVICES that a part is, by kind and number; NULL if there is none, or if it has no
 * alias of ours: then it is somebody else's. */
xmlNode *part_element(xmlNode *devices, const struct part *part);

/* Likewise, whatever its alias. */
xmlNode *part_element_any(xmlNode *devices, const struct part *part);

/* Whether a channel is one that libvirt can open: QEMU listens at a UNIX socket. */
bool part_is_open(xmlNode *channel);

/* Chooses its alias: none that another device has. */
void part_choose_alias(xmlNode *devices, struct part *part);

/* Adds its element. */
int part_write(xmlNode *devices, const struct part *part);

/* Gives an element an alias, which it has not. */
int part_put_alias(xmlNode *element, const char *alias);

/* Whether another element of DEVICES needs this one: something is plugged into a controller. */
bool part_is_used(xmlNode *devices, const struct part *part);

/* A number in decimal or, with 0x, hexadecimal, as libvirt writes addresses; 0 if there is none. */
unsigned part_number(xmlNode *node, const char *attribute);

/* The address of a device, NULL if it has none of that type. */
xmlNode *part_address(xmlNode *device, const char *type);
