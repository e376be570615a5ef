/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the XML of a domain still says what it is, by what libvirt has told since. */
#include "test.h"

#include <string.h>

#include "events.h"

static struct domain_xml *domain_with(const char *alias)
{
	struct domain_xml *xml = domain_xml_new();

	assert_non_null(xml);
	assert_int_equal(domain_xml_add(xml, &(struct xml_disk){ .alias = (char *)alias }), 0);
	return xml;
}

static void test_a_disk_that_the_xml_has_is_no_news(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = domain_with("ua-a");
	struct news news = {};

	(void)state;
	assert_true(news_are_known(&news, xml));
	news_add(&news, "ua-a");
	assert_true(news_are_known(&news, xml));
	news_add(&news, "ua-b");
	assert_false(news_are_known(&news, xml));
}

static void test_what_is_no_disk_of_the_xml_is_news(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = domain_with(NULL);
	struct news news = {};

	(void)state;
	news_add(&news, "scsi0");
	assert_false(news_are_known(&news, xml));
}

static void test_more_disks_than_are_kept_are_news(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = domain_with("ua-a");
	struct news news = {};

	(void)state;
	for (int i = 0; i < NEWS_ADDED_MAX; i++)
		news_add(&news, "ua-a");
	assert_true(news_are_known(&news, xml));
	news_add(&news, "ua-a");
	assert_false(news_are_known(&news, xml));
}

static void test_an_alias_that_is_too_long_is_news(void **state)
{
	char alias[NEWS_ALIAS_SIZE + 1] = {};
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct news news = {};

	(void)state;
	memset(alias, 'a', NEWS_ALIAS_SIZE);
	xml = domain_with(alias);
	news_add(&news, alias);
	assert_false(news_are_known(&news, xml));
}

/* ---- libvirt's events ---- */

static void remove_disk(struct events *events)
{
	events_device_removed(events, "ua-a");
}

/* Each of them alone. */
static void test_every_other_event_is_news(void **state)
{
	static void (*const all[])(struct events *) = {
		events_started,
		events_stopped,
		events_reverting,
		events_left,
		events_job_ended,
		events_defined,
		events_undefined,
		events_rebooted,
		events_paused,
		events_rewound,
		events_disconnected,
		events_metadata_changed,
		remove_disk,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = domain_with("ua-a");
		struct events *events = events_new();

		assert_true(news_are_known(&events->news, xml));
		all[i](events);
		assert_false(news_are_known(&events->news, xml));
		events_unref(events);
	}
}

static void test_the_event_of_a_disk_is_news_of_it(void **state)
{
	_cleanup_domain_xml_ struct domain_xml *xml = domain_with("ua-a");
	struct events *events = events_new();

	(void)state;
	events_device_added(events, "ua-a");
	assert_true(news_are_known(&events->news, xml));
	events_device_added(events, "ua-b");
	assert_false(news_are_known(&events->news, xml));
	events_unref(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_that_the_xml_has_is_no_news),
		cmocka_unit_test(test_what_is_no_disk_of_the_xml_is_news),
		cmocka_unit_test(test_more_disks_than_are_kept_are_news),
		cmocka_unit_test(test_an_alias_that_is_too_long_is_news),
		cmocka_unit_test(test_every_other_event_is_news),
		cmocka_unit_test(test_the_event_of_a_disk_is_news_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
