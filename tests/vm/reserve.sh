#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reserved slots: automatic choice passes over them, the domain's metadata keeps them, and nothing
# of them is in the guest.

# Guests: plain
# On demand: udevd udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../daemon.sh"

KEY=urn:hotslot:domain:1

# An embedded driver that ends while it still looks for its guest may crash, and virsh ends soon.
setup_file() {
	start_daemon "$T/d"
	launch vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	virsh -q -c "$URI" metadata vm "$KEY" --live --remove >/dev/null 2>&1 || true
	detach_all vm
}

reserved() { # NAME
	hs reserve "$1" | paste -sd ' '
}

# Our element as virsh shows it.
metadata() { # NAME [OPTION…]
	virsh -q -c "$URI" metadata "$1" "$KEY" "${@:2}" 2>/dev/null | tr -d '\n ' || true
}

test_automatic_choice_passes_over_reserved_slots() {
	raw_image a.img
	raw_image b.img
	check_equal "" "$(hs reserve vm 0 2-4)"
	check_equal "0 2 3 4" "$(reserved vm)"
	check_equal "/dev/disk/by-slot/1
/dev/disk/by-slot/5" "$(hs attach vm a.img b.img)"
	check_equal "1 5" "$(slots vm)"
}

test_a_reserved_slot_that_is_named_is_filled() {
	raw_image a.img
	hs reserve vm 0-2
	check_equal /dev/disk/by-slot/1 "$(hs attach vm a.img --slot 1)"
	check_equal "0 2" "$(reserved vm)"
	# Detached, it is not reserved again.
	hs detach vm 1
	check_equal /dev/disk/by-slot/1 "$(hs attach vm a.img)"
}

test_the_null_device_reserves_a_slot_and_attaches_nothing() {
	local before
	before=$(live_devices vm)
	check_equal "slot 0 reserved" "$(hs attach vm /dev/null)"
	check_equal "slot 7 reserved" "$(hs attach vm /dev/null --slot 7)"
	check_equal "slot 1 reserved" "$(hs attach vm /dev/null)"
	check_equal "$before" "$(live_devices vm)"
	check_equal "" "$(slots vm)"
	check_equal "0 1 7" "$(reserved vm)"
	check_equal '{"domain":"vm","disks":[{"slot":2,"target":0,"lun":2,"reserved":true}]}' \
		"$(hs attach vm /dev/null --json)"
	check_fails 1 'Slot 7 is reserved already' hs attach vm /dev/null --slot 7
}

test_the_null_device_has_nothing_that_a_disk_has() {
	check_fails 2 'no disk to have a serial' hs attach vm /dev/null --serial a
	check_fails 2 'no disk to have a id' hs attach vm /dev/null --id a
	check_fails 2 'no disk to have a format' hs attach vm /dev/null --format raw
	check_fails 2 'no disk to have a mode' hs attach vm /dev/null --readonly
	check_fails 2 'no disk to have a LUN' hs attach vm /dev/null --lun
	check_equal "" "$(reserved vm)"
}

test_several_are_reserved_and_given_back_all_or_none() {
	raw_image a.img
	hs attach vm a.img --slot 3
	hs reserve vm 5 6
	check_fails 1 'A disk is in slot 3' hs reserve vm 0-4
	check_fails 1 'Slot 6 is reserved already' hs reserve vm 6-8
	check_fails 1 'Slot 7 is not reserved' hs unreserve vm 5-7
	check_fails 2 'Slot 8 is given twice' hs reserve vm 8 8
	check_fails 2 '65280' hs reserve vm 65280
	check_fails 2 'ends before it begins' hs reserve vm 9-8
	check_fails 2 . hs reserve vm 9-
	check_fails 2 . hs unreserve vm
	check_equal "5 6" "$(reserved vm)"
	check_equal '{"domain":"vm","reserved":[8,9]}' "$(hs reserve vm 8-9 --json)"
	check_equal '{"domain":"vm","reserved":[5,6,8,9]}' "$(hs reserve vm --json)"
	check_equal '{"domain":"vm","unreserved":[8,9,5]}' "$(hs unreserve vm 8-9 5 --json)"
	check_equal "6" "$(reserved vm)"
}

