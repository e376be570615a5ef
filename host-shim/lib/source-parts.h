/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of NBD, RBD and NVMe sources, without their schemes where they are taken apart. Pure.
 */
#pragma once

#include "source.h"

#define NBD_PORT "10809" /* IANA */

int source_add_host(struct source *source, const struct uri_host *host);

int source_parse_nbd(const char *text, struct source *source);
int source_parse_nbd_unix(const char *text, struct source *source);
int source_format_nbd(const struct source *source, char **ret);

int source_parse_rbd(const char *text, struct source *source);
int source_format_rbd(const struct source *source, char **ret);

int source_parse_nvme(const char *text, struct source *source);
int source_format_nvme(const struct source *source, char **ret);
