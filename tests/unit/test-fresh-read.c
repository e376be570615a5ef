/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a disk says to SCSI commands. */
#include "test.h"

#include "fresh-read.h"
#include "scsi-command.h"

#define BYTES(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

static void check_sense(const uint8_t *data, size_t length, uint8_t key, uint8_t asc, uint8_t ascq)
{
	struct sense sense = sense_parse(data, length);

	assert_int_equal(sense.key, key);
	assert_int_equal(sense.asc, asc);
	assert_int_equal(sense.ascq, ascq);
}

static void test_sense_data_in_fixed_format(void **state)
{
	(void)state;
	check_sense(BYTES(0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 1, 0, 0, 0, 0), 6, 0x29, 1);
	/* Deferred, with the information valid and the incorrect-length bit set. */
	check_sense(BYTES(0xf1, 0, 0x25, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0), 5, 0x25, 0);
}

static void test_sense_data_in_descriptor_format(void **state)
{
	(void)state;
	check_sense(BYTES(0x72, 6, 0x3f, 0x0e, 0, 0, 0, 0), 6, 0x3f, 0x0e);
	check_sense(BYTES(0x73, 0xf5, 0x25, 0), 5, 0x25, 0);
}

static void test_what_is_no_sense_data_says_nothing(void **state)
{
	(void)state;
	check_sense(NULL, 0, 0, 0, 0);
	check_sense(BYTES(0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29), 0, 0, 0);
	check_sense(BYTES(0x72, 6, 0x29), 0, 0, 0);
	check_sense(BYTES(0x7f, 6, 0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x29, 0), 0, 0, 0);
}

/* ---- what comes of a command ---- */

static struct scsi_outcome outcome_of(
	uint8_t host_status, uint8_t *sense, uint8_t length, int resid)
{
	const struct sg_io_hdr header = { .host_status = host_status,
		.sbp = sense,
		.sb_len_wr = length,
		.dxfer_len = 255,
		.resid = resid };

	return outcome_parse(&header);
}

static void test_a_disk_is_absent_if_it_or_the_controller_says_so(void **state)
{
	uint8_t no_lun[] = { 0x72, 5, 0x25, 0 }, no_field[] = { 0x72, 5, 0x24, 0 };

	(void)state;
	assert_true(outcome_of(0, no_lun, sizeof(no_lun), 255).absent);
	assert_true(outcome_of(4, NULL, 0, 255).absent);
	assert_false(outcome_of(0, no_field, sizeof(no_field), 255).absent);
	assert_false(outcome_of(0, NULL, 0, 0).absent);
}

/* DID_NO_CONNECT, DID_ERROR. */
static void test_one_that_is_offline_has_not_answered_and_is_not_absent(void **state)
{
	(void)state;
	assert_false(outcome_of(1, NULL, 0, 255).absent);
	assert_false(outcome_of(1, NULL, 0, 255).answered);
	assert_false(outcome_of(7, NULL, 0, 255).answered);
	assert_true(outcome_of(0, NULL, 0, 0).answered);
}

static void test_an_answer_is_as_long_as_what_was_transferred(void **state)
{
	(void)state;
	assert_int_equal(outcome_of(0, NULL, 0, 0).length, 255);
	assert_int_equal(outcome_of(0, NULL, 0, 235).length, 20);
	assert_int_equal(outcome_of(0, NULL, 0, 255).length, 0);
	assert_int_equal(outcome_of(0, NULL, 0, 256).length, 0);
	assert_int_equal(outcome_of(0, NULL, 0, -1).length, 0);
}

/* ---- pages ---- */

/* The disk that is asked: its page 0x80, and how it answers. */
static struct {
	uint8_t page[600];
	size_t length;
	bool old;    /* as in SPC-2, the allocation length has 8 bits */
	size_t most; /* that it transfers */
	int error;
	uint8_t key;
	unsigned asked;
} device;

static int answer(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct scsi_outcome *ret, bool *was_reset)
{
	size_t said = device.old ? cdb[4] : (size_t)cdb[3] << 8 | cdb[4];

	(void)fd, (void)was_reset;
	assert_int_equal(n, 6);
	assert_int_equal(cdb[0], 0x12);
	assert_int_equal(cdb[2], 0x80);
	assert_true(said <= length);
	device.asked++;
	*ret = (struct scsi_outcome){ .sense.key = device.key, .answered = !device.error };
	if (device.error < 0)
		return device.error;
	ret->length = said < device.length ? said : device.length;
	ret->length = ret->length < device.most ? ret->length : device.most;
	memcpy(data, device.page, ret->length);
	return 0;
}

/* With a serial of so many bytes. */
static void put_device(size_t serial)
{
	memset(&device, 0, sizeof(device));
	memset(device.page, 's', sizeof(device.page));
	memcpy(device.page, (uint8_t[]){ 0, 0x80, (uint8_t)(serial >> 8), (uint8_t)serial }, 4);
	device.length = 4 + serial;
	device.most = SIZE_MAX;
}

static void check_page(enum fresh_result expected)
{
	char cached[sizeof(device.page)];
	bool was_reset = false;

	memcpy(cached, device.page, sizeof(cached));
	assert_int_equal(
		page_compare(answer, -1, 0x80, cached, device.length, &was_reset), expected);
}

