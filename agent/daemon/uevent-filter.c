/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel pass over uevents that are none of our business. */
#include "uevent-filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdint.h>
#include <sys/socket.h>

/* The kernel's message is "ACTION@DEVPATH", "ACTION=…", "DEVPATH=…", "SUBSYSTEM=…" and more, each
 * with its NUL. If the first NUL is at offset n, SUBSYSTEM begins at 2n + 17, whatever the action:
 * n is its length, the path's and one; between come "ACTION=", "DEVPATH=" and three NULs. */
#define SUBSYSTEM_CONSTANT 17
#define SUBSYSTEM_KEY "SUBSYSTEM="

/* Paths of disks behind a few bridges are shorter; what is longer comes through. Twice as long a
 * program would pass what the kernel allows a socket (net.core.optmem_max, 20 KiB). */
#define HEADER_MAX 200

/* Four instructions for each offset that the first NUL may be at; classic BPF has no loops. */
#define SEARCH_LENGTH 4
#define TAIL_MAX 16
#define PROGRAM_MAX (SEARCH_LENGTH * HEADER_MAX + TAIL_MAX)

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

/* Looks for the first NUL and has its offset in X; accepts if there is none. */
static void emit_search(struct program *program)
{
	const unsigned short end = SEARCH_LENGTH * HEADER_MAX + 1;

	for (uint32_t i = 0; i < HEADER_MAX; i++) {
		emit(program, BPF_LD | BPF_B | BPF_ABS, 0, 0, i);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0);
		emit(program, BPF_LDX | BPF_IMM, 0, 0, i);
		emit(program, BPF_JMP | BPF_JA, 0, 0, end - program->n - 1u);
	}
	emit(program, BPF_RET | BPF_K, 0, 0, ACCEPT);
}

/* Compares the first letters of the subsystem, which is enough. */
static void emit_compare(struct program *program)
{
	const uint32_t value = SUBSYSTEM_CONSTANT + sizeof(SUBSYSTEM_KEY) - 1;

	/* X = 2n */
	emit(program, BPF_MISC | BPF_TXA, 0, 0, 0);
	emit(program, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
	emit(program, BPF_MISC | BPF_TAX, 0, 0, 0);
	/* Another shape than expected comes through. */
	emit(program, BPF_LD | BPF_W | BPF_IND, 0, 0, SUBSYSTEM_CONSTANT);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, BYTES('S', 'U', 'B', 'S'));
	emit(program, BPF_LD | BPF_W | BPF_IND, 0, 0, value);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, BYTES('b', 'l', 'o', 'c'));
	emit(program, BPF_LD | BPF_W | BPF_IND, 0, 0, value + 4);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, BYTES('i', 'o', '-', 'p'));
	emit(program, BPF_RET | BPF_K, 0, 0, DROP);
	emit(program, BPF_RET | BPF_K, 0, 0, ACCEPT);
}

int uevent_filter_attach(int fd)
{
	static struct program program;
	struct sock_fprog filter = { .filter = program.code };

	program.n = 0;
	emit_search(&program);
	emit_compare(&program);
	filter.len = program.n;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ? -errno
											 : 0;
}
