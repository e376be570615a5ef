# SPDX-License-Identifier: LGPL-2.1-or-later
# hotslot: one plain Makefile. `make V=1` shows the commands; every path can be overridden.

VERSION := 0.1.0
SOVERSION := 0

B ?= build
DESTDIR ?=
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec/hotslot
SBINDIR ?= $(PREFIX)/sbin
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
# Where udev looks for helpers, whatever the prefix.
UDEVDIR ?= /usr/lib/udev
SYSTEMDUNITDIR ?= $(PREFIX)/lib/systemd/system
INSTALL ?= install
PKG_CONFIG ?= pkg-config
SCDOC ?= scdoc
CC ?= cc
OBJCOPY ?= objcopy

V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)';
else
Q :=
say =
endif

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wvla -Wwrite-strings -Wmissing-prototypes \
	-Wstrict-prototypes
ifdef WERROR
WARNINGS += -Werror
endif
HARDENING ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC -pthread \
	-ffunction-sections -fdata-sections $(WARNINGS) $(HARDENING) \
	-DHOTSLOT_VERSION='"$(VERSION)"' -DHOTSLOT_LIBEXECDIR='"$(LIBEXECDIR)"' \
	-DHOTSLOT_UDEVDIR='"$(UDEVDIR)"' -DHOTSLOT_SBINDIR='"$(SBINDIR)"' \
	-DHOTSLOT_DATADIR='"$(DATADIR)/hotslot"' \
	-Iagent/common -Iagent/identity -Ihost-shim/lib $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread -Wl,-z,relro,-z,now -Wl,--gc-sections $(LDFLAGS)

PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags libxml-2.0 libvirt jansson blkid libkmod libseccomp 2>/dev/null)
LIBS_AGENT := -ludev -lblkid -ljansson -lseccomp
LIBS_INIT := -lblkid -lseccomp
LIBS_MKINITRAMFS := -lkmod -larchive
LIBS_SHIM := -lvirt -lvirt-qemu -lxml2 -ljansson
LIBS_CMD := -ljansson -ledit

# ---- sources -------------------------------------------------------------------------------

