/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the XML and the guest say that a controller is: the same place, or not; and which of
 * several is managed. */
#include "test.h"

#include "agreement.h"
#include "domain-xml.h"

#define ADDRESS(bus, slot, function)                                                            \
	"<address type='pci' domain='0x0000' bus='" bus "' slot='" slot "' function='" function \
	"'/>"
#define SCSI(index, address) \
	"<controller type='scsi' index='" index "' model='virtio-scsi'>" address "</controller>"
#define PCI(index, model, address) \
	"<controller type='pci' index='" index "' model='" model "'>" address "</controller>"
#define SYSTEM_DISK(controller)                                                             \
	"<disk><target dev='sdx' bus='scsi'/><address type='drive' controller='" controller \
	"' bus='0' target='255' unit='0'/></disk>"

/* As libvirt writes them. */
#define PC PCI("0", "pci-root", "")
#define Q35                                                        \
	PCI("0", "pcie-root", "")                                  \
	PCI("1", "pcie-root-port", ADDRESS("0x00", "0x02", "0x0")) \
	PCI("2", "pcie-root-port", ADDRESS("0x00", "0x02", "0x1")) \
	PCI("3", "pcie-to-pci-bridge", ADDRESS("0x01", "0x00", "0x0"))
#define BUS_NUMBER(number) "<target busNr='" number "'/>"
#define EXPANDER(target)                                                     \
	PCI("0", "pcie-root", "")                                            \
	PCI("1", "pcie-expander-bus", target ADDRESS("0x00", "0x03", "0x0")) \
	PCI("2", "pcie-root-port", ADDRESS("0x01", "0x00", "0x0"))
#define EXPANDERS_PC                                       \
	PC PCI("1", "pci-expander-bus", BUS_NUMBER("200")) \
		PCI("2", "pci-expander-bus", BUS_NUMBER("100"))

static struct domain_xml *parse(const char *devices)
{
	_cleanup_free_ char *text = NULL;
	struct domain_xml *xml = NULL;

	assert_true(asprintf(&text, "<domain><devices>%s</devices></domain>", devices) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	return xml;
}

static void test_the_xml_and_the_guest_mean_the_same_function(void **state)
{
	static const struct {
		const char *devices, *path, *guest; /* guest NULL: nothing is like it */
	} cases[] = {
		{ PC SCSI("0", ADDRESS("0x00", "0x04", "0x0")), "04.0", "0000:00:04.0" },
		{ PC SCSI("0", ADDRESS("0x00", "0x1f", "0x7")), "1f.7", "0000:00:1f.7" },
		{ PC PCI("1", "pci-bridge", ADDRESS("0x00", "0x05", "0x0"))
				SCSI("0", ADDRESS("0x01", "0x02", "0x0")),
			"05.0/02.0", "0000:00:05.0/0000:01:02.0" },
		{ Q35 SCSI("0", ADDRESS("0x02", "0x00", "0x0")), "02.1/00.0",
			"0000:00:02.1/0000:02:00.0" },
		/* The firmware counts in another way. */
		{ Q35 SCSI("0", ADDRESS("0x02", "0x00", "0x0")), "02.1/00.0",
			"0000:00:02.1/0000:07:00.0" },
		{ Q35 SCSI("0", ADDRESS("0x03", "0x01", "0x0")), "02.0/00.0/01.0",
			"0000:00:02.0/0000:01:00.0/0000:02:01.0" },
		{ "<controller type='scsi' index='0' model='virtio-scsi'>"
		  "<address type='pci' slot='0x1f'/></controller>",
			"1f.0", "0000:00:1f.0" },
		/* Other roots, whose numbers are QEMU's; a conventional one has a bridge. */
		{ EXPANDER(BUS_NUMBER("180")) SCSI("0", ADDRESS("0x02", "0x00", "0x0")),
			"b4:00.0/00.0", "0000:b4:00.0/0000:b5:00.0" },
		{ EXPANDERS_PC SCSI("0", ADDRESS("0x02", "0x01", "0x0")), "64:00.0/01.0",
			"0000:64:00.0/0000:65:01.0" },
		/* What cannot be told. */
		{ EXPANDER("") SCSI("0", ADDRESS("0x02", "0x00", "0x0")), "", NULL },
		{ PC SCSI("0", ADDRESS("0x09", "0x00", "0x0")), "", NULL },
		{ PC SCSI("0", "<address type='ccw' cssid='0xfe'/>"), "", NULL },
		{ PC SCSI("0", ""), "", NULL },
		{ PCI("1", "pci-bridge", ADDRESS("0x01", "0x01", "0x0"))
				SCSI("0", ADDRESS("0x01", "0x00", "0x0")),
			"", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].devices);
		const struct pci_path *path = &xml->controllers[0].path;
		char text[PCI_PATH_TEXT_SIZE];

		assert_int_equal(xml->n_controllers, 1);
		pci_path_format(path, text);
		assert_string_equal(text, cases[i].path);
		assert_int_equal(
			pci_path_is(path, cases[i].guest ?: "0000:00:00.0"), !!cases[i].guest);
	}
}

