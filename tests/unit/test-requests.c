/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hotslot-agent as a process, over a socket: sessions, and what it refuses. It reads the build
 * host's /sys, so no request here may reach a disk, or end the host, even if the agent took it.
 */
#include "agent-process.h"

#define NONCE "0123456789abcdef"

/* The next frame is an error of CLASS, or an answer if that is NULL, and its id is ID as JSON;
 * NULL: it has none. */
static void hear_class(struct agent *agent, const char *class, const char *id)
{
	json_t *answer = hear(agent);
	const json_t *error = json_object_get(answer, "error");
	_cleanup_free_ char *actual =
		json_dumps(json_object_get(answer, "id"), JSON_ENCODE_ANY | JSON_COMPACT);

	if (class)
		assert_string_equal(json_string_value(json_object_get(error, "class")), class);
	else
		assert_true(json_is_object(json_object_get(answer, "return")) && !error);
	assert_true(!error || json_is_string(json_object_get(error, "desc")));
	if (id)
		assert_string_equal(actual, id);
	else
		assert_null(actual);
	json_decref(answer);
}

static void say_hello(struct agent *agent, const char *nonce)
{
	char text[256];

	snprintf(text, sizeof(text),
		"\xff{\"execute\":\"hello\",\"id\":0,\"arguments\":{\"nonce\":\"%s\","
		"\"versions\":[7,1]}}",
		nonce);
	say(agent, text);
	hear_class(agent, NULL, "0");
}

static void say_ping(struct agent *agent, const char *session)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"execute\":\"ping\",\"id\":\"ping\",\"session\":\"%s\"}",
		session);
	say(agent, text);
}

/* ---- hello ---- */

static void check_epoch(struct agent *agent, json_int_t epoch)
{
	json_t *answer, *body;

	say(agent, "\xff{\"execute\":\"hello\",\"arguments\":{\"nonce\":\"" NONCE "\","
		   "\"versions\":[1],\"generation\":\"g\",\"future\":{}},\"future\":[]}");
	answer = hear(agent);
	body = json_object_get(answer, "return");
	assert_string_equal(json_string_value(json_object_get(answer, "session")), NONCE);
	assert_string_equal(json_string_value(json_object_get(body, "nonce")), NONCE);
	assert_string_equal(json_string_value(json_object_get(body, "links")), "udev");
	assert_string_equal(json_string_value(json_object_get(body, "agent")), HOTSLOT_VERSION);
	assert_int_equal(json_integer_value(json_object_get(body, "version")), 1);
	assert_int_equal(json_integer_value(json_object_get(body, "epoch")), epoch);
	assert_int_equal(json_string_length(json_object_get(body, "boot-id")), 36);
	assert_true(agent->resyncs > 0);
	json_decref(answer);
}

static void test_hello_says_who_the_agent_is_and_its_starts_are_counted(void **state)
{
	struct agent *agent = *state;

	check_epoch(agent, 1);
	check_epoch(agent, 1);
	restart_agent(agent);
	check_epoch(agent, 2);
}

static const struct {
	const char *arguments, *class;
} hellos[] = {
	{ "{}", HOTSLOT_CLASS_INVALID },
	{ "[]", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"" NONCE "\"}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"0123456789abcde\",\"versions\":[1]}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"0123456789abcde_\",\"versions\":[1]}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"" NONCE NONCE NONCE NONCE "0\",\"versions\":[1]}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":7,\"versions\":[1]}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"" NONCE "\",\"versions\":1}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"" NONCE "\",\"versions\":[\"1\"]}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"" NONCE "\",\"versions\":[1.0]}", HOTSLOT_CLASS_INVALID },
	{ "{\"nonce\":\"" NONCE "\",\"versions\":[]}", HOTSLOT_CLASS_VERSION },
	{ "{\"nonce\":\"" NONCE "\",\"versions\":[0,2]}", HOTSLOT_CLASS_VERSION },
	{ "{\"nonce\":\"" NONCE "\",\"versions\":[1],\"generation\":7}", HOTSLOT_CLASS_INVALID },
};

static void test_a_refused_hello_does_not_end_the_session(void **state)
{
	struct agent *agent = *state;
	char text[512];

	say_hello(agent, NONCE);
	for (size_t i = 0; i < ARRAY_SIZE(hellos); i++) {
		snprintf(text, sizeof(text), "{\"execute\":\"hello\",\"id\":5,\"arguments\":%s}",
			hellos[i].arguments);
		say(agent, text);
		hear_class(agent, hellos[i].class, "5");
	}
	say_ping(agent, NONCE);
	hear_class(agent, NULL, "\"ping\"");
}

static void test_a_generation_is_bounded(void **state)
{
	struct agent *agent = *state;
	char generation[HOTSLOT_GENERATION_MAX + 2] = "", text[512];

	memset(generation, 'g', sizeof(generation) - 1);
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
			"{\"execute\":\"hello\",\"arguments\":{\"nonce\":\"" NONCE "\","
			"\"versions\":[1],\"generation\":\"%s\"}}",
			generation + i);
		say(agent, text);
		hear_class(agent, i ? NULL : HOTSLOT_CLASS_INVALID, NULL);
	}
}

