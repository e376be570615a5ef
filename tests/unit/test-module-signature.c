/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* initramfs/init/module-signature.h: where a module ends and its signature begins. */
#include "test.h"

#include "module-signature.h"

#define MARK "~Module signature appended~\n"
#define TRAILER(high, low) "\0\0\2\0\0\0\0\0\0\0" high low
#define BYTES(text) text, sizeof(text) - 1

static void test_a_signature_is_found(void **state)
{
	static const struct {
		const char *module;
		size_t length, unsigned_length;
	} table[] = {
		{ BYTES("ELF"
			"sgn" TRAILER("\0", "\3") MARK),
			3 },
		{ BYTES("ELF" TRAILER("\0", "\0") MARK), 3 },
		/* None, or none that can be: it is left alone. */
		{ BYTES("ELF"), 3 },
		{ BYTES(""), 0 },
		{ BYTES(MARK), sizeof(MARK) - 1 },
		{ BYTES("ELF"
			"sgn" TRAILER("\0", "\3") MARK "\n"),
			3 + 3 + 12 + sizeof(MARK) },
		{ BYTES("ELF" TRAILER("\0", "\3") MARK), 3 + 12 + sizeof(MARK) - 1 },
		{ BYTES("ELF" TRAILER("\1", "\0") MARK), 3 + 12 + sizeof(MARK) - 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(module_unsigned_length(table[i].module, table[i].length),
			table[i].unsigned_length);
}

static void test_the_length_has_its_high_bytes_first(void **state)
{
	char module[512 + 12 + sizeof(MARK) - 1] = {};

	(void)state;
	memcpy(module + 512, TRAILER("\1", "\2") MARK, 12 + sizeof(MARK) - 1);
	assert_int_equal(module_unsigned_length(module, sizeof(module)), 512 - 0x102);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signature_is_found),
		cmocka_unit_test(test_the_length_has_its_high_bytes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
