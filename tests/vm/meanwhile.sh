#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody else replaces a disk by another one, at the same place and with the same label, while
# hotslot is about to resize or detach it: the other one stays as it is. See tests/vm/meanwhile.c.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

# How often the library has read the XML of a domain, in the first call, before it acts, and after.
BEFORE=3 AFTER=4

setup_file() {
	launch vm
}

setup_test() {
	detach_all vm
	raw_image old
	raw_image new
	virsh_attach vm old 0 5 '<serial>OLD</serial>'
	disk_xml new 0 5 '<serial>NEW</serial>' >new.xml
	await_equal OLD disk_field vm 5 serial
}

meanwhile() { # resize|detach NUMBER [IN.xml]
	"$B/tests/vm/meanwhile" "$URI" vm "$1" serial:OLD "$2" old.xml "${@:3}"
}

check_new_is_there() {
	await_equal NEW disk_field vm 5 serial
	check_equal 1048576 "$(stat -c %s old)"
}

test_a_resize_leaves_a_disk_that_came_meanwhile() {
	check_match '^no-disk: The disk in slot 5 of domain vm has changed meanwhile$' \
		"$(meanwhile resize "$BEFORE" new.xml)"
	check_new_is_there
	check_equal 1048576 "$(stat -c %s new)"
}

test_a_detach_leaves_a_disk_that_came_meanwhile() {
	check_match '^no-disk: The disk in slot 5 of domain vm has changed meanwhile' \
		"$(meanwhile detach "$BEFORE" new.xml)"
	check_new_is_there
}

# Too late to help, but not to be told.
test_a_resize_tells_of_a_disk_that_came_while_it_ran() {
	check_match '^no-disk: The disk in slot 5 .* has changed meanwhile; what is there now may ' \
		"$(meanwhile resize "$AFTER" new.xml)"
	await_equal NEW disk_field vm 5 serial
	check_equal 1048576 "$(stat -c %s new)"
}

test_a_disk_that_went_meanwhile_is_detached_and_not_resized() {
	check_match '^no-disk: The disk in slot 5 of domain vm is gone meanwhile$' \
		"$(meanwhile resize "$BEFORE")"
	check_equal 1048576 "$(stat -c %s old)"
	virsh_attach vm old 0 5 '<serial>OLD</serial>'
	await_equal OLD disk_field vm 5 serial
	check_equal "done" "$(meanwhile detach "$BEFORE")"
	check_equal "" "$(slots vm)"
}

run_tests