test_every_slot_can_be_reserved() {
	raw_image a.img
	hs reserve vm 0-65279
	check_match "slots=.0-65279." "$(metadata vm)"
	check_fails 1 'Every slot has a disk or is reserved' hs attach vm a.img
	check_equal /dev/disk/by-slot/65279 "$(hs attach vm a.img --slot 65279)"
	check_match "slots=.0-65278." "$(metadata vm)"
	hs unreserve vm 0-65278
	check_equal "" "$(metadata vm)"
}

test_an_attach_that_fails_leaves_the_slot_reserved() {
	raw_image a.img
	hs reserve vm 4
	check_fails 1 . hs attach vm none.img --slot 4
	check_equal "4" "$(reserved vm)"
	check_equal /dev/disk/by-slot/4 "$(hs attach vm a.img --slot 4)"
}

test_detach_gives_a_reserved_slot_back() {
	hs reserve vm 2 3
	hs detach vm 2
	check_equal "3" "$(reserved vm)"
}

test_what_others_keep_in_the_metadata_stays() {
	virsh -q -c "$URI" metadata vm urn:other --key other --set '<theirs a="1"/>' --live
	hs reserve vm 1
	hs unreserve vm 1
	check_match '<theirs' "$(virsh -q -c "$URI" metadata vm urn:other --live)"
	# What a later version may keep in our element.
	virsh -q -c "$URI" metadata vm "$KEY" --key hotslot --live \
		--set '<hotslot><label>secret</label></hotslot>'
	hs reserve vm 1 2
	check_equal "1 2" "$(reserved vm)"
	check_match '<label>secret</label><reservedslots=.1-2./>' "$(metadata vm)"
	hs unreserve vm 1 2
	check_equal '<hotslot><label>secret</label></hotslot>' "$(metadata vm)"
}

test_malformed_metadata_of_ours_is_an_error() {
	virsh -q -c "$URI" metadata vm "$KEY" --key hotslot --live \
		--set '<hotslot><reserved slots="4-2"/></hotslot>'
	raw_image a.img
	check_fails 1 'metadata of domain vm .*no list of reserved slots' hs attach vm a.img
	check_fails 1 'metadata of domain vm .*no list of reserved slots' hs reserve vm 1
	check_fails 1 'metadata of domain vm .*no list of reserved slots' hs reserve vm
}

test_launch_reserves_the_first_slots() {
	raw_image a.img
	raw_image b.img
	launch some --reserve 3 --drive a.img --drive b.img,slot=1 --drive /dev/null,slot=9 \
		--drive /dev/null
	check_equal "0 2 4 9" "$(reserved some)"
	check_equal "b.img 1
a.img 3" "$(hs list some --json | jq -r '.disks[] | "\(.source | sub(".*/"; "")) \(.slot)"')"
	hs shutdown some --force
	check_fails 2 '65281' launch many --reserve 65281
	# One of them by name is no contradiction.
	launch both --reserve 3 --drive /dev/null,slot=2 --drive /dev/null,slot=/dev/sdf
	check_equal "0 1 2 5" "$(reserved both)"
	hs shutdown both --force
	check_fails 1 'slot 9' launch many --drive /dev/null,slot=9 --drive a.img,slot=9
}

# In the configuration, too: a persistent domain keeps them when it is started again.
test_a_persistent_domain_keeps_its_reservations() {
	launch kept --persistent --reserve 2
	hs reserve kept 7
	hs unreserve kept 0
	check_equal "$(metadata kept --live)" "$(metadata kept --config)"
	check_match "slots=.1,7." "$(metadata kept --config)"
	hs shutdown kept --force
	virsh -q -c "$URI" start kept
	check_equal "1 7" "$(reserved kept)"
	hs attach kept /dev/null --slot 3
	check_match "slots=.1,3,7." "$(metadata kept --config)"
	# The disk that fills a slot is not in the configuration: there it stays reserved.
	raw_image a.img
	hs attach kept a.img --slot 7
	check_equal "1 3" "$(reserved kept)"
	check_match "slots=.1,3,7." "$(metadata kept --config)"
	# What else is reserved there is left alone.
	virsh -q -c "$URI" metadata kept "$KEY" --config --key hotslot \
		--set "<hotslot><reserved slots='40'/></hotslot>" >/dev/null
	hs reserve kept 9
	check_match "slots=.9,40." "$(metadata kept --config)"
	check_equal "1 3 9" "$(reserved kept)"
	hs shutdown kept --force
	virsh -q -c "$URI" undefine kept
}

run_tests
