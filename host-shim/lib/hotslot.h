/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: attach disks to running virtual machines, by slot, confirmed by the guest.
 *
 * Every call that can fail returns 0 or a negative errno and, if ERROR is not NULL, fills *ERROR;
 * output parameters are written on success only. The library prints nothing. Sizes are in bytes,
 * times in milliseconds. Strings in are copied, strings out belong to the object that they came
 * with. All calls may be made from several threads; calls on one domain wait for each other.
 *
 * A struct that begins with its size grows at its end, by members that make it larger: what a
 * caller of an older version left in its padding is not looked at.
 *
 * If libvirt's daemon goes, the next call, or the one under way, has the connection opened anew and
 * goes on, waiting for a daemon that is about to start as long as the call may take;
 * HOTSLOT_ERROR_CONNECT after that. A call that takes no time waits 30 s.
 *
 * The library runs libvirt's default event loop in a thread of its own, unless an event loop was
 * registered before the first hotslot_open(); then that loop must be running.
 */
#ifndef HOTSLOT_H
#define HOTSLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hotslot;	       /* a connection to libvirt; reference-counted */
struct hotslot_domain; /* a domain of a connection; reference-counted */

enum hotslot_error_code {
	HOTSLOT_ERROR_NONE,
	HOTSLOT_ERROR_INVALID,	     /* an argument is wrong in itself */
	HOTSLOT_ERROR_CONNECT,	     /* libvirt cannot be reached */
	HOTSLOT_ERROR_NO_DOMAIN,     /* no such domain */
	HOTSLOT_ERROR_DOMAIN_EXISTS, /* launch: the name is taken */
	HOTSLOT_ERROR_NOT_RUNNING,   /* the domain is shut off, ended meanwhile, or was migrated */
	HOTSLOT_ERROR_NO_CHANNEL,    /* the domain has no channel for the agent */
	HOTSLOT_ERROR_NO_CONTROLLER, /* the domain has no virtio-scsi controller */
	HOTSLOT_ERROR_AGENT,	     /* the agent does not answer, or not as it should */
	HOTSLOT_ERROR_BUSY,  /* somebody else talks to the agent, or libvirt has a job on the
				domain, and that did not end in time */
	HOTSLOT_ERROR_IMAGE, /* an image is missing, unreadable, empty or of a wrong format */
	HOTSLOT_ERROR_IMAGE_IN_USE,  /* an image is open in another VM or process */
	HOTSLOT_ERROR_SLOT_TAKEN,    /* a disk is in the slot, or every slot has one */
	HOTSLOT_ERROR_SLOT_EMPTY,    /* no disk is in the slot */
	HOTSLOT_ERROR_SERIAL_TAKEN,  /* another disk of the domain has the serial */
	HOTSLOT_ERROR_ID_TAKEN,	     /* another disk of the domain has the id */
	HOTSLOT_ERROR_DISK_BUSY,     /* the guest uses the disk, or a block job of libvirt's does */
	HOTSLOT_ERROR_PROTECTED,     /* the appliance's own disk */
	HOTSLOT_ERROR_NOT_CONFIRMED, /* the guest does not see the disk; an attach is rolled back */
	HOTSLOT_ERROR_MISMATCH,	     /* host and guest see different disks; likewise */
	HOTSLOT_ERROR_TIMEOUT,	     /* the deadline passed */
	HOTSLOT_ERROR_LIBVIRT,	     /* libvirt refused; its message is in the text */
	HOTSLOT_ERROR_SYSTEM,	     /* a system call failed, or no memory */
	HOTSLOT_ERROR_NO_DISK,	     /* a reference names no disk of the domain, or not any more */
	HOTSLOT_ERROR_AMBIGUOUS,     /* a reference names several */
	HOTSLOT_ERROR_FOREIGN,	     /* attached by others, and not asked for explicitly */
	HOTSLOT_ERROR_RESERVED,	     /* the slot is reserved already */
	HOTSLOT_ERROR_CONTROLLER,    /* host and guest manage different controllers */
	HOTSLOT_ERROR_SHRINK,	     /* resize: it would cut the disk */
	HOTSLOT_ERROR_LABEL,	     /* attach: the domain has had a disk of another label */
	HOTSLOT_ERROR_TRANSIENT,     /* the domain has no definition that outlives it */
	HOTSLOT_ERROR_PARTIAL,	     /* the definition has the disk, the running domain has not */
	HOTSLOT_ERROR_RUNNING,	     /* start: the domain runs already */
};