static void test_another_place_is_another_place(void **state)
{
	static const char *const guests[] = {
		"",
		"0000:00:02.1",
		"0000:00:02.0/0000:02:00.0",
		"0000:00:02.1/0000:02:00.1",
		"0000:00:02.1/0000:02:01.0",
		"0000:00:02.1/0000:02:00.0/0000:03:00.0",
		"0000:00:02.1/0000:02:00.0/",
		"0000:00:02.1 0000:02:00.0",
		"0001:00:02.1/0001:02:00.0",
		"0000:80:02.1/0000:81:00.0",
		"10000:00:02.1/10000:02:00.0",
		"0000:00:02.1/",
		"0000:00:02.1/0000:02:00",
		"0000:02:00.0",
	};
	_cleanup_domain_xml_ struct domain_xml *xml =
		parse(Q35 SCSI("0", ADDRESS("0x02", "0x00", "0x0")));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
		assert_false(pci_path_is(&xml->controllers[0].path, guests[i]));
}

static void test_an_address_that_is_none_is_refused(void **state)
{
	static const char *const devices[] = {
		SCSI("0", ADDRESS("0x00", "0x20", "0x0")),
		SCSI("0", ADDRESS("0x00", "0x01", "0x8")),
		SCSI("0", ADDRESS("0x100", "0x01", "0x0")),
		SCSI("0", ADDRESS("0x", "0x01", "0x0")),
		SCSI("0", ADDRESS("0x00", "-1", "0x0")),
		SCSI("0", ADDRESS("0x00", "0x-1", "0x0")),
		SCSI("0", ADDRESS("0x00", "0x000000001", "0x0")),
		SCSI("x", ""),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		_cleanup_free_ char *text = NULL;
		struct domain_xml *xml = NULL;

		assert_true(
			asprintf(&text, "<domain><devices>%s</devices></domain>", devices[i]) > 0);
		assert_int_equal(domain_xml_parse(text, &xml), -EBADMSG);
	}
}

static void test_the_lowest_path_without_a_system_disk_is_managed(void **state)
{
	static const struct {
		const char *devices;
		int controller;
	} cases[] = {
		/* The only one, whatever is on it. */
		{ PC SCSI("3", ADDRESS("0x00", "0x04", "0x0")) SYSTEM_DISK("3"), 3 },
		/* By place, not by index. */
		{ PC SCSI("0", ADDRESS("0x00", "0x07", "0x0"))
				SCSI("1", ADDRESS("0x00", "0x04", "0x0")),
			1 },
		{ PC SCSI("0", ADDRESS("0x00", "0x07", "0x0"))
				SCSI("1", ADDRESS("0x00", "0x04", "0x0")) SYSTEM_DISK("1"),
			0 },
		{ PC SCSI("0", ADDRESS("0x00", "0x07", "0x0")) SCSI(
			  "1", ADDRESS("0x00", "0x04", "0x0")) SYSTEM_DISK("1") SYSTEM_DISK("0"),
			1 },
		/* The root port counts, not the number of its bus. */
		{ Q35 SCSI("0", ADDRESS("0x02", "0x00", "0x0"))
				SCSI("1", ADDRESS("0x01", "0x00", "0x0")),
			1 },
		{ Q35 SCSI("0", ADDRESS("0x02", "0x00", "0x0"))
				SCSI("1", ADDRESS("0x03", "0x01", "0x0")),
			1 },
		/* Roots in the order of their numbers, the first one before all others. */
		{ EXPANDERS_PC SCSI("0", ADDRESS("0x01", "0x01", "0x0"))
				SCSI("1", ADDRESS("0x02", "0x01", "0x0")),
			1 },
		{ EXPANDERS_PC SCSI("0", ADDRESS("0x01", "0x01", "0x0"))
				SCSI("1", ADDRESS("0x00", "0x1f", "0x0")),
			1 },
		/* What is nowhere comes last. */
		{ PC SCSI("0", "") SCSI("1", ADDRESS("0x00", "0x04", "0x0")), 1 },
		{ PC SCSI("5", "") SCSI("2", ""), 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].devices);

		assert_int_equal(xml->controller, cases[i].controller);
	}
}

