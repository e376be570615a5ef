/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose turn it is to talk with a domain's agent, among the processes of one user.
 *
 * Who has the turn has a lock on one byte of the domain's file; who waits, on the byte that the
 * time of his coming gives, so that the line is in order and all of it goes with the processes in
 * it. The locks are the truth: what is written to the file only says "look again", and who has the
 * turn. They are OFD locks, which belong to the open file: two connections of one process wait for
 * each other, too.
 *
 * The last one removes the file, or there would be one for each domain that there ever was.
 */
#include "turn.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "turn-file.h"
#include "turn-watch.h"

/* Bytes that are locked. None of them need exist. */
#define TURN_BYTE 0
#define LINE_FIRST 1

/* Bytes that are written: the process id of the holder, and behind it what is no part of it. */
#define HOLDER_SIZE 12
#define POKE_OFFSET HOLDER_SIZE

/* Who is in front and leaves the turn lying does not run: he was stopped, or is about to die. */
#define FRONT_PATIENCE_MS 1000

/* The kernel tells of the close of a file before it drops the file's locks, so who was told of a
 * death may look too early, and is not told again. */
#define LOOK_AGAIN_MS 100

/* Each time, somebody else has opened the file, had the turn and removed the file meanwhile. */
#define JOINS_MAX 16

struct turn {
	char *key;
	turn_fn poked;
	void *data;
	int fd; /* -1: neither has it nor wants it */
	struct turn_watch *watch;
	bool held;
	off_t place;	     /* in the line, 0: none */
	uint64_t free_since; /* when it was first seen lying, 0: it is not */
	int problem;	     /* why there are no turns, 0: there are */
	bool problem_told;
};

struct turn *turn_new(const char *key, turn_fn poked, void *data)
{
	struct turn *turn = calloc(1, sizeof(*turn));

	if (!turn)
		return NULL;
	*turn = (struct turn){ .key = strdup(key), .poked = poked, .data = data, .fd = -1 };
	return turn->key ? turn : turn_free(turn);
}

const char *turn_key(const struct turn *turn)
{
	return turn->key;
}

struct turn *turn_free(struct turn *turn)
{
	if (!turn)
		return NULL;
	turn_give(turn);
	free(turn->key);
	free(turn);
	return NULL;
}

static int set_lock(const struct turn *turn, off_t start, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1 };

	return fcntl(turn->fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

/* Whether somebody else has a lock from START on, LENGTH bytes; 0: to the end. */
static bool is_locked(const struct turn *turn, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};

	return fcntl(turn->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void put(const struct turn *turn, const char *text, size_t size, off_t at)
{
	ssize_t n = pwrite(turn->fd, text, size, at);

	(void)n; /* on a full disk nobody is told; then deadlines end it */
}

static void poke(const struct turn *turn)
{
	put(turn, "\n", 1, POKE_OFFSET);
}

/* 0 if there is no place where processes could agree, or no way to hear of them. */
static bool join(struct turn *turn)
{
	_cleanup_close_ int fd = -1;

	if (turn->fd >= 0)
		return true;
	fd = turn_file_open(turn->key);
	turn->problem = fd;
	if (fd >= 0)
		turn->problem = turn_watch_add(fd, turn->poked, turn->data, &turn->watch);
	if (turn->problem < 0)
		return false;
	turn->fd = steal_fd(&fd);
	return true;
}

int turn_problem(struct turn *turn)
{
	int r = turn->problem_told ? 0 : turn->problem;

	turn->problem_told = turn->problem < 0;
	return r;
}

static void hold(struct turn *turn)
{
	char text[HOLDER_SIZE + 1];

	turn->held = true;
	snprintf(text, sizeof(text), "%-*d\n", HOLDER_SIZE - 1, (int)getpid());
	put(turn, text, HOLDER_SIZE, 0);
	if (turn->place > 0)
		(void)set_lock(turn, turn->place, F_UNLCK);
	turn->place = 0;
}

/* Whether who is in front of the line has had his time to take what lies there. */
static bool may_pass(struct turn *turn, uint64_t *ret_again)
{
	off_t in_front = turn->place > 0 ? turn->place - LINE_FIRST : 0;
	uint64_t now = now_ms();

	if (turn->place != LINE_FIRST && !is_locked(turn, LINE_FIRST, in_front))
		return true;
	if (is_locked(turn, TURN_BYTE, 1)) {
		turn->free_since = 0;
		return false;
	}
	if (turn->free_since == 0)
		turn->free_since = now;
	if (now >= turn->free_since + FRONT_PATIENCE_MS)
		return true;
	*ret_again = turn->free_since + FRONT_PATIENCE_MS;
	return false;
}

/* The file is gone: to the one that there is now. */
static void join_again(struct turn *turn)
{
	bool queued = turn->place > 0;

	turn_give(turn);
	if (queued)
		turn_queue(turn);
}

int turn_try(struct turn *turn, uint64_t *ret_again)
{
	*ret_again = now_ms() + LOOK_AGAIN_MS;
	for (int i = 0; i < JOINS_MAX; i++) {
		if (turn->held || !join(turn))
			return 0;
		if (!may_pass(turn, ret_again) || set_lock(turn, TURN_BYTE, F_WRLCK) < 0)
			return -EAGAIN;
		/* Nobody removes it while this has the turn. */
		if (!turn_file_is_gone(turn->fd)) {
			hold(turn);
			return 0;
		}
		join_again(turn);
	}
	return -EAGAIN;
}

/* All processes have the same clock, so the order of places is that of time. */
static off_t now_place(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return LINE_FIRST + (off_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void turn_queue(struct turn *turn)
{
	off_t place = now_place();

	if (turn->held || turn->place > 0 || !join(turn))
		return;
	while (set_lock(turn, place, F_WRLCK) == -EAGAIN)
		place++;
	turn->place = place;
	poke(turn);
}

static void remove_if_last(const struct turn *turn)
{
	if (!is_locked(turn, LINE_FIRST, 0) && set_lock(turn, TURN_BYTE, F_WRLCK) == 0)
		turn_file_remove(turn->key, turn->fd);
}

void turn_give(struct turn *turn)
{
	if (turn->fd < 0)
		return;
	turn->watch = turn_watch_remove(turn->watch);
	/* A fork of this process may keep the file open, and the locks. */
	if (turn->place > 0)
		(void)set_lock(turn, turn->place, F_UNLCK);
	remove_if_last(turn);
	(void)set_lock(turn, TURN_BYTE, F_UNLCK);
	poke(turn);
	closep(&turn->fd);
	turn->fd = -1;
	turn->held = false;
	turn->place = 0;
	turn->free_since = 0;
}

bool turn_is_held(const struct turn *turn)
{
	return turn->held;
}

bool turn_is_wanted(struct turn *turn)
{
	return turn->held && is_locked(turn, LINE_FIRST, 0);
}

pid_t turn_holder(struct turn *turn)
{
	char text[HOLDER_SIZE + 1] = "";
	uint64_t pid;

	if (turn->fd < 0 || pread(turn->fd, text, HOLDER_SIZE, 0) != HOLDER_SIZE)
		return 0;
	text[strcspn(text, " \n")] = '\0';
	return parse_u64(text, INT_MAX, &pid) == 0 ? (pid_t)pid : 0;
}
