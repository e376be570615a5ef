/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of hotslot-id, which is gone after a millisecond: what it takes is never given back.
 * malloc() of a C library asks the kernel for memory half a dozen times first, which is as much
 * work as all that the helper reads.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "util.h"

/* What an event of udev's takes; a host with many mounts takes more. */
#define ARENA_SIZE (32 * 1024)
#define ALIGNMENT 16

/* In front of each block. */
struct header {
	_Alignas(ALIGNMENT) size_t size;
};

/* Common, which is behind all other data: what is used of it is beside that, on as few pages as can
 * be. */
__attribute__((common)) _Alignas(ALIGNMENT) char bump_arena[ARENA_SIZE];
static size_t used;

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void *malloc(size_t size)
{
	struct header *block;
	size_t whole;

	if (__builtin_add_overflow(size, sizeof(*block) + ALIGNMENT - 1, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	whole -= whole % ALIGNMENT;
	if (whole > ARENA_SIZE - used) {
		block = map(whole);
		if (!block)
			return NULL;
	} else {
		block = (struct header *)(void *)(bump_arena + used);
		used += whole;
	}
	block->size = size;
	return block + 1;
}

/* Fresh memory is zero. */
void *calloc(size_t n, size_t size)
{
	if (__builtin_mul_overflow(n, size, &size)) {
		errno = ENOMEM;
		return NULL;
	}
	return malloc(size);
}

void *realloc(void *old, size_t size)
{
	const struct header *block;
	void *p;

	if (!old)
		return malloc(size);
	block = (const struct header *)old - 1;
	if (size <= block->size)
		return old;
	p = malloc(size);
	return p ? memcpy(p, old, block->size) : NULL;
}

void free(void *p)
{
	(void)p;
}
