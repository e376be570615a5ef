/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The floor of a boot: an init that writes one line to the serial port, by itself: the kernel's
 * driver for it, which an appliance does without, takes its time to come up. */
#include <stdio.h>
#include <sys/io.h>
#include <time.h>
#include <unistd.h>

#define SERIAL_PORT 0x3f8

int main(void)
{
	struct timespec now;
	char line[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(line, sizeof(line), "static init is up at %lld us\n",
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	if (ioperm(SERIAL_PORT, 8, 1) == 0)
		for (const char *c = line; *c; c++)
			outb((unsigned char)*c, SERIAL_PORT);
	for (;;)
		pause();
}