/* What failed. Belongs to the caller, no pointers in it. */
struct hotslot_error {
	enum hotslot_error_code code;
	char step[24];	    /* the step of the transaction: "check", "attach", "confirm", … */
	char message[1000]; /* one printable line: what failed, on which disk, what to do */
};

/* "slot-taken" for HOTSLOT_ERROR_SLOT_TAKEN, and so on; never NULL. */
const char *hotslot_error_name(enum hotslot_error_code code);

/* The version of the library, "0.1.0". */
const char *hotslot_version(void);

/* Called for what a person may want to know while a call runs ("KVM does not work here, …").
 * From the thread that made the call; MESSAGE is one line without newline. */
typedef void (*hotslot_notice_fn)(void *data, const char *message);

/* ---- Connections ---- */

/* Opens a connection; URI as in virsh, NULL for libvirt's default. The caller unrefs it. */
int hotslot_open(const char *uri, struct hotslot **ret, struct hotslot_error *error);
struct hotslot *hotslot_ref(struct hotslot *hotslot);
/* Takes NULL, returns NULL. */
struct hotslot *hotslot_unref(struct hotslot *hotslot);
void hotslot_set_notice(struct hotslot *hotslot, hotslot_notice_fn notice, void *data);

/* ---- Domains ---- */

/* Finds a domain by name, UUID or id, in the order of virsh (id, UUID, name). Does not talk to
 * the guest yet. The caller unrefs it. */
int hotslot_domain_lookup(struct hotslot *hotslot, const char *name, struct hotslot_domain **ret,
	struct hotslot_error *error);
struct hotslot_domain *hotslot_domain_ref(struct hotslot_domain *domain);
struct hotslot_domain *hotslot_domain_unref(struct hotslot_domain *domain);
/* The name that it had when it was last looked up: a domain that is shut off can be renamed. */
const char *hotslot_domain_name(struct hotslot_domain *domain);
const char *hotslot_domain_uuid(struct hotslot_domain *domain);

/* Which virtio-scsi controller is managed, by its index in libvirt's XML; -1 stands for the
 * default: the only one, else the one with the lowest PCI address and no disk at the system
 * target. Every later call on the domain fails with HOTSLOT_ERROR_CONTROLLER if the guest manages
 * another one. */
void hotslot_domain_set_controller(struct hotslot_domain *domain, int index);

/* How long calls that take no time of their own wait for the domain and its agent, ms; 0: 30 s. */
void hotslot_domain_set_timeout(struct hotslot_domain *domain, unsigned timeout_ms);

/* What the agent said of itself in its hello. */
struct hotslot_agent_info {
	size_t size; /* sizeof(struct hotslot_agent_info), set by the caller */
	char version[32];
	char boot_id[40];
	uint64_t epoch;
	char links[8];	      /* who makes the links: "agent" or "udev" */
	char controller[128]; /* PCI path in the guest, empty if none */
};

/* Connects to the agent unless connected, and waits at most TIMEOUT_MS for its hello. */
int hotslot_domain_connect(struct hotslot_domain *domain, unsigned timeout_ms,
	struct hotslot_agent_info *ret_info, struct hotslot_error *error);

/* What a call changes: the running domain, its persistent definition, or both. Of a transient
 * domain there is only the first: HOTSLOT_ERROR_TRANSIENT. */
enum hotslot_scope {
	HOTSLOT_SCOPE_LIVE,	  /* HOTSLOT_ERROR_NOT_RUNNING if it is shut off */
	HOTSLOT_SCOPE_PERSISTENT, /* both; of a domain that is shut off, its definition */
	HOTSLOT_SCOPE_CONFIG,	  /* the definition alone: it holds from the next boot on */
};

/* Whether the persistent definition has a disk, too: the one that its alias, serial or address is
 * of. The definition of a transient domain has none. */
enum hotslot_persistence {
	HOTSLOT_PERSISTENCE_UNKNOWN, /* the call did not look */
	HOTSLOT_PERSISTENCE_NO,
	HOTSLOT_PERSISTENCE_YES,
};

/* ---- Disks ---- */

