/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signature at the end of a kernel module. Pure. */
#include "module-signature.h"

#include <stdint.h>
#include <string.h>

/* MODULE_SIG_STRING, the last bytes of a signed module. */
#define MARK "~Module signature appended~\n"
#define MARK_LENGTH (sizeof(MARK) - 1)

/* struct module_signature, before the mark; its last four bytes are the length of the signature,
 * most significant first, which stands before it. */
#define TRAILER_LENGTH 12

size_t module_unsigned_length(const char *module, size_t length)
{
	size_t end, signature = 0;
	const char *bytes;

	if (length < MARK_LENGTH + TRAILER_LENGTH)
		return length;
	end = length - MARK_LENGTH;
	if (memcmp(module + end, MARK, MARK_LENGTH) != 0)
		return length;
	bytes = module + end - sizeof(uint32_t);
	for (size_t i = 0; i < sizeof(uint32_t); i++)
		signature = signature << 8 | (uint8_t)bytes[i];
	end -= TRAILER_LENGTH;
	return signature < end ? end - signature : length;
}
