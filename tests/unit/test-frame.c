/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/frame.h: a byte stream as frames, frames as objects; hostile ones too. */
#include "test.h"

#include "frame.h"

#define RESYNC "\xff"

/* Feeds STREAM in pieces of at most PIECE bytes and writes down what comes: a frame as it is, "<"
 * for a resync, "!" for a line that is too long, each ended by "|". */
static void read_stream(const char *stream, size_t length, size_t piece, char *ret)
{
	_cleanup_(frame_reader_done) struct frame_reader reader = {};

	*ret = '\0';
	while (length > 0) {
		size_t n = length < piece ? length : piece;
		const char *data = stream;

		stream += n;
		length -= n;
		while (n > 0) {
			size_t line_length;
			char *line;
			int r = frame_reader_feed(&reader, &data, &n, &line, &line_length);

			assert_in_range(r, FRAME_NONE, FRAME_TOO_LONG);
			if (r == FRAME_NONE)
				assert_int_equal(n, 0);
			else if (r == FRAME_READY)
				assert_int_equal(strlen(line), line_length);
			strcat(ret, r == FRAME_READY	  ? line
				    : r == FRAME_RESYNC	  ? "<"
				    : r == FRAME_TOO_LONG ? "!"
							  : "");
			strcat(ret, r == FRAME_NONE ? "" : "|");
		}
	}
}

static void test_frames_are_the_same_however_the_bytes_come(void **state)
{
	static const char stream[] =
		"{\"a\":1}\n\n\n{}\nhalf" RESYNC "{\"b\":2}\n" RESYNC RESYNC "\nlast\nunfinished";
	static const char expected[] = "{\"a\":1}|{}|<|{\"b\":2}|<|<|last|";
	char got[sizeof(stream) * 2];

	(void)state;
	for (size_t piece = 1; piece <= sizeof(stream); piece++) {
		read_stream(stream, sizeof(stream) - 1, piece, got);
		assert_string_equal(got, expected);
	}
}

/* Counts the results of a line of LENGTH bytes with its newline, then a short one. */
static void check_line(size_t length, enum frame_result expected)
{
	_cleanup_(frame_reader_done) struct frame_reader reader = {};
	_cleanup_free_ char *stream = malloc(length + 3);
	size_t left = length + 3, line_length = 0;
	const char *data = stream;
	char *line;

	memset(stream, 'x', length);
	memcpy(stream + length - 1, "\n{}\n", 4);
	assert_int_equal(frame_reader_feed(&reader, &data, &left, &line, &line_length), expected);
	if (expected == FRAME_READY)
		assert_int_equal(line_length, length - 1);
	assert_int_equal(
		frame_reader_feed(&reader, &data, &left, &line, &line_length), FRAME_READY);
	assert_string_equal(line, "{}");
	assert_int_equal(left, 0);
}

static void test_a_frame_of_the_greatest_size_is_taken(void **state)
{
	(void)state;
	check_line(HOTSLOT_FRAME_MAX - 1, FRAME_READY);
	check_line(HOTSLOT_FRAME_MAX, FRAME_READY);
}

static void test_an_oversized_frame_is_dropped_and_the_next_one_is_read(void **state)
{
	(void)state;
	check_line(HOTSLOT_FRAME_MAX + 1, FRAME_TOO_LONG);
	check_line(HOTSLOT_FRAME_MAX * 3, FRAME_TOO_LONG);
}

static void test_a_resync_ends_an_oversized_frame(void **state)
{
	_cleanup_(frame_reader_done) struct frame_reader reader = {};
	_cleanup_free_ char *stream = malloc(HOTSLOT_FRAME_MAX * 2 + 4);
	size_t left = HOTSLOT_FRAME_MAX * 2 + 4, length;
	const char *data = stream;
	char *line;

	(void)state;
	memset(stream, 'x', left);
	memcpy(stream + HOTSLOT_FRAME_MAX * 2, RESYNC "{}\n", 4);
	assert_int_equal(frame_reader_feed(&reader, &data, &left, &line, &length), FRAME_RESYNC);
	assert_int_equal(frame_reader_feed(&reader, &data, &left, &line, &length), FRAME_READY);
	assert_string_equal(line, "{}");
}

static void test_a_frame_with_a_nul_in_it_has_its_whole_length(void **state)
{
	_cleanup_(frame_reader_done) struct frame_reader reader = {};
	const char *data = "{}\0{}\n";
	size_t left = 6, length = 0;
	char *line, reason[HOTSLOT_REASON_MAX];
	json_t *object;

	(void)state;
	assert_int_equal(frame_reader_feed(&reader, &data, &left, &line, &length), FRAME_READY);
	assert_int_equal(length, 5);
	assert_int_equal(frame_parse(line, length, &object, reason), -EBADMSG);
}

static void test_a_reset_forgets_the_unfinished_line(void **state)
{
	_cleanup_(frame_reader_done) struct frame_reader reader = {};
	const char *data = "half";
	size_t left = 4, length;
	char *line;

	(void)state;
	assert_int_equal(frame_reader_feed(&reader, &data, &left, &line, &length), FRAME_NONE);
	frame_reader_reset(&reader);
	data = "{}\n";
	left = 3;
	assert_int_equal(frame_reader_feed(&reader, &data, &left, &line, &length), FRAME_READY);
	assert_string_equal(line, "{}");
}

