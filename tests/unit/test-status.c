/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a status says of a domain and its definition, and of a domain's files. */
#include "test.h"

#include "status-work.h"

#define DISK(target, unit, file, more)                                                            \
	"<disk type='file' device='disk'><source file='" file "'/><target dev='sda' bus='scsi'/>" \
	"<address type='drive' controller='0' target='" target "' unit='" unit "'/>" more         \
	"</disk>"
#define ALIAS(name) "<alias name='" name "'/>"
#define SERIAL(text) "<serial>" text "</serial>"
#define READ_ONLY "<readonly/>"
#define OURS(inside) \
	"<metadata><h:hotslot xmlns:h='urn:hotslot:domain:1'>" inside "</h:hotslot></metadata>"
#define RESERVED(slots) OURS("<h:reserved slots='" slots "'/>")

struct part {
	const char *metadata, *disks;
};

static void parse(const struct part *part, struct status_xml *ret)
{
	_cleanup_free_ char *text = NULL;

	assert_true(asprintf(&text,
			    "<domain type='qemu'><name>vm</name>%s<devices>"
			    "<controller type='scsi' index='0' model='virtio-scsi'/>%s"
			    "</devices></domain>",
			    part->metadata ?: "", part->disks ?: "") > 0);
	ret->document = xml_read(text);
	assert_non_null(ret->document);
	assert_int_equal(domain_xml_parse(text, &ret->xml), 0);
}

static void done(struct status_xml *xml)
{
	xmlFreeDoc(xml->document);
	domain_xml_free(xml->xml);
}

/* "KIND SLOT TEXT" of each, a line each. */
static char *describe(const struct hotslot_status *status)
{
	char *text = strdup("");

	for (size_t i = 0; i < status->n_drifts; i++) {
		const struct hotslot_drift *drift = status->drifts[i];
		_cleanup_free_ char *before = text;

		assert_true(asprintf(&text, "%s%s %d %s\n", before, hotslot_drift_name(drift->kind),
				    drift->slot, drift->text) > 0);
	}
	return text;
}