COMMON_SRC := $(wildcard agent/common/*.c)
IDENTITY_SRC := $(filter-out agent/identity/hotslot-id.c agent/identity/bump.c,$(wildcard agent/identity/*.c))
DAEMON_SRC := $(filter-out agent/daemon/hotslot-agent.c,$(wildcard agent/daemon/*.c))
INIT_SRC := $(filter-out initramfs/init/hotslot-init.c,$(wildcard initramfs/init/*.c))
MKINITRAMFS_SRC := $(filter-out initramfs/mkinitramfs/hotslot-mkinitramfs.c,$(wildcard initramfs/mkinitramfs/*.c))
SHIM_SRC := $(wildcard host-shim/lib/*.c)
CMD_SRC := $(wildcard host-shim/cmd/*.c)
UNIT_SRC := $(wildcard tests/unit/test-*.c)
MAINS := agent/identity/hotslot-id.c agent/identity/bump.c agent/daemon/hotslot-agent.c initramfs/init/hotslot-init.c \
	initramfs/mkinitramfs/hotslot-mkinitramfs.c
ALL_SRC := $(COMMON_SRC) $(IDENTITY_SRC) $(DAEMON_SRC) $(INIT_SRC) $(MKINITRAMFS_SRC) \
	$(SHIM_SRC) $(CMD_SRC) $(MAINS)
MAN_SRC := $(wildcard agent/*/*.scd udev-rules/*.scd initramfs/*/*.scd host-shim/*/*.scd)

obj = $(patsubst %.c,$(B)/%.o,$(1))
PROGRAMS := $(B)/hotslot-id $(B)/hotslot-agent $(B)/hotslot-init $(B)/hotslot-mkinitramfs $(B)/hotslot
LIBHOTSLOT := $(B)/libhotslot.so.$(SOVERSION)
MANPAGES := $(addprefix $(B)/man/,$(notdir $(MAN_SRC:.scd=)))

all: $(PROGRAMS) $(LIBHOTSLOT) $(B)/libhotslot.so $(B)/libhotslot.pc $(B)/hotslot-agent.service \
	$(MANPAGES)

# ---- programs ------------------------------------------------------------------------------

# The helper runs for each event of a disk, and glibc takes longer to start than the helper to do its
# work. So it is linked with musl, where that is there, and needs no other library.
HELPER_CC ?= $(or $(if $(filter cc gcc,$(CC)),$(shell command -v musl-gcc)),$(CC))
HELPER_SRC := agent/identity/hotslot-id.c agent/identity/bump.c $(filter-out %/record.c,$(IDENTITY_SRC)) \
	$(addprefix agent/common/,encode.c log.c places.c util.c)
# The kernel's part of a start is most of it, and goes by segments and pages: so there is one segment
# of code and constants, without tables for unwinding, and one of data, not split for what would be
# read-only only after relocations, of which it has none.
HELPER_CFLAGS := -fno-pic -fno-asynchronous-unwind-tables
HELPER_LDFLAGS := -static -Wl,-z,norelro -Wl,-z,noseparate-code
$(B)/hotslot-id: $(HELPER_SRC:%.c=$(B)/helper/%.o)
	$(call say,LINK,$@)$(HELPER_CC) $(ALL_LDFLAGS) $(HELPER_LDFLAGS) -o $@ $^
$(B)/helper/%.o: %.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(HELPER_CC) $(ALL_CFLAGS) $(HELPER_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/hotslot-agent: $(call obj,agent/daemon/hotslot-agent.c $(DAEMON_SRC) $(IDENTITY_SRC) $(COMMON_SRC))
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(LIBS_AGENT)

# The first program of a boot: linking it with libraries would take longer than all that it does.
INIT_LINK := -static-pie
$(B)/hotslot-init: $(call obj,initramfs/init/hotslot-init.c $(INIT_SRC) agent/identity/mountinfo.c \
	agent/identity/place.c agent/daemon/probe-sandbox.c $(COMMON_SRC))
	$(call say,LINK,$@)$(CC) $(INIT_LINK) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_INIT) -ljansson

$(B)/hotslot-mkinitramfs: $(call obj,initramfs/mkinitramfs/hotslot-mkinitramfs.c $(MKINITRAMFS_SRC) $(COMMON_SRC))
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(LIBS_MKINITRAMFS) -ljansson

# Never unloaded: its event loop is a thread that does not end.
$(LIBHOTSLOT): $(call obj,$(SHIM_SRC) $(COMMON_SRC)) host-shim/lib/libhotslot.sym
	$(call say,LINK,$@)$(CC) -shared -Wl,-soname,$(notdir $@) $(ALL_LDFLAGS) \
		-Wl,--version-script=host-shim/lib/libhotslot.sym -Wl,-z,defs,-z,nodelete -o $@ $(filter %.o,$^) $(LIBS_SHIM)

$(B)/libhotslot.so: $(LIBHOTSLOT)
	$(Q)ln -sf $(notdir $<) $@

# The one in the build directory finds the library beside itself, the installed one in the
# system's path.
HOTSLOT_LINK = $(CC) -pie $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -L$(B) -lhotslot $(LIBS_CMD)
$(B)/hotslot: $(call obj,$(CMD_SRC) $(COMMON_SRC)) $(B)/libhotslot.so
	$(call say,LINK,$@)$(HOTSLOT_LINK) -Wl,-rpath,'$$ORIGIN'
$(B)/install/hotslot: $(call obj,$(CMD_SRC) $(COMMON_SRC)) $(B)/libhotslot.so
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)$(HOTSLOT_LINK)

# Objects depend on this, so that another compiler or other flags build everything anew.
FLAGS_NOW := $(CC) $(HELPER_CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(HELPER_CFLAGS) $(HELPER_LDFLAGS)
$(B)/flags: FORCE
	$(Q)mkdir -p $(@D); [ "$$(cat $@ 2>/dev/null)" = '$(subst ','\'',$(FLAGS_NOW))' ] || \
		printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' >$@

$(B)/%.o: %.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libhotslot.pc: host-shim/lib/libhotslot.pc.in Makefile
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)sed -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@PREFIX@|$(PREFIX)|' $< >$@

$(B)/hotslot-agent.service: agent/daemon/hotslot-agent.service.in Makefile
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)sed 's|@LIBEXECDIR@|$(LIBEXECDIR)|' $< >$@

define man_rule
$(B)/man/$(notdir $(1:.scd=)): $(1) Makefile
	$(Q)mkdir -p $$(@D)
	$$(call say,MAN,$$@)sed 's|@VERSION@|$(VERSION)|' $$< | SOURCE_DATE_EPOCH=0 $(SCDOC) >$$@
endef
$(foreach page,$(MAN_SRC),$(eval $(call man_rule,$(page))))

# ---- tests ---------------------------------------------------------------------------------

# Installs the Debian packages that are missing; PACKAGES=: where that is not wanted.
PACKAGES ?= tests/packages
# Only the tests whose path has this in it, such as vm/attach.
TESTS ?=
# Packages must be there before pkg-config is asked, so another make does the work.
BUILT_MAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# Archives, so that a test is linked with what it uses and nothing else.
comma := ,
UNIT_LIBS := $(addprefix $(B)/tests/,daemon.a identity.a init.a mkinitramfs.a shim.a cmd.a common.a \
	support.a)
$(B)/tests/cmd.a: $(call obj,$(filter-out host-shim/cmd/main.c,$(CMD_SRC)))
$(B)/tests/daemon.a: $(call obj,$(DAEMON_SRC))
$(B)/tests/init.a: $(call obj,$(INIT_SRC))
$(B)/tests/mkinitramfs.a: $(call obj,$(MKINITRAMFS_SRC))
$(B)/tests/shim.a: $(call obj,$(SHIM_SRC))
$(B)/tests/identity.a: $(call obj,$(IDENTITY_SRC))
$(B)/tests/common.a: $(call obj,$(COMMON_SRC))
$(B)/tests/support.a: $(call obj,$(filter-out tests/unit/test-%.c,$(wildcard tests/unit/*.c)) tests/mutate/images.c)
$(UNIT_LIBS) $(B)/tests/fuzz.a:
	$(Q)mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)$(AR) crD $@ $^

UNIT_TESTS := $(UNIT_SRC:%.c=$(B)/%)
$(UNIT_TESTS:=.o) $(B)/tests/unit/guest.o: ALL_CFLAGS += -Iagent/daemon -Iinitramfs/init -Iinitramfs/mkinitramfs -Ihost-shim/cmd
$(UNIT_TESTS): %: %.o $(UNIT_LIBS)
	$(call say,LINK,$@)$(CC) $(ALL_LDFLAGS) $(UNIT_LDFLAGS) -Wl,--as-needed -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(UNIT_LIBS) -Wl,--end-group \
		$(LIBS_AGENT) $(LIBS_MKINITRAMFS) $(LIBS_SHIM) $(LIBS_CMD) -lcmocka
# Under other names, as the test itself has the memory of the C library.
$(B)/tests/unit/test-bump: $(B)/tests/unit/bump.o
$(B)/tests/unit/bump.o: $(B)/agent/identity/bump.o
	$(Q)mkdir -p $(@D)
	$(Q)$(OBJCOPY) $(foreach name,malloc calloc realloc free,--redefine-sym $(name)=bump_$(name)) $< $@
unit-tests: $(UNIT_TESTS)
	@:

# The fuzz targets, with what stands in the place of a conversation, a stream and a power button.
FUZZ_WRAP := $(addprefix -Wl$(comma)--wrap=,session_request session_exchanged session_hellos session_set_clear session_set_taken \
	session_is_clear shutdown_start virDomainGetConnect virDomainOpenChannel virStreamNew \
	virStreamEventAddCallback virStreamEventUpdateCallback virStreamEventRemoveCallback \
	virStreamRecv virStreamSend virStreamAbort virStreamFree)
FUZZ_OBJ := $(call obj,$(wildcard tests/fuzz/*.c))
$(FUZZ_OBJ): private ALL_CFLAGS += -Iagent/daemon -Ihost-shim/cmd
$(B)/tests/fuzz.a: $(filter-out %/fuzzer.o,$(FUZZ_OBJ))
$(B)/tests/unit/test-corpus: $(B)/tests/fuzz.a
# Not LDFLAGS, which whoever gives them on the command line has as he says.
$(B)/tests/unit/test-corpus: private UNIT_LDFLAGS := $(FUZZ_WRAP)
$(B)/tests/unit/test-corpus: private UNIT_LIBS += $(B)/tests/fuzz.a
$(B)/tests/fuzzer: $(FUZZ_OBJ) $(UNIT_LIBS)
	$(call say,LINK,$@)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $(FUZZ_WRAP) -Wl,--as-needed -o $@ $(FUZZ_OBJ) \
		-Wl,--start-group $(UNIT_LIBS) -Wl,--end-group \
		$(LIBS_AGENT) $(LIBS_MKINITRAMFS) $(LIBS_SHIM) $(LIBS_CMD) -lcmocka

# What tests in VMs run beside the product: a guest's agent that misbehaves, a user of the library.
TEST_PROGRAMS := $(patsubst %.c,$(B)/%,$(wildcard tests/vm/*.c))
# Before the library, which has a loop.h, too.
FAKE_OBJ := $(call obj,tests/vm/fake-agent.c $(wildcard tests/fake/*.c))
$(FAKE_OBJ): ALL_CFLAGS := -Iagent/daemon $(ALL_CFLAGS)
$(B)/tests/vm/fake-agent: $(FAKE_OBJ) $(B)/tests/daemon.a $(B)/tests/common.a
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ -ludev -ljansson
$(B)/tests/vm/threads: $(B)/tests/vm/threads.o $(B)/libhotslot.so
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $< -L$(B) -lhotslot -Wl,-rpath,'$$ORIGIN/../..'
$(B)/tests/vm/watcher $(B)/tests/vm/waiter $(B)/tests/vm/restarts $(B)/tests/vm/eight $(B)/tests/vm/frozen: %: %.o $(B)/libhotslot.so
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $< -L$(B) -lhotslot -Wl,-rpath,'$$ORIGIN/../..'
$(B)/tests/vm/walk: $(call obj,tests/vm/walk.c $(wildcard tests/walk/*.c)) $(B)/tests/common.a $(B)/libhotslot.so
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) -L$(B) -lhotslot -lvirt \
		-Wl,-rpath,'$$ORIGIN/../..'
$(B)/tests/vm/meanwhile $(B)/tests/vm/batch: %: %.o $(B)/libhotslot.so
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $< -L$(B) -lhotslot -lvirt -Wl,-rpath,'$$ORIGIN/../..'
# Runs in guests, too, which have no libraries.
$(B)/tests/vm/witness $(B)/tests/vm/watch $(B)/tests/vm/holder $(B)/tests/vm/late: %: %.o $(B)/tests/common.a
	$(call say,LINK,$@)$(CC) $(ALL_LDFLAGS) -static -o $@ $^
$(B)/tests/vm/mutate: $(B)/tests/vm/mutate.o $(B)/tests/support.a $(B)/tests/common.a
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -Wl,--as-needed -o $@ $^ -lcmocka
$(B)/tests/vm/channel: $(B)/tests/vm/channel.o
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ -lvirt
# Preloaded: cpuid into all that a test runs, abrupt into virsh besides; steps has cpuid in it, and
# stands in its place.
$(B)/tests/vm/cpuid $(B)/tests/vm/abrupt: %: %.o
	$(call say,LINK,$@)$(CC) -shared $(ALL_LDFLAGS) -o $@ $^
$(B)/tests/vm/steps: $(B)/tests/vm/steps.o $(B)/tests/vm/cpuid.o $(B)/tests/common.a
	$(call say,LINK,$@)$(CC) -shared $(ALL_LDFLAGS) -o $@ $^
test-programs: $(TEST_PROGRAMS)
	@:

$(B)/kernel/release:
	$(Q)B=$(abspath $(B)) tests/fetch-kernel

# check-more: what check leaves out for its time: migration, restarts, many domains, machine models.
# check-scale: what takes long, tests/scale: 1,000 disks, random walks of 1,000 steps.
check check-more check-scale demo:
	$(Q)$(PACKAGES) build run
	+$(Q)$(BUILT_MAKE) $@-built
bench:
	$(Q)$(PACKAGES) build run bench
	+$(Q)$(BUILT_MAKE) $@-built
check-built: all unit-tests test-programs $(B)/kernel/release
	$(Q)B=$(abspath $(B)) tests/run $(TESTS)
check-more-built: all test-programs $(B)/kernel/release
	$(Q)B=$(abspath $(B)) tests/run --more $(TESTS)
check-scale-built: all test-programs $(B)/kernel/release
	$(Q)B=$(abspath $(B)) tests/run --scale $(TESTS)
BENCH_STATIC := $(addprefix $(B)/tests/bench/,static-init listener exec-time)
BENCH_MEASURING := $(B)/tests/bench/measure $(B)/tests/bench/eight
BENCH_PROGRAMS := $(B)/tests/bench/boot-time $(BENCH_MEASURING) $(BENCH_STATIC)
$(B)/tests/bench/boot-time: $(call obj,tests/bench/boot-time.c $(COMMON_SRC))
	$(call say,LINK,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljansson
$(B)/tests/bench/listener-udevd.o: private ALL_CFLAGS += -Iinitramfs/init
$(B)/tests/bench/listener: $(call obj,$(addprefix tests/bench/listener-,answer.c udevd.c) \
	$(addprefix initramfs/init/,early.c service.c udevd.c))
$(BENCH_STATIC): %: %.o $(B)/tests/common.a
	$(call say,LINK,$@)$(CC) $(ALL_LDFLAGS) -static -o $@ $(filter %.o,$^) $(filter %.a,$^)
# With the library as others have it; the archive is for the XML of a disk.
$(BENCH_MEASURING): %: %.o $(call obj,$(addprefix tests/bench/,bench.c guest.c listener-guest.c)) \
	$(B)/libhotslot.so $(B)/tests/shim.a $(B)/tests/common.a
	$(call say,LINK,$@)$(CC) -pie $(ALL_LDFLAGS) -Wl,-rpath,'$$ORIGIN/../..' -o $@ $(filter %.o,$^) \
		-L$(B) -lhotslot $(filter %.a,$^) -lvirt -lxml2 -ljansson
bench-built: all $(BENCH_PROGRAMS) $(B)/tests/vm/witness $(B)/tests/vm/cpuid $(B)/tests/vm/abrupt $(B)/kernel/release
	$(Q)B=$(abspath $(B)) tests/bench/run
demo-built: all $(B)/tests/vm/cpuid $(B)/tests/vm/abrupt $(B)/kernel/release
	$(Q)B=$(abspath $(B)) tests/demo

# ---- lint, sanitizers ----------------------------------------------------------------------

lint sanitize:
	$(Q)$(PACKAGES) build run lint
	+$(Q)$(BUILT_MAKE) $@-built
lint-built:
	$(Q)tests/lint
	+$(Q)$(MAKE) --no-print-directory B=$(B)/lint-gcc CC=gcc WERROR=1 all unit-tests test-programs
	+$(Q)$(MAKE) --no-print-directory B=$(B)/lint-clang CC=clang WERROR=1 all unit-tests test-programs

# The helper is static, which a sanitized program cannot be: the tests take the usual one. So is
# hotslot-init, which can be linked as others are.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZED := hotslot hotslot-agent hotslot-init hotslot-mkinitramfs tests/vm/walk
sanitize-built: $(B)/hotslot-id $(B)/tests/vm/witness $(B)/tests/vm/abrupt $(B)/kernel/release
	+$(Q)$(MAKE) --no-print-directory B=$(B)/sanitize HARDENING= CFLAGS='-O1 -g $(SANITIZE)' \
		LDFLAGS='$(SANITIZE)' INIT_LINK=-pie $(addprefix $(B)/sanitize/,$(SANITIZED)) unit-tests
	$(Q)B=$(abspath $(B)) tests/sanitize

# ---- fuzzing -------------------------------------------------------------------------------

# Each target of TESTS (all) for so many seconds, with libFuzzer, which clang brings along.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
fuzz:
	$(Q)$(PACKAGES) build run fuzz
	+$(Q)$(BUILT_MAKE) $@-built
fuzz-built:
	+$(Q)$(MAKE) --no-print-directory B=$(B)/fuzz CC=clang HARDENING= CFLAGS='-O1 -g $(FUZZ_FLAGS)' \
		LDFLAGS='-fsanitize=address,undefined' $(B)/fuzz/tests/fuzzer
	$(Q)B=$(abspath $(B)/fuzz) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(TESTS)

# ---- install -------------------------------------------------------------------------------

# Mode, file and place of all that is installed: one list for install and uninstall.
COMPLETIONS := $(wildcard agent/*/*.bash-completion initramfs/*/*.bash-completion \
	host-shim/*/*.bash-completion)
