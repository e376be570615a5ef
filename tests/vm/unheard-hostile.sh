#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that QEMU has let go of, and a guest that says it has them. In hotslot-agent's place runs
# fake-agent, which does as it is told.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fake.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../many.sh"
. "$(dirname "$0")/../unheard.sh"

setup_file() {
	HOTSLOT_AGENT=$B/tests/vm/fake-agent
	IMAGE=$(appliance_image --no-udev)
	launch vm
	leave_unheard
}

setup_test() {
	behave
}

# As fake-agent does by itself, of any disk.
test_libvirt_is_not_asked_though_the_guest_says_released() {
	check_fails 1 "QEMU has let go of the disk in slot $UNHEARD .*, and libvirt has missed it" \
		hs detach vm "$UNHEARD" --force
}

test_doctor_keeps_its_time() {
	order disks '"disks":[]'
	check_fails 1 . hs doctor vm --timeout 5
	check_match 'QEMU has let go of it' "$(<stdout)"
}

run_tests