static const struct {
	struct part now, config;
	const char *drift;
} comparisons[] = {
	{ { NULL, DISK("0", "1", "/a", "") }, { NULL, DISK("0", "1", "/a", "") }, "" },
	{ { NULL, DISK("0", "1", "/a", "") }, {},
		"live-only 1 /a is not in the definition: it does not come back at the next "
		"boot\n" },
	{ {}, { NULL, DISK("1", "1", "/a", "") },
		"config-only 257 /a is in the definition alone: it comes at the next boot\n" },
	/* Target 255 is the appliance's own. */
	{ { NULL, DISK("255", "0", "/root", "") }, {}, "" },
	{ { NULL, DISK("0", "1", "/a", SERIAL("a")) }, { NULL, DISK("0", "1", "/b", SERIAL("b")) },
		"other-disk 1 /a is there, and in the definition /b\n" },
	{ { NULL, DISK("0", "1", "/a", SERIAL("a")) }, { NULL, DISK("0", "3", "/a", SERIAL("a")) },
		"other-slot 1 /a is in slot 3 in the definition\n" },
	{ { NULL, DISK("0", "1", "/a", SERIAL("a")) },
		{ NULL, DISK("0", "300", "/a", SERIAL("a")) },
		"other-slot 1 /a is at target 0, LUN 300 in the definition\n" },
	/* Nothing but the place tells of either. */
	{ { NULL, DISK("0", "1", "/a.snapshot", ALIAS("scsi0-0-0-1")) },
		{ NULL, DISK("0", "1", "/a", "") },
		"source 1 /a.snapshot has the image /a.snapshot, and /a in the definition\n" },
	{ { NULL, DISK("0", "1", "/b", "") }, { NULL, DISK("0", "1", "/a", SERIAL("a")) },
		"other-disk 1 /b is there, and in the definition /a\n" },
	{ { NULL, DISK("0", "1", "/b", ALIAS("ua-b")) }, { NULL, DISK("0", "1", "/a", "") },
		"other-disk 1 /b is there, and in the definition /a\n" },
	/* It has moved, and another one is in its place. */
	{ { NULL, DISK("0", "1", "/a", SERIAL("a")) },
		{ NULL, DISK("0", "3", "/a", SERIAL("a")) DISK("0", "1", "/b", SERIAL("b")) },
		"other-slot 1 /a is in slot 3 in the definition\n"
		"config-only 1 /b is in the definition alone: it comes at the next boot\n" },
	{ { NULL, DISK("0", "1", "/a", ALIAS("ua-hotslot-slot-1") SERIAL("s")) },
		{ NULL, DISK("0", "1", "/a", ALIAS("ua-b") SERIAL("s")) },
		"alias 1 /a has the alias ua-hotslot-slot-1, and ua-b in the definition\n" },
	{ { NULL, DISK("0", "1", "/a", ALIAS("ua-a") SERIAL("s")) },
		{ NULL, DISK("0", "1", "/a", ALIAS("ua-b") SERIAL("t")) },
		"other-disk 1 /a is there with the alias ua-a and the serial s, and in the "
		"definition with ua-b and t\n" },
	{ { NULL, DISK("0", "1", "/a", ALIAS("scsi0-0-0-1")) },
		{ NULL, DISK("0", "1", "/a", ALIAS("ua-hotslot-slot-1")) },
		"alias 1 /a has the alias none, and ua-hotslot-slot-1 in the definition\n" },
	{ { NULL, DISK("0", "1", "/a", ALIAS("scsi0-0-0-1")) }, { NULL, DISK("0", "1", "/a", "") },
		"" },
	{ { NULL, DISK("0", "1", "/a", SERIAL("a")) },
		{ NULL, DISK("0", "1", "/b", SERIAL("a") READ_ONLY) },
		"source 1 /a has the image /a, and /b in the definition\n"
		"read-only 1 /a is writable, and read-only in the definition\n" },
	/* What is written to it goes to an overlay. */
	{ { NULL, DISK("0", "1", "/a.TRANSIENT-vm", SERIAL("a") "<transient/>") },
		{ NULL, DISK("0", "1", "/a", SERIAL("a") "<transient/>") }, "" },
	{ { NULL, DISK("0", "1", "/a.TRANSIENT-vm", SERIAL("a") "<transient/>") },
		{ NULL, DISK("0", "1", "/a", SERIAL("a")) },
		"source 1 /a.TRANSIENT-vm has the image /a.TRANSIENT-vm, and /a in the "
		"definition\n" },
	{ { NULL, DISK("0", "1", "/a", ALIAS("ua-x") SERIAL("a")) },
		{ NULL, DISK("0", "1", "/a", ALIAS("ua-x")) },
		"serial 1 /a has the serial a, and none in the definition\n" },
	{ { RESERVED("1-3,7"), NULL }, { RESERVED("2-3,9"), NULL },
		"reserved -1 Reserved now alone: 1,7\n"
		"reserved -1 Reserved in the definition alone: 9\n" },
	/* An attach has filled it. */
	{ { NULL, DISK("0", "4", "/a", "") }, { RESERVED("4"), NULL },
		"live-only 4 /a is not in the definition: it does not come back at the next "
		"boot\n" },
	{ { OURS("<h:labels names='a,b' unlabelled='yes'/>"), NULL },
		{ OURS("<h:labels names='b,c'/>"), NULL },
		"labels -1 The label a is noted now alone\n"
		"labels -1 Disks without a label are noted now alone\n"
		"labels -1 The label c is noted in the definition alone\n" },
};

