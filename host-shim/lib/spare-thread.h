/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread that stays for the next one who needs one: to make one takes ten times as long as to
 * wake it up. */
#pragma once

/* Whatever is called may hang: then a new thread does what comes next, and whichever of them is
 * done first is the one that stays. */
struct spare_thread;

/* NULL: out of memory. There is no thread before the first spare_thread_run(). */
struct spare_thread *spare_thread_new(void);

/* Has RUN(DATA) called from the thread that waits, or from a new one, with all signals blocked.
 * Returns a negative errno if there is none: it is not called then. */
int spare_thread_run(struct spare_thread *spare, void (*run)(void *data), void *data);

/* Takes NULL and returns NULL. The thread that waits has ended then; one that does something ends
 * once that is done, of which nobody waits for the end. Not from within RUN. */
struct spare_thread *spare_thread_free(struct spare_thread *spare);
