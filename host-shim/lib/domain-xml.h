/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the live XML of a domain says of its disks, its controllers and its channel. Pure. */
#pragma once

#include "disk-chain.h"
#include "label.h"
#include "mark.h"
#include "pci-path.h"
#include "slot-set.h"
#include "util.h"
#include "xml.h"

/* A disk (or a passed-through SCSI device), as the XML has it; NULL where it says nothing. */
struct xml_disk {
	char *alias, *serial, *source, *format, *target_dev;
	unsigned index; /* of its source: another one after each attach; 0 if libvirt gives none */
	struct disk_chain chain; /* of it, and of the images behind it */
	bool read_only;
	bool passthrough; /* a LUN of the host's: device='lun', or a SCSI hostdev */
	bool cdrom;	  /* a drive for CDs: no disk, though it takes a place */
	bool shareable;	  /* others may write to its image */
	bool transient;	  /* what is written to it is forgotten: while it runs, its source is an
			     overlay */
	bool scsi;	  /* on a SCSI controller, at the address that follows, which can be */
	unsigned controller, bus, target, unit;
	unsigned *refs; /* copies that share the texts and the chain, atomic; NULL: they are its own
			 */
};

/* A virtio-scsi controller. */
struct xml_controller {
	unsigned index;
	char *alias; /* NULL if the domain is shut off */
	struct pci_path path;
	unsigned iothread; /* that serves it and its disks; 0: QEMU's main loop */
};

struct domain_xml {
	int id;		    /* -1: shut off */
	char *uuid, *genid; /* NULL if there is none */
	int controller;	    /* index of the managed virtio-scsi controller, -1: none */
	size_t n_controllers;
	struct xml_controller *controllers;
	unsigned scsi_gap;	/* the lowest index that no SCSI controller has, of any model */
	bool has_channel;	/* a virtio channel of the agent's name */
	char *channel_path;	/* of its socket; NULL if it has none */
	bool channel_bound;	/* which QEMU listens on, made when it was started */
	bool channel_connected; /* and the guest has it open */
	size_t n_disks;
	struct xml_disk *disks;
	bool bad_metadata; /* there is an element of ours that is not as it should be */
	struct slot_set reserved;
	struct label_set labels; /* of the disks that it has held */
	bool launching;		 /* it has the mark of a launch that is not done */
	struct launcher launcher;
};

/* Parses the text of virDomainGetXMLDesc(). The managed controller is the default: the only one,
 * else the one with the lowest PCI path and no disk at the system target. Returns -EBADMSG if it is
 * no domain, or an address in it is no address. The caller frees *ret. */
int domain_xml_parse(const char *text, struct domain_xml **ret);

/* The same of a text that is parsed already. */
int domain_xml_read(xmlDoc *document, struct domain_xml **ret);

/* One of a domain that is still to be: no disks, the controller with index 0. NULL: no memory. */
struct domain_xml *domain_xml_new(void);

/* Adds a disk to such a one: its texts are copied. */
int domain_xml_add(struct domain_xml *xml, const struct xml_disk *disk);

struct domain_xml *domain_xml_free(struct domain_xml *xml);

static inline void domain_xml_freep(struct domain_xml **xml)
{
	domain_xml_free(*xml);
}

#define _cleanup_domain_xml_ _cleanup_(domain_xml_freep)

/* A copy of all of it, NULL: no memory. */
struct domain_xml *domain_xml_copy(const struct domain_xml *xml);

/* Makes it what it would be with a <disk> or <hostdev> in front of the disk number AT, or without
 * that one. The first returns -EBADMSG, -ENOMEM. */
int domain_xml_insert(struct domain_xml *xml, size_t at, xmlNode *node);
void domain_xml_remove(struct domain_xml *xml, size_t at);

/* A copy that lives on when the XML is freed, and its end. */
int xml_disk_copy(const struct xml_disk *disk, struct xml_disk *ret);
void xml_disk_done(struct xml_disk *disk);

/* Whether it is one disk in two versions of the XML, as far as they tell: one that was detached and
 * attached again is another one, and one that a snapshot, a commit or a copy has given another
 * image is not. */
bool xml_disk_is_same(const struct xml_disk *a, const struct xml_disk *b);

/* Whether both have one alias, label or place. */
bool xml_disk_shares(const struct xml_disk *a, const struct xml_disk *b);

/* The controller with that index, NULL if there is none. */
const struct xml_controller *domain_xml_controller(const struct domain_xml *xml, int index);

/* Whether a lower index than the managed controller's is left out: libvirt fills it before it
 * attaches a disk, with a controller of its own choice. */
bool domain_xml_has_gap(const struct domain_xml *xml);

/* Whether it is a disk, and on the managed controller. */
bool domain_xml_manages(const struct domain_xml *xml, const struct xml_disk *disk);

/* Whether something is at a place of the managed controller: a disk, or a drive for CDs. */
bool domain_xml_is_taken(const struct domain_xml *xml, unsigned target, unsigned unit);

/* Adds each slot of which that is so. */
void domain_xml_add_taken(const struct domain_xml *xml, struct slot_set *slots);

/* The disk at a place of the managed controller, NULL if none. */
const struct xml_disk *domain_xml_disk_at(
	const struct domain_xml *xml, unsigned target, unsigned unit);

const struct xml_disk *domain_xml_disk_by_alias(const struct domain_xml *xml, const char *alias);
