/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a device of a domain is on PCI: the functions on the way to it, in the XML and as its guest
 * names them. Pure. */
#pragma once

#include "xml.h"

/* Bridges nest a handful deep; more are a loop. */
#define PCI_PATH_MAX 16

/* "02.1/00.0", five characters a function, and "64:" before them for another root bus. */
#define PCI_PATH_TEXT_SIZE (PCI_PATH_MAX * 5 + 4)

struct pci_path {
	size_t length; /* 0: not known */
	unsigned root; /* number of the root bus: 0, or that of an expander */
	struct {
		unsigned slot, function;
	} steps[PCI_PATH_MAX]; /* from the root bus down */
};

/* Follows the addresses in a domain's <devices> from DEVICE, one of its elements, up to bus 0 or to
 * an expander bus, which is a root of its own. The path is not known (the bus numbers in the XML
 * then say nothing) if the device is not on PCI, is in another PCI domain, or has no address yet.
 * -EBADMSG if an address is none. */
int pci_path_parse(xmlNode *devices, xmlNode *device, struct pci_path *ret);

/* As an order: those that are not known come last; root buses first, then functions from the root
 * down. */
int pci_path_compare(const struct pci_path *a, const struct pci_path *b);

/* Whether a guest's "0000:00:02.1/0000:02:00.0" is this path. Its bus numbers but the root's are
 * the firmware's, and do not count. */
bool pci_path_is(const struct pci_path *path, const char *guest);

/* For a person; empty if it is not known. */
void pci_path_format(const struct pci_path *path, char ret[PCI_PATH_TEXT_SIZE]);
