/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of which generation a domain is, by what its XML, its host and its socket tell. */
#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "domain-xml.h"
#include "generation.h"

#define UUID "6d0f9a3e-6a8b-4a0e-9f3a-0d6c3c4f7a11"
#define GENID "<genid>0a7c7a54-5f0c-4c0b-8a3f-6a3c5a1f2e90</genid>"
#define BOUND "mode='bind' "
#define NEW_ENOUGH 9000000

/* Far more than a new socket needs to differ from the one before. */
#define PATIENCE_MS 20000

struct machine {
	struct tree tree;
	char path[80]; /* of the socket */
	struct hotslot hotslot;
	struct hotslot_domain domain;
};

/* What QEMU does when it starts. */
static void make_socket(const struct machine *machine)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unlink(machine->path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", machine->path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static int set_up(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return -1;
	make_tree(&machine->tree);
	snprintf(machine->path, sizeof(machine->path), "%s/agent", machine->tree.path);
	strcpy(machine->hotslot.nonce, "nonce");
	machine->hotslot.local = true;
	machine->domain.hotslot = &machine->hotslot;
	machine->domain.link = 1;
	strcpy(machine->domain.uuid, UUID);
	machine->domain.events = events_new();
	make_socket(machine);
	*state = machine;
	return 0;
}

static int tear_down(void **state)
{
	struct machine *machine = *state;

	remove_tree(&machine->tree);
	events_unref(machine->domain.events);
	free(machine);
	return 0;
}

/* Returns what the agent is told, as the domain keeps it. */
static const char *ask(
	struct machine *machine, const char *genid, const char *mode, const struct host *host)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL;

	assert_true(asprintf(&text,
			    "<domain type='qemu' id='7'>%s<devices><channel type='unix'><source "
			    "%spath='%s'/><target type='virtio' name='org.hotslot.agent.0'/>"
			    "</channel></devices></domain>",
			    genid, mode, machine->path) > 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	generation_set(&machine->domain, xml, host);
	return machine->domain.generation;
}

static const struct host host = { .uuid = "host", .version = NEW_ENOUGH };
static const struct host other_host = { .uuid = "other", .version = NEW_ENOUGH };
static const struct host old_host = { .uuid = "host", .version = NEW_ENOUGH - 1 };

static bool keeps_birth(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, 0, STATX_BTIME, &st) == 0 && (st.stx_mask & STATX_BTIME);
}

static void check_start(struct machine *machine, const char *genid)
{
	uint64_t until = now_ms() + PATIENCE_MS;
	char before[HOTSLOT_GENERATION_MAX + 1];

	strcpy(before, ask(machine, genid, BOUND, &host));
	assert_true(machine->domain.generation_lasts);
	/* Another process, and another daemon that has made a UUID up. */
	strcpy(machine->hotslot.nonce, "other");
	machine->domain.link++;
	assert_string_equal(ask(machine, genid, BOUND, &other_host), before);
	if (keeps_birth(machine->path)) {
		assert_int_equal(chmod(machine->path, 0600), 0);
		assert_string_equal(ask(machine, genid, BOUND, &host), before);
	}
	/* Whoever has started QEMU anew. A file system's clock may be coarse, and inodes come back.
	 */
	do {
		assert_true(now_ms() < until);
		make_socket(machine);
	} while (strcmp(ask(machine, genid, BOUND, &host), before) == 0);
}

static void test_without_a_genid_it_is_that_of_the_start_of_qemu(void **state)
{
	check_start(*state, "");
}

static void test_the_start_tells_more_than_the_host_of_an_embedded_driver(void **state)
{
	struct machine *machine = *state;

	machine->hotslot.embedded = true;
	check_start(machine, GENID);
}

static void test_all_who_use_a_daemon_say_the_same_of_a_genid(void **state)
{
	struct machine *machine = *state;
	char before[HOTSLOT_GENERATION_MAX + 1];

	strcpy(before, ask(machine, GENID, BOUND, &host));
	assert_true(machine->domain.generation_lasts);
	assert_string_equal(before, UUID "/7/0a7c7a54-5f0c-4c0b-8a3f-6a3c5a1f2e90/host");
	machine->hotslot.local = false;
	assert_string_equal(ask(machine, GENID, BOUND, &host), before);
	assert_string_not_equal(ask(machine, GENID, BOUND, &other_host), before);
	machine->hotslot.local = true;
	check_start(machine, "");
}

/* What it cannot see it does not take for the same. */
static void check_connection(struct machine *machine, const char *mode, const struct host *seen)
{
	char before[HOTSLOT_GENERATION_MAX + 1];

	strcpy(before, ask(machine, "", mode, seen));
	assert_false(machine->domain.generation_lasts);
	assert_string_equal(ask(machine, "", mode, seen), before);
	machine->domain.link++;
	assert_string_not_equal(ask(machine, "", mode, seen), before);
}

static void test_who_does_not_see_the_start_is_of_another_one_in_each_connection(void **state)
{
	struct machine *machine = *state;

	check_connection(machine, "", &host);
	check_connection(machine, "mode='connect' ", &host);
	/* It may load a snapshot into the QEMU that runs. */
	check_connection(machine, BOUND, &old_host);
	machine->hotslot.local = false;
	check_connection(machine, BOUND, &host);
	machine->hotslot.local = true;
	unlink(machine->path);
	check_connection(machine, BOUND, &host);
	close(open(machine->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	check_connection(machine, BOUND, &host);
}

static void test_what_goes_back_while_qemu_runs_is_counted(void **state)
{
	struct machine *machine = *state;
	char before[HOTSLOT_GENERATION_MAX + 1];

	strcpy(before, ask(machine, "", "", &old_host));
	events_rewound(machine->domain.events);
	assert_string_not_equal(ask(machine, "", "", &old_host), before);
	/* Once. */
	strcpy(before, machine->domain.generation);
	assert_string_equal(ask(machine, "", "", &old_host), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_genid_it_is_that_of_the_start_of_qemu),
		TEST(test_the_start_tells_more_than_the_host_of_an_embedded_driver),
		TEST(test_all_who_use_a_daemon_say_the_same_of_a_genid),
		TEST(test_who_does_not_see_the_start_is_of_another_one_in_each_connection),
		TEST(test_what_goes_back_while_qemu_runs_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
