#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 1,000 disks on one controller: one after the other by hotslot, and in one burst by virsh, which
# waits for no guest: the kernel's queue of SCSI events overflows. Every name is right.

# Guests: udevd plain udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../many.sh"

DISKS=${DISKS:-1000}
# Wall-clock seconds for one test under TCG on a busy machine.
TEST_SECONDS=1800
# And until the guest has seen a burst: where udevd makes the links, it takes the longer for each
# event the more are in its queue.
SEEN_SECONDS=1200

setup_file() {
	launch_controlled vm --memory 2048
}

setup_test() {
	detach_all vm
}

# Prints how long a step took: the console of a run by hand is the place to look at it.
timed() { # WHAT CMD…
	local start=$EPOCHSECONDS
	"${@:2}"
	echo "$1: $((EPOCHSECONDS - start)) s"
}

attach_in_one_run() {
	# shellcheck disable=SC2046
	hs attach vm $(image_names) >links
	check_equal "$(expected '/dev/disk/by-slot/%')" "$(<links)"
}

test_1000_disks_one_after_the_other() {
	make_images
	timed attach attach_in_one_run
	# Right after: there is nothing to wait for.
	check_names
	# shellcheck disable=SC2046
	timed detach hs detach vm $(seq 0 $((DISKS - 1)))
	check_empty
}

# The guest has but one processor, and a list of 1,000 disks keeps it busy: now and then will do.
visible_now_and_then() {
	sleep 5
	visible
}

test_1000_disks_in_a_burst() {
	make_images
	make_xmls
	virsh_commands >burst
	timed attach run_virsh <burst >/dev/null
	timed seen await_equal "$DISKS" visible_now_and_then
	check_names
	seq 0 $((DISKS - 1)) | sed 's/^/ua-theirs-/' | detach_in_a_burst
	check_empty
}

run_tests
