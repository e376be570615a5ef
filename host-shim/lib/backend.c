/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the host serves a disk (caching, limits, secrets): checked, and written as XML. Pure. */
#include "backend.h"

#include <ctype.h>
#include <string.h>

#include "encode.h"

/* QEMU's for each limit (include/qemu/throttle.h), which libvirt refuses more than, too. */
#define LIMIT_MAX 1000000000000000ULL

#define UUID_TEXT_LENGTH 36

#define OFFSET(member) offsetof(struct hotslot_backend_options, member)

/* Texts that become attributes of <driver>, with the values that QEMU has for them. */
static const struct {
	const char *name, *attribute;
	size_t offset;
	const char *values[6];
} words[] = {
	{ "cache", "cache", OFFSET(cache),
		{ "none", "writeback", "writethrough", "directsync", "unsafe" } },
	{ "io", "io", OFFSET(io), { "threads", "native", "io_uring" } },
	{ "discard", "discard", OFFSET(discard), { "unmap", "ignore" } },
	{ "detect-zeroes", "detect_zeroes", OFFSET(detect_zeroes), { "on", "off", "unmap" } },
};

/* Numbers that become elements of <iotune>. */
static const struct {
	const char *name, *element;
	size_t offset;
} limits[] = {
	{ "bps", "total_bytes_sec", OFFSET(bps) },
	{ "read-bps", "read_bytes_sec", OFFSET(read_bps) },
	{ "write-bps", "write_bytes_sec", OFFSET(write_bps) },
	{ "iops", "total_iops_sec", OFFSET(iops) },
	{ "read-iops", "read_iops_sec", OFFSET(read_iops) },
	{ "write-iops", "write_iops_sec", OFFSET(write_iops) },
};

static const char *word_of(const struct hotslot_backend_options *options, size_t offset)
{
	return *(const char *const *)((const char *)options + offset);
}

static uint64_t limit_of(const struct hotslot_backend_options *options, size_t offset)
{
	return *(const uint64_t *)((const char *)options + offset);
}

const char *backend_first_set(const struct hotslot_backend_options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (word_of(options, words[i].offset))
			return words[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limit_of(options, limits[i].offset))
			return limits[i].name;
	return options->shareable ? "shareable"
	       : options->luks	  ? "luks"
	       : options->user	  ? "user"
	       : options->secret  ? "secret"
				  : NULL;
}

/* ---- checking ---- */

static bool is_one_of(const char *text, const char *const values[6])
{
	for (size_t i = 0; i < 6 && values[i]; i++)
		if (strcmp(values[i], text) == 0)
			return true;
	return false;
}

static int check_words(const struct hotslot_backend_options *options, struct hotslot_error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *text = word_of(options, words[i].offset);
		const char *const *values = words[i].values;

		if (text && !is_one_of(text, values))
			return error_set(error, HOTSLOT_ERROR_INVALID,
				"%s '%s' is none of %s, %s%s%s%s%s%s%s", words[i].name, text,
				values[0], values[1], values[2] ? ", " : "", values[2] ?: "",
				values[3] ? ", " : "", values[3] ?: "", values[4] ? ", " : "",
				values[4] ?: "");
	}
	return 0;
}

/* What QEMU would refuse, or do otherwise in silence. */
static int check_together(
	const struct hotslot_backend_options *options, struct hotslot_error *error)
{
	const char *cache = options->cache ?: "", *discard = options->discard ?: "";

	if (options->io && strcmp(options->io, "native") == 0 && strcmp(cache, "none") != 0 &&
		strcmp(cache, "directsync") != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"io native needs cache none or directsync: it goes past the host's cache");
	if (options->detect_zeroes && strcmp(options->detect_zeroes, "unmap") == 0 &&
		strcmp(discard, "unmap") != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"detect-zeroes unmap needs discard unmap: without it nothing is freed");
	return 0;
}

