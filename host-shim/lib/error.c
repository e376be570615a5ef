/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filling a struct hotslot_error: code, step and one printable line. */
#include "error.h"

#include <libvirt/virterror.h>
#include <stdarg.h>
#include <string.h>

#include "encode.h"
#include "libvirt-error.h"

/* Bytes of one character. */
#define UTF8_LENGTH_MAX 4

static const struct {
	const char *name;
	int number; /* the errno that goes with the code */
} codes[] = {
	[HOTSLOT_ERROR_NONE] = { "none", 0 },
	[HOTSLOT_ERROR_INVALID] = { "invalid", EINVAL },
	[HOTSLOT_ERROR_CONNECT] = { "connect", ECONNREFUSED },
	[HOTSLOT_ERROR_NO_DOMAIN] = { "no-domain", ENOENT },
	[HOTSLOT_ERROR_DOMAIN_EXISTS] = { "domain-exists", EEXIST },
	[HOTSLOT_ERROR_NOT_RUNNING] = { "not-running", ESHUTDOWN },
	[HOTSLOT_ERROR_NO_CHANNEL] = { "no-channel", ENXIO },
	[HOTSLOT_ERROR_NO_CONTROLLER] = { "no-controller", ENODEV },
	[HOTSLOT_ERROR_AGENT] = { "agent", ENOTCONN },
	[HOTSLOT_ERROR_BUSY] = { "busy", EBUSY },
	[HOTSLOT_ERROR_IMAGE] = { "image", ENOMEDIUM },
	[HOTSLOT_ERROR_IMAGE_IN_USE] = { "image-in-use", ETXTBSY },
	[HOTSLOT_ERROR_SLOT_TAKEN] = { "slot-taken", EADDRINUSE },
	[HOTSLOT_ERROR_SLOT_EMPTY] = { "slot-empty", ENOENT },
	[HOTSLOT_ERROR_SERIAL_TAKEN] = { "serial-taken", EEXIST },
	[HOTSLOT_ERROR_ID_TAKEN] = { "id-taken", EEXIST },
	[HOTSLOT_ERROR_DISK_BUSY] = { "disk-busy", EBUSY },
	[HOTSLOT_ERROR_PROTECTED] = { "protected", EPERM },
	[HOTSLOT_ERROR_NOT_CONFIRMED] = { "not-confirmed", ETIMEDOUT },
	[HOTSLOT_ERROR_MISMATCH] = { "mismatch", EREMOTEIO },
	[HOTSLOT_ERROR_TIMEOUT] = { "timeout", ETIMEDOUT },
	[HOTSLOT_ERROR_LIBVIRT] = { "libvirt", EIO },
	[HOTSLOT_ERROR_SYSTEM] = { "system", EIO },
	[HOTSLOT_ERROR_NO_DISK] = { "no-disk", ENOENT },
	[HOTSLOT_ERROR_AMBIGUOUS] = { "ambiguous", ENOTUNIQ },
	[HOTSLOT_ERROR_FOREIGN] = { "foreign", EPERM },
	[HOTSLOT_ERROR_RESERVED] = { "reserved", EADDRINUSE },
	[HOTSLOT_ERROR_CONTROLLER] = { "controller", ENODEV },
	[HOTSLOT_ERROR_SHRINK] = { "shrink", EPERM },
	[HOTSLOT_ERROR_LABEL] = { "label", EPERM },
	[HOTSLOT_ERROR_TRANSIENT] = { "transient", ENOENT },
	[HOTSLOT_ERROR_PARTIAL] = { "partial", EIO },
	[HOTSLOT_ERROR_RUNNING] = { "running", EALREADY },
};

const char *hotslot_error_name(enum hotslot_error_code code)
{
	return (size_t)code < ARRAY_SIZE(codes) ? codes[code].name : "unknown";
}

struct hotslot_error *error_begin(struct hotslot_error *error, struct hotslot_error *ignored)
{
	if (!error)
		error = ignored;
	*error = (struct hotslot_error){};
	return error;
}

void error_step(struct hotslot_error *error, const char *step)
{
	snprintf(error->step, sizeof(error->step), "%s", step);
}

void error_clear(struct hotslot_error *error)
{
	error->code = HOTSLOT_ERROR_NONE;
	error->message[0] = '\0';
}

/* The length of the printable character at TEXT, which is UTF-8; 0 if there is none. */
static size_t printable_length(const char *text)
{
	size_t left = strnlen(text, UTF8_LENGTH_MAX);

	for (size_t length = 1; length <= left; length++)
		if (text_is_printable(text, length))
			return length;
	return 0;
}

/* libvirt's texts have newlines, names from a guest may have anything, and what is too long was cut
 * somewhere: one printable line. */
static void make_printable(char *text)
{
	while (*text) {
		size_t length = printable_length(text);

		if (length == 0) {
			*text = *text == '\n' ? ' ' : '?';
			length = 1;
		}
		text += length;
	}
}

static void _printf_(2, 0)
	append(struct hotslot_error *error, const char *format, va_list arguments)
{
	size_t length = strlen(error->message);

	vsnprintf(error->message + length, sizeof(error->message) - length, format, arguments);
	make_printable(error->message + length);
}

void error_append(struct hotslot_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(error, format, arguments);
	va_end(arguments);
}

static int _printf_(3, 0) set(struct hotslot_error *error, enum hotslot_error_code code,
	const char *format, va_list arguments)
{
	error->code = code;
	error->message[0] = '\0';
	append(error, format, arguments);
	return -codes[code].number;
}

int error_set(struct hotslot_error *error, enum hotslot_error_code code, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = set(error, code, format, arguments);
	va_end(arguments);
	return r;
}

int error_system(struct hotslot_error *error, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(error, HOTSLOT_ERROR_SYSTEM, format, arguments);
	va_end(arguments);
	error_append(error, ": %s", strerror(-r));
	return r;
}

int error_memory(struct hotslot_error *error)
{
	return error_system(error, -ENOMEM, "Cannot go on");
}

static void append_libvirt(struct hotslot_error *error)
{
	const char *message = virGetLastErrorMessage();

	if (virGetLastErrorCode() == VIR_ERR_OK)
		message = "libvirt does not say why";
	error_append(error, ": %s", message ?: "unknown error");
}

static void append_advice(struct hotslot_error *error)
{
	const char *advice = libvirt_error_advice(libvirt_error_last());

	if (advice)
		error_append(error, "; %s", advice);
}

int error_libvirt(struct hotslot_error *error, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = set(error, libvirt_error_code(libvirt_error_last()), format, arguments);
	va_end(arguments);
	append_libvirt(error);
	append_advice(error);
	return r;
}

int error_libvirt_code(
	struct hotslot_error *error, enum hotslot_error_code code, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = set(error, code, format, arguments);
	va_end(arguments);
	append_libvirt(error);
	return r;
}