static void test_a_disagreement_says_what_to_do(void **state)
{
	static const struct {
		const char *guest;
		enum hotslot_error_code code;
		const char *text;
	} cases[] = {
		{ "0000:00:04.0", HOTSLOT_ERROR_NONE, "" },
		{ "", HOTSLOT_ERROR_NO_CONTROLLER, "manages no virtio-scsi controller" },
		{ "0000:00:07.0", HOTSLOT_ERROR_CONTROLLER,
			"the guest 0000:00:07.0, which is controller 1, the host controller 0, at "
			"PCI 04.0; choose the guest's with --controller 1, or boot" },
		{ "0000:00:09.0", HOTSLOT_ERROR_CONTROLLER,
			"which is no controller of the domain's XML, the host controller 0, at PCI "
			"04.0; if it was detached, attach it there again, or boot the guest" },
	};
	const struct hotslot_domain domain = { .name = (char *)"vm" };
	_cleanup_domain_xml_ struct domain_xml *xml = parse(PC SCSI(
		"0", ADDRESS("0x00", "0x04", "0x0")) SCSI("1", ADDRESS("0x00", "0x07", "0x0")));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hotslot_error error = {};
		int r = agreement_check(&domain, xml, cases[i].guest, &error);

		assert_int_equal(error.code, cases[i].code);
		assert_int_equal(r < 0, cases[i].code != HOTSLOT_ERROR_NONE);
		assert_non_null(strstr(error.message, cases[i].text));
	}
}

#define NEAR SCSI("0", ADDRESS("0x00", "0x04", "0x0"))
#define NOWHERE(index) SCSI(index, "")

static void test_what_the_xml_does_not_tell_must_be_the_guests_by_elimination(void **state)
{
	static const struct {
		const char *devices;
		int managed;
		const char *guest, *text; /* text NULL: agreed */
	} cases[] = {
		{ PC NOWHERE("0"), 0, "0000:00:09.0", NULL },
		{ PC NEAR NOWHERE("1"), 1, "0000:00:09.0", NULL },
		{ PC NEAR NOWHERE("1"), 1, "0000:00:04.0",
			"the guest 0000:00:04.0, which is controller 0, the host controller 1, at "
			"PCI an address that the XML does not tell" },
		{ PC NOWHERE("0") NOWHERE("1"), 0, "0000:00:09.0",
			"does not tell which of them is the guest's, 0000:00:09.0" },
		{ PC NEAR NOWHERE("1") NOWHERE("2"), 0, "0000:00:04.0", NULL },
	};
	const struct hotslot_domain domain = { .name = (char *)"vm" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = parse(cases[i].devices);
		struct hotslot_error error = {};
		int r;

		xml->controller = cases[i].managed;
		r = agreement_check(&domain, xml, cases[i].guest, &error);
		assert_int_equal(r < 0, cases[i].text != NULL);
		if (r < 0)
			assert_int_equal(error.code, HOTSLOT_ERROR_CONTROLLER);
		assert_non_null(strstr(error.message, cases[i].text ?: ""));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_xml_and_the_guest_mean_the_same_function),
		cmocka_unit_test(test_another_place_is_another_place),
		cmocka_unit_test(test_an_address_that_is_none_is_refused),
		cmocka_unit_test(test_the_lowest_path_without_a_system_disk_is_managed),
		cmocka_unit_test(test_a_disagreement_says_what_to_do),
		cmocka_unit_test(test_what_the_xml_does_not_tell_must_be_the_guests_by_elimination),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