static int check_limits(const struct hotslot_backend_options *options, struct hotslot_error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limit_of(options, limits[i].offset) > LIMIT_MAX)
			return error_set(error, HOTSLOT_ERROR_INVALID,
				"%s is more than the %llu that QEMU takes", limits[i].name,
				LIMIT_MAX);
	if (options->bps && (options->read_bps || options->write_bps))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"bps limits reads and writes together: read-bps and write-bps cannot be "
			"given with it");
	if (options->iops && (options->read_iops || options->write_iops))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"iops limits reads and writes together: read-iops and write-iops cannot "
			"be given with it");
	return 0;
}

static int check_text(const char *name, const char *text, struct hotslot_error *error)
{
	if (!text || (*text && text_is_printable(text, strlen(text))))
		return 0;
	return error_set(error, HOTSLOT_ERROR_INVALID, "The %s is empty or not printable", name);
}

static int check_secrets(const struct hotslot_backend_options *options, enum source_kind kind,
	bool passthrough, struct hotslot_error *error)
{
	int r = check_text("secret of luks", options->luks, error);

	if (r == 0)
		r = check_text("user", options->user, error);
	if (r == 0)
		r = check_text("secret", options->secret, error);
	if (r < 0)
		return r;
	if (options->luks && passthrough)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"luks cannot be given: the host does not read what is on a LUN that is "
			"passed through");
	if (!options->user != !options->secret)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"user and secret go together: the secret is libvirt's, with the user's "
			"password or key");
	if (options->user && kind != SOURCE_ISCSI && kind != SOURCE_RBD)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"user and secret are for iscsi:// and rbd: images");
	return 0;
}

int backend_check(const struct hotslot_backend_options *options, enum source_kind kind,
	bool passthrough, struct hotslot_error *error)
{
	int r = check_words(options, error);

	if (r == 0)
		r = check_together(options, error);
	if (r == 0)
		r = check_limits(options, error);
	return r < 0 ? r : check_secrets(options, kind, passthrough, error);
}

/* ---- writing ---- */

static bool is_uuid(const char *text)
{
	return strlen(text) == UUID_TEXT_LENGTH &&
	       strspn(text, "0123456789abcdefABCDEF-") == UUID_TEXT_LENGTH;
}

/* As libvirt writes it. */
static void write_uuid(struct xml_writer *w, const char *uuid)
{
	char text[UUID_TEXT_LENGTH + 1] = "";

	for (size_t i = 0; i < UUID_TEXT_LENGTH; i++)
		text[i] = (char)tolower((unsigned char)uuid[i]);
	xml_put(w, "uuid", text);
}

static void write_secret(struct xml_writer *w, const char *type, const char *secret)
{
	xml_open(w, "secret");
	xml_put(w, "type", type);
	if (is_uuid(secret))
		write_uuid(w, secret);
	else
		xml_put(w, "usage", secret);
	xml_close(w);
}

void backend_write_driver(struct xml_writer *w, const struct hotslot_backend_options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *text = word_of(options, words[i].offset);

		if (text)
			xml_put(w, words[i].attribute, text);
	}
}

void backend_write_source(
	struct xml_writer *w, const struct hotslot_backend_options *options, enum source_kind kind)
{
	if (options->user && options->secret) {
		xml_open(w, "auth");
		xml_put(w, "username", options->user);
		write_secret(w, kind == SOURCE_RBD ? "ceph" : "iscsi", options->secret);
		xml_close(w);
	}
	if (options->luks) {
		xml_open(w, "encryption");
		xml_put(w, "format", "luks");
		write_secret(w, "passphrase", options->luks);
		xml_close(w);
	}
}

void backend_write_disk(struct xml_writer *w, const struct hotslot_backend_options *options)
{
	bool open = false;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		uint64_t limit = limit_of(options, limits[i].offset);
		char text[24];

		if (!limit)
			continue;
		if (!open)
			xml_open(w, "iotune");
		open = true;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)limit);
		xml_put_text(w, limits[i].element, text);
	}
	if (open)
		xml_close(w);
	if (options->shareable) {
		xml_open(w, "shareable");
		xml_close(w);
	}
}
