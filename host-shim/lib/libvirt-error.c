/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's errors mean to us. Its words are for people: nothing here reads them. */
#include "libvirt-error.h"

#include <libvirt/virterror.h>

#include "util.h"

static const struct {
	int code;
	enum libvirt_error class;
} classes[] = {
	{ VIR_ERR_NO_DOMAIN, LIBVIRT_ERROR_NO_DOMAIN },
	{ VIR_ERR_OPERATION_INVALID, LIBVIRT_ERROR_STATE },
	/* It waits 30 s for the end of what has the domain. */
	{ VIR_ERR_OPERATION_TIMEOUT, LIBVIRT_ERROR_BUSY },
	/* An alias that no device has gives the first, whatever else does, too. */
	{ VIR_ERR_INTERNAL_ERROR, LIBVIRT_ERROR_UNCLEAR },
	{ VIR_ERR_OPERATION_FAILED, LIBVIRT_ERROR_UNCLEAR },
	{ VIR_ERR_DEVICE_MISSING, LIBVIRT_ERROR_UNCLEAR },
	{ VIR_ERR_OPERATION_ABORTED, LIBVIRT_ERROR_UNCLEAR },
	{ VIR_ERR_OPERATION_DENIED, LIBVIRT_ERROR_DENIED },
	{ VIR_ERR_ACCESS_DENIED, LIBVIRT_ERROR_DENIED },
	{ VIR_ERR_AUTH_FAILED, LIBVIRT_ERROR_DENIED },
	{ VIR_ERR_AUTH_CANCELLED, LIBVIRT_ERROR_DENIED },
	{ VIR_ERR_AUTH_UNAVAILABLE, LIBVIRT_ERROR_DENIED },
	{ VIR_ERR_RPC, LIBVIRT_ERROR_LOST },
	{ VIR_ERR_NO_CONNECT, LIBVIRT_ERROR_LOST },
	{ VIR_ERR_INVALID_CONN, LIBVIRT_ERROR_LOST },
	{ VIR_ERR_NO_SUPPORT, LIBVIRT_ERROR_UNSUPPORTED },
	{ VIR_ERR_OPERATION_UNSUPPORTED, LIBVIRT_ERROR_UNSUPPORTED },
	{ VIR_ERR_ARGUMENT_UNSUPPORTED, LIBVIRT_ERROR_UNSUPPORTED },
	/* Also a place or a name that another device has: FIELD-NOTES, 67. */
	{ VIR_ERR_CONFIG_UNSUPPORTED, LIBVIRT_ERROR_UNSUPPORTED },
	{ VIR_ERR_XML_ERROR, LIBVIRT_ERROR_MALFORMED },
	{ VIR_ERR_XML_DETAIL, LIBVIRT_ERROR_MALFORMED },
	{ VIR_ERR_XML_INVALID_SCHEMA, LIBVIRT_ERROR_MALFORMED },
	{ VIR_ERR_INVALID_ARG, LIBVIRT_ERROR_MALFORMED },
};

enum libvirt_error libvirt_error_class(int code, int from)
{
	/* "client socket is closed", "End of file while reading data". */
	if (from == VIR_FROM_RPC &&
		(code == VIR_ERR_INTERNAL_ERROR || code == VIR_ERR_SYSTEM_ERROR))
		return LIBVIRT_ERROR_LOST;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].code == code)
			return classes[i].class;
	return LIBVIRT_ERROR_OTHER;
}

enum hotslot_error_code libvirt_error_code(enum libvirt_error class)
{
	switch (class) {
	case LIBVIRT_ERROR_NO_DOMAIN:
		return HOTSLOT_ERROR_NOT_RUNNING;
	case LIBVIRT_ERROR_BUSY:
		return HOTSLOT_ERROR_BUSY;
	case LIBVIRT_ERROR_LOST:
		return HOTSLOT_ERROR_CONNECT;
	default:
		return HOTSLOT_ERROR_LIBVIRT;
	}
}

const char *libvirt_error_advice(enum libvirt_error class)
{
	switch (class) {
	case LIBVIRT_ERROR_BUSY:
		return "try again when that is done; 'virsh domjobinfo' tells how far it is";
	case LIBVIRT_ERROR_DENIED:
		return "connect as a user who may, and not read-only";
	case LIBVIRT_ERROR_LOST:
		return "try again when libvirt's daemon can be reached";
	default:
		return NULL;
	}
}

enum libvirt_error libvirt_error_last(void)
{
	return libvirt_error_class(virGetLastErrorCode(), virGetLastErrorDomain());
}
