/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who else does something to the file of a turn, told from libvirt's event loop.
 *
 * The whole process has one inotify descriptor: a user may have 128 of them, and a process as many
 * domains as it likes.
 */
#include "turn-watch.h"

#include <libvirt/libvirt.h>
#include <pthread.h>
#include <sys/inotify.h>

#include "util.h"

/* A death closes the file, too. */
#define EVENTS (IN_MODIFY | IN_CLOSE_WRITE)

struct turn_watch {
	struct turn_watch *next;
	int descriptor; /* inotify's; two watches of one file have the same */
	bool due;
	unsigned refs;	      /* under the list's lock, as all before */
	pthread_mutex_t lock; /* held while FN runs; recursive, as FN may remove its watch */
	turn_watch_fn fn;     /* NULL: removed */
	void *data;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct turn_watch *list;
static int inotify_fd = -1;

static void unref(struct turn_watch *watch)
{
	bool last;

	pthread_mutex_lock(&list_lock);
	last = --watch->refs == 0;
	pthread_mutex_unlock(&list_lock);
	if (!last)
		return;
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

static void mark(const struct inotify_event *event)
{
	pthread_mutex_lock(&list_lock);
	for (struct turn_watch *watch = list; watch; watch = watch->next)
		watch->due |= event->mask & IN_Q_OVERFLOW || watch->descriptor == event->wd;
	pthread_mutex_unlock(&list_lock);
}

static struct turn_watch *next_due(void)
{
	struct turn_watch *watch;

	pthread_mutex_lock(&list_lock);
	for (watch = list; watch && !watch->due; watch = watch->next)
		;
	if (watch) {
		watch->due = false;
		watch->refs++;
	}
	pthread_mutex_unlock(&list_lock);
	return watch;
}

static void on_inotify(int handle, int fd, int what, void *data)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(fd, buffer, sizeof(buffer)), size;
	struct turn_watch *watch;

	(void)handle;
	(void)what;
	(void)data;
	for (ssize_t at = 0; at < n; at += size) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		size = (ssize_t)(sizeof(*event) + event->len);
		mark(event);
	}
	while ((watch = next_due())) {
		pthread_mutex_lock(&watch->lock);
		if (watch->fn)
			watch->fn(watch->data);
		pthread_mutex_unlock(&watch->lock);
		unref(watch);
	}
}

static void start(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && virEventAddHandle(fd, VIR_EVENT_HANDLE_READABLE, on_inotify, NULL, NULL) < 0)
		closep(&fd);
	else
		inotify_fd = fd;
}

static struct turn_watch *create(turn_watch_fn fn, void *data)
{
	struct turn_watch *watch = calloc(1, sizeof(*watch));
	pthread_mutexattr_t recursive;

	if (!watch)
		return NULL;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&watch->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	watch->refs = 1;
	watch->fn = fn;
	watch->data = data;
	return watch;
}

int turn_watch_add(int fd, turn_watch_fn fn, void *data, struct turn_watch **ret)
{
	struct turn_watch *watch;
	char path[32];
	int r = 0;

	pthread_once(&once, start);
	if (inotify_fd < 0)
		return -EMFILE;
	watch = create(fn, data);
	if (!watch)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pthread_mutex_lock(&list_lock);
	watch->descriptor = inotify_add_watch(inotify_fd, path, EVENTS);
	if (watch->descriptor < 0) {
		r = -errno;
	} else {
		watch->next = list;
		list = watch;
	}
	pthread_mutex_unlock(&list_lock);
	if (r < 0)
		unref(watch);
	else
		*ret = watch;
	return r;
}

/* With the list's lock held. */
static void take_off(const struct turn_watch *gone)
{
	bool shared = false;

	for (struct turn_watch **link = &list; *link;) {
		if (*link == gone) {
			*link = gone->next;
			continue;
		}
		shared |= (*link)->descriptor == gone->descriptor;
		link = &(*link)->next;
	}
	if (!shared)
		inotify_rm_watch(inotify_fd, gone->descriptor);
}

struct turn_watch *turn_watch_remove(struct turn_watch *watch)
{
	if (!watch)
		return NULL;
	pthread_mutex_lock(&list_lock);
	take_off(watch);
	pthread_mutex_unlock(&list_lock);
	pthread_mutex_lock(&watch->lock);
	watch->fn = NULL;
	pthread_mutex_unlock(&watch->lock);
	unref(watch);
	return NULL;
}
