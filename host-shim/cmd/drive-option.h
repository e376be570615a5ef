/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --drive IMAGE[,format=F][,readonly][,serial=S][,slot=N][,id=I][,lun][,strict][,label=L]
 * [,any-label], and the words of disk-option.h */
#pragma once

#include "hotslot.h"

/* Parses the value of --drive, which is taken apart in place: *RET points into TEXT,
 * and to *RET_BACKEND, which does so, too. A comma in
 * a value is written twice, as in QEMU. Returns -EINVAL, and in *ret_wrong the part that is wrong
 * (empty: the image is missing). */
int drive_parse(char *text, struct hotslot_attach_options *ret,
	struct hotslot_backend_options *ret_backend, const char **ret_wrong);
