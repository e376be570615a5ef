/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has every processor of this host look the same to libvirt; preloaded into all that a test runs.
 *
 * libvirt 9.0 keeps what QEMU is capable of together with the CPUID that KVM supports, and asks
 * both QEMUs anew, for seconds, if that has changed since. In the leaves below KVM tells the id of
 * the processor that it happens to be asked on, so it "changes" with each process that runs on
 * another.
 */
#include <linux/kvm.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)

/* The id of the processor's local APIC, in EBX of leaf 1. */
#define INITIAL_APIC_ID 0xff000000u

static void forget_processor(struct kvm_cpuid2 *cpuid)
{
	for (unsigned i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

		switch (entry->function) {
		case 0x1:
			entry->ebx &= ~INITIAL_APIC_ID;
			break;
		case 0xb: /* x2APIC */
		case 0x1f:
			entry->edx = 0;
			break;
		case 0x8000001e: /* AMD's */
			entry->eax = entry->ebx = entry->ecx = 0;
			break;
		default:
			break;
		}
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;
	long result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	result = syscall(SYS_ioctl, fd, request, argument);
	if (result == 0 && request == KVM_GET_SUPPORTED_CPUID)
		forget_processor(argument);
	return (int)result;
}

#endif
