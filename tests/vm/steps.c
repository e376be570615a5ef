/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does something at a step of a program that uses libvirt; to be preloaded. A step is what anybody
 * outside of the process can see: the beginning and the end of a call that may change a domain or
 * tells how it is, and of each piece of text that is sent to an agent. And, of libvirt's driver,
 * embedded or in a daemon: "before virDomainAuditDisk", when QEMU has got a disk, or has not, and
 * that is not written down.
 *
 *   STEPS_AT       the step, from 1, or its name, for the first of that name only; "NAME 2" is the
 *                  second one
 *   STEPS_COMMAND  what sh(1) is to do then, and is waited for; "kill" kills the process
 *   STEPS_LOG      a file that the name of each step is added to
 *   STEPS_FAIL     "NAME CODE FROM TIMES [done]": so many calls of that function fail with that
 *                  virErrorNumber of that virErrorDomain, and are not made; or are, if "done"
 *   STEPS_LOSE_STARTS  if set, no event tells of the start of a domain, as if the daemon had gone
 *                  before it could
 *   STEPS_REFUSE   if set, no command is passed on to QEMU, as for a user with fewer rights
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "util.h"

/* Steps of one process. */
#define STEPS_MAX 1000000

static void log_step(const char *when, const char *name)
{
	const char *path = getenv("STEPS_LOG");
	_cleanup_close_ int fd =
		path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		dprintf(fd, "%s %s\n", when, name);
}

/* The command is not to have steps of its own. */
static void run_command(const char *command)
{
	char *arguments[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(command), NULL };
	pid_t pid;
	int status;

	unsetenv("LD_PRELOAD");
	if (!arguments[2] || posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ) != 0 ||
		waitpid(pid, &status, 0) != pid || status != 0) {
		dprintf(STDERR_FILENO, "steps: '%s' failed\n", command);
		_exit(99);
	}
	free(arguments[2]);
}

/* Behind the name: which of those that have it; 0: none. */
static uint64_t wanted_number(const char *text)
{
	uint64_t number = 0;

	if (*text == '\0')
		return 1;
	return *text == ' ' && parse_u64(text + 1, STEPS_MAX, &number) == 0 ? number : 0;
}

/* With the lock held: each step is asked about once. */
static bool is_step(const char *at, uint64_t count, const char *when, const char *name)
{
	static uint64_t named;
	size_t length = strlen(when), name_length = strlen(name);
	uint64_t number = 0;

	if (parse_u64(at, STEPS_MAX, &number) == 0)
		return number == count;
	if (strncmp(at, when, length) != 0 || at[length] != ' ' ||
		strncmp(at + length + 1, name, name_length) != 0)
		return false;
	number = wanted_number(at + length + 1 + name_length);
	return number > 0 && ++named == number;
}

static void step(const char *when, const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t count;
	const char *at = getenv("STEPS_AT"), *command = getenv("STEPS_COMMAND");

	pthread_mutex_lock(&lock);
	count++;
	log_step(when, name);
	if (at && command && is_step(at, count, when, name)) {
		if (strcmp(command, "kill") == 0)
			kill(getpid(), SIGKILL);
		else
			run_command(command);
	}
	pthread_mutex_unlock(&lock);
}

/* libvirt's own function of that name. */
static void *find(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		dprintf(STDERR_FILENO, "steps: no %s\n", name);
		_exit(99);
	}
	return function;
}

/* libvirt's own, by which it sets the error of a thread: src/util/virerror.c. */
typedef void (*raise_fn)(const char *file, const char *function, size_t line, int from, int code,
	virErrorLevel level, const char *text1, const char *text2, const char *text3, int number1,
	int number2, const char *format, ...);

/* As STEPS_FAIL says. */
struct failure {
	char name[64], done[8];
	int code, from, times;
};

static bool must_fail(const char *name, struct failure *ret)
{
	static unsigned calls;
	const char *text = getenv("STEPS_FAIL");

	*ret = (struct failure){};
	return text &&
	       sscanf(text, "%63s %d %d %d %7s", ret->name, &ret->code, &ret->from, &ret->times,
		       ret->done) >= 4 &&
	       strcmp(name, ret->name) == 0 &&
	       __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) < (unsigned)ret->times;
}

static void fail_call(const struct failure *failure)
{
	raise_fn raise_error = find("virRaiseErrorFull");

	raise_error(NULL, NULL, 0, failure->from, failure->code, VIR_ERR_ERROR, NULL, NULL, NULL, 0,
		0, "injected %d", failure->code);
}

