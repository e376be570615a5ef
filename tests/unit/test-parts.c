/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a domain lacks is found, added at a place of its own and noted; taken away again, the domain
 * is what it was, to the byte. */
#include "test.h"

#include <limits.h>

#include "metadata.h"
#include "parts-note.h"
#include "parts-plan.h"

#define SCSI(model) "<controller type='scsi' index='0' model='" model "'/>"
#define SERIAL(more) "<controller type='virtio-serial' index='0'" more "/>"
#define CHANNEL(name, port)                                                     \
	"<channel type='unix'><target type='virtio' name='" name "'/><address " \
	"type='virtio-serial' controller='0' bus='0' port='" port "'/></channel>"
#define OURS(port) CHANNEL("org.hotslot.agent.0", port)
#define QGA(port) CHANNEL("org.qemu.guest_agent.0", port)
#define ROOT "<controller type='pci' index='0' model='pcie-root'/>"
#define PORT(index, slot)                                                                      \
	"<controller type='pci' index='" index "' model='pcie-root-port'><address type='pci' " \
	"domain='0x0000' bus='0x00' slot='" slot "' function='0x0'/></controller>"
#define PLUGGED(bus)                                                               \
	"<memballoon model='virtio'><address type='pci' domain='0x0000' bus='" bus \
	"' slot='0x00' function='0x0'/></memballoon>"

/* "virtio-serial:0 channel@0.1 scsi:1 pci:2@3" */
static void describe(const struct parts *parts, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < parts->n; i++) {
		const struct part *part = &parts->parts[i];
		size_t length = strlen(ret);

		ret += length;
		size -= length;
		if (part->kind == PART_CHANNEL)
			snprintf(ret, size, "channel@%u.%u ", part->controller, part->port);
		else if (part->kind == PART_PCI)
			snprintf(ret, size, part->chassis ? "pci:%u@%u/%u " : "pci:%u@%u ",
				part->index, part->slot, part->chassis);
		else
			snprintf(ret, size, "%s:%u ", part_kind_name(part->kind), part->index);
	}
}

static xmlDoc *read_devices(const char *devices)
{
	_cleanup_free_ char *text = NULL;
	xmlDoc *document;

	assert_true(asprintf(&text, "<domain><devices>%s</devices></domain>", devices) > 0);
	document = xml_read(text);
	assert_non_null(document);
	return document;
}

static xmlNode *devices_of(xmlDoc *document)
{
	return xml_child(xmlDocGetRootElement(document), "devices");
}

