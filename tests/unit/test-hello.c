/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library takes from an agent's hello, and how it reads a member of any answer. */
#include "test.h"

#include "hello.h"
#include "json.h"
#include "wire.h"

#define NONCE "0123456789abcdef"

static void test_a_nonce_is_new_and_as_the_protocol_has_it(void **state)
{
	char first[HELLO_NONCE_SIZE], second[HELLO_NONCE_SIZE];

	(void)state;
	assert_int_equal(hello_make_nonce(first), 0);
	assert_int_equal(hello_make_nonce(second), 0);
	assert_int_equal(strspn(first, "0123456789abcdef"), HELLO_NONCE_SIZE - 1);
	assert_in_range(strlen(first), HOTSLOT_NONCE_MIN, HOTSLOT_NONCE_MAX);
	assert_string_not_equal(first, second);
}

static void test_a_hello_as_json(void **state)
{
	json_t *hello = hello_request(7, NONCE, "u/1/g");
	_cleanup_free_ char *text = json_dumps(hello, JSON_COMPACT | JSON_SORT_KEYS);

	(void)state;
	assert_string_equal(text, "{\"arguments\":{\"generation\":\"u/1/g\",\"nonce\":\"" NONCE
				  "\",\"versions\":[1]},\"execute\":\"hello\",\"id\":7}");
	json_decref(hello);
}

/* ---- hello_read() ---- */

#define UUID "12345678-1234-1234-1234-123456789abc"

static const char good[] =
	"{\"return\":{\"nonce\":\"" NONCE "\",\"version\":1,\"agent\":\"0.1.0\",\"boot-id\":\"" UUID
	"\",\"epoch\":3,\"links\":\"agent\",\"controller\":\"0000:00:03.0\"}}";

/* The good answer with members of "return" in the place of its own; a null leaves one out. */
static json_t *make_answer(const char *members)
{
	json_t *answer = json_loads(good, 0, NULL), *other = json_loads(members, 0, NULL);
	json_t *body = json_object_get(answer, "return"), *value;
	const char *key;

	assert_non_null(answer);
	assert_non_null(other);
	json_object_foreach(other, key, value)
	{
		if (json_is_null(value))
			json_object_del(body, key);
		else
			json_object_set(body, key, value);
	}
	json_decref(other);
	return answer;
}

static const struct {
	const char *members;
	bool good;
} answers[] = {
	{ "{}", true },
	{ "{\"links\":\"udev\"}", true },
	{ "{\"controller\":null}", true },
	{ "{\"future\":[{}]}", true },
	{ "{\"epoch\":0}", true },
	{ "{\"versions\":[1,2],\"disks\":12,\"released\":0}", true },
	{ "{\"versions\":7}", true }, /* only a refusal's are looked at */
	{ "{\"previous\":\"u/1/g\"}", true },
	{ "{\"previous\":7}", false },
	{ "{\"renewed\":false}", true },
	{ "{\"renewed\":1}", false },
	{ "{\"previous\":\"u/1/\\u001b\"}", false },
	{ "{\"disks\":-1}", false },
	{ "{\"disks\":\"12\"}", false },
	{ "{\"disks\":99999999}", false },
	{ "{\"released\":1.0}", false },
	{ "{\"nonce\":null}", false },
	{ "{\"nonce\":\"fedcba9876543210\"}", false },
	{ "{\"nonce\":7}", false },
	{ "{\"version\":null}", false },
	{ "{\"version\":0}", false },
	{ "{\"version\":2}", false },
	{ "{\"version\":4294967297}", false },
	{ "{\"version\":1.0}", false },
	{ "{\"version\":\"1\"}", false },
	{ "{\"agent\":null}", false },
	{ "{\"agent\":\"12345678901234567890123456789012\"}", false },
	{ "{\"agent\":\"\\u001b[2J\"}", false },
	{ "{\"boot-id\":\"" UUID UUID "\"}", false },
	{ "{\"boot-id\":7}", false },
	{ "{\"epoch\":-1}", false },
	{ "{\"epoch\":\"3\"}", false },
	{ "{\"links\":\"nobody\"}", false },
	{ "{\"links\":\"\"}", false },
	{ "{\"controller\":7}", false },
	{ "{\"controller\":\"a\\nb\"}", false },
};

