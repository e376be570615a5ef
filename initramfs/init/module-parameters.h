/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kernel modules are told in an appliance. Pure. */
#pragma once

/* The parameters of the module in the file PATH, as init_module(2) takes them; "" for none. A
 * kernel may refuse the module with them and take it without. */
const char *module_parameters(const char *path);
