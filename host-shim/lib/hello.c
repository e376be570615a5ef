/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hello that starts a session, and its answer. */
#include "hello.h"

#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "json.h"
#include "wire.h"

/* All that we speak, in order. */
static const unsigned versions[] = { HOTSLOT_PROTOCOL_VERSION };

/* A text of all versions that an agent may speak, in decimal. */
#define VERSIONS_TEXT_SIZE (HOTSLOT_VERSIONS_MAX * sizeof("2147483647, "))

int hello_make_nonce(char ret[HELLO_NONCE_SIZE])
{
	unsigned char bytes[(HELLO_NONCE_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
	return 0;
}

json_t *hello_request(json_int_t id, const char *nonce, const char *generation)
{
	json_t *offered = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		json_array_append_new(offered, json_integer(versions[i]));
	return json_pack("{s:s, s:I, s:{s:s, s:s, s:o}}", "execute", HOTSLOT_REQUEST_HELLO, "id",
		id, "arguments", "nonce", nonce, "generation", generation, "versions", offered);
}

static bool is_offered(uint64_t version)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i] == version)
			return true;
	return false;
}

/* A count that an older agent does not have. */
static int find_count(const json_t *hello, const char *key, int64_t *ret)
{
	uint64_t count;

	*ret = -1;
	if (!json_object_get(hello, key))
		return 0;
	if (json_get_u64(hello, key, HOTSLOT_PLACE_MAX, &count) < 0)
		return -EBADMSG;
	*ret = (int64_t)count;
	return 0;
}

static int find_renewed(const json_t *hello, int *ret)
{
	bool renewed;

	*ret = -1;
	if (!json_object_get(hello, "renewed"))
		return 0;
	if (json_get_bool(hello, "renewed", &renewed) < 0)
		return -EBADMSG;
	*ret = renewed;
	return 0;
}

static int read_info(const json_t *hello, struct hotslot_agent_info *info)
{
	const char *version, *boot_id, *links, *controller;

	if (json_get_text(hello, "agent", sizeof(info->version) - 1, &version) < 0 ||
		json_get_text(hello, "boot-id", sizeof(info->boot_id) - 1, &boot_id) < 0 ||
		json_get_u64(hello, "epoch", INT64_MAX, &info->epoch) < 0 ||
		json_get_text(hello, "links", sizeof(info->links) - 1, &links) < 0 ||
		json_find_text(hello, "controller", sizeof(info->controller) - 1, &controller) < 0)
		return -EBADMSG;
	if (strcmp(links, "agent") != 0 && strcmp(links, "udev") != 0)
		return -EBADMSG;
	strcpy(info->version, version);
	strcpy(info->boot_id, boot_id);
	strcpy(info->links, links);
	strcpy(info->controller, controller ?: "");
	return 0;
}

static int read_members(const json_t *answer, const char *nonce, struct hello *hello)
{
	uint64_t version;
	const char *same, *previous;

	if (json_get_text(answer, "nonce", HOTSLOT_NONCE_MAX, &same) < 0 ||
		strcmp(same, nonce) != 0 ||
		json_get_u64(answer, "version", INT32_MAX, &version) < 0 || !is_offered(version) ||
		find_count(answer, "disks", &hello->disks) < 0 ||
		find_count(answer, "released", &hello->released) < 0 ||
		find_renewed(answer, &hello->renewed) < 0 ||
		json_find_text(answer, "previous", HOTSLOT_GENERATION_MAX, &previous) < 0)
		return -EBADMSG;
	hello->version = (unsigned)version;
	strcpy(hello->previous, previous ?: "");
	return read_info(answer, &hello->info);
}

/* ---- no version that both speak ---- */

struct range {
	uint64_t min, max;
};

/* "1, 3", and the first and the last of them; empty if the agent does not say, or not sensibly. */
static void read_versions(
	const json_t *refusal, char ret_text[VERSIONS_TEXT_SIZE], struct range *ret)
{
	const json_t *theirs = json_object_get(refusal, "versions"), *version;
	size_t length = 0, i;

	ret_text[0] = '\0';
	*ret = (struct range){ .min = UINT64_MAX };
	json_array_foreach(theirs, i, version)
	{
		uint64_t number = (uint64_t)json_integer_value(version);

		if (i >= HOTSLOT_VERSIONS_MAX || number == 0 || number > INT32_MAX)
			return;
		length += snprintf(ret_text + length, VERSIONS_TEXT_SIZE - length, "%s%llu",
			i > 0 ? ", " : "", (unsigned long long)number);
		ret->min = number < ret->min ? number : ret->min;
		ret->max = number > ret->max ? number : ret->max;
	}
}

static int no_common_version(const json_t *refusal, const char *name, struct hotslot_error *error)
{
	char text[VERSIONS_TEXT_SIZE];
	const char *advice = "upgrade the older of the two";
	struct range theirs;
	int r;

	read_versions(refusal, text, &theirs);
	if (theirs.max > 0 && theirs.max < versions[0])
		advice = "upgrade hotslot-agent in the guest";
	else if (theirs.max > 0 && theirs.min > versions[ARRAY_SIZE(versions) - 1])
		advice = "upgrade hotslot on this host";
	r = error_set(error, HOTSLOT_ERROR_AGENT,
		"The agent of domain %s speaks %s%s of the protocol, this hotslot " HOTSLOT_VERSION
		" speaks ",
		name, *text ? "version " : "another version", text);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		error_append(error, "%s%u", i > 0 ? ", " : "", versions[i]);
	error_append(error, ": %s", advice);
	return r;
}

static int refused(const json_t *refusal, const char *name, struct hotslot_error *error)
{
	const char *text = json_string_value(json_object_get(refusal, "desc"));
	const char *class = json_string_value(json_object_get(refusal, "class"));

	if (class && strcmp(class, HOTSLOT_CLASS_VERSION) == 0)
		return no_common_version(refusal, name, error);
	return error_set(error, HOTSLOT_ERROR_AGENT, "The agent refuses the hello: %s",
		text ?: "no reason given");
}

int hello_read(const json_t *answer, const char *nonce, const char *name, struct hello *ret,
	struct hotslot_error *error)
{
	struct hello hello = { .info.size = sizeof(hello.info) };
	const json_t *refusal = json_object_get(answer, "error");

	if (refusal)
		return refused(refusal, name, error);
	if (read_members(json_object_get(answer, "return"), nonce, &hello) < 0)
		return error_set(
			error, HOTSLOT_ERROR_AGENT, "The agent's answer to the hello is malformed");
	*ret = hello;
	return 0;
}
