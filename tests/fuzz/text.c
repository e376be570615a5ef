/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pure parsers of the guest: serials, VPD pages, paths of sysfs, mounts, the kernel command line.
 */
#include "../../initramfs/init/options.h"
#include "controller.h"
#include "encode.h"
#include "mountinfo.h"
#include "place.h"
#include "targets.h"
#include "vpd.h"

/* ---- names ---- */

static void check_encoded(const char *data, size_t size)
{
	_cleanup_free_ char *name = malloc(4 * size + 1), *decoded = malloc(4 * size + 1);

	hold(name && decoded);
	serial_encode(data, size, name);
	hold(strlen(name) <= 4 * size && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	hold(name[strspn(name,
		     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-\\")] ==
		'\0');
	/* Two serials never share a name: each name leads back to one. */
	hold(serial_decode(name, decoded) == (int)size);
	hold(size == 0 || memcmp(decoded, data, size) == 0);
}

static void check_decoded(const char *name)
{
	_cleanup_free_ char *serial = malloc(strlen(name) + 1), *again = NULL;
	int length;

	hold(serial);
	length = serial_decode(name, serial);
	if (length < 0)
		return;
	again = malloc(4 * (size_t)length + 1);
	hold(again);
	serial_encode(serial, (size_t)length, again);
	hold(strcmp(again, name) == 0);
}

void fuzz_serial(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *printable = malloc(4 * size + 1);

	hold(printable);
	check_encoded(data, size);
	check_decoded(text);
	if (serial_is_valid(text)) {
		_cleanup_free_ char *name = malloc(4 * strlen(text) + 1);

		hold(name && strlen(text) <= SERIAL_OWN_MAX);
		serial_encode(text, strlen(text), name);
	}
	text_encode(data, size, printable);
	hold(text_is_printable(printable, strlen(printable)));
	if (text_is_printable(data, size) && !memchr(data, '\\', size))
		hold(strlen(printable) == size && memcmp(printable, data, size) == 0);
}

void fuzz_vpd(const char *data, size_t size)
{
	_cleanup_free_ char *page = malloc(size ?: 1); /* its end is a border that ASan sees */
	const char *serial;
	size_t length;

	hold(page);
	memcpy(page, data, size);
	if (vpd_find_serial(page, size, &serial, &length) < 0)
		return;
	if (length > 0) {
		hold(serial >= page && length <= size && serial + length <= page + size);
		check_encoded(serial, length);
	}
}

/* ---- paths, mounts ---- */

void fuzz_place(const char *data, size_t size)
{
	_cleanup_free_ char *path = fuzz_text(data, size);
	char controller[CONTROLLER_SIZE];
	struct place place;

	if (place_parse(path, &place) == PLACE_VIRTIO_SCSI) {
		hold(memchr(place.name, '\0', sizeof(place.name)) && *place.name);
		hold(memchr(place.controller, '\0', sizeof(place.controller)));
		hold(!strchr(place.name, '/'));
	}
	if (place_parse_controller(path, controller, sizeof(controller)) == 0)
		hold(memchr(controller, '\0', sizeof(controller)) && *controller);
}

void fuzz_mountinfo(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	static const char *const keys[] = { "lowerdir", "upperdir", "workdir", "" };
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		size_t length, whole = strlen(line);
		struct mount mount;

		if (mount_parse(line, &mount) < 0)
			continue;
		hold(mount.point >= line && mount.point + strlen(mount.point) <= line + whole);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *value = mount_option(mount.options, keys[i], &length);

			hold(!value || value + length <= line + whole);
		}
	}
}

/* ---- configuration ---- */

void fuzz_cmdline(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char value[CONTROLLER_SIZE];

	if (cmdline_find(text, CONTROLLER_PARAMETER, value, sizeof(value)) == 1)
		hold(memchr(value, '\0', sizeof(value)));
	if (config_find(text, CONTROLLER_KEY, value, sizeof(value)) == 1)
		hold(memchr(value, '\0', sizeof(value)));
}

void fuzz_options(const char *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct options options;
	const char *wrong = NULL;
	char *words[WORDS_MAX + 1];

	if (options_parse(text, &options, &wrong) < 0) {
		hold(wrong >= text && wrong <= text + size);
		return;
	}
	hold(options.n_mirrors <= OPTION_MIRRORS_MAX);
	for (size_t i = 0; i < options.n_mirrors; i++)
		hold(strlen(options.mirrors[i]) < OPTION_MIRROR_SIZE);
	if (options.exec) {
		int n = split_words(options.exec, words);

		hold(n <= WORDS_MAX && (n < 0 || !words[n]));
	}
}
