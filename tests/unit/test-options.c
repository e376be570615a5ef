/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hotslot-init takes from the kernel's command line. */
#include "test.h"

/* By their paths: the library has an options.h, too. */
#include "../../initramfs/init/options.h"
#include "../../initramfs/init/root-match.h"

static void check_text(const char *actual, const char *expected)
{
	if (expected)
		assert_string_equal(actual, expected);
	else
		assert_null(actual);
}

/* ---- options_parse() ---- */

#define DEFAULTS .root_timeout_s = ROOT_TIMEOUT_DEFAULT_S

struct line {
	const char *line;
	const char *wrong; /* NULL: nothing */
	struct options options;
};

#define FOUR_MIRRORS "hotslot.mirror=/1 hotslot.mirror=/2 hotslot.mirror=/3 hotslot.mirror=/4"
#define EIGHT_MIRRORS FOUR_MIRRORS " " FOUR_MIRRORS

static const struct line lines[] = {
	{ "", NULL, { DEFAULTS } },
	{ "console=ttyS0 root=/dev/sda hotslot quiet\n", NULL, { DEFAULTS } },
	{ "xhotslot.root=a hotslotxroot=b", NULL, { DEFAULTS } },
	{ "hotslot.future=1 hotslot.=2 hotslot.flag", NULL, { DEFAULTS } },
	{ "hotslot.root=LABEL=x hotslot.rootfstype=ext4 hotslot.rootflags=a,b=c hotslot.init=/i",
		NULL,
		{ DEFAULTS, .root = "LABEL=x", .root_type = "ext4", .root_flags = "a,b=c",
			.init = "/i" } },
	{ "hotslot.links=udev hotslot.rootrw hotslot.roottimeout=5 hotslot.execend=poweroff", NULL,
		{ .root_timeout_s = 5,
			.links_by_udev = true,
			.root_writable = true,
			.power_off_at_end = true } },
	{ "hotslot.links=udev hotslot.links=agent hotslot.roottimeout=0", NULL, {} },
	{ "\thotslot.root=system \n hotslot.root=/dev/sda1 ", NULL,
		{ DEFAULTS, .root = "/dev/sda1" } },
	{ "hotslot.roottimeout=3600", NULL, { .root_timeout_s = 3600 } },
	{ "hotslot.agent=no hotslot.links=agent", NULL,
		{ DEFAULTS, .no_agent = true, .links_by_udev = true } },
	{ "hotslot.agent=no hotslot.agent=yes", NULL, { DEFAULTS } },
	{ "hotslot.contents=no", NULL, { DEFAULTS, .no_contents = true } },
	{ "hotslot.contents=no hotslot.contents=yes", NULL, { DEFAULTS } },
	{ "hotslot.mirror=/run/a hotslot.mirror=\"/srv/b c\"", NULL,
		{ DEFAULTS, .mirrors = { "/run/a", "/srv/b c" }, .n_mirrors = 2 } },
	/* The kernel's quotes. */
	{ "hotslot.root=\"LABEL=a b\"", NULL, { DEFAULTS, .root = "LABEL=a b" } },
	{ "\"hotslot.root=LABEL=a b\" hotslot.rootrw", NULL,
		{ DEFAULTS, .root = "LABEL=a b", .root_writable = true } },
	{ "x=\"hotslot.rootrw\" y=\" hotslot.rootrw \"", NULL, { DEFAULTS } },
	{ "hotslot.root=LABEL=a\"b", NULL, { DEFAULTS, .root = "LABEL=a\"b" } },
	{ "hotslot.root=\"LABEL=a b", NULL, { DEFAULTS, .root = "LABEL=a b" } },
	{ "hotslot.exec=\"/bin/a 'b c' d\"", NULL, { DEFAULTS, .exec = (char *)"/bin/a 'b c' d" } },
	{ "hotslot.exec=", NULL, { DEFAULTS, .exec = (char *)"" } },
	{ "\"", NULL, { DEFAULTS } },
	{ "=", NULL, { DEFAULTS } },
	{ .line = "hotslot.root=", .wrong = "hotslot.root" },
	{ .line = "hotslot.root", .wrong = "hotslot.root" },
	{ .line = "hotslot.root=\"\"", .wrong = "hotslot.root" },
	{ .line = "hotslot.rootfstype=", .wrong = "hotslot.rootfstype" },
	{ .line = "hotslot.agent=", .wrong = "hotslot.agent" },
	{ .line = "hotslot.contents", .wrong = "hotslot.contents" },
	{ .line = "hotslot.contents=0", .wrong = "hotslot.contents" },
	{ .line = "hotslot.mirror=run", .wrong = "hotslot.mirror" },
	{ .line = "hotslot.mirror", .wrong = "hotslot.mirror" },
	{ .line = EIGHT_MIRRORS " hotslot.mirror=/9", .wrong = "hotslot.mirror" },
	{ .line = "hotslot.init=", .wrong = "hotslot.init" },
	{ .line = "hotslot.rootrw=1", .wrong = "hotslot.rootrw" },
	{ .line = "hotslot.links", .wrong = "hotslot.links" },
	{ .line = "a hotslot.links=both b", .wrong = "hotslot.links" },
	{ .line = "hotslot.execend=reboot", .wrong = "hotslot.execend" },
	{ .line = "hotslot.roottimeout=", .wrong = "hotslot.roottimeout" },
	{ .line = "hotslot.roottimeout=-1", .wrong = "hotslot.roottimeout" },
	{ .line = "hotslot.roottimeout=1s", .wrong = "hotslot.roottimeout" },
	{ .line = "hotslot.roottimeout=3601", .wrong = "hotslot.roottimeout" },
};