/* Defines a function of libvirt with a step before and one after it. */
#define STEP(type, failed, name, parameters, ...)                \
	type name parameters                                     \
	{                                                        \
		type(*real) parameters = find(#name);            \
		struct failure failure;                          \
		bool fails = must_fail(#name, &failure);         \
		type result = failed;                            \
                                                                 \
		step("before", #name);                           \
		if (!fails || strcmp(failure.done, "done") == 0) \
			result = real(__VA_ARGS__);              \
		step("after", #name);                            \
		if (!fails)                                      \
			return result;                           \
		fail_call(&failure);                             \
		return failed;                                   \
	}

STEP(int, -1, virDomainAttachDeviceFlags,
	(virDomainPtr domain, const char *xml, unsigned int flags), domain, xml, flags)
STEP(int, -1, virDomainDetachDeviceAlias,
	(virDomainPtr domain, const char *alias, unsigned int flags), domain, alias, flags)
STEP(int, -1, virDomainBlockResize,
	(virDomainPtr domain, const char *disk, unsigned long long size, unsigned int flags),
	domain, disk, size, flags)
STEP(int, -1, virDomainSetMetadata,
	(virDomainPtr domain, int type, const char *metadata, const char *key, const char *uri,
		unsigned int flags),
	domain, type, metadata, key, uri, flags)
STEP(virDomainPtr, NULL, virDomainCreateXML,
	(virConnectPtr connection, const char *xml, unsigned int flags), connection, xml, flags)
STEP(virDomainPtr, NULL, virDomainDefineXML, (virConnectPtr connection, const char *xml),
	connection, xml)
STEP(int, -1, virDomainCreate, (virDomainPtr domain), domain)
STEP(int, -1, virDomainIsActive, (virDomainPtr domain), domain)
STEP(int, -1, virDomainIsPersistent, (virDomainPtr domain), domain)
STEP(int, -1, virDomainHasManagedSaveImage, (virDomainPtr domain, unsigned int flags), domain,
	flags)
STEP(int, -1, virDomainGetState, (virDomainPtr domain, int *state, int *reason, unsigned int flags),
	domain, state, reason, flags)
STEP(int, -1, virDomainOpenChannel,
	(virDomainPtr domain, const char *name, virStreamPtr stream, unsigned int flags), domain,
	name, stream, flags)
STEP(char *, NULL, virDomainGetXMLDesc, (virDomainPtr domain, unsigned int flags), domain, flags)
STEP(int, -1, virStreamSend, (virStreamPtr stream, const char *data, size_t length), stream, data,
	length)

/* libvirt's own, which it calls at that moment: src/conf/domain_audit.c. */
void virDomainAuditDisk(void *domain, void *before, void *after, const char *reason, bool success);

void virDomainAuditDisk(void *domain, void *before, void *after, const char *reason, bool success)
{
	void (*real)(void *, void *, void *, const char *, bool) = find("virDomainAuditDisk");

	step("before", "virDomainAuditDisk");
	real(domain, before, after, reason, success);
}

static virConnectDomainEventCallback heard; /* one is enough: they are all of one function */

static int lose_starts(
	virConnectPtr connection, virDomainPtr domain, int event, int detail, void *data)
{
	return event == VIR_DOMAIN_EVENT_STARTED ? 0
						 : heard(connection, domain, event, detail, data);
}

int virConnectDomainEventRegisterAny(virConnectPtr connection, virDomainPtr domain, int event,
	virConnectDomainEventGenericCallback callback, void *data, virFreeCallback free_data)
{
	int (*real)(virConnectPtr, virDomainPtr, int, virConnectDomainEventGenericCallback, void *,
		virFreeCallback) = find("virConnectDomainEventRegisterAny");

	if (event == VIR_DOMAIN_EVENT_ID_LIFECYCLE && getenv("STEPS_LOSE_STARTS")) {
		heard = (virConnectDomainEventCallback)(void (*)(void))callback;
		callback = VIR_DOMAIN_EVENT_CALLBACK(lose_starts);
	}
	return real(connection, domain, event, callback, data, free_data);
}

int virDomainQemuMonitorCommand(
	virDomainPtr domain, const char *command, char **result, unsigned int flags)
{
	int (*real)(virDomainPtr, const char *, char **, unsigned) =
		find("virDomainQemuMonitorCommand");

	step("before", "virDomainQemuMonitorCommand");
	return getenv("STEPS_REFUSE") ? -1 : real(domain, command, result, flags);
}
