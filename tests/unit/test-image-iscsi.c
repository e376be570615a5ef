/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* iscsi:// URIs: taken apart, put together, and nothing else is taken. */
#include "test.h"

#include "disk-xml.h"
#include "domain-xml.h"
#include "image-iscsi.h"

#define IQN "iqn.2026-01.org.example:vol"

static void test_a_uri_is_host_port_name_and_lun(void **state)
{
	static const struct {
		const char *text, *host, *port, *name, *again;
	} cases[] = {
		{ "iscsi://san.example/" IQN "/1", "san.example", "3260", IQN "/1",
			"iscsi://san.example:3260/" IQN "/1" },
		{ "iscsi://10.0.0.1:13260/" IQN "/0", "10.0.0.1", "13260", IQN "/0",
			"iscsi://10.0.0.1:13260/" IQN "/0" },
		{ "iscsi://[fe80::1]:3260/" IQN "/16383", "fe80::1", "3260", IQN "/16383",
			"iscsi://[fe80::1]:3260/" IQN "/16383" },
		{ "iscsi://[::1]/eui.02004567A425678D/2", "::1", "3260", "eui.02004567A425678D/2",
			"iscsi://[::1]:3260/eui.02004567A425678D/2" },
		{ "iscsi://h:03260/" IQN "/1", "h", "3260", IQN "/1", "iscsi://h:3260/" IQN "/1" },
		{ "iscsi://h/iqn.2026-01.org.example%3avol/1", "h", "3260", IQN "/1",
			"iscsi://h:3260/" IQN "/1" },
		{ "iscsi://h/" IQN "/007", "h", "3260", IQN "/7", "iscsi://h:3260/" IQN "/7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *again = NULL;
		struct iscsi_uri uri;

		assert_int_equal(iscsi_uri_parse(cases[i].text, &uri), 0);
		assert_string_equal(uri.host, cases[i].host);
		assert_string_equal(uri.port, cases[i].port);
		assert_string_equal(uri.name, cases[i].name);
		assert_int_equal(iscsi_uri_format(uri.host, uri.port, uri.name, &again), 0);
		assert_string_equal(again, cases[i].again);
	}
}

static void test_what_is_no_uri_is_refused(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "iscsi://user@h/" IQN "/1", -EACCES },
		{ "iscsi://user%secret@h/" IQN "/1", -EACCES },
		{ "/dev/sda", -EINVAL },
		{ "iser://h/" IQN "/1", -EINVAL },
		{ "iscsi://", -EINVAL },
		{ "iscsi://h", -EINVAL },
		{ "iscsi://h/", -EINVAL },
		{ "iscsi://h/" IQN, -EINVAL },
		{ "iscsi://h/" IQN "/", -EINVAL },
		{ "iscsi://h/" IQN "/1/2", -EINVAL },
		{ "iscsi://h/" IQN "/-1", -EINVAL },
		{ "iscsi://h/" IQN "/16384", -EINVAL },
		{ "iscsi://h/" IQN "/1?x=y", -EINVAL },
		{ "iscsi://h//1", -EINVAL },
		{ "iscsi:///" IQN "/1", -EINVAL },
		{ "iscsi://h:/" IQN "/1", -EINVAL },
		{ "iscsi://h:0/" IQN "/1", -EINVAL },
		{ "iscsi://h:65536/" IQN "/1", -EINVAL },
		{ "iscsi://h:1x/" IQN "/1", -EINVAL },
		{ "iscsi://h h/" IQN "/1", -EINVAL },
		{ "iscsi://::1/" IQN "/1", -EINVAL },
		{ "iscsi://[::1/" IQN "/1", -EINVAL },
		{ "iscsi://[::1]x/" IQN "/1", -EINVAL },
		{ "iscsi://[]/" IQN "/1", -EINVAL },
		{ "iscsi://[san.example]/" IQN "/1", -EINVAL },
		{ "iscsi://h/iqn,x/1", -EINVAL },
		{ "iscsi://h/iqn%2fx/1", -EINVAL },
		{ "iscsi://h/iqn%2/1", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iscsi_uri uri;

		assert_int_equal(iscsi_uri_parse(cases[i].text, &uri), cases[i].r);
	}
}

static void test_a_lun_is_read_back_as_it_was_meant(void **state)
{
	static const struct disk_spec spec = {
		.source = "iscsi://[::1]:13260/" IQN "/1",
		.format = "raw",
		.target_dev = "sdb",
		.alias = "ua-hotslot-slot-1",
		.network = true,
		.passthrough = true,
		.target = 1,
		.unit = 2,
	};
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL, *domain = NULL;
	const struct xml_disk *disk;

	(void)state;
	assert_int_equal(disk_xml_format(&spec, &text), 0);
	assert_true(asprintf(&domain,
			    "<domain><devices><controller type='scsi' index='0' "
			    "model='virtio-scsi'/>%s</devices></domain>",
			    text) > 0);
	assert_int_equal(domain_xml_parse(domain, &xml), 0);
	disk = domain_xml_disk_at(xml, 1, 2);
	assert_non_null(disk);
	assert_string_equal(disk->source, spec.source);
	assert_string_equal(disk->alias, spec.alias);
	assert_true(disk->passthrough);
	assert_null(disk->serial);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_uri_is_host_port_name_and_lun),
		cmocka_unit_test(test_what_is_no_uri_is_refused),
		cmocka_unit_test(test_a_lun_is_read_back_as_it_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