static void test_what_is_lacking_gets_a_place_that_is_free(void **state)
{
	static const struct {
		const char *devices, *live, *want;
	} cases[] = {
		{ "", "", "virtio-serial:0 channel@0.1 scsi:0 " },
		{ SCSI("virtio-scsi") SERIAL("") OURS("1"), "", "" },
		{ SCSI("virtio-transitional") SERIAL("") OURS("1"), "", "" },
		{ SCSI("virtio-non-transitional") SERIAL(""), "", "channel@0.1 " },
		{ SCSI("lsilogic") SERIAL("") OURS("1"), "", "scsi:1 " },
		{ SCSI("virtio-scsi") SERIAL("") QGA("1") CHANNEL("x", "3"), "", "channel@0.2 " },
		/* The same place in both, if it can be. */
		{ SCSI("virtio-scsi") SERIAL("") QGA("1"), SERIAL("") QGA("1") CHANNEL("y", "2"),
			"channel@0.3 " },
		/* A controller may have few ports. */
		{ SCSI("virtio-scsi") SERIAL(" ports='3'") QGA("1"), "", "channel@0.2 " },
		{ SCSI("virtio-scsi") SERIAL(" ports='2'") QGA("1"), "",
			"virtio-serial:1 channel@1.1 " },
		/* No number of libvirt's making. */
		{ "<controller type='virtio-serial' index='4294967295' ports='1'/>" SERIAL(
			  " ports='2'") QGA("1") SCSI("virtio-scsi"),
			"", "virtio-serial:1 channel@1.1 " },
		/* PCIe: a port each, where there is none. */
		{ ROOT, "", "virtio-serial:0 channel@0.1 scsi:0 pci:1@2 pci:2@3 " },
		{ ROOT PORT("1", "0x02") PORT("2", "0x03"), "",
			"virtio-serial:0 channel@0.1 scsi:0 " },
		{ ROOT PORT("1", "0x02") PLUGGED("0x01") PORT("2", "0x03"), "",
			"virtio-serial:0 channel@0.1 scsi:0 pci:3@4 " },
		{ ROOT SERIAL("") SCSI("virtio-scsi"), "", "channel@0.1 " },
		/* A number that another port has in its chassis is no reason not to start. */
		{ ROOT "<controller type='pci' index='1' model='pcie-root-port'><target "
		       "chassis='2'/>"
		       "</controller>" PLUGGED("0x01") SERIAL(""),
			"", "channel@0.1 scsi:0 pci:2@2/255 " },
		/* As high a number as libvirt takes. */
		{ ROOT PORT("2147483646", "0x02") PLUGGED("0x7ffffffe"), "",
			"virtio-serial:0 channel@0.1 scsi:0 pci:2147483647@3 " },
		/* Somebody else's channel of our name is not added to: enable refuses it. */
		{ "<channel type='pty'><target type='virtio' "
		  "name='org.hotslot.agent.0'/></channel>" SCSI("virtio-scsi"),
			"", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *config = read_devices(cases[i].devices),
				     *live = read_devices(cases[i].live);
		struct parts parts;
		char got[256];

		assert_int_equal(parts_plan(devices_of(config), devices_of(live), -1, &parts), 0);
		describe(&parts, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
		assert_true(parts.room <= INT_MAX);
	}
}

static void test_a_controller_that_is_named_has_the_next_number(void **state)
{
	static const struct {
		const char *devices;
		int controller, r;
		const char *want;
	} cases[] = {
		{ SERIAL("") OURS("1") SCSI("virtio-scsi"), 0, 0, "" },
		{ SERIAL("") OURS("1") SCSI("virtio-scsi"), 1, 0, "scsi:1 " },
		{ SERIAL("") OURS("1") SCSI("virtio-scsi"), 2, -ERANGE, NULL },
		{ SERIAL("") OURS("1") SCSI("lsilogic"), 0, -EEXIST, NULL },
		{ SERIAL("") OURS("1") SCSI("lsilogic"), 1, 0, "scsi:1 " },
		{ SERIAL("") OURS("1"), 0, 0, "scsi:0 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *document = read_devices(cases[i].devices);
		struct parts parts;
		char got[256];

		assert_int_equal(
			parts_plan(devices_of(document), NULL, cases[i].controller, &parts),
			cases[i].r);
		if (cases[i].r < 0)
			continue;
		describe(&parts, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
	}
}

#define BRIDGE(index, bus, more)                                                         \
	"<controller type='pci' index='" index "' model='pci-bridge'>" more              \
	"<address type='pci' domain='0x0000' bus='" bus "' slot='0x02' function='0x0'/>" \
	"</controller>"
#define SCSI_ON(bus)                                                                     \
	"<controller type='scsi' index='0'><alias name='ua-hotslot_scsi0'/>"             \
	"<address type='pci' domain='0x0000' bus='" bus "' slot='0x01' function='0x0'/>" \
	"</controller>"

static void test_what_libvirt_has_added_for_a_part_is_found(void **state)
{
	static const struct {
		const char *devices, *want;
		unsigned room;
	} cases[] = {
		{ BRIDGE("1", "0x00", "") SCSI_ON("0x01"), "pci:1@0 ", 1 },
		/* It was there before, it has nothing to do with us, or has been named. */
		{ BRIDGE("1", "0x00", "") SCSI_ON("0x01"), "", 2 },
		{ BRIDGE("1", "0x00", "") SCSI_ON("0x01"), "", 0 },
		{ BRIDGE("1", "0x00", "") SCSI_ON("0x00"), "", 1 },
		{ BRIDGE("1", "0x00", "<alias name='ua-hotslot_pci1'/>") SCSI_ON("0x01"), "", 1 },
		/* One behind the other. */
		{ BRIDGE("1", "0x00", "") BRIDGE("2", "0x01", "") SCSI_ON("0x02"),
			"pci:2@0 pci:1@0 ", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *document = read_devices(cases[i].devices);
		const struct parts noted = {
			.n = 1,
			.parts = { { .kind = PART_SCSI } },
			.room = cases[i].room,
		};
		struct parts found;
		char got[256];

		assert_int_equal(parts_find_unnamed(devices_of(document), &noted, &found), 0);
		describe(&found, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
	}
}

static void test_an_alias_that_another_device_has_is_not_given_twice(void **state)
{
	_cleanup_xml_ xmlDoc *document =
		read_devices("<interface><alias name='ua-hotslot_agent'/></interface>"
			     "<interface><alias name='ua-hotslot_agent-2'/></interface>" SERIAL("")
				     SCSI("virtio-scsi"));
	struct parts parts;

	(void)state;
	assert_int_equal(parts_plan(devices_of(document), NULL, -1, &parts), 0);
	assert_string_equal(parts.parts[0].alias, "ua-hotslot_agent-3");
}

static void test_what_others_plugged_in_keeps_a_part(void **state)
{
	static const struct {
		struct part part;
		const char *devices;
		bool used;
	} cases[] = {
		{ { .kind = PART_SERIAL }, SERIAL("") QGA("1"), true },
		{ { .kind = PART_SERIAL, .index = 1 }, SERIAL("") QGA("1"), false },
		{ { .kind = PART_PCI, .index = 1 }, PLUGGED("0x01"), true },
		{ { .kind = PART_PCI, .index = 2 }, PLUGGED("0x01"), false },
		{ { .kind = PART_SCSI },
			"<disk><target bus='scsi'/><address type='drive' controller='0'/></disk>",
			true },
		{ { .kind = PART_SCSI },
			"<disk><target bus='sata'/><address type='drive' controller='0'/></disk>",
			false },
		{ { .kind = PART_SCSI },
			"<hostdev type='scsi'><address type='drive' controller='0'/></hostdev>",
			true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *document = read_devices(cases[i].devices);

		assert_int_equal(part_is_used(devices_of(document), &cases[i].part), cases[i].used);
	}
}

/* ---- the note ---- */

static const struct parts added = {
	.n = 3,
	.parts = { { .kind = PART_CHANNEL }, { .kind = PART_SERIAL },
		{ .kind = PART_PCI, .index = 12 } },
	.room = 13,
};

static void test_the_note_comes_and_goes_without_a_trace(void **state)
{
	static const char *const cases[] = {
		"<domain>\n  <name>x</name>\n</domain>",
		"<domain>\n  <metadata/>\n</domain>",
		"<domain>\n  <metadata>\n    <a:b xmlns:a='urn:a'> <c/> x </a:b>\n  </metadata>\n"
		"</domain>",
		"<domain><metadata><h:hotslot xmlns:h='" METADATA_URI
		"'><h:reserved slots='1'/></h:hotslot></metadata></domain>",
		"<domain><metadata>\n    <h:hotslot xmlns:h='" METADATA_URI
		"'>\n      <h:reserved slots='1'/>\n    </h:hotslot>\n  </metadata></domain>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *document = xml_read_exactly(cases[i]);
		xmlNode *domain = xmlDocGetRootElement(document);
		_cleanup_free_ char *before = NULL, *after = NULL;
		struct parts noted;

		assert_int_equal(xml_dump(domain, &before), 0);
		assert_int_equal(parts_note_read(domain, &noted), -ENOENT);
		assert_int_equal(parts_note_add(domain, &added), 0);
		assert_int_equal(parts_note_add(domain, &added), 0);
		assert_int_equal(parts_note_read(domain, &noted), 0);
		assert_int_equal(noted.n, 3);
		assert_int_equal(noted.parts[2].kind, PART_PCI);
		assert_int_equal(noted.parts[2].index, 12);
		assert_int_equal(noted.room, 13);
		parts_note_remove(domain);
		assert_int_equal(xml_dump(domain, &after), 0);
		assert_string_equal(before, after);
	}
}

static void test_what_is_kept_stays_noted(void **state)
{
	static const char text[] = "<domain>\n  <name>x</name>\n</domain>";
	const struct parts kept = { .n = 1, .parts = { { .kind = PART_PCI, .index = 12 } } };
	const struct parts none = {};
	_cleanup_xml_ xmlDoc *document = xml_read_exactly(text);
	xmlNode *domain = xmlDocGetRootElement(document);
	_cleanup_free_ char *after = NULL;
	struct parts noted;

	(void)state;
	assert_int_equal(parts_note_add(domain, &added), 0);
	assert_int_equal(parts_note_replace(domain, &kept), 0);
	assert_int_equal(parts_note_read(domain, &noted), 0);
	assert_int_equal(noted.n, 1);
	assert_int_equal(noted.parts[0].index, 12);
	assert_true(noted.metadata);
	assert_int_equal(parts_note_replace(domain, &none), 0);
	assert_int_equal(xml_dump(domain, &after), 0);
	assert_string_equal(after, text);
}

static void test_what_somebody_has_written_into_the_metadata_since_stays(void **state)
{
	_cleanup_xml_ xmlDoc *document = xml_read_exactly("<domain/>");
	xmlNode *domain = xmlDocGetRootElement(document);
	_cleanup_free_ char *after = NULL;

	(void)state;
	assert_int_equal(parts_note_add(domain, &added), 0);
	assert_non_null(
		xmlAddChild(xml_child(domain, "metadata"), xmlNewComment((const xmlChar *)"mine")));
	parts_note_remove(domain);
	assert_int_equal(xml_dump(domain, &after), 0);
	assert_string_equal(after, "<domain><metadata><!--mine--></metadata></domain>");
}

static void test_a_note_that_cannot_be_read_is_an_error(void **state)
{
	static const char too_many[] =
		"parts='scsi:1 scsi:2 scsi:3 scsi:4 scsi:5 scsi:6 scsi:7 scsi:8 scsi:9 scsi:10 "
		"scsi:11 scsi:12 scsi:13 scsi:14 scsi:15 scsi:16 scsi:17'";
	static const char *const cases[] = { "", "parts=''", "parts='disk'", "parts='scsi'",
		"parts='scsi:x'", "parts='channel:1'", "parts='scsi:1,pci:2'",
		"parts='scsi:4294967296'", "parts=' channel'", "parts='channel' room='x'",
		too_many };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_xml_ xmlDoc *document = NULL;
		_cleanup_free_ char *text = NULL;
		struct parts noted;

		assert_true(asprintf(&text,
				    "<domain><metadata><hotslot xmlns='" METADATA_URI
				    "'><enabled %s/></hotslot></metadata></domain>",
				    cases[i]) > 0);
		document = xml_read(text);
		assert_int_equal(parts_note_read(xmlDocGetRootElement(document), &noted), -EBADMSG);
	}
}

static void test_the_running_domains_note_keeps_what_others_have(void **state)
{
	static const char old[] = "<hotslot><reserved slots=\"1\"/></hotslot>";
	_cleanup_free_ char *with = NULL, *without = NULL, *nothing = NULL;

	(void)state;
	assert_int_equal(parts_note_update(old, &added, &with), 0);
	assert_string_equal(with, "<hotslot><reserved slots=\"1\"/><enabled parts=\"channel "
				  "virtio-serial:0 pci:12\" room=\"13\"/></hotslot>");
	assert_int_equal(parts_note_update(with, NULL, &without), 0);
	assert_string_equal(without, old);
	assert_int_equal(parts_note_update("<hotslot><enabled/></hotslot>", NULL, &nothing), 0);
	assert_null(nothing);
	free(steal_pointer(nothing));
	assert_int_equal(
		parts_note_update("<hotslot><enabled parts='channel'/><enabled parts='scsi:1'/>"
				  "</hotslot>",
			NULL, &nothing),
		0);
	assert_null(nothing);
	assert_int_equal(parts_note_update("<other/>", &added, &nothing), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_lacking_gets_a_place_that_is_free),
		cmocka_unit_test(test_a_controller_that_is_named_has_the_next_number),
		cmocka_unit_test(test_what_libvirt_has_added_for_a_part_is_found),
		cmocka_unit_test(test_an_alias_that_another_device_has_is_not_given_twice),
		cmocka_unit_test(test_what_others_plugged_in_keeps_a_part),
		cmocka_unit_test(test_the_note_comes_and_goes_without_a_trace),
		cmocka_unit_test(test_what_is_kept_stays_noted),
		cmocka_unit_test(test_what_somebody_has_written_into_the_metadata_since_stays),
		cmocka_unit_test(test_a_note_that_cannot_be_read_is_an_error),
		cmocka_unit_test(test_the_running_domains_note_keeps_what_others_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
