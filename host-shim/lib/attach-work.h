/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An attach under way: what its parts share. */
#pragma once

#include <string.h>

#include "domain.h"
#include "drive.h"
#include "isolate.h"

struct attach {
	struct hotslot_domain *domain;
	struct hotslot_attach_options options;
	struct drive drive;
	struct domain_xml *xml;	  /* before */
	struct domain_xml *after; /* as it was verified; NULL: nothing is there to be confirmed */
	struct record *record;	  /* what the guest confirmed */
	struct attach_moments moments;
	uint64_t confirm_by; /* now_ms(): until then the guest is waited for */
	bool refused;	     /* by libvirt */
	bool lost;	     /* a daemon went in the call: what it did may be in the way */
	bool came;	     /* the domain had the disk, or may have had it */
	unsigned first;	     /* slot to choose from: there may be lost disks before it */
	struct isolation recorded;
	char *asked; /* the element that libvirt was given */
	/* Of a persistent attach: see attach-config.c. */
	struct domain_xml *definition; /* before; NULL: it stays as it is */
	char *definition_text;	       /* right before the disk */
	bool twin_found;	       /* one of the two has the disk: the other gets the same */
	struct xml_disk twin;
	bool may_be_defined;	 /* this attach has written the disk into the definition */
	bool definition_refused; /* by libvirt */
};

/* Whether both are there, and alike. */
static inline bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The two halves of an attach, in a call: the first returns as soon as libvirt has the disk, as it
 * was asked for; the second has the guest confirm it. *ret is NULL, or freed by the caller. What
 * fails is rolled back by either. attach_done() is for after both. */
int attach_begin(struct attach *attach, const struct hotslot_attach_options *options,
	struct hotslot_error *error);
int attach_end(struct attach *attach, struct hotslot_disk **ret, struct hotslot_error *error);
void attach_done(struct attach *attach);

/* Whether others may be attached between the two. Not of one that changes the definition, too: how
 * that is put back goes by how it was. */
static inline bool attach_may_wait(const struct attach *attach)
{
	return attach->after && !attach->definition;
}

/* Checks all that needs no session with the agent, and has the drive ready. */
int attach_check(struct attach *attach, uint64_t deadline, struct hotslot_error *error);

/* Once attach->xml is read: now nobody else who takes turns can attach it to this domain. */
int attach_check_disks(struct attach *attach, struct hotslot_error *error);

/* HOTSLOT_ERROR_MISMATCH if a domain's XML, which is called WHERE, does not have the disk as it was
 * asked for, with all that libvirt was given. DOCUMENT is the same, unparsed, or what is new of it.
 */
int attach_compare(const struct attach *attach, xmlDoc *document, const struct domain_xml *xml,
	const char *where, struct hotslot_error *error);

/* libvirt drops what it does not like, a malformed alias for one. Has the live XML ready for the
 * caller if the disk is there as asked. */
int attach_verify(struct attach *attach, struct domain_xml **ret, struct hotslot_error *error);

/* HOTSLOT_ERROR_IMAGE_IN_USE if another disk has its image, or what is behind it, by now. XML is
 * that of attach_verify(). */
int attach_verify_image(
	const struct attach *attach, const struct domain_xml *xml, struct hotslot_error *error);

/* Writes the element that libvirt gets to attach->asked. */
int attach_format(struct attach *attach, struct hotslot_error *error);

/* Has libvirt attach that, in a domain that no job is in the way of. What comes of it is announced
 * to the guest. HOTSLOT_ERROR_IMAGE_IN_USE if that is why QEMU refuses; attach->lost if a daemon
 * went meanwhile. */
int attach_device(struct attach *attach, struct hotslot_error *error);

/* XML is what the disk is attached to, OTHER the other one of running domain and definition, which
 * is called WHERE. If OTHER has the disk already, its twin is to be like it. What the caller has
 * named must be free in OTHER; what it has is added to XML, so that what is chosen is, too. */
int attach_agree(struct attach *attach, struct domain_xml *xml, const struct domain_xml *other,
	const char *where, struct hotslot_error *error);

/* Adds what OTHER has, but for the twin, to XML. */
int attach_join(const struct attach *attach, struct domain_xml *xml, const struct domain_xml *other,
	struct hotslot_error *error);

/* libvirt's label is to be the twin's, too, if it is free. */
void attach_choose_label(struct attach *attach);

/* Reads the definition if the attach is to change it, and adds what it has to attach->xml, so that
 * what is chosen is free in both. */
int attach_join_definition(struct attach *attach, struct hotslot_error *error);

/* Writes the disk into the definition, if it is to be there and is not. */
int attach_define(struct attach *attach, struct hotslot_error *error);

/* Takes it out again. If that fails, the error becomes HOTSLOT_ERROR_PARTIAL. */
void attach_undefine(struct attach *attach, struct hotslot_error *error);

/* Whether libvirt refused because somebody else has changed the definition; another choice may do.
 */
bool attach_definition_is_overtaken(struct attach *attach);

/* The whole of an attach to the definition alone. */
int attach_config(struct attach *attach, struct hotslot_error *error);

/* Once the attach is done: says in the record how long it took, and, to who asks for times, where
 * the time went. */
void attach_add_times(struct attach *attach);

/* Takes back what a failed attach has left; the error says what has become of it. ATTACHED: libvirt
 * has said that the disk is there. */
void attach_roll_back(struct attach *attach, bool attached, struct hotslot_error *error);