static void test_random_bytes_never_break_the_reader(void **state)
{
	_cleanup_(frame_reader_done) struct frame_reader reader = {};
	struct generator generator;

	(void)state;
	seed_generator(&generator);
	for (unsigned i = 0; i < 2000; i++) {
		char bytes[300];
		size_t left = next_number(&generator, sizeof(bytes)), length = 0;
		const char *data = bytes;
		char *line = NULL;

		for (size_t j = 0; j < left; j++)
			bytes[j] = (char)(next_number(&generator, 8) ? next_number(&generator, 256)
								     : '\n');
		while (left > 0) {
			int r = frame_reader_feed(&reader, &data, &left, &line, &length);

			assert_in_range(r, FRAME_NONE, FRAME_TOO_LONG);
			if (r == FRAME_READY) {
				assert_in_range(length, 1, HOTSLOT_FRAME_MAX - 1);
				assert_int_equal(line[length], '\0');
			}
		}
	}
}

static void test_an_object_is_parsed(void **state)
{
	static const char text[] = "{\"execute\": \"ping\", \"id\": 7, \"unknown\": [null, 1.5]}";
	char reason[HOTSLOT_REASON_MAX];
	json_t *object = NULL;

	(void)state;
	assert_int_equal(frame_parse(text, strlen(text), &object, reason), 0);
	assert_int_equal(json_integer_value(json_object_get(object, "id")), 7);
	json_decref(object);
}

static void test_what_is_no_object_is_refused_with_a_reason(void **state)
{
	static const char *const lines[] = { "", "x", "{", "}", "[]", "\"a\"", "1", "null", "{}{}",
		"{} x", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}", "{'a':1}", "{\"a\":1,}",
		"{\"a\":nan}", "{\"a\":\"\xc3\x28\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\u0000\"}",
		"{\"a\":99999999999999999999}", "{\"\\u0000\":1}", "// {}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char reason[HOTSLOT_REASON_MAX] = "";
		json_t *object = NULL;

		assert_int_equal(
			frame_parse(lines[i], strlen(lines[i]), &object, reason), -EBADMSG);
		assert_null(object);
		assert_true(*reason);
	}
}

static void test_deep_nesting_is_refused(void **state)
{
	static char line[HOTSLOT_FRAME_MAX];
	char reason[HOTSLOT_REASON_MAX];
	json_t *object = NULL;

	(void)state;
	memset(line, '[', sizeof(line) - 1);
	memcpy(line, "{\"a\":", 5);
	assert_int_equal(frame_parse(line, sizeof(line) - 1, &object, reason), -EBADMSG);
}

static void test_an_object_becomes_one_line(void **state)
{
	json_t *object = json_pack("{s:i, s:s}", "id", 7, "text", "a\nb");
	char *frame = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(frame_format(object, &frame, &length), 0);
	assert_string_equal(frame, "{\"id\":7,\"text\":\"a\\nb\"}\n");
	assert_int_equal(length, strlen(frame));
	free(frame);
	json_decref(object);
}

/* {"a":"…"} and a newline are nine bytes more than the text. */
static int format_text(size_t text_length)
{
	_cleanup_free_ char *text = calloc(1, text_length + 1), *frame = NULL;
	json_t *object;
	size_t length;
	int r;

	memset(text, 'x', text_length);
	object = json_pack("{s:s}", "a", text);
	r = frame_format(object, &frame, &length);
	if (r == 0) {
		assert_int_equal(length, text_length + 9);
		assert_int_equal(strlen(frame), length);
		assert_memory_equal(frame + 6, text, text_length);
		assert_string_equal(frame + 6 + text_length, "\"}\n");
	}
	json_decref(object);
	return r;
}

static void test_frames_of_any_length_are_whole(void **state)
{
	(void)state;
	for (size_t length = 1000; length < 1040; length++)
		assert_int_equal(format_text(length), 0);
	assert_int_equal(format_text(HOTSLOT_FRAME_MAX / 2), 0);
}

static void test_no_frame_is_made_that_nobody_would_take(void **state)
{
	(void)state;
	assert_int_equal(format_text(HOTSLOT_FRAME_MAX - 9), 0);
	assert_int_equal(format_text(HOTSLOT_FRAME_MAX - 8), -EMSGSIZE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_are_the_same_however_the_bytes_come),
		cmocka_unit_test(test_a_frame_of_the_greatest_size_is_taken),
		cmocka_unit_test(test_an_oversized_frame_is_dropped_and_the_next_one_is_read),
		cmocka_unit_test(test_a_resync_ends_an_oversized_frame),
		cmocka_unit_test(test_a_frame_with_a_nul_in_it_has_its_whole_length),
		cmocka_unit_test(test_a_reset_forgets_the_unfinished_line),
		cmocka_unit_test(test_random_bytes_never_break_the_reader),
		cmocka_unit_test(test_an_object_is_parsed),
		cmocka_unit_test(test_what_is_no_object_is_refused_with_a_reason),
		cmocka_unit_test(test_deep_nesting_is_refused),
		cmocka_unit_test(test_an_object_becomes_one_line),
		cmocka_unit_test(test_frames_of_any_length_are_whole),
		cmocka_unit_test(test_no_frame_is_made_that_nobody_would_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
