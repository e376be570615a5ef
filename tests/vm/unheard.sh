#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that QEMU has let go of, while libvirt was ended before it heard of that: they stay in the
# XML, and libvirt 9.0 touches freed memory when it is asked to detach one.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../many.sh"
. "$(dirname "$0")/../unheard.sh"

setup_file() {
	launch_controlled vm
	leave_unheard
	MISSED="QEMU has let go of the disk in slot $UNHEARD of domain vm, and libvirt has missed it"
	await_equal "" guest_run vm "ls /dev/disk/by-slot | grep -x $UNHEARD || true"
}

test_they_are_listed_as_what_the_guest_does_not_see() {
	check_equal "true false" \
		"$(disk_field vm "$UNHEARD" attached) $(disk_field vm "$UNHEARD" visible)"
}

test_they_are_not_detached_and_it_is_said_why() {
	check_fails 1 "detach: $MISSED: it keeps the disk in the XML until the domain is started anew" \
		hs detach vm "$UNHEARD"
	check_fails 1 "detach: $MISSED" hs detach vm "$UNHEARD" --force
	check_fails 1 '' hs detach vm "$UNHEARD" --json
	check_equal libvirt "$(jq -r .error.code stdout)"
}

test_doctor_and_repair_say_it() {
	check_fails 1 'QEMU has let go of the disk in slot .*, and libvirt has missed it' hs repair vm
	check_fails 1 '' hs doctor vm
	check_match "ua-hotslot-slot-$UNHEARD: QEMU has let go of it, and libvirt has missed that" \
		"$(<stdout)"
}

test_other_disks_come_and_go() {
	raw_image more
	check_equal /dev/disk/by-slot/100 "$(hs attach vm more --slot 100)"
	check_equal more "$(links_with_content vm by-slot | sed -n 's/^100 //p')"
	hs detach vm 100
	check_fails 1 "A disk is in slot $UNHEARD" hs attach vm more --slot "$UNHEARD"
}

run_tests
