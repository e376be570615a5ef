#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that QEMU has let go of, while libvirt was ended before it heard of that: they stay in the
# XML, and libvirt 9.0 touches freed memory when it is asked to detach one.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../many.sh"

DISKS=40
MISSED='QEMU has let go of the disk in slot 39 of domain vm, and libvirt has missed it'

# libvirt, when it has heard of one, writes its list of devices down, and from that all are gone.
setup_file() {
	launch_controlled vm
	make_images
	# shellcheck disable=SC2046
	hs attach vm $(image_names)
	mkfifo commands
	virsh -q -c "$URI" <commands >said &
	local virsh=$!
	exec 3>commands
	seq 0 $((DISKS - 1)) | sed 's/.*/detach-device-alias vm ua-hotslot-slot-& --live/' >&3
	echo 'echo done' >&3
	until grep ^done said >/dev/null && [[ $(host_disks | wc -l) -lt $DISKS ]]; do
		sleep 0.01
	done
	kill -KILL "$virsh"
	wait "$virsh" || true
	exec 3>&-
	await_equal "" guest_links vm
}

test_they_are_listed_as_what_the_guest_does_not_see() {
	hs list vm --json >listed
	check_match '"slot": ?39,' "$(<listed)"
	check_equal "[true,false]" "$(jq -c '[.disks[] | [.attached, .visible]] | unique[]' listed)"
}

test_they_are_not_detached_and_it_is_said_why() {
	check_fails 1 "detach: $MISSED: it keeps the disk in the XML until the domain is started anew" \
		hs detach vm 39
	check_fails 1 "detach: $MISSED" hs detach vm 39 --force
	check_fails 1 '' hs detach vm 39 --json
	check_equal libvirt "$(jq -r .error.code stdout)"
}

test_doctor_and_repair_say_it() {
	check_fails 1 "$MISSED" hs repair vm
	check_fails 1 '' hs doctor vm
	check_match 'ua-hotslot-slot-39: QEMU has let go of it, and libvirt has missed that' "$(<stdout)"
}

test_other_disks_come_and_go() {
	raw_image more
	check_equal /dev/disk/by-slot/100 "$(hs attach vm more --slot 100)"
	check_equal more "$(links_with_content vm by-slot | sed -n 's/^100 //p')"
	hs detach vm 100
	check_fails 1 'A disk is in slot 39' hs attach vm more --slot 39
}

run_tests
