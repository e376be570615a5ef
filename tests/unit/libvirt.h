/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's own parser as a witness, by its test driver. */
#pragma once

/* The text of a domain with that disk, as libvirt has it once it is defined; the disk is at target
 * 1, unit 2 of controller 0, or elsewhere. FLAGS are those of virDomainDefineXMLFlags(). NULL, and
 * why is printed: libvirt refuses it. The caller frees it. */
char *define_with_disk(const char *disk, unsigned flags);
