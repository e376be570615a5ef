/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's errors mean to us. Pure. */
#pragma once

#include "hotslot.h"

enum libvirt_error {
	LIBVIRT_ERROR_OTHER,	   /* nothing more than its words say */
	LIBVIRT_ERROR_NO_DOMAIN,   /* the domain is gone altogether */
	LIBVIRT_ERROR_STATE,	   /* the domain is not running, or in no state for that */
	LIBVIRT_ERROR_BUSY,	   /* something else has the domain or the disk: later */
	LIBVIRT_ERROR_UNCLEAR,	   /* done, or not: the XML says; so for missing devices */
	LIBVIRT_ERROR_DENIED,	   /* who is connected may not do that */
	LIBVIRT_ERROR_LOST,	   /* the connection is gone, and so is the answer */
	LIBVIRT_ERROR_UNSUPPORTED, /* this libvirt, QEMU or machine cannot do that */
	LIBVIRT_ERROR_MALFORMED,   /* it does not take the XML or an argument */
};

/* CODE is a virErrorNumber, FROM a virErrorDomain. */
enum libvirt_error libvirt_error_class(int code, int from);

/* Our code for it. */
enum hotslot_error_code libvirt_error_code(enum libvirt_error class);

/* What to do about it, to go behind libvirt's words; NULL if they say enough. */
const char *libvirt_error_advice(enum libvirt_error class);

/* The class of this thread's last error. */
enum libvirt_error libvirt_error_last(void);
