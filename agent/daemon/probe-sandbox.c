/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes from the probe's child all that reading one descriptor does not need. */
#include "probe-sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/blkzoned.h>
#include <linux/fs.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "util.h"

/* The overflow user and group of the kernel, nobody and nogroup. */
#define NOBODY 65534

static int close_others(int fd)
{
	if (dup2(fd, PROBE_SANDBOX_FD) < 0)
		return -errno;
	if (syscall(SYS_close_range, PROBE_SANDBOX_FD + 1, ~0U, 0) < 0)
		return -errno;
	return 0;
}

static int limit(__rlimit_resource_t resource, rlim_t value)
{
	const struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

/* The limit counts what is mapped already, which a sanitizer makes very large. */
static int limit_memory(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages;

	if (!file)
		return -errno;
	if (fscanf(file, "%lu", &pages) != 1)
		return -EBADMSG;
	return limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + PROBE_MEMORY_MAX);
}

static int set_limits(unsigned cpu_seconds)
{
	int r;

	if ((r = limit(RLIMIT_CPU, cpu_seconds)) < 0 || (r = limit(RLIMIT_CORE, 0)) < 0 ||
		(r = limit(RLIMIT_FSIZE, 0)) < 0 || (r = limit(RLIMIT_NPROC, 0)) < 0 ||
		(r = limit(RLIMIT_NOFILE, PROBE_SANDBOX_FD + 1)) < 0)
		return r;
	return 0;
}

/* Leaving user ID 0 for good drops all capabilities, too. The directory is one where nothing can
 * be made and nothing is but numbers; it goes away with the process. */
static int drop_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (geteuid() != 0)
		return 0;
	if (chroot("/proc/self/fdinfo") < 0 || chdir("/") < 0)
		return -errno;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	/* The kernel forgot it when the user changed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return 0;
}

static void releasep(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

/* Harmless, with whatever arguments. The sanitizers look at the alternate stack; the calls after
 * that are what 32-bit machines make instead. */
static const int allowed[] = { SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(fstat),
	SCMP_SYS(fadvise64), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise),
	SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(sigaltstack), SCMP_SYS(_llseek), SCMP_SYS(fstat64), SCMP_SYS(fadvise64_64),
	SCMP_SYS(clock_gettime64) };

/* What only an intruder would try. */
static const int deadly[] = { SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(socket), SCMP_SYS(socketpair),
	SCMP_SYS(connect), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(tgkill),
	SCMP_SYS(mount), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(memfd_create), SCMP_SYS(write),
	SCMP_SYS(pwrite64), SCMP_SYS(writev) };

static const unsigned long disk_ioctls[] = { BLKGETSIZE64, BLKSSZGET, BLKGETZONESZ };

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = seccomp_rule_add(filter, action, calls[i], 0);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_ioctls(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < ARRAY_SIZE(disk_ioctls); i++) {
		const struct scmp_arg_cmp arguments[] = {
			{ .arg = 0, .op = SCMP_CMP_EQ, .datum_a = PROBE_SANDBOX_FD },
			{ .arg = 1, .op = SCMP_CMP_EQ, .datum_a = disk_ioctls[i] },
		};
		int r = seccomp_rule_add_array(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), ARRAY_SIZE(arguments), arguments);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_with(
	scmp_filter_ctx filter, const int *calls, size_t n, const struct scmp_arg_cmp *argument)
{
	for (size_t i = 0; i < n; i++) {
		int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i], 1, argument);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_narrow(scmp_filter_ctx filter)
{
	static const int memory[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect) };
	static const int status[] = { SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx) };
	/* Memory without code in it. */
	static const struct scmp_arg_cmp no_code = {
		.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0
	};
	/* fstat() under its newer names. */
	static const struct scmp_arg_cmp the_disk = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PROBE_SANDBOX_FD
	};
	int r;

	r = add_with(filter, memory, ARRAY_SIZE(memory), &no_code);
	if (r < 0)
		return r;
	return add_with(filter, status, ARRAY_SIZE(status), &the_disk);
}

/* What is in no list fails with EACCES: libblkid looks into sysfs (is this a whole disk, is it
 * private to device-mapper?) and asks whether it has a CD-ROM before it, and gets on without an
 * answer, as a later libblkid or libc should. */
static int load_filter(void)
{
	_cleanup_(releasep) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
	int r;

	if (!filter)
		return -ENOMEM;
	if ((r = add_all(filter, SCMP_ACT_ALLOW, allowed, ARRAY_SIZE(allowed))) < 0 ||
		(r = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, ARRAY_SIZE(deadly))) < 0 ||
		(r = add_ioctls(filter)) < 0 || (r = add_narrow(filter)) < 0)
		return r;
	return seccomp_load(filter);
}

int probe_sandbox_enter(int fd, unsigned cpu_seconds)
{
	int r;

	if ((r = limit_memory()) < 0 || (r = close_others(fd)) < 0 ||
		(r = set_limits(cpu_seconds)) < 0 || (r = drop_privileges()) < 0)
		return r;
	return load_filter();
}
