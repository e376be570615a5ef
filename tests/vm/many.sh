#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# More disks than one target has LUNs: every link right, no event lost.

# Guests: udevd
# On demand: plain udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../many.sh"

DISKS=300
# Those of them that hotslot detaches, on both targets; each takes QEMU 50 ms.
DETACHED=(0 1 7 100 254 255 256 257 299)
# Wall-clock seconds for one test under TCG on a busy machine; it takes about twenty.
TEST_SECONDS=180
# A burst is more than the guest's driver keeps: what it has missed takes its time to be found out.
# shellcheck disable=SC2034
SEEN_SECONDS=60

setup_file() {
	launch_controlled vm --memory 1024
}

test_300_disks_are_attached_in_one_run_and_every_link_is_right() {
	make_images
	# shellcheck disable=SC2046
	hs attach vm $(image_names) >links
	check_equal "$(expected '/dev/disk/by-slot/%')" "$(<links)"
	check_names
}

# Not by the list: by all that is left.
test_300_disks_are_detached_and_no_link_is_left() {
	hs list vm --json >listed
	[[ $(jq '.disks | length' listed) == "$DISKS" ]] || skip "they were not attached"
	hs detach vm "${DETACHED[@]}"
	check_equal "$(comm -23 <(seq 0 299 | sort) <(printf '%s\n' "${DETACHED[@]}" | sort) | sort -n)" \
		"$(guest_links vm | sed -n 's|^by-slot/\([0-9]*\) .*|\1|p')"
	check_links_agree vm
	# The others at once, without asking the guest.
	jq -r '.disks[].alias' listed | grep -vxf <(printf 'ua-hotslot-slot-%s\n' "${DETACHED[@]}") |
		detach_in_a_burst
	check_empty
}

run_tests
