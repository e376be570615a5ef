/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is on a disk or partition, as libblkid sees it. */
#pragma once

enum contents_state {
	CONTENTS_PENDING, /* not looked at yet */
	CONTENTS_KNOWN,
	CONTENTS_UNKNOWN, /* looking failed, took too long, or is turned off */
};

/* Printable UTF-8 as text_encode() makes it; empty where there is nothing. A label is at most
 * 256 bytes on any file system that libblkid knows, and may grow fourfold. */
struct contents {
	enum contents_state state;
	char type[32];
	char label[1025];
	char uuid[65];
	char table[16];
};
