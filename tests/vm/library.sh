#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libhotslot as a program uses it that is linked with nothing else: tests/vm/threads.c.

. "$(dirname "$0")/../lib.sh"

setup_file() {
	IMAGE=$(appliance_image --no-udev)
	launch one
	launch two
}

test_threads_attach_to_two_domains_at_once_and_connections_take_turns() {
	local i
	for i in 0 1 2 3 4 5; do
		raw_image "image$i" "$((i + 1))M"
	done
	check_equal "" "$("$B/tests/vm/threads" "$URI" one two "$PWD"/image? 2>&1)"
	check_equal "" "$(slots one)$(slots two)"
}

test_the_library_alone_is_all_that_a_program_needs() {
	local needed
	needed=$(LC_ALL=C readelf -d "$B/tests/vm/threads" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	check_match '^libhotslot\.so\.[0-9]+$' "$(grep -v '^libc\.so' <<<"$needed")"
}

run_tests
