/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of the shell as words, quoted as in sh. */
#pragma once

/* Splits LINE in place: blanks part words, '…' and "…" and a backslash keep them together (within
 * "…" a backslash quotes only itself and a quote), a # at the start of a word begins a comment.
 * *ret_words ends with NULL, its strings are in LINE; the caller frees the array. Returns -EINVAL
 * if a quote is not closed, -ENOMEM. */
int words_split(char *line, char ***ret_words, int *ret_count);