static void test_each_member_of_a_hello_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct hello hello = { .info.epoch = 99 };
		struct hotslot_error error = {};
		json_t *answer = make_answer(answers[i].members);
		int r = hello_read(answer, NONCE, "vm", &hello, &error);

		print_message("%s\n", answers[i].members);
		assert_int_equal(r == 0, answers[i].good);
		assert_int_equal(
			error.code, answers[i].good ? HOTSLOT_ERROR_NONE : HOTSLOT_ERROR_AGENT);
		assert_true(r == 0 || hello.info.epoch == 99);
		json_decref(answer);
	}
}

static void test_a_hello_says_who_the_agent_is(void **state)
{
	struct hello hello = {};
	json_t *answer = make_answer("{}");

	(void)state;
	assert_int_equal(hello_read(answer, NONCE, "vm", &hello, NULL), 0);
	assert_int_equal(hello.info.size, sizeof(hello.info));
	assert_string_equal(hello.info.version, "0.1.0");
	assert_string_equal(hello.info.boot_id, UUID);
	assert_int_equal(hello.info.epoch, 3);
	assert_string_equal(hello.info.links, "agent");
	assert_string_equal(hello.info.controller, "0000:00:03.0");
	assert_int_equal(hello.version, 1);
	/* An older agent does not say these. */
	assert_int_equal(hello.disks, -1);
	assert_int_equal(hello.released, -1);
	assert_int_equal(hello.renewed, -1);
	assert_string_equal(hello.previous, "");
	json_decref(answer);
	answer = make_answer(
		"{\"disks\":12,\"released\":1,\"renewed\":true,\"previous\":\"u/1/g\"}");
	assert_int_equal(hello_read(answer, NONCE, "vm", &hello, NULL), 0);
	assert_int_equal(hello.disks, 12);
	assert_int_equal(hello.released, 1);
	assert_int_equal(hello.renewed, 1);
	assert_string_equal(hello.previous, "u/1/g");
	json_decref(answer);
}

#define SPEAKS "The agent of domain vm speaks "
#define WE_SPEAK " of the protocol, this hotslot " HOTSLOT_VERSION " speaks 1: "