static void test_a_page_is_the_same_however_long(void **state)
{
	static const size_t serials[] = { 0, 1, 36, 251, 252, 596 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(serials); i++) {
		put_device(serials[i]);
		check_page(FRESH_SAME);
		assert_int_equal(device.asked, serials[i] > 251 ? 2 : 1);
	}
}

static void test_an_old_device_is_asked_for_as_much_as_it_can_be(void **state)
{
	(void)state;
	put_device(36);
	device.old = true;
	check_page(FRESH_SAME);
}

static void check_other_page(size_t at, uint8_t byte, size_t length)
{
	char cached[sizeof(device.page)];
	bool was_reset = false;

	memcpy(cached, device.page, sizeof(cached));
	device.page[at] = byte;
	assert_int_equal(page_compare(answer, -1, 0x80, cached, length, &was_reset), FRESH_OTHER);
}

static void test_another_page_is_another_disks(void **state)
{
	(void)state;
	put_device(36);
	check_other_page(39, 'x', 40);
	check_other_page(3, 35, 40);
	put_device(596);
	check_other_page(599, 'x', 600);
	put_device(36);
	device.error = -EIO;
	device.key = SENSE_ILLEGAL_REQUEST;
	check_page(FRESH_OTHER);
}

/* It is no reason to drop the disk, which somebody may use. */
static void test_who_says_nothing_or_not_all_of_it_is_not_known(void **state)
{
	(void)state;
	put_device(36);
	device.most = 0;
	check_page(FRESH_UNKNOWN);
	device.most = 39;
	check_page(FRESH_UNKNOWN);
	put_device(596);
	device.most = 255;
	check_page(FRESH_UNKNOWN);
	put_device(36);
	device.error = -EIO;
	check_page(FRESH_UNKNOWN);
	device.error = -ENXIO;
	check_page(FRESH_UNKNOWN);
}

/* ---- capacity ---- */

static void test_a_capacity_is_in_blocks_of_its_own_size(void **state)
{
	(void)state;
	assert_int_equal(capacity_parse(BYTES(0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 2, 0)), 1048576);
	assert_int_equal(capacity_parse(BYTES(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0)),
		(UINT64_C(0x100000001) << 12));
}

static void test_an_absurd_capacity_is_none(void **state)
{
	(void)state;
	assert_int_equal(capacity_parse(NULL, 0), 0);
	assert_int_equal(capacity_parse(BYTES(0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 2)), 0);
	assert_int_equal(
		capacity_parse(BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0)),
		0);
	assert_int_equal(
		capacity_parse(BYTES(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0)),
		0);
}

/* How the disk answers to READ CAPACITY (16). */
static struct scsi_outcome capacity_outcome;

static int answer_capacity(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct scsi_outcome *ret, bool *was_reset)
{
	static const uint8_t mebibyte[] = { 0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 2, 0 };

	(void)fd, (void)was_reset;
	assert_int_equal(n, 16);
	assert_int_equal(cdb[0], 0x9e);
	assert_int_equal(cdb[1], 0x10);
	assert_true(cdb[13] == length && length >= sizeof(mebibyte));
	memcpy(data, mebibyte, sizeof(mebibyte));
	*ret = capacity_outcome;
	return ret->length > 0 ? 0 : -EIO;
}

static void check_capacity(struct scsi_outcome outcome, uint64_t size, enum fresh_result expected)
{
	bool was_reset = false;

	capacity_outcome = outcome;
	assert_int_equal(capacity_compare(answer_capacity, -1, size, &was_reset), expected);
}

static void test_another_capacity_is_another_size(void **state)
{
	const struct scsi_outcome told = { .answered = true, .length = 32 };

	(void)state;
	check_capacity(told, 1 << 20, FRESH_SAME);
	check_capacity(told, 2 << 20, FRESH_RESIZED);
}

/* The command is of SBC-3; but a disk that says nothing may be any disk. */
static void test_who_refuses_to_tell_its_capacity_is_the_same_and_who_is_silent_is_not_known(
	void **state)
{
	const struct scsi_outcome refused = { .answered = true }, silent = {},
				  absent = { .answered = true, .absent = true };

	(void)state;
	check_capacity(refused, 1 << 20, FRESH_SAME);
	check_capacity(silent, 1 << 20, FRESH_UNKNOWN);
	check_capacity(absent, 1 << 20, FRESH_OTHER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sense_data_in_fixed_format),
		cmocka_unit_test(test_sense_data_in_descriptor_format),
		cmocka_unit_test(test_what_is_no_sense_data_says_nothing),
		cmocka_unit_test(test_a_disk_is_absent_if_it_or_the_controller_says_so),
		cmocka_unit_test(test_one_that_is_offline_has_not_answered_and_is_not_absent),
		cmocka_unit_test(test_an_answer_is_as_long_as_what_was_transferred),
		cmocka_unit_test(test_a_page_is_the_same_however_long),
		cmocka_unit_test(test_an_old_device_is_asked_for_as_much_as_it_can_be),
		cmocka_unit_test(test_another_page_is_another_disks),
		cmocka_unit_test(test_who_says_nothing_or_not_all_of_it_is_not_known),
		cmocka_unit_test(test_a_capacity_is_in_blocks_of_its_own_size),
		cmocka_unit_test(test_an_absurd_capacity_is_none),
		cmocka_unit_test(test_another_capacity_is_another_size),
		cmocka_unit_test(
			test_who_refuses_to_tell_its_capacity_is_the_same_and_who_is_silent_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