struct hotslot_partition {
	unsigned number;
	const char *name, *devnum;
	uint64_t start, size;
	const char *by_slot, *by_serial; /* NULL if there is no such link */
	const char *type, *label, *uuid; /* NULL if unknown */
};

/* How long the parts of an attach took, ms. */
struct hotslot_timing {
	double total;	/* from the call of hotslot_attach() until the guest's confirmation */
	double attach;	/* libvirt's attach call alone */
	double confirm; /* from the end of that call until the confirmation */
};

struct hotslot_times;

/* A disk as host and guest see it. Made by the library, which may add members at the end. */
struct hotslot_disk {
	int slot; /* -1: unslotted */
	unsigned target, lun;
	/* Host; attached is false for a disk that only the guest sees. */
	bool attached;
	bool foreign;		/* attached by others: no alias of ours */
	const char *alias;	/* "ua-hotslot-ID", or as libvirt has it */
	const char *id;		/* the ID of our alias, NULL if foreign */
	const char *target_dev; /* libvirt's label, "sda" */
	const char *source;	/* file, device or a description of the source; NULL if none */
	const char *format;	/* "raw", "qcow2" */
	bool host_read_only;
	/* Guest; visible is false for a disk that the guest does not show. */
	bool visible;
	const char *serial; /* as the guest reads it, encoded; the host's if not visible */
	bool conflict;	    /* two disks have this serial */
	const char *name, *devnum;
	uint64_t diskseq, size;
	uint32_t block_size;
	bool read_only;
	const char *state;			 /* "present", "released" */
	const char *by_slot, *by_serial;	 /* NULL if there is no such link */
	const char *contents;			 /* "known", "pending", "unknown" */
	const char *type, *label, *uuid, *table; /* NULL if none */
	size_t n_partitions;
	const struct hotslot_partition *partitions;
	struct hotslot_timing timing; /* of the attach that returned it, else 0 */
	const char *device; /* "/dev/sdX" as libguestfs counts, by the slot; NULL if unslotted */
	bool passthrough;   /* a LUN of the host's: device='lun', or a hostdev */
	bool mismatch;	    /* the guest reads another serial than the host gave: never by serial */
	enum hotslot_persistence persistence;
	const struct hotslot_times *times; /* hotslot-timing.h; NULL unless asked for */
};

/* Takes NULL. */
void hotslot_disk_free(struct hotslot_disk *disk);

struct hotslot_backend_options;

struct hotslot_attach_options {
	size_t size;	    /* sizeof(struct hotslot_attach_options), set by HOTSLOT_ATTACH_INIT */
	const char *image;  /* path of an image or block device, or a text of hotslot-backend.h;
			       "/dev/null" reserves the slot, with no disk in it. Required but
			       with xml */
	const char *format; /* "raw", "qcow2", …; "auto" looks at the content; NULL: by an ending
			       such as .qcow2, with which the content must agree, else raw */
	int slot;	    /* -1: the lowest free one that is not reserved */
	const char *serial; /* NULL: made from the slot and random bits; passthrough: the LUN's */
	const char *id;	    /* A-Z a-z 0-9 _ -, at most 64; NULL: "slot-N" */
	bool read_only;
	unsigned timeout_ms; /* for the guest's confirmation; 0: 30 s */
	bool passthrough;    /* device='lun': the guest talks SCSI with the LUN itself */
	bool strict;	     /* fail, and roll back, if the guest sees another disk of its serial */
	const char *label;   /* whose disk it is, 1 to 64 of A-Z a-z 0-9 _ . -; NULL: nobody's */
	bool any_label;	     /* although the domain has had a disk of another label */
	enum hotslot_scope scope __attribute__((aligned(8))); /* past what was padding */
	const struct hotslot_backend_options *backend; /* hotslot-backend.h; NULL: the defaults */
	const char *xml; /* in place of an image: a <disk> element of libvirt's, which is given the
			    alias, address, serial and target that it lacks, and otherwise kept. Of
			    the options, slot, serial and id must agree with it; what it could say
			    itself (format, read_only, passthrough, most of backend) is not taken */
};
#define HOTSLOT_ATTACH_INIT                                               \
	{                                                                 \
		.size = sizeof(struct hotslot_attach_options), .slot = -1 \
	}

