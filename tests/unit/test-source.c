/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of sources: taken apart, put together in one way, written as XML and read back the same. */
#include "test.h"

#include "disk-xml.h"
#include "domain-xml.h"
#include "source.h"

#define IQN "iqn.2026-01.org.example:vol"

/* The text, as it is put together again (NULL: alike), and its <source>. */
static const struct {
	const char *text, *again, *type, *xml;
} sources[] = {
	{ "/a/b.img", NULL, "file", "<source file=\"/a/b.img\"/>" },
	{ "iscsi://san/" IQN "/1", "iscsi://san:3260/" IQN "/1", "network",
		"<source protocol=\"iscsi\" name=\"" IQN "/1\">\n"
		"  <host name=\"san\" port=\"3260\"/>\n </source>" },
	{ "nbd://h", "nbd://h:10809", "network",
		"<source protocol=\"nbd\">\n  <host name=\"h\" port=\"10809\"/>\n </source>" },
	{ "nbd://h/", "nbd://h:10809", "network",
		"<source protocol=\"nbd\">\n  <host name=\"h\" port=\"10809\"/>\n </source>" },
	{ "nbd://h:07/e", "nbd://h:7/e", "network",
		"<source protocol=\"nbd\" name=\"e\">\n  <host name=\"h\" port=\"7\"/>\n"
		" </source>" },
	{ "nbd://[::1]:7//a%20b%3fc%C3%A9", "nbd://[::1]:7//a%20b%3Fc%C3%A9", "network",
		"<source protocol=\"nbd\" name=\"/a b?c&#xE9;\">\n"
		"  <host name=\"::1\" port=\"7\"/>\n </source>" },
	{ "nbds://h/e", "nbds://h:10809/e", "network",
		"<source protocol=\"nbd\" name=\"e\" tls=\"yes\">\n"
		"  <host name=\"h\" port=\"10809\"/>\n </source>" },
	{ "nbd+unix:///?socket=/run/s", NULL, "network",
		"<source protocol=\"nbd\">\n  <host transport=\"unix\" socket=\"/run/s\"/>\n"
		" </source>" },
	{ "nbd+unix://?socket=/run/s", "nbd+unix:///?socket=/run/s", "network",
		"<source protocol=\"nbd\">\n  <host transport=\"unix\" socket=\"/run/s\"/>\n"
		" </source>" },
	{ "nbd://a_b/e", "nbd://a_b:10809/e", "network",
		"<source protocol=\"nbd\" name=\"e\">\n  <host name=\"a_b\" port=\"10809\"/>\n"
		" </source>" },
	{ "nbds+unix:///e/f?socket=/a%20b", NULL, "network",
		"<source protocol=\"nbd\" name=\"e/f\" tls=\"yes\">\n"
		"  <host transport=\"unix\" socket=\"/a b\"/>\n </source>" },
	{ "rbd:p/i", NULL, "network", "<source protocol=\"rbd\" name=\"p/i\"/>" },
	{ "rbd:p/i%40x%3Ay@s%2F1", "rbd:p/i%40x%3Ay@s/1", "network",
		"<source protocol=\"rbd\" name=\"p/i@x:y\">\n  <snapshot name=\"s/1\"/>\n"
		" </source>" },
	{ "rbd://m1,m2:6789,[fe80::1]:3300/p/i@s", NULL, "network",
		"<source protocol=\"rbd\" name=\"p/i\">\n  <host name=\"m1\"/>\n"
		"  <host name=\"m2\" port=\"6789\"/>\n"
		"  <host name=\"fe80::1\" port=\"3300\"/>\n  <snapshot name=\"s\"/>\n"
		" </source>" },
	{ "nvme://0000:01:0a.7/2", NULL, "nvme",
		"<source type=\"pci\" managed=\"yes\" namespace=\"2\">\n"
		"  <address domain=\"0x0000\" bus=\"0x01\" slot=\"0x0a\" function=\"0x7\"/>\n"
		" </source>" },
	{ "nvme://0:1:A.0/1", "nvme://0000:01:0a.0/1", "nvme",
		"<source type=\"pci\" managed=\"yes\" namespace=\"1\">\n"
		"  <address domain=\"0x0000\" bus=\"0x01\" slot=\"0x0a\" function=\"0x0\"/>\n"
		" </source>" },
	{ "volume:default/a b%20.qcow2", NULL, "volume",
		"<source pool=\"default\" volume=\"a b%20.qcow2\"/>" },
	{ "volume:iscsi/unit:0:0:1/x", NULL, "volume",
		"<source pool=\"iscsi\" volume=\"unit:0:0:1/x\"/>" },
};

