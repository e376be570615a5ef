/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel pass over uevents that are none of our business. */
#include "uevent-filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel's message is "ACTION@DEVPATH", "ACTION=…", "DEVPATH=…", "SUBSYSTEM=…" and more, each
 * with its NUL. If the first NUL is at offset n, SUBSYSTEM begins at 2n + 17, whatever the action:
 * n is its length, the path's and one; between come "ACTION=", "DEVPATH=" and three NULs. */
#define SUBSYSTEM_CONSTANT 17
#define SUBSYSTEM_KEY "SUBSYSTEM="

/* "add@" with the path of a disk is about 90 bytes, with a bridge on the way 13 more; what is
 * longer comes through. The kernel makes a load into some twelve instructions of eight bytes, and
 * gives a socket 20 KiB for its program (net.core.optmem_max). */
#define HEADER_MIN 8
#define HEADER_MAX 124

/* Four instructions for each length of the header; classic BPF has no loops. */
#define SEARCH_LENGTH 4
#define SEARCH_END (SEARCH_LENGTH * (HEADER_MAX - HEADER_MIN + 1) + 1)
#define SUBSYSTEMS_MAX 16

/* A subsystem is two words at most, each loaded, masked and compared. */
#define COMPARE_LENGTH 6
#define TAIL_MAX (8 + COMPARE_LENGTH * SUBSYSTEMS_MAX)
#define ACTION_LENGTH 3
#define PROGRAM_MAX (ACTION_LENGTH + SEARCH_END + TAIL_MAX)

#define ACCEPT 0xffffffff
#define DROP 0

#define BYTES(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short n;
};

static void emit(struct program *program, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	program->code[program->n++] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
}

/* What does not begin with "add@" is dropped. */
static void emit_add(struct program *program)
{
	emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, BYTES('a', 'd', 'd', '@'));
	emit(program, BPF_RET | BPF_K, 0, 0, DROP);
}

/* Looks for SUBSYSTEM where it would be with a header of each length, and has 2n in X; what has
 * none comes through, if it is not so short that the search ends behind it. */
static void emit_search(struct program *program)
{
	const unsigned end = program->n + SEARCH_END;

	for (uint32_t n = HEADER_MIN; n <= HEADER_MAX; n++) {
		emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, 2 * n + SUBSYSTEM_CONSTANT);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, BYTES('S', 'U', 'B', 'S'));
		emit(program, BPF_LDX | BPF_IMM, 0, 0, 2 * n);
		emit(program, BPF_JMP | BPF_JA, 0, 0, end - program->n - 1u);
	}
	emit(program, BPF_RET | BPF_K, 0, 0, ACCEPT);
}

/* Up to four bytes of NAME from OFFSET on, with its NUL, and the mask of those that count. */
static uint32_t word_of(const char *name, size_t offset, uint32_t *ret_mask)
{
	size_t length = strlen(name) + 1;
	uint32_t word = 0, mask = 0;

	for (size_t i = 0; i < 4; i++) {
		bool counts = offset + i < length;

		word = word << 8 | (counts ? (unsigned char)name[offset + i] : 0);
		mask = mask << 8 | (counts ? 0xff : 0);
	}
	*ret_mask = mask;
	return word;
}

/* Goes on behind it unless the subsystem begins like NAME; else returns RESULT. */
static void emit_compare(struct program *program, const char *name, uint32_t result)
{
	const uint32_t value = SUBSYSTEM_CONSTANT + sizeof(SUBSYSTEM_KEY) - 1;
	uint32_t mask, word = word_of(name, 0, &mask);
	bool second = strlen(name) + 1 > 4;

	/* Shorter names have a mask, and no second word. */
	emit(program, BPF_LD | BPF_W | BPF_IND, 0, 0, value);
	if (!second)
		emit(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, second ? 4 : 1, word);
	if (second) {
		word = word_of(name, 4, &mask);
		emit(program, BPF_LD | BPF_W | BPF_IND, 0, 0, value + 4);
		emit(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, word);
	}
	emit(program, BPF_RET | BPF_K, 0, 0, result);
}

int uevent_filter_attach(
	int fd, enum uevent_verdict verdict, const char *const *subsystems, size_t n)
{
	struct program program = { .n = 0 };
	struct sock_fprog filter = { .filter = program.code };
	bool keep = verdict != UEVENT_DROP;

	if (n > SUBSYSTEMS_MAX)
		return -E2BIG;
	if (verdict == UEVENT_KEEP_ADDED)
		emit_add(&program);
	emit_search(&program);
	for (size_t i = 0; i < n; i++)
		emit_compare(&program, subsystems[i], keep ? ACCEPT : DROP);
	emit(&program, BPF_RET | BPF_K, 0, 0, keep ? DROP : ACCEPT);
	filter.len = program.n;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ? -errno
											 : 0;
}
