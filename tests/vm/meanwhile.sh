#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody else replaces a disk by another one, at the same place and with the same label, while
# hotslot is about to resize or detach it: the other one stays as it is. See tests/vm/meanwhile.c.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

# How often the library has looked at a domain, in the first call, before it acts, and after.
BEFORE=3 AFTER=4
# What the kernel says of the disk when it finds it.
SEEN='0:0:0:5: .* logical blocks'

setup_file() {
	APPEND='loglevel=7' launch vm
	lengthen_xml vm
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

# Nothing but the number of its attach tells it from the one before.
test_a_detach_leaves_the_same_disk_that_went_and_came_back() {
	local console=$WORK/file/vm.console seen
	seen=$(grep -ac "$SEEN" "$console")
	check_match '^no-disk: The disk in slot 5 of domain vm has changed meanwhile' \
		"$(meanwhile detach "$BEFORE" old.xml)"
	await_equal "$((seen + 1))" grep -ac "$SEEN" "$console"
	await_equal OLD disk_field vm 5 serial
	await_equal present disk_field vm 5 state
}

# The guest is asked whether the disk is gone, and has another one in its place.
test_a_detach_leaves_a_disk_that_came_after_the_unplug() {
	local console=$WORK/file/vm.console seen
	seen=$(grep -ac "$SEEN" "$console")
	disk_xml new 0 5 "<serial>NEW</serial><alias name='ua-new'/>" >new.xml
	check_equal "done" "$("$B/tests/vm/meanwhile" "$URI" vm detach serial:OLD "$AFTER" - new.xml)"
	check_new_is_there
	check_equal present "$(disk_field vm 5 state)"
	# Nobody has had the kernel drop it and find it again.
	check_equal $((seen + 1)) "$(grep -ac "$SEEN" "$console")"
}

# libvirt gives what has no alias of its own one by its place, so it is the same again.
test_a_detach_is_done_though_another_disk_has_the_alias_after_the_unplug() {
	check_equal "done" "$("$B/tests/vm/meanwhile" "$URI" vm detach serial:OLD "$AFTER" - new.xml)"
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

# After the guest has released the disk and before it is unplugged: it uses it again, so it is asked
# again, and has booted again by the end.
test_a_detach_starts_over_if_the_guest_is_reset() {
	local console=$WORK/file/vm.console seen
	seen=$(grep -ac "$SEEN" "$console")
	hs agent vm --json | jq -r '."boot-id"' >boot-id
	check_equal "done" "$("$B/tests/vm/meanwhile" "$URI" vm detach 5 "$BEFORE" reset)"
	check_equal "" "$(slots vm)"
	# It was there when the guest came up again.
	check_equal $((seen + 1)) "$(grep -ac "$SEEN" "$console")"
	check_equal 2 "$(hs agent vm --json | jq -r '."boot-id"' | cat - boot-id | sort -u | wc -l)"
}

# What is chosen is chosen anew; what was asked for is not.
test_an_attach_takes_another_slot_or_label_if_somebody_else_was_faster() {
	raw_image mine
	disk_xml new 0 0 '<serial>NEW</serial>' >new.xml
	check_equal "done" "$("$B/tests/vm/meanwhile" "$URI" vm attach "$PWD/mine" 0 - new.xml)"
	check_equal "0 new 1 mine 5 old" "$(slots_and_files)"
	detach_all vm
	# The label of slot 0 for a disk elsewhere.
	disk_xml new 0 0 | sed "s/unit='0'/unit='7'/" >new.xml
	check_equal "done" "$("$B/tests/vm/meanwhile" "$URI" vm attach "$PWD/mine" 0 - new.xml)"
	check_equal "0 mine 7 new" "$(slots_and_files)"
}

slots_and_files() {
	hs list vm --json | jq -r '[.disks[] | "\(.slot) \(.source | sub(".*/"; ""))"] | join(" ")'
}

run_tests