/* PREVIOUS NULL: none. */
static void check_generations(
	struct agent *agent, const char *arguments, bool renewed, const char *previous)
{
	char text[256];
	json_t *answer, *body;

	snprintf(text, sizeof(text),
		"{\"execute\":\"hello\",\"arguments\":{\"nonce\":\"" NONCE
		"\",\"versions\":[1]%s}}",
		arguments);
	say(agent, text);
	answer = hear(agent);
	body = json_object_get(answer, "return");
	assert_true(json_is_boolean(json_object_get(body, "renewed")));
	assert_int_equal(json_is_true(json_object_get(body, "renewed")), renewed);
	if (previous)
		assert_string_equal(json_string_value(json_object_get(body, "previous")), previous);
	else
		assert_true(json_is_null(json_object_get(body, "previous")));
	json_decref(answer);
}

static void test_hello_says_whether_the_generation_is_another_and_which_was_before(void **state)
{
	struct agent *agent = *state;

	check_generations(agent, ",\"generation\":\"u/1/a\"", false, NULL);
	check_generations(agent, ",\"generation\":\"u/1/b\"", true, "u/1/a");
	check_generations(agent, ",\"generation\":\"u/1/b\"", false, "u/1/a");
	/* Who names none leaves what is known. */
	check_generations(agent, "", false, "u/1/a");
	check_generations(agent, ",\"generation\":\"u/2/b\"", true, "u/1/b");
	/* One that comes back is another one, too. */
	check_generations(agent, ",\"generation\":\"u/1/b\"", true, "u/2/b");
}

/* ---- sessions ---- */

static void test_what_belongs_to_another_session_is_dropped(void **state)
{
	struct agent *agent = *state;

	say_ping(agent, NONCE); /* before there is one */
	say_hello(agent, NONCE);
	say_ping(agent, "fedcba9876543210");
	say_hello(agent, "fedcba9876543210");
	say_ping(agent, NONCE);
	say(agent, "{\"execute\":\"nonsense\",\"session\":\"" NONCE "\"}");
	say_ping(agent, "fedcba9876543210");
	hear_class(agent, NULL, "\"ping\"");
}

static void test_without_a_session_there_is_only_hello(void **state)
{
	struct agent *agent = *state;

	say(agent, "{\"execute\":\"ping\",\"id\":1}");
	hear_class(agent, HOTSLOT_CLASS_INVALID, "1");
	say_hello(agent, NONCE);
	say(agent, "{\"execute\":\"ping\",\"id\":2}");
	hear_class(agent, HOTSLOT_CLASS_INVALID, "2");
	say(agent, "{\"execute\":\"ping\",\"id\":3,\"session\":7}");
	hear_class(agent, HOTSLOT_CLASS_INVALID, "3");
}

/* ---- requests ---- */

/* EXECUTE and ARGUMENTS are JSON; ARGUMENTS is left out if NULL. */
static const struct {
	const char *execute, *arguments, *class;
} requests[] = {
	{ "\"ping\"", NULL, NULL },
	{ "\"ping\"", "{\"unknown\":[1,{}]}", NULL },
	{ "\"ping\"", "[]", HOTSLOT_CLASS_INVALID },
	{ "\"ping\"", "null", HOTSLOT_CLASS_INVALID },
	{ "\"Ping\"", NULL, HOTSLOT_CLASS_UNKNOWN },
	{ "\"\"", NULL, HOTSLOT_CLASS_UNKNOWN },
	{ "7", NULL, HOTSLOT_CLASS_INVALID },
	{ "null", NULL, HOTSLOT_CLASS_INVALID },
	{ "\"disks\"", NULL, NULL },
	{ "\"disks\"", "{\"after\":4294967294,\"limit\":64}", NULL },
	{ "\"disks\"", "{\"after\":4294967295}", HOTSLOT_CLASS_INVALID },
	{ "\"disks\"", "{\"after\":-1}", HOTSLOT_CLASS_INVALID },
	{ "\"disks\"", "{\"limit\":0}", HOTSLOT_CLASS_INVALID },
	{ "\"disks\"", "{\"limit\":65}", HOTSLOT_CLASS_INVALID },
	{ "\"disks\"", "{\"contents\":1}", HOTSLOT_CLASS_INVALID },
	{ "\"disks\"", "{\"deadline\":3600001}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", NULL, HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":\"0\"}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":65280}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":65279,\"size\":-1}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":65279,\"serial\":null}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":65279,\"read-only\":\"no\"}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":65279,\"deadline\":-1}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"slot\":65279,\"place\":65279}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"place\":65280}", HOTSLOT_CLASS_INVALID }, /* the system target */
	{ "\"expect\"", "{\"place\":65536}", HOTSLOT_CLASS_INVALID }, /* LUN 0 has a slot */
	{ "\"expect\"", "{\"place\":4243712}", HOTSLOT_CLASS_INVALID },
	{ "\"expect\"", "{\"place\":4259840}", HOTSLOT_CLASS_INVALID },
	{ "\"release\"", "{}", HOTSLOT_CLASS_INVALID },
	{ "\"release\"", "{\"slot\":65279,\"place\":65792}", HOTSLOT_CLASS_INVALID },
	{ "\"release\"", "{\"place\":65792,\"detached\":true}", NULL },
	{ "\"release\"", "{\"slot\":65279,\"force\":0}", HOTSLOT_CLASS_INVALID },
	{ "\"release\"", "{\"slot\":65279,\"detached\":\"yes\"}", HOTSLOT_CLASS_INVALID },
	{ "\"resize\"", "{\"slot\":65279}", HOTSLOT_CLASS_INVALID },
	{ "\"resize\"", "{\"size\":512}", HOTSLOT_CLASS_INVALID },
	{ "\"resize\"", "{\"slot\":65279,\"size\":\"1G\"}", HOTSLOT_CLASS_INVALID },
	{ "\"resize\"", "{\"slot\":65279,\"place\":65279,\"size\":512}", HOTSLOT_CLASS_INVALID },
	{ "\"resize\"", "{\"slot\":65279,\"size\":512}", HOTSLOT_CLASS_INVALID },
};

