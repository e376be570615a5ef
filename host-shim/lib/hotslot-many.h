/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libhotslot: attaching several disks. Included by hotslot.h. */
#ifndef HOTSLOT_MANY_H
#define HOTSLOT_MANY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Both functions are called from the calling thread, and may call nothing on the domain. */
struct hotslot_many_options {
	size_t size;
	/* Asked before each is begun: false begins neither it nor those behind it. NULL: all are.
	 */
	bool (*begin)(void *data, size_t number);
	/* Told, in order, what has become of each: DISK, which is the callee's to free, or ERROR;
	 * the other one is NULL. NULL: nobody is told. */
	void (*done)(void *data, size_t number, struct hotslot_disk *disk,
		const struct hotslot_error *error);
	void *data;
};
#define HOTSLOT_MANY_INIT                                   \
	{                                                   \
		.size = sizeof(struct hotslot_many_options) \
	}

/* Attaches COUNT disks as hotslot_attach() does, one after the other, but does not wait for the
 * guest's confirmation of one before it attaches the next. Each of them is there and confirmed, or
 * rolled back, when this returns. After one that fails, no other is begun; those that are under way
 * are brought to their end, and stay if they succeed. Others who wait for the domain have their
 * turn in between. Fails as the first that failed; 0 if those that were begun are attached. HOW may
 * be NULL. */
int hotslot_attach_many(struct hotslot_domain *domain,
	const struct hotslot_attach_options *const *options, size_t count,
	const struct hotslot_many_options *how, struct hotslot_error *error);

#ifdef __cplusplus
}
#endif

#endif
