/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: booting an appliance of our own, and ending a domain. Part of hotslot.h, which says
 * what holds for all calls; include that.
 */
#ifndef HOTSLOT_APPLIANCE_H
#define HOTSLOT_APPLIANCE_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

enum hotslot_accel {
	HOTSLOT_ACCEL_AUTO, /* KVM if a guest really comes up under it, else TCG; remembered */
	HOTSLOT_ACCEL_KVM,
	HOTSLOT_ACCEL_TCG,
};

/* Which versions of virtio the devices of an appliance talk; libvirt's models. */
enum hotslot_virtio_model {
	HOTSLOT_VIRTIO_DEFAULT,		 /* what the machine has them be: the XML does not say */
	HOTSLOT_VIRTIO_TRANSITIONAL,	 /* also for guests that know only virtio 0.9 */
	HOTSLOT_VIRTIO_NON_TRANSITIONAL, /* virtio 1.0 and later only */
};

struct hotslot_launch_options {
	size_t size;
	const char *name;      /* required */
	const char *kernel;    /* path; required */
	const char *initramfs; /* path; required */
	const char *append;    /* more of the kernel's command line; NULL: none */
	unsigned memory_mib;   /* 0: 512 */
	unsigned vcpus;	       /* 0: 1 */
	enum hotslot_accel accel;
	bool persistent;	 /* define it, too; transient if not */
	const char *root;	 /* image of a root disk; hidden from every list. NULL: none */
	const char *root_format; /* as for attach */
	const char *root_spec;	 /* "LABEL=x", "UUID=x", a device; NULL: the system target's disk */
	bool root_writable;
	const struct hotslot_attach_options *drives; /* slots 0, 1, … unless they name others */
	size_t n_drives;
	const char *console_log; /* the serial console goes to this file; NULL: nowhere */
	unsigned timeout_ms;	 /* for the agent's hello; 0: 60 s */
	size_t reserve;		 /* the first so many slots; those that drives name are filled */
	const char *label;   /* whose disks it may hold, as for attach; its drives have it, too */
	const char *machine; /* "q35", "pc" or another that QEMU has; NULL: libvirt's default */
	const char *genid;   /* VM generation ID, a GUID; NULL: libvirt makes one */
	enum hotslot_virtio_model virtio_model; /* of the controllers */
	unsigned iothreads; /* so many IOThreads; the first one serves the disks. 0: none */
};
#define HOTSLOT_LAUNCH_INIT                                   \
	{                                                     \
		.size = sizeof(struct hotslot_launch_options) \
	}

/* Defines and boots an appliance; returns once its agent has answered, the live XML says all that
 * each of the drives was asked to be, and the agent has confirmed them. If that fails, the domain
 * is ended again. The caller unrefs *ret. */
int hotslot_launch(struct hotslot *hotslot, const struct hotslot_launch_options *options,
	struct hotslot_domain **ret, struct hotslot_error *error);

struct hotslot_start_options {
	size_t size;
	unsigned timeout_ms; /* for the agent and the disks, once it has been started; 0: 60 s */
};
#define HOTSLOT_START_INIT                                   \
	{                                                    \
		.size = sizeof(struct hotslot_start_options) \
	}

/* Starts a domain that is shut off, an appliance or any other that has what we need, and returns
 * once its agent has answered and has confirmed each disk of the managed controller but the
 * system's: that the guest shows it, with the size that the host has; of a disk that we have
 * attached, the serial, too. A managed save is gone on from, as libvirt does. If the domain lacks
 * what we need, it is not started; if what comes after the start fails, it goes on running.
 * HOTSLOT_ERROR_RUNNING if it runs already. OPTIONS may be NULL. */
int hotslot_start(struct hotslot_domain *domain, const struct hotslot_start_options *options,
	struct hotslot_error *error);

struct hotslot_shutdown_options {
	size_t size;
	bool force;	     /* do not ask the guest: end it at once */
	unsigned timeout_ms; /* for the guest to power off; 0: 30 s */
};
#define HOTSLOT_SHUTDOWN_INIT                                   \
	{                                                       \
		.size = sizeof(struct hotslot_shutdown_options) \
	}

/* Has the guest power off and returns when the domain is shut off. OPTIONS may be NULL. */
int hotslot_shutdown(struct hotslot_domain *domain, const struct hotslot_shutdown_options *options,
	struct hotslot_error *error);

#ifdef __cplusplus
}
#endif

#endif