static void test_a_text_is_taken_apart_and_put_together_in_one_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		_cleanup_source_ struct source source = {}, same = {};
		_cleanup_free_ char *again = NULL, *third = NULL;

		print_message("%s\n", sources[i].text);
		assert_int_equal(source_parse(sources[i].text, &source), 0);
		assert_int_equal(source_format(&source, &again), 0);
		assert_string_equal(again, sources[i].again ?: sources[i].text);
		assert_int_equal(source_parse(again, &same), 0);
		assert_int_equal(source_format(&same, &third), 0);
		assert_string_equal(third, again);
	}
}

static struct disk_spec spec_of(const char *source)
{
	return (struct disk_spec){
		.source = source,
		.format = "raw",
		.target_dev = "sdb",
		.serial = "s",
		.alias = "ua-hotslot-slot-1",
		.network = true,
		.target = 1,
		.unit = 2,
	};
}

static void test_the_xml_of_a_source_is_read_as_its_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct disk_spec spec = spec_of(sources[i].text);
		_cleanup_domain_xml_ struct domain_xml *xml = NULL;
		_cleanup_free_ char *text = NULL, *type = NULL, *domain = NULL;

		print_message("%s\n", sources[i].text);
		assert_int_equal(disk_xml_format(&spec, &text), 0);
		assert_true(asprintf(&type, "<disk type=\"%s\"", sources[i].type) > 0);
		assert_non_null(strstr(text, type));
		assert_non_null(strstr(text, sources[i].xml));
		assert_true(asprintf(&domain,
				    "<domain><devices><controller type='scsi' index='0' "
				    "model='virtio-scsi'/>%s</devices></domain>",
				    text) > 0);
		assert_int_equal(domain_xml_parse(domain, &xml), 0);
		assert_string_equal(
			domain_xml_disk_at(xml, 1, 2)->source, sources[i].again ?: sources[i].text);
	}
}

static const struct {
	const char *text;
	int r;
} refused[] = {
	{ "nbd://user@h/e", -EACCES },
	{ "nbd://user:secret@h", -EACCES },
	{ "nbd+unix://user@/e?socket=/s", -EACCES },
	{ "rbd://user:key@m/p/i", -EACCES },
	{ "iscsi://u%p@h/" IQN "/1", -EACCES },
	{ "iscsi://h", -EINVAL },
	{ "nbd://", -EINVAL },
	{ "nbd:///e", -EINVAL },
	{ "nbd://h:0/e", -EINVAL },
	{ "nbd://h:65536/e", -EINVAL },
	{ "nbd://::1/e", -EINVAL },
	{ "nbd://[::1/e", -EINVAL },
	{ "nbd://h/e?x=y", -EINVAL },
	{ "nbd://h?x=y", -EINVAL },
	{ "nbd://h/e#f", -EINVAL },
	{ "nbd://h/%", -EINVAL },
	{ "nbd://h/%4", -EINVAL },
	{ "nbd://h/%zz", -EINVAL },
	{ "nbd://h/%00", -EINVAL },
	{ "nbd://h/a%0ab", -EINVAL },
	{ "nbd://h/%ff", -EINVAL },
	{ "nbd://h/%c0%af", -EINVAL },
	{ "nbd://h/%e0%80%af", -EINVAL },
	{ "nbd://h/%ed%a0%80", -EINVAL },
	{ "nbd://h/%ef%bf%bf", -EINVAL },
	{ "nbd://h/%f4%90%80%80", -EINVAL },
	{ "nbd://h/%c3", -EINVAL },
	{ "nbd://h/a\tb", -EINVAL },
	{ "nbd+unix://", -EINVAL },
	{ "nbd+unix:///e", -EINVAL },
	{ "nbd+unix:///e?socket=", -EINVAL },
	{ "nbd+unix:///e?socket=relative", -EINVAL },
	{ "nbd+unix:///e?socket=/s&x=y", -EINVAL },
	{ "nbd+unix:///e?tls=1?socket=/s", -EINVAL },
	{ "nbd+unix://h/e?socket=/s", -EINVAL },
	{ "rbd:", -EINVAL },
	{ "rbd:i", -EINVAL },
	{ "rbd:/i", -EINVAL },
	{ "rbd:p/", -EINVAL },
	{ "rbd:p/@s", -EINVAL },
	{ "rbd:p/i@", -EINVAL },
	{ "rbd:p/i@s@t", -EINVAL },
	{ "rbd:p/n/i", -EINVAL },
	{ "rbd:p/n%2Fi", -EINVAL },
	{ "rbd:p/i:id=admin", -EACCES },
	{ "rbd://m/p/i:mon_host=m:key=QVFE", -EACCES },
	{ "rbd:p/i:conf=/c", -EINVAL },
	{ "rbd:p@s/i", -EINVAL },
	{ "rbd://m", -EINVAL },
	{ "rbd://m/p", -EINVAL },
	{ "rbd:///p/i", -EINVAL },
	{ "rbd://m,/p/i", -EINVAL },
	{ "rbd://,m/p/i", -EINVAL },
	{ "nvme://", -EINVAL },
	{ "nvme://01:00.0/1", -EINVAL },
	{ "nvme://0000:01:00.0", -EINVAL },
	{ "nvme://0000:01:00.0/", -EINVAL },
	{ "nvme://0000:01:00.0/0", -EINVAL },
	{ "nvme://0000:01:00.0/4294967295", -EINVAL },
	{ "nvme://0000:01:00.8/1", -EINVAL },
	{ "nvme://0000:01:20.0/1", -EINVAL },
	{ "nvme://0000:100:00.0/1", -EINVAL },
	{ "nvme://10000:00:00.0/1", -EINVAL },
	{ "nvme://0000:01:00.0/1x", -EINVAL },
	{ "volume:", -EINVAL },
	{ "volume:p", -EINVAL },
	{ "volume:p/", -EINVAL },
	{ "volume:/v", -EINVAL },
	{ "volume:p/a\nb", -EINVAL },
	{ "volume:p/\xff", -EINVAL },
};

