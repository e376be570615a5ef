#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# As many disks as one run of the issue attaches: every link right, no event lost.

# Guests: udevd plain udev

. "$(dirname "$0")/../lib.sh"

# Slots 0 to 253 on one target; the 255th LUN carries a script for the guest.
DISKS=254
# Seconds for one run under TCG on a busy machine; it takes about twenty.
TEST_SECONDS=180

setup_file() {
	launch_controlled vm --memory 1024
	CONSOLE=$T/vm.console
}

# Each image's first line is its name, "disk-N.img", and each has a size of its own.
make_images() {
	local i
	for ((i = 0; i < DISKS; i++)); do
		raw_image "disk-$i.img" "$((512 * (i + 8)))"
	done
}

# The commands of one session.
attach_all() {
	local i
	for ((i = 0; i < DISKS; i++)); do
		echo "attach vm disk-$i.img --serial serial-$i"
	done
}

# A line for each disk, with its number for each %.
expected() { # PATTERN
	local i
	for ((i = 0; i < DISKS; i++)); do
		echo "${1//%/$i}"
	done
}

host_xml() {
	live_xml vm | sed -n 's/^ *<disk .*/disk/p; s/.*source file=.*\/\(disk-[0-9]*\.img\).*/\1/p
		s/.*<serial>\(.*\)<\/serial>.*/\1/p; s/.*<address type=.drive.*unit=.\([0-9]*\).*/\1/p' |
		paste - - - - | sort -k 4n | sed 's/^disk\t//'
}

test_254_disks_are_attached_in_one_run_and_every_link_is_right() {
	make_images
	attach_all | hs shell >links
	diff <(expected '/dev/disk/by-slot/%') links

	# What the host has, what list tells, what the guest sees: all the same disks.
	diff <(expected 'disk-%.img	serial-%	%') <(host_xml)
	hs list vm --json >listed
	diff <(expected '% serial-% disk-%.img true true present') \
		<(jq -r '.disks[] | "\(.slot) \(.serial) \(.source | sub(".*/"; "")) \(.attached) " +
			"\(.visible) \(.state)"' listed)
	diff <(expected '% /dev/disk/by-slot/% /dev/disk/by-serial/serial-%') \
		<(jq -r '.disks[] | "\(.slot) \(."by-slot") \(."by-serial")"' listed)
	diff <(for ((i = 0; i < DISKS; i++)); do echo "$i $((512 * (i + 8)))"; done) \
		<(jq -r '.disks[] | "\(.slot) \(.size)"' listed)
	guest_run vm 'cd /dev/disk/by-slot
		for slot in $(ls | sort -n); do
			echo "$slot $(readlink -f $slot) $(head -c 64 $slot | tr -d "\000")"
		done' >guest
	diff <(jq -r '.disks[] | "\(.slot) /dev/\(.name) disk-\(.slot).img"' listed) guest
	diff <(expected 'serial-% disk-%.img' | sort) \
		<(guest_run vm 'cd /dev/disk/by-serial
			for serial in serial-*; do
				echo "$serial $(head -c 64 $serial | tr -d "\000")"
			done' | sort)
}

test_254_disks_are_detached_and_no_link_is_left() {
	hs list vm --json >listed
	[[ $(jq '.disks | length' listed) == "$DISKS" ]] || skip "they were not attached"
	jq -r '.disks[] | "detach vm \(.slot)"' listed | hs shell
	check_equal "" "$(slots vm)"
	check_equal "" "$(host_xml)"
	check_equal "" "$(guest_run vm 'ls /dev/disk/by-slot /dev/disk/by-serial 2>/dev/null |
		grep -v "^65279$\|^hs-\|^$\|:$" || true')"
}

run_tests
