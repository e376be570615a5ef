/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The floor of a boot: an init that writes one line to the serial port, by itself: the kernel's
 * driver for it, which an appliance does without, takes its time to come up. */
#include <sys/io.h>
#include <unistd.h>

#define SERIAL_PORT 0x3f8

int main(void)
{
	static const char line[] = "static init is up\n";

	if (ioperm(SERIAL_PORT, 8, 1) == 0)
		for (const char *c = line; *c; c++)
			outb((unsigned char)*c, SERIAL_PORT);
	for (;;)
		pause();
}