/* Attaches a disk and returns once the guest has confirmed slot, serial and size. Whatever fails
 * is rolled back: the domain is then as it was. A reserved slot that is named is filled: it is
 * reserved no more. The caller frees *ret; ret may be NULL. Of "/dev/null", *ret has the slot and
 * nothing else: neither attached nor visible.
 *
 * To both, the definition gets the disk first, with the same slot, serial and alias, which must be
 * free in both; if the running domain does not get it, the definition is put back as it was, and if
 * that fails, HOTSLOT_ERROR_PARTIAL. To the definition alone, no guest is asked, and *ret is as
 * hotslot-definition.h says. An image that one of the two has, as the options ask for it, is
 * attached to the other as it is there: that completes what was broken off. */
int hotslot_attach(struct hotslot_domain *domain, const struct hotslot_attach_options *options,
	struct hotslot_disk **ret, struct hotslot_error *error);

/* ---- References ----
 *
 * A call that takes DISK takes any of these texts:
 *
 *   3                      a slot
 *   /dev/sdd               as libguestfs counts: the fourth slot, whatever the kernel calls it
 *   serial:S               the disk of that serial, encoded as in hotslot_disk.serial, or as it is;
 *                          the one that the guest reads, else the one that the host has given
 *   alias:A                libvirt's alias
 *   id:I                   the ID of our alias, ua-hotslot-I
 *   volume:V               the first that there is of: the disk of the alias ua-hotslot-V; of ua-V,
 *                          as Nova and KubeVirt name it; of the serial V; and, if V is slot-N, the
 *                          disk in slot N. For who knows a volume and not how it was attached
 *   /dev/disk/by-slot/3    the names in the guest
 *   /dev/disk/by-serial/S
 *
 * The /dev names may name a partition: /dev/sdd2, /dev/disk/by-slot/3-part2. A serial that two
 * disks have names neither: HOTSLOT_ERROR_AMBIGUOUS; nor one of a disk of which the guest reads
 * another than the host has given: HOTSLOT_ERROR_MISMATCH. The system's own disks cannot be named:
 * HOTSLOT_ERROR_PROTECTED, or HOTSLOT_ERROR_NO_DISK. */

/* Finds the disk that a reference names. *ret_partition is 0 for the whole disk. The caller frees
 * *ret; either may be NULL. */
int hotslot_resolve(struct hotslot_domain *domain, const char *reference, struct hotslot_disk **ret,
	unsigned *ret_partition, struct hotslot_error *error);

/* The slot that a reference means by its form alone: 3, /dev/sdd, /dev/disk/by-slot/3. Needs no
 * domain. Fails with HOTSLOT_ERROR_INVALID for any other, and for partitions. */
int hotslot_slot_parse(const char *text, int *ret, struct hotslot_error *error);

/* A use of a disk in the guest. What a detach by force tells is none, if the kind is
 *   "unwritten"    the guest has given up writing to it, as that took too long or failed
 *   "unreleased"   the guest did not let go of it, and it was unplugged all the same; what says why
 *   "unconfirmed"  and after that, the guest did not say that it is gone; what says why
 * With the first two, what the guest had yet to write may be lost; the last two have no device, and
 * the slot is free only when the guest sees that the disk is gone: an attach looks. The texts are
 * the guest's, made printable, and good until the function that is told of it returns. */
struct hotslot_user {
	size_t size;
	const char *kind;   /* "mount", "swap", "holder", "open", "exclusive", or as above; or
			       "block-job", on the host: device is libvirt's label then, what says
			       which one */
	const char *device; /* the disk, or the partition of it: "sdb1" */
	const char *what;   /* the mount point, the holder's name, the file that is open, "io_uring"
			       if that does not tell what it has, the file system that is mounted
			       nowhere; may be empty */
	int pid;	    /* 0: not known */
	const char *process; /* NULL: not known */
	const char *through; /* what stands on the device and is used: "vg-lv"; NULL: itself */
	bool waiting;	     /* the disk is waited for: in the end they may be others, or nobody */
};
typedef void (*hotslot_user_fn)(void *data, const struct hotslot_user *user);