static void test_what_is_now_and_the_definition_are_compared(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		_cleanup_status_ struct status *status = status_new();
		struct status_xml now = {}, config = {};
		_cleanup_free_ char *text = NULL;

		parse(&comparisons[i].now, &now);
		parse(&comparisons[i].config, &config);
		status_compare_config(status, now.xml, config.xml);
		text = describe(&status->status);
		assert_string_equal(text, comparisons[i].drift);
		assert_false(status->no_memory);
		done(&now);
		done(&config);
	}
}

static void test_a_text_is_one_printable_line(void **state)
{
	_cleanup_status_ struct status *status = status_new();

	(void)state;
	status_add(status, HOTSLOT_DRIFT_SOURCE, 3, "a%sb", "\x1b[2J\n");
	assert_string_equal(status->status.drifts[0]->text, "a?[2J b");
}

static void test_each_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i <= HOTSLOT_DRIFT_GUEST_READ_ONLY; i++) {
		assert_string_not_equal(hotslot_drift_name(i), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(hotslot_drift_name(i), hotslot_drift_name(j));
	}
	assert_string_equal(hotslot_drift_name(HOTSLOT_DRIFT_GUEST_READ_ONLY + 1), "unknown");
}

/* ---- files ---- */

#define NOWHERE "/nonexistent/hotslot"
#define BEHIND(file) "<backingStore type='file'><source file='" file "'/>"

static const struct {
	struct part now, config;
	enum status_qemu qemu;
	const char *drift;
} files[] = {
	{ { NULL, DISK("0", "1", NOWHERE "/a", "") }, { NULL, DISK("0", "1", NOWHERE "/a", "") },
		STATUS_QEMU_RUNS,
		"file-gone 1 " NOWHERE "/a is not there; QEMU has it open still\n" },
	{ { NULL, DISK("0", "1", NOWHERE "/a", "") }, { NULL, DISK("0", "2", NOWHERE "/b", "") },
		STATUS_QEMU_NONE,
		"file-gone 1 " NOWHERE "/a is not there\nfile-gone 2 " NOWHERE
		"/b is not there\n" },
	/* Its end is an empty one. */
	{ { NULL, DISK("0", "1", "/dev/null",
			  BEHIND("/dev/null") BEHIND(NOWHERE
				  "/base") "<backingStore/></backingStore></backingStore>") },
		{}, STATUS_QEMU_STANDS,
		"file-gone 1 its backing file " NOWHERE
		"/base is not there; QEMU has it open still\n" },
	/* A domain does not start without one of these, either. */
	{ { NULL, "<disk type='file' device='disk'><source file='" NOWHERE
		  "/root'/><target dev='vda' bus='virtio'/></disk>"
		  "<disk type='file' device='disk'><source file='" NOWHERE
		  "/other'/><target dev='sda' bus='scsi'/>"
		  "<address type='drive' controller='1' target='0' unit='3'/></disk>" },
		{ NULL, DISK("255", "0", NOWHERE "/system", "") }, STATUS_QEMU_NONE,
		"file-gone -1 " NOWHERE "/root is not there\nfile-gone -1 " NOWHERE
		"/other is not there\nfile-gone -1 " NOWHERE "/system is not there\n" },
	/* No file of this host's. */
	{ { NULL, DISK("0", "1", "volume", "") }, {}, STATUS_QEMU_RUNS, "" },
};

static void test_files_that_are_gone_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_status_ struct status *status = status_new();
		struct status_xml now = {}, config = {};
		_cleanup_free_ char *text = NULL;

		parse(&files[i].now, &now);
		parse(&files[i].config, &config);
		status_compare_files(status, &now, &config, files[i].qemu);
		text = describe(&status->status);
		assert_string_equal(text, files[i].drift);
		done(&now);
		done(&config);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_now_and_the_definition_are_compared),
		cmocka_unit_test(test_a_text_is_one_printable_line),
		cmocka_unit_test(test_each_kind_has_a_name_of_its_own),
		cmocka_unit_test(test_files_that_are_gone_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