static void test_a_request_is_answered_or_refused_by_its_class(void **state)
{
	struct agent *agent = *state;
	char text[512];

	say_hello(agent, NONCE);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const char *arguments = requests[i].arguments;

		snprintf(text, sizeof(text),
			"{\"execute\":%s,\"id\":9,\"session\":\"" NONCE "\"%s%s}",
			requests[i].execute, arguments ? ",\"arguments\":" : "", arguments ?: "");
		say(agent, text);
		hear_class(agent, requests[i].class, "9");
	}
}

static const struct {
	const char *id;
	bool good;
} ids[] = {
	{ "-1", true },
	{ "9223372036854775807", true },
	{ "\"\"", true },
	{ "\"\\u0001\\\"\"", true },
	{ "\"" NONCE NONCE NONCE NONCE "\"", true },
	{ "\"" NONCE NONCE NONCE NONCE "0\"", false },
	{ "1.5", false },
	{ "null", false },
	{ "true", false },
	{ "[1]", false },
	{ "{}", false },
};

static void test_an_id_comes_back_unchanged(void **state)
{
	struct agent *agent = *state;
	char text[256];

	say_hello(agent, NONCE);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		snprintf(text, sizeof(text),
			"{\"execute\":\"ping\",\"id\":%s,\"session\":\"" NONCE "\"}", ids[i].id);
		say(agent, text);
		hear_class(agent, ids[i].good ? NULL : HOTSLOT_CLASS_INVALID,
			ids[i].good ? ids[i].id : NULL);
	}
	say(agent, "{\"execute\":\"ping\",\"session\":\"" NONCE "\"}");
	hear_class(agent, NULL, NULL);
}

static const char *const malformed[] = { "{", "}", "nonsense", "[]", "7", "null", "\"text\"",
	"{} {}", "{\"execute\":\"ping\",\"execute\":\"ping\"}", "{\"id\":\"\\u0000\"}",
	"{\"id\":\"\xc3\x28\"}", "{\"id\":18446744073709551616}", "{'id':1}" };

static void test_a_malformed_frame_is_answered_and_the_session_goes_on(void **state)
{
	struct agent *agent = *state;

	say_hello(agent, NONCE);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		say(agent, malformed[i]);
		hear_class(agent, HOTSLOT_CLASS_MALFORMED, NULL);
	}
	say(agent, "{\"execute\":\xff\n\n\xff{\"future\":\xff\xff");
	say_ping(agent, NONCE);
	hear_class(agent, NULL, "\"ping\"");
}

static void test_many_requests_at_once_are_all_answered(void **state)
{
	struct agent *agent = *state;

	say_hello(agent, NONCE);
	for (int i = 0; i < 500; i++)
		say_ping(agent, NONCE);
	for (int i = 0; i < 500; i++)
		hear_class(agent, NULL, "\"ping\"");
}

#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_agent, tear_down_agent)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		AGENT_TEST(test_hello_says_who_the_agent_is_and_its_starts_are_counted),
		AGENT_TEST(test_a_refused_hello_does_not_end_the_session),
		AGENT_TEST(test_a_generation_is_bounded),
		AGENT_TEST(test_hello_says_whether_the_generation_is_another_and_which_was_before),
		AGENT_TEST(test_what_belongs_to_another_session_is_dropped),
		AGENT_TEST(test_without_a_session_there_is_only_hello),
		AGENT_TEST(test_a_request_is_answered_or_refused_by_its_class),
		AGENT_TEST(test_an_id_comes_back_unchanged),
		AGENT_TEST(test_a_malformed_frame_is_answered_and_the_session_goes_on),
		AGENT_TEST(test_many_requests_at_once_are_all_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