struct hotslot_detach_options {
	size_t size;
	bool force; /* although the guest uses it, does not let go of it, or does not see it; it is
		       not waited for */
	unsigned timeout_ms; /* for guest and host each; 0: 30 s */
	bool foreign; /* also a disk that others have attached; naming its alias says so, too */
	hotslot_user_fn user; /* told of each use: that the disk was refused for or, forced, taken
				 from. From the calling thread. NULL: nobody */
	void *user_data;
	unsigned wait_ms; /* a disk in use is waited for, this long; others have their turn every
			     second, and USER is told again. If they have put another disk there
			     since: HOTSLOT_ERROR_NO_DISK */
	bool (*interrupted)(void *data); /* asked every second while it waits: true ends that, with
					    HOTSLOT_ERROR_DISK_BUSY. NULL: nobody is asked */
	void *interrupted_data;
	enum hotslot_scope scope;
};
#define HOTSLOT_DETACH_INIT                                   \
	{                                                     \
		.size = sizeof(struct hotslot_detach_options) \
	}

/* Detaches a disk: the guest lets go of it first, and the slot is free when this returns. A slot
 * that is only reserved is reserved no more. OPTIONS may be NULL.
 *
 * From both, the running domain is the first, as its guest may refuse; then the definition, where
 * hotslot_disk.persistence says which disk it is. If that fails, HOTSLOT_ERROR_PARTIAL. A disk that
 * one of them does not have any more is taken from the other. */
int hotslot_detach(struct hotslot_domain *domain, const char *disk,
	const struct hotslot_detach_options *options, struct hotslot_error *error);

struct hotslot_resize_options {
	size_t size;
	bool shrink;	     /* cut the disk, although what was at its end is lost */
	bool foreign;	     /* as for detach */
	unsigned timeout_ms; /* for the guest's confirmation; 0: 30 s */
	bool relative; /* BYTES are on top of what the host says the disk has; never shrinks */
};
#define HOTSLOT_RESIZE_INIT                                   \
	{                                                     \
		.size = sizeof(struct hotslot_resize_options) \
	}

/* Gives a disk a new size, in bytes, a multiple of its logical blocks and of 512, and returns once
 * the guest sees it. A disk of which host and guest read different serials is left alone:
 * HOTSLOT_ERROR_MISMATCH. OPTIONS may be NULL. The caller frees *ret; ret may be NULL. */
int hotslot_resize(struct hotslot_domain *domain, const char *disk, uint64_t bytes,
	const struct hotslot_resize_options *options, struct hotslot_disk **ret,
	struct hotslot_error *error);

/* ---- Reservations: slots that automatic choice passes over, kept in the domain's metadata ---- */

/* Reserves each of the slots, or none: HOTSLOT_ERROR_RESERVED if one is already,
 * HOTSLOT_ERROR_SLOT_TAKEN if one has a disk, in the running domain or in its definition. */
int hotslot_reserve(
	struct hotslot_domain *domain, const int *slots, size_t count, struct hotslot_error *error);

/* The inverse, all or none: HOTSLOT_ERROR_SLOT_EMPTY if one is not reserved. */
int hotslot_unreserve(
	struct hotslot_domain *domain, const int *slots, size_t count, struct hotslot_error *error);

/* The reserved slots, in order. The caller frees *ret with free(). */
int hotslot_reserved(
	struct hotslot_domain *domain, int **ret, size_t *ret_count, struct hotslot_error *error);

/* ---- Labels: whose the domain's disks are, kept in its metadata ---- */

/* Each label that a disk of the domain has ever had, in the order in which they came, and NULL last
 * if a domain with a label has held disks without one. The caller frees *ret with free(), the texts
 * with it. */
int hotslot_labels(struct hotslot_domain *domain, const char ***ret, size_t *ret_count,
	struct hotslot_error *error);

/* ---- Lists ---- */

/* Lists the disks of host and guest, slots first, in order. The caller frees *ret with
 * hotslot_disks_free(). */
int hotslot_list(struct hotslot_domain *domain, struct hotslot_disk ***ret, size_t *ret_count,
	struct hotslot_error *error);
void hotslot_disks_free(struct hotslot_disk **disks, size_t count);

#ifdef __cplusplus
}
#endif

#include "hotslot-appliance.h"
#include "hotslot-backend.h"
#include "hotslot-definition.h"
#include "hotslot-domain.h"
#include "hotslot-health.h"
#include "hotslot-many.h"
#include "hotslot-status.h"
#include "hotslot-timing.h"

#endif
