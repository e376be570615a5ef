/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a libvirt daemon that hangs holds up who is connected to another one:
 *
 *     frozen URI-A URI-B FILE PID
 *
 * A and B both have a domain vm, of one UUID; B has another one, other. All of them are listed;
 * then the daemon of A, PID, is stopped, somebody gets in line for the turn that FILE stands for,
 * A's domain's, and those of B are listed again. Says what is wrong on standard error and ends
 * with 1.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <hotslot.h>

/* A call takes some 10 ms; but the machine may be busy. */
#define HARM_MS 3000

/* As in lib/turn.c: where the line begins, and what is written to have the holder look. */
#define LINE_FIRST 1
#define POKE_OFFSET 12

static int failures;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	failures++;
}

static void list(const char *what, struct hotslot_domain *domain)
{
	struct hotslot_disk **disks;
	struct hotslot_error error;
	uint64_t start = now_ms();
	size_t n;

	if (hotslot_list(domain, &disks, &n, &error) < 0)
		fail(what, error.message);
	else
		hotslot_disks_free(disks, n);
	if (now_ms() - start > HARM_MS)
		fail(what, "it was held up");
}

static struct hotslot *connect_to(const char *uri)
{
	struct hotslot_error error;
	struct hotslot *hotslot;

	if (hotslot_open(uri, &hotslot, &error) == 0)
		return hotslot;
	fail(uri, error.message);
	exit(EXIT_FAILURE);
}

static struct hotslot_domain *find(struct hotslot *hotslot, const char *name)
{
	struct hotslot_domain *domain;
	struct hotslot_error error;

	if (hotslot_domain_lookup(hotslot, name, &domain, &error) == 0) {
		hotslot_domain_set_timeout(domain, 2 * HARM_MS);
		return domain;
	}
	fail(name, error.message);
	exit(EXIT_FAILURE);
}

/* Who closes it leaves the line. */
static int get_in_line(const char *path)
{
	struct flock place = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LINE_FIRST, .l_len = 1
	};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_OFD_SETLK, &place) < 0 || pwrite(fd, "\n", 1, POKE_OFFSET) != 1)
		fail(path, "cannot get in line");
	return fd;
}

int main(int argc, char *argv[])
{
	struct hotslot *a, *b;
	struct hotslot_domain *vm_a, *vm_b, *other;
	pid_t pid;
	int fd;

	if (argc != 5)
		return 2;
	a = connect_to(argv[1]);
	b = connect_to(argv[2]);
	pid = atoi(argv[4]);
	vm_a = find(a, "vm");
	vm_b = find(b, "vm");
	other = find(b, "other");
	list("vm of A", vm_a);
	list("vm of B", vm_b);
	list("other", other);
	kill(pid, SIGSTOP);
	fd = get_in_line(argv[3]);
	for (int i = 0; i < 3; i++) {
		list("other, A stopped", other);
		list("vm of B, A stopped", vm_b);
	}
	kill(pid, SIGCONT);
	close(fd);
	list("vm of A, which goes on", vm_a);
	hotslot_domain_unref(vm_a);
	hotslot_domain_unref(vm_b);
	hotslot_domain_unref(other);
	hotslot_unref(a);
	hotslot_unref(b);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
