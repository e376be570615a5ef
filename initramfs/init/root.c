/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The appliance's own root disk: waiting for it. */
#include "root.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "block-device.h"
#include "log.h"
#include "root-match.h"
#include "util.h"

/* A search; the socket is open before the enumeration, so nothing falls between them. */
struct search {
	struct root_spec spec;
	int sysfd;
	int uevents;
};

enum search_result {
	SEARCH_GOES_ON = 0,
	SEARCH_FOUND = 1,
};

static void search_done(struct search *search)
{
	closep(&search->uevents);
	closep(&search->sysfd);
}

static int search_start(struct search *search)
{
	search->sysfd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (search->sysfd < 0)
		return -errno;
	search->uevents = uevent_open(0);
	return search->uevents < 0 ? search->uevents : uevent_listen(search->uevents);
}

static int look_at(struct search *search, const char *name, struct root *ret)
{
	struct block_device device;

	return block_device_read(search->sysfd, name, &device) == 0 &&
			       root_matches(&search->spec, &device, ret)
		       ? SEARCH_FOUND
		       : SEARCH_GOES_ON;
}

static int enumerate(struct search *search, struct root *ret)
{
	struct dirent **names;
	int n = device_names(search->sysfd, "block", &names), r = SEARCH_GOES_ON;

	if (n < 0)
		return n;
	for (int i = 0; i < n && r == SEARCH_GOES_ON; i++)
		r = look_at(search, names[i]->d_name, ret);
	device_names_free(names, n);
	return r;
}

/* One event, or all devices anew if events were lost. */
static int receive(struct search *search, struct root *ret)
{
	char message[UEVENT_SIZE];
	struct uevent event;
	int r = uevent_receive(search->uevents, message, &event);

	if (r == 0 && block_device_came(&event))
		return look_at(search, event.name, ret);
	return r == -ENOBUFS ? enumerate(search, ret) : SEARCH_GOES_ON;
}

static int search_until(struct search *search, uint64_t deadline, struct root *ret)
{
	int r = enumerate(search, ret);

	while (r == SEARCH_GOES_ON) {
		struct pollfd fd = { search->uevents, POLLIN, 0 };
		uint64_t now = now_ms();
		int n = poll(&fd, 1, now < deadline ? (int)(deadline - now) : 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
		r = receive(search, ret);
	}
	return r;
}

int root_find(const struct options *options, struct root *ret)
{
	_cleanup_(search_done) struct search search = { .sysfd = -1, .uevents = -1 };
	uint64_t deadline = now_ms() + options->root_timeout_s * 1000;
	int r = root_spec_parse(options->root, &search.spec);

	if (r < 0) {
		log_error("hotslot.root=%s is none of LABEL=, UUID=, /dev/... and "
			  "'system'",
			options->root);
		return r;
	}
	r = search_start(&search);
	if (r == 0)
		r = search_until(&search, deadline, ret);
	if (r == -ETIMEDOUT)
		log_error("the root disk %s has not appeared within %ju s", options->root,
			(uintmax_t)options->root_timeout_s);
	else if (r < 0)
		log_error("cannot look for the root disk %s: %s", options->root, strerror(-r));
	return r < 0 ? r : 0;
}