static void test_a_refused_hello_says_why_in_one_printable_line(void **state)
{
	static const struct {
		const char *answer, *message;
	} refusals[] = {
		{ "{\"error\":{\"class\":\"UnsupportedVersion\",\"versions\":[2,3]}}",
			SPEAKS "version 2, 3" WE_SPEAK "upgrade hotslot on this host" },
		{ "{\"error\":{\"class\":\"UnsupportedVersion\",\"versions\":[0,-3]}}",
			SPEAKS "another version" WE_SPEAK "upgrade the older of the two" },
		{ "{\"error\":{\"class\":\"UnsupportedVersion\",\"versions\":[4,\"\\u001b\"]}}",
			SPEAKS "version 4" WE_SPEAK "upgrade hotslot on this host" },
		{ "{\"error\":{\"class\":\"UnsupportedVersion\",\"desc\":\"too old\"}}",
			SPEAKS "another version" WE_SPEAK "upgrade the older of the two" },
		{ "{\"error\":{\"desc\":\"too old\"}}", "The agent refuses the hello: too old" },
		{ "{\"error\":{\"desc\":\"a\\u001b[2Jb\\nc\\u009bd\\u007f\"}}",
			"The agent refuses the hello: a?[2Jb c??d?" },
		{ "{\"error\":{\"desc\":7}}", "The agent refuses the hello: no reason given" },
		{ "{\"error\":7}", "The agent refuses the hello: no reason given" },
		{ "{}", "The agent's answer to the hello is malformed" },
		{ "{\"return\":[]}", "The agent's answer to the hello is malformed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		json_t *answer = json_loads(refusals[i].answer, 0, NULL);
		struct hotslot_error error = {};
		struct hello hello;

		assert_true(hello_read(answer, NONCE, "vm", &hello, &error) < 0);
		assert_int_equal(error.code, HOTSLOT_ERROR_AGENT);
		assert_string_equal(error.message, refusals[i].message);
		json_decref(answer);
	}
}

/* ---- members ---- */

static void test_a_text_is_bounded_and_has_no_control_characters(void **state)
{
	static const struct {
		const char *json;
		int r;
	} texts[] = {
		{ "\"\"", 0 },
		{ "\"12345678\"", 0 },
		{ "\"123456789\"", -EBADMSG },
		{ "\"\\u00e9\\u20ac\"", 0 },
		{ "\"\\u00a0\"", 0 }, /* the first that is no C1 control */
		{ "\"\\u009f\"", -EBADMSG },
		{ "\"\\u0080\"", -EBADMSG },
		{ "\"\\u001f\"", -EBADMSG },
		{ "\"a\\tb\"", -EBADMSG },
		{ "\"\\u007f\"", -EBADMSG },
		{ "7", -EBADMSG },
		{ "null", -EBADMSG },
		{ "[\"a\"]", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_t *value = json_loads(texts[i].json, JSON_DECODE_ANY, NULL);
		const char *text = NULL;

		print_message("%s\n", texts[i].json);
		assert_int_equal(json_read_text(value, 8, &text), texts[i].r);
		assert_int_equal(text == NULL, texts[i].r < 0);
		json_decref(value);
	}
}

static void test_a_member_that_may_be_missing_is_null_then(void **state)
{
	json_t *object = json_loads("{\"n\":null,\"t\":\"x\",\"i\":1}", 0, NULL);
	const char *text = "before";

	(void)state;
	assert_int_equal(json_find_text(object, "none", 8, &text), 0);
	assert_null(text);
	assert_int_equal(json_find_text(object, "t", 8, &text), 0);
	assert_string_equal(text, "x");
	assert_int_equal(json_find_text(object, "i", 8, &text), -EBADMSG);
	assert_int_equal(json_find_text(object, "n", 8, &text), 0);
	assert_null(text);
	json_decref(object);
}

static void test_numbers_and_booleans_are_strict(void **state)
{
	json_t *object = json_loads("{\"i\":8,\"m\":-1,\"d\":8.0,\"t\":true,\"n\":null}", 0, NULL);
	uint64_t number = 99;
	bool boolean = false;

	(void)state;
	assert_int_equal(json_get_u64(object, "i", 8, &number), 0);
	assert_int_equal(number, 8);
	assert_int_equal(json_get_u64(object, "i", 7, &number), -EBADMSG);
	assert_int_equal(json_get_u64(object, "m", UINT64_MAX, &number), -EBADMSG);
	assert_int_equal(json_get_u64(object, "d", 8, &number), -EBADMSG);
	assert_int_equal(json_get_u64(object, "t", 8, &number), -EBADMSG);
	assert_int_equal(json_get_u64(object, "none", 8, &number), -EBADMSG);
	assert_int_equal(json_get_u64(NULL, "i", 8, &number), -EBADMSG);
	assert_int_equal(number, 8);
	assert_int_equal(json_get_bool(object, "t", &boolean), 0);
	assert_true(boolean);
	assert_int_equal(json_get_bool(object, "i", &boolean), -EBADMSG);
	assert_int_equal(json_get_bool(object, "n", &boolean), -EBADMSG);
	json_decref(object);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_nonce_is_new_and_as_the_protocol_has_it),
		cmocka_unit_test(test_a_hello_as_json),
		cmocka_unit_test(test_each_member_of_a_hello_is_checked),
		cmocka_unit_test(test_a_hello_says_who_the_agent_is),
		cmocka_unit_test(test_a_refused_hello_says_why_in_one_printable_line),
		cmocka_unit_test(test_a_text_is_bounded_and_has_no_control_characters),
		cmocka_unit_test(test_a_member_that_may_be_missing_is_null_then),
		cmocka_unit_test(test_numbers_and_booleans_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