into = $(foreach file,$(2),$(1):$(file):$(3)/$(notdir $(file)))
INSTALLED := $(call into,755,$(B)/install/hotslot,$(BINDIR)) \
	$(call into,755,$(B)/hotslot-agent $(B)/hotslot-mkinitramfs,$(SBINDIR)) \
	$(call into,755,$(B)/hotslot-init,$(LIBEXECDIR)) \
	$(call into,755,$(B)/hotslot-id,$(UDEVDIR)) \
	$(call into,644,udev-rules/60-hotslot.rules,$(UDEVDIR)/rules.d) \
	$(call into,644,$(LIBHOTSLOT),$(LIBDIR)) \
	$(call into,644,host-shim/lib/hotslot.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-appliance.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-backend.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-domain.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-definition.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-health.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-many.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-status.h,$(INCLUDEDIR)) \
	$(call into,644,host-shim/lib/hotslot-timing.h,$(INCLUDEDIR)) \
	$(call into,644,$(B)/libhotslot.pc,$(PKGCONFIGDIR)) \
	$(call into,644,$(B)/hotslot-agent.service,$(SYSTEMDUNITDIR)) \
	$(foreach page,$(MANPAGES),$(call into,644,$(page),$(MANDIR)/man$(subst .,,$(suffix $(page))))) \
	$(foreach file,$(COMPLETIONS),644:$(file):$(BASHCOMPDIR)/$(notdir $(basename $(file))))
part = $(word $(1),$(subst :, ,$(2)))
INSTALLED_PATHS = $(foreach i,$(INSTALLED),$(DESTDIR)$(call part,3,$(i))) $(DESTDIR)$(LIBDIR)/libhotslot.so

install: all $(B)/install/hotslot
	$(Q)set -e; $(foreach i,$(INSTALLED),$(INSTALL) -D -m $(call part,1,$(i)) $(call part,2,$(i)) \
		$(DESTDIR)$(call part,3,$(i));)
	$(Q)ln -sf $(notdir $(LIBHOTSLOT)) $(DESTDIR)$(LIBDIR)/libhotslot.so
uninstall:
	$(Q)rm -f $(INSTALLED_PATHS)
	$(Q)rmdir $(DESTDIR)$(LIBEXECDIR) 2>/dev/null || :

clean:
	$(Q)rm -rf $(B)

FORCE:
.PHONY: all check check-built check-more check-more-built check-scale check-scale-built demo demo-built bench bench-built lint lint-built sanitize sanitize-built fuzz fuzz-built unit-tests \
	test-programs install uninstall clean FORCE
-include $(shell find $(B) -name '*.d' 2>/dev/null)
