/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot that waits for a disk to become free, in one call:
 *
 *     waiter URI DOMAIN REFERENCE MILLISECONDS
 *
 * Prints who has it as it is told ("waiting for DEVICE"), then "done" or "CODE: MESSAGE".
 */
#include <stdio.h>
#include <stdlib.h>

#include <hotslot.h>

static void on_user(void *data, const struct hotslot_user *user)
{
	(void)data;
	if (user->waiting)
		printf("waiting for %s\n", user->device);
}

int main(int argc, char **argv)
{
	struct hotslot_detach_options options = HOTSLOT_DETACH_INIT;
	struct hotslot_domain *domain;
	struct hotslot_error error;
	struct hotslot *hotslot;

	if (argc != 5)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	options.wait_ms = (unsigned)strtoul(argv[4], NULL, 10);
	options.user = on_user;
	if (hotslot_open(argv[1], &hotslot, &error) < 0 ||
		hotslot_domain_lookup(hotslot, argv[2], &domain, &error) < 0 ||
		hotslot_detach(domain, argv[3], &options, &error) < 0) {
		printf("%s: %s\n", hotslot_error_name(error.code), error.message);
		return EXIT_FAILURE;
	}
	puts("done");
	return EXIT_SUCCESS;
}
