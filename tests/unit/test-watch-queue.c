/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The events that wait for a watcher. */
#include "test.h"

#include "watch-queue.h"

static json_t *parse(const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	assert_non_null(event);
	return event;
}

static enum watch_loss add(struct events *events, const char *text, size_t bytes)
{
	json_t *event = parse(text);
	enum watch_loss loss;

	watch_queues_add(events, event, bytes);
	loss = events->watchers->loss;
	json_decref(event);
	return loss;
}

#define REMOVED(seq)                                          \
	"{\"event\":\"disk-removed\",\"seq\":" seq            \
	",\"data\":{\"slot\":3,\"place\":3,\"name\":\"sda\"," \
	"\"serial\":null,\"diskseq\":7}}"

static void test_a_queue_is_bounded_and_checked(void **state)
{
	static const char *const malformed[] = { "{\"event\":7}", "{\"event\":\"disk-removed\"}",
		"{\"event\":\"disk-removed\",\"seq\":1,\"data\":{\"place\":-1,\"diskseq\":1}}",
		"{\"event\":\"disk-removed\",\"seq\":1,\"data\":{\"place\":4259840,\"diskseq\":1}}",
		"{\"event\":\"disk-changed\",\"seq\":1,\"data\":{\"disk\":{}}}",
		"{\"event\":\"disk-added\",\"seq\":\"1\",\"data\":7}", REMOVED("-1") };
	struct events *events = events_new();
	struct watch_queue queue;
	struct watch_item *item;

	(void)state;
	watch_queue_join(&queue, events);
	assert_int_equal(add(events, REMOVED("1"), 100), WATCH_LOSS_NONE);
	assert_int_equal(
		add(events, "{\"event\":\"something-else\",\"seq\":2}", 100), WATCH_LOSS_NONE);
	item = watch_queue_take(&queue);
	assert_true(item && !item->record && !item->next && item->place == 3 && item->diskseq == 7);
	watch_item_free(item);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		print_message("%s\n", malformed[i]);
		assert_int_equal(add(events, malformed[i], 100), WATCH_LOSS_MALFORMED);
		watch_queue_clear(&queue);
	}
	assert_int_equal(add(events, REMOVED("1"), 1048576), WATCH_LOSS_NONE);
	assert_int_equal(add(events, REMOVED("2"), 1), WATCH_LOSS_GAP);
	assert_null(queue.first);
	assert_int_equal(queue.bytes, 0);
	watch_queue_leave(&queue, events);
	assert_null(events->watchers);
	events_unref(events);
}

#define DISK(event, seq)                                                                       \
	"{\"event\":\"" event "\",\"seq\":" seq                                                \
	",\"data\":{\"disk\":{\"place\":3,\"slot\":3,\"target\":0,\"lun\":3,\"serial\":\"s\"," \
	"\"conflict\":false,\"name\":\"sda\",\"devnum\":\"8:0\",\"diskseq\":7,\"size\":512,"   \
	"\"block-size\":512,\"read-only\":false,\"state\":\"present\",\"links\":[],"           \
	"\"contents\":{\"state\":\"known\"},\"partitions\":[]}}}"

static void test_disks_that_come_and_change_are_kept_in_their_order(void **state)
{
	static const char *const events_of[] = { DISK("disk-added", "1"), DISK("disk-changed", "2"),
		REMOVED("3") };
	struct events *events = events_new();
	struct watch_queue queue;
	struct watch_item *item, *next;
	int64_t seq = 0;

	(void)state;
	watch_queue_join(&queue, events);
	for (size_t i = 0; i < ARRAY_SIZE(events_of); i++)
		assert_int_equal(add(events, events_of[i], 100), WATCH_LOSS_NONE);
	for (item = watch_queue_take(&queue); item; item = next) {
		next = item->next;
		assert_int_equal(item->seq, ++seq);
		assert_int_equal(item->record != NULL, seq < 3);
		assert_int_equal(item->record ? item->record->disk.diskseq : item->diskseq, 7);
		watch_item_free(item);
	}
	assert_int_equal(seq, 3);
	watch_queue_leave(&queue, events);
	events_unref(events);
}

static void test_after_a_loss_nothing_is_kept_and_the_worst_is_remembered(void **state)
{
	struct events *events = events_new();
	struct watch_queue queue;

	(void)state;
	watch_queue_join(&queue, events);
	watch_queues_lose(events, WATCH_LOSS_GAP);
	assert_int_equal(add(events, REMOVED("1"), 100), WATCH_LOSS_GAP);
	assert_null(queue.first);
	assert_int_equal(queue.bytes, 0);
	watch_queues_lose(events, WATCH_LOSS_MALFORMED);
	watch_queues_lose(events, WATCH_LOSS_GAP);
	assert_int_equal(queue.loss, WATCH_LOSS_MALFORMED);
	watch_queue_leave(&queue, events);
	events_unref(events);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_queue_is_bounded_and_checked),
		cmocka_unit_test(test_disks_that_come_and_change_are_kept_in_their_order),
		cmocka_unit_test(test_after_a_loss_nothing_is_kept_and_the_worst_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
