/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's errors mean. */
#include "test.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "libvirt-error.h"
#include "util.h"

static const struct {
	int code, from;
	enum libvirt_error class;
	enum hotslot_error_code ours;
	const char *advice; /* a word of it */
} errors[] = {
	/* no domain with matching uuid */
	{ 42, VIR_FROM_QEMU, LIBVIRT_ERROR_NO_DOMAIN, HOTSLOT_ERROR_NOT_RUNNING, NULL },
	/* domain is not running */
	{ 55, VIR_FROM_QEMU, LIBVIRT_ERROR_STATE, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* cannot acquire state change lock */
	{ 68, VIR_FROM_QEMU, LIBVIRT_ERROR_BUSY, HOTSLOT_ERROR_BUSY, "domjobinfo" },
	/* disk 'sda' already in active block job: see block-job.h */
	{ 83, VIR_FROM_QEMU, LIBVIRT_ERROR_OTHER, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* unable to execute QEMU command; no device with that alias */
	{ 1, VIR_FROM_QEMU, LIBVIRT_ERROR_UNCLEAR, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* target sda already exists */
	{ 9, VIR_FROM_QEMU, LIBVIRT_ERROR_UNCLEAR, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 78, VIR_FROM_QEMU, LIBVIRT_ERROR_UNCLEAR, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* disk not found */
	{ 99, VIR_FROM_QEMU, LIBVIRT_ERROR_UNCLEAR, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* the domain has a disk with that address */
	{ 67, VIR_FROM_DOMAIN, LIBVIRT_ERROR_UNSUPPORTED, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 3, VIR_FROM_NONE, LIBVIRT_ERROR_UNSUPPORTED, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 74, VIR_FROM_QEMU, LIBVIRT_ERROR_UNSUPPORTED, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 84, VIR_FROM_QEMU, LIBVIRT_ERROR_UNSUPPORTED, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* read only access prevents virDomainAttachDeviceFlags */
	{ 29, VIR_FROM_DOM, LIBVIRT_ERROR_DENIED, HOTSLOT_ERROR_LIBVIRT, "read-only" },
	{ 45, VIR_FROM_RPC, LIBVIRT_ERROR_DENIED, HOTSLOT_ERROR_LIBVIRT, "may" },
	{ 79, VIR_FROM_RPC, LIBVIRT_ERROR_DENIED, HOTSLOT_ERROR_LIBVIRT, "may" },
	{ 88, VIR_FROM_ACCESS, LIBVIRT_ERROR_DENIED, HOTSLOT_ERROR_LIBVIRT, "may" },
	{ 94, VIR_FROM_RPC, LIBVIRT_ERROR_DENIED, HOTSLOT_ERROR_LIBVIRT, "may" },
	/* client socket is closed */
	{ 1, VIR_FROM_RPC, LIBVIRT_ERROR_LOST, HOTSLOT_ERROR_CONNECT, "daemon" },
	/* Cannot write data: Broken pipe */
	{ 38, VIR_FROM_RPC, LIBVIRT_ERROR_LOST, HOTSLOT_ERROR_CONNECT, "daemon" },
	{ 39, VIR_FROM_RPC, LIBVIRT_ERROR_LOST, HOTSLOT_ERROR_CONNECT, "daemon" },
	{ 39, VIR_FROM_REMOTE, LIBVIRT_ERROR_LOST, HOTSLOT_ERROR_CONNECT, "daemon" },
	{ 5, VIR_FROM_REMOTE, LIBVIRT_ERROR_LOST, HOTSLOT_ERROR_CONNECT, "daemon" },
	{ 6, VIR_FROM_NONE, LIBVIRT_ERROR_LOST, HOTSLOT_ERROR_CONNECT, "daemon" },
	{ 8, VIR_FROM_DOMAIN, LIBVIRT_ERROR_MALFORMED, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 27, VIR_FROM_DOMAIN, LIBVIRT_ERROR_MALFORMED, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 35, VIR_FROM_XML, LIBVIRT_ERROR_MALFORMED, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 92, VIR_FROM_XML, LIBVIRT_ERROR_MALFORMED, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* Cannot access storage file: of the daemon, not of the connection to it */
	{ 38, VIR_FROM_STORAGE, LIBVIRT_ERROR_OTHER, HOTSLOT_ERROR_LIBVIRT, NULL },
	/* an image has a lock */
	{ 87, VIR_FROM_LOCKING, LIBVIRT_ERROR_OTHER, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 0, VIR_FROM_NONE, LIBVIRT_ERROR_OTHER, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ -1, VIR_FROM_NONE, LIBVIRT_ERROR_OTHER, HOTSLOT_ERROR_LIBVIRT, NULL },
	{ 100000, VIR_FROM_NONE, LIBVIRT_ERROR_OTHER, HOTSLOT_ERROR_LIBVIRT, NULL },
};

static void test_an_error_has_a_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		enum libvirt_error class = libvirt_error_class(errors[i].code, errors[i].from);
		const char *advice = libvirt_error_advice(class);

		print_message("%d of %d\n", errors[i].code, errors[i].from);
		assert_int_equal(class, errors[i].class);
		assert_int_equal(libvirt_error_code(class), errors[i].ours);
		if (errors[i].advice)
			assert_non_null(strstr(advice, errors[i].advice));
		else
			assert_null(advice);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_error_has_a_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