static void test_what_is_no_source_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct source source;

		print_message("%s\n", refused[i].text);
		assert_int_equal(source_parse(refused[i].text, &source), refused[i].r);
	}
}

static void test_more_monitors_than_a_cluster_has_are_refused(void **state)
{
	char text[200] = "rbd://m";
	struct source source;

	(void)state;
	for (size_t i = 1; i < SOURCE_HOSTS_MAX; i++)
		strcat(text, ",m");
	strcat(text, "/p/i");
	assert_int_equal(source_parse(text, &source), 0);
	assert_int_equal(source.n_hosts, SOURCE_HOSTS_MAX);
	source_done(&source);
	strcpy(strrchr(text, 'm') + 1, ",m/p/i");
	assert_int_equal(source_parse(text, &source), -EINVAL);
}

/* What others attach is told as well as it can be. */
static void test_sources_of_others_are_described(void **state)
{
	static const struct {
		const char *source, *text;
	} cases[] = {
		{ "<source protocol='nbd' name='e'><host name='h'/></source>", "nbd://h:10809/e" },
		{ "<source protocol='nbd' name='e'/>", "nbd:e" },
		/* libvirt writes the port as a number, and the LUN. */
		{ "<source protocol='nbd' name='e'><host name='h' port='010809' transport='tcp'/>"
		  "</source>",
			"nbd://h:10809/e" },
		{ "<source protocol='iscsi' name='" IQN "'><host name='h' port='03260'/></source>",
			"iscsi://h:3260/" IQN "/0" },
		{ "<source protocol='nbd'/>", NULL },
		{ "<source protocol='rbd' name='p/n/i'><host name='m'/><config file='/c'/>"
		  "</source>",
			"rbd://m/p/n/i" },
		{ "<source protocol='https' name='a/b.iso'><host name='h'/></source>",
			"https://h/a/b.iso" },
		{ "<source protocol='https' name='a/b.iso'><host name='h' port='0443'/></source>",
			"https://h/a/b.iso" },
		{ "<source protocol='ssh' name='/p'><host name='::1' port='2222'/></source>",
			"ssh://[::1]:2222/p" },
		{ "<source protocol='gluster' name='v/i'><host name='a'/><host name='b'/></source>",
			"gluster://a/v/i" },
		{ "<source protocol='gluster' name='v/i'><host transport='unix' socket='/s'/>"
		  "</source>",
			"gluster:v/i" },
		{ "<source protocol='vitastor' name='i'><host name='h'/></source>", "vitastor:i" },
		{ "<source type='unix' path='/run/vhost'/>", "unix:/run/vhost" },
		{ "<source type='pci' namespace='x'/>", NULL },
		{ "<source pool='p'/>", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = NULL;
		_cleanup_free_ char *domain = NULL;

		print_message("%s\n", cases[i].source);
		assert_true(asprintf(&domain, "<domain><devices><disk>%s</disk></devices></domain>",
				    cases[i].source) > 0);
		assert_int_equal(domain_xml_parse(domain, &xml), 0);
		if (cases[i].text)
			assert_string_equal(xml->disks[0].source, cases[i].text);
		else
			assert_null(xml->disks[0].source);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_is_taken_apart_and_put_together_in_one_way),
		cmocka_unit_test(test_the_xml_of_a_source_is_read_as_its_text),
		cmocka_unit_test(test_what_is_no_source_is_refused),
		cmocka_unit_test(test_more_monitors_than_a_cluster_has_are_refused),
		cmocka_unit_test(test_sources_of_others_are_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
