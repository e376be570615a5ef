/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The floor of a boot: an init that prints one line. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	puts("static init is up");
	fflush(stdout);
	for (;;)
		pause();
}
