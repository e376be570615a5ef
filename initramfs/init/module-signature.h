/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signature at the end of a kernel module: include/linux/module_signature.h. */
#pragma once

#include <stddef.h>

/* The length of a module without its signature; LENGTH if it has none. Pure. */
size_t module_unsigned_length(const char *module, size_t length);
