/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hello that starts a session, and its answer. */
#include "hello.h"

#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "json.h"
#include "wire.h"

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
	return json_pack("{s:s, s:I, s:{s:s, s:s, s:[i]}}", "execute", HOTSLOT_REQUEST_HELLO, "id",
		id, "arguments", "nonce", nonce, "generation", generation, "versions",
		HOTSLOT_PROTOCOL_VERSION);
}

static int read_members(const json_t *hello, const char *nonce, struct hotslot_agent_info *info)
{
	const char *same, *version, *boot_id, *links, *controller;
	uint64_t protocol;

	if (json_get_text(hello, "nonce", HOTSLOT_NONCE_MAX, &same) < 0 ||
		strcmp(same, nonce) != 0 ||
		json_get_u64(hello, "version", INT32_MAX, &protocol) < 0 ||
		protocol != HOTSLOT_PROTOCOL_VERSION ||
		json_get_text(hello, "agent", sizeof(info->version) - 1, &version) < 0 ||
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

int hello_read(const json_t *answer, const char *nonce, struct hotslot_agent_info *ret,
	struct hotslot_error *error)
{
	struct hotslot_agent_info info = { .size = sizeof(info) };
	const json_t *refusal = json_object_get(answer, "error");

	if (refusal) {
		const char *text = json_string_value(json_object_get(refusal, "desc"));

		return error_set(error, HOTSLOT_ERROR_AGENT, "The agent refuses the hello: %s",
			text ?: "no reason given");
	}
	if (read_members(json_object_get(answer, "return"), nonce, &info) < 0)
		return error_set(
			error, HOTSLOT_ERROR_AGENT, "The agent's answer to the hello is malformed");
	*ret = info;
	return 0;
}