static void check_options(const struct options *actual, const struct options *expected)
{
	check_text(actual->root, expected->root);
	check_text(actual->root_type, expected->root_type);
	check_text(actual->root_flags, expected->root_flags);
	check_text(actual->init, expected->init);
	check_text(actual->exec, expected->exec);
	assert_int_equal(actual->links_by_udev, expected->links_by_udev);
	assert_int_equal(actual->no_agent, expected->no_agent);
	assert_int_equal(actual->no_contents, expected->no_contents);
	assert_int_equal(actual->n_mirrors, expected->n_mirrors);
	for (size_t i = 0; i < actual->n_mirrors; i++)
		check_text(actual->mirrors[i], expected->mirrors[i]);
	assert_int_equal(actual->root_writable, expected->root_writable);
	assert_int_equal(actual->root_timeout_s, expected->root_timeout_s);
	assert_int_equal(actual->power_off_at_end, expected->power_off_at_end);
}

static void test_a_command_line_is_parsed_or_its_wrong_parameter_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *copy = strdup(lines[i].line);
		struct options options;
		const char *wrong = NULL;
		int r = options_parse(copy, &options, &wrong);

		print_message("%s\n", lines[i].line);
		assert_int_equal(r, lines[i].wrong ? -EINVAL : 0);
		check_text(wrong, lines[i].wrong);
		if (r == 0)
			check_options(&options, &lines[i].options);
	}
}

static void test_nothing_is_written_on_failure(void **state)
{
	char line[] = "hotslot.root=x hotslot.links=both";
	struct options options = { .root = "as it was" };
	const char *wrong;

	(void)state;
	assert_int_equal(options_parse(line, &options, &wrong), -EINVAL);
	assert_string_equal(options.root, "as it was");
}

/* ---- split_words() ---- */

struct command {
	const char *text;
	int r;
	const char *words[4];
};

static const struct command commands[] = {
	{ "", 0, { NULL } },
	{ " \t\n", 0, { NULL } },
	{ "/bin/a", 1, { "/bin/a" } },
	{ "  a\tb  c\n", 3, { "a", "b", "c" } },
	{ "a 'b  c'", 2, { "a", "b  c" } },
	{ "a'b c'd", 1, { "ab cd" } },
	{ "'' a ''", 3, { "", "a", "" } },
	{ "a\"b c\\", 2, { "a\"b", "c\\" } },
	{ "'", -EINVAL, { NULL } },
	{ "a 'b", -EINVAL, { NULL } },
	{ "a'b' 'c", -EINVAL, { NULL } },
};

static void test_a_command_is_split_at_blanks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		_cleanup_free_ char *copy = strdup(commands[i].text);
		char *words[WORDS_MAX + 1] = { NULL };

		print_message("%s\n", commands[i].text);
		assert_int_equal(split_words(copy, words), commands[i].r);
		for (int j = 0; j <= commands[i].r; j++)
			check_text(words[j], commands[i].words[j]);
	}
}

static void test_a_command_has_so_many_words_and_no_more(void **state)
{
	char text[2 * (WORDS_MAX + 1) + 1] = "";
	char *words[WORDS_MAX + 1];

	(void)state;
	for (int i = 0; i < WORDS_MAX; i++)
		strcat(text, "a ");
	assert_int_equal(split_words(text, words), WORDS_MAX);
	assert_null(words[WORDS_MAX]);
	memset(text, 0, sizeof(text));
	for (int i = 0; i <= WORDS_MAX; i++)
		strcat(text, "a ");
	assert_int_equal(split_words(text, words), -E2BIG);
}

/* ---- root_spec_parse() ---- */

struct spec {
	const char *text;
	int r;
	enum root_kind kind;
	const char *value;
};

static const struct spec specs[] = {
	{ "LABEL=ROOT", 0, ROOT_LABEL, "ROOT" },
	{ "LABEL=a b=c/d", 0, ROOT_LABEL, "a b=c/d" },
	{ "UUID=0a1b-2c3d", 0, ROOT_UUID, "0a1b-2c3d" },
	{ "/dev/sda1", 0, ROOT_NODE, "/dev/sda1" },
	{ "/dev/disk/by-id/x", 0, ROOT_NODE, "/dev/disk/by-id/x" },
	{ "system", 0, ROOT_SYSTEM, NULL },
	{ .text = "", .r = -EINVAL },
	{ .text = "LABEL=", .r = -EINVAL },
	{ .text = "UUID=", .r = -EINVAL },
	{ .text = "label=x", .r = -EINVAL },
	{ .text = "PARTUUID=x", .r = -EINVAL },
	{ .text = "sda1", .r = -EINVAL },
	{ .text = "/devsda1", .r = -EINVAL },
	{ .text = "systems", .r = -EINVAL },
};

static void test_a_root_is_a_label_a_uuid_a_device_or_the_system_target(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		struct root_spec spec;

		print_message("%s\n", specs[i].text);
		assert_int_equal(root_spec_parse(specs[i].text, &spec), specs[i].r);
		if (specs[i].r < 0)
			continue;
		assert_int_equal(spec.kind, specs[i].kind);
		check_text(spec.value, specs[i].value);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_command_line_is_parsed_or_its_wrong_parameter_named),
		cmocka_unit_test(test_nothing_is_written_on_failure),
		cmocka_unit_test(test_a_command_is_split_at_blanks),
		cmocka_unit_test(test_a_command_has_so_many_words_and_no_more),
		cmocka_unit_test(test_a_root_is_a_label_a_uuid_a_device_or_the_system_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
