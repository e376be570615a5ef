/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes from a disk as text: a serial as a link name, a label as JSON. Reversible. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The longest serial that gets a name, bytes, and the longest name: with "-part255" it fits in
 * NAME_MAX. VPD page 0x80 could hold more, QEMU delivers 36. */
#define SERIAL_ENCODED_MAX 240
#define SERIAL_MAX SERIAL_ENCODED_MAX

/* Serials that we give ourselves: QEMU 7.2 cuts after 36 bytes, later ones refuse. */
#define SERIAL_OWN_MAX 36

/* Encodes the LEN bytes of a serial as a file name: [A-Za-z0-9_.+-] stays, every other byte
 * becomes \xNN, so do a dot at the start (no name is "." or "..") and the hyphen of a serial
 * that ends in -partN (no disk is named like a partition). Two serials never give one name.
 * RET has room for 4 * LEN + 1 bytes. */
void serial_encode(const char *serial, size_t len, char *ret);

/* The inverse. Returns the number of bytes, or -EINVAL if serial_encode() makes no such name.
 * RET has room for strlen(name) bytes. */
int serial_decode(const char *name, char *ret);

/* The value of a hexadecimal digit, in either case; -1 if it is none. */
int hex_value(char c);

/* Whether S is a serial that we would give: [A-Za-z0-9_.+-]{1,36}. */
bool serial_is_valid(const char *s);

/* Encodes LEN bytes of anything as printable UTF-8: control and format characters, the backslash
 * and bytes that are no UTF-8 become \xNN. RET has room for 4 * LEN + 1 bytes. */
void text_encode(const char *data, size_t len, char *ret);

/* Whether LEN bytes are UTF-8 without control and format characters. */
bool text_is_printable(const char *s, size_t len);
