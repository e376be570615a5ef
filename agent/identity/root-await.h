/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an initramfs has yet to mount the root file system. */
#pragma once

#include "mounts.h"

/* Says so as long as "/" of process 1 (INIT has its mounts) is in memory and the kernel's command
 * line names a root on a disk, or, without one there, this is an initramfs by its own word
 * (os-release(5), initrd-release). hotslot-init has mounted the root before anybody asks, and says
 * so with /run/hotslot/init. */
bool root_is_awaited(const struct view *view, const struct mounts *init);
