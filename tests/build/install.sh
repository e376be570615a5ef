#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What make builds and installs: versions, symbols, paths, and that it all goes away again.

. "$(dirname "$0")/../lib.sh"

PROGRAMS="hotslot hotslot-agent hotslot-id hotslot-init hotslot-mkinitramfs"

build() { # ARGUMENT… of make
	MAKEFLAGS='' make -s --no-print-directory -C "$SRC" B="$B" "$@"
}

# The installed files, below the current directory.
files() {
	find "$1" ! -type d -printf '%P\n' | sort
}

test_every_program_tells_the_same_version() {
	local version program
	version=$(sed -n 's/^VERSION := //p' "$SRC/Makefile")
	for program in $PROGRAMS; do
		check_match "^$program ${version//./\\.}( \(.*\))?$" "$("$B/$program" --version)"
	done
	check_match "Version: $version" "$(<"$B/libhotslot.pc")"
}

test_every_program_has_help() {
	local program
	for program in $PROGRAMS; do
		check_match '^[Uu]sage: ' "$("$B/$program" --help)"
	done
}

test_every_program_refuses_what_it_does_not_know() {
	local program
	for program in $PROGRAMS; do
		check_fails 2 . "$B/$program" --no-such-option
		check_equal "" "$(<stdout)"
	done
}

test_the_library_exports_its_api_and_nothing_else() {
	local exported declared
	exported=$(nm -D --defined-only "$B/libhotslot.so" | awk '$2 != "A" { print $3 }' |
		sed 's/@.*//' | sort)
	declared=$(sed -n 's/.*\b\(hotslot_[a-z_]*\)(.*/\1/p' "$SRC"/host-shim/lib/hotslot*.h |
		grep -v _fn | sort -u)
	check_equal "$declared" "$exported"
}

test_the_helper_is_static_and_small() {
	check_equal "" "$(readelf -d "$B/hotslot-id" 2>/dev/null | grep NEEDED || true)"
	local size
	size=$(objcopy -S "$B/hotslot-id" stripped && stat -c %s stripped)
	[[ $size -lt 1100000 ]] || fail "hotslot-id has $size bytes"
}

test_uninstall_leaves_no_file() {
	build install DESTDIR="$PWD/root"
	[[ $(files root | wc -l) -gt 10 ]]
	build uninstall DESTDIR="$PWD/root"
	check_equal "" "$(files root)"
}

test_every_path_can_be_overridden() {
	local name variables=()
	for name in BINDIR SBINDIR LIBDIR LIBEXECDIR INCLUDEDIR MANDIR BASHCOMPDIR PKGCONFIGDIR \
		UDEVDIR SYSTEMDUNITDIR; do
		variables+=("$name=/$name")
	done
	build -n DESTDIR=/dest "${variables[@]}" uninstall >said
	check_equal "" "$(tr ' ' '\n' <said | grep '^/dest/' | grep -vE '^/dest/[A-Z]+(/|$)' || true)"
	for name in "${variables[@]}"; do
		check_match "/dest${name#*=}/" "$(<said)"
	done
}

test_a_program_builds_and_runs_with_the_installed_library() {
	build install DESTDIR="$PWD/root"
	cat >program.c <<-END
		#include <hotslot.h>
		#include <stdio.h>
		int main(void)
		{
			puts(hotslot_version());
			return 0;
		}
	END
	local flags
	export PKG_CONFIG_SYSROOT_DIR=$PWD/root
	export PKG_CONFIG_PATH=$PWD/root/usr/local/lib/pkgconfig
	flags=$(pkg-config --cflags --libs libhotslot)
	# shellcheck disable=SC2086
	"${CC:-cc}" -std=c99 -pedantic -Wall -Wextra -Werror -o program program.c $flags
	check_equal "$(sed -n 's/^VERSION := //p' "$SRC/Makefile")" \
		"$(LD_LIBRARY_PATH=$PWD/root/usr/local/lib ./program)"
	check_match "^hotslot " \
		"$(LD_LIBRARY_PATH=$PWD/root/usr/local/lib root/usr/local/bin/hotslot --version)"
}

test_nothing_unfinished_is_in_what_is_installed() {
	build install DESTDIR="$PWD/root"
	check_equal "" "$(grep -rlIE '@[A-Z]+@' root || true)"
}

run_tests
