#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each domain that others have made is enabled, boots, and has a disk attached, in the slot and with
# the links that it should have, and detached.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../domains.sh"

# Wall-clock seconds for all of them, of which each boots once.
TEST_SECONDS=900

check_domain() { # FILE
	local name slot before
	name=$(domain_name "$1")
	domain_xml "$1" | with_kernel >"$1.xml"
	run_virsh define "$1.xml"
	before=$(stored_definition "$name")
	hs enable "$name" -q
	hs adopt "$name" -q
	run_virsh start "$name"
	slot=$(hs attach "$name" a.img)
	check_match '^/dev/disk/by-slot/[0-9]+$' "$slot"
	slot=${slot##*/}
	check_equal "a.img" "$(basename "$(disk_field "$name" "$slot" source)")"
	check_equal "$slot" "$(hs resolve "$name" "id:slot-$slot" --json | jq '.disks[0].slot')"
	# Those on the managed controller that were there are ours by now, or were named by others.
	check_equal "" "$(hs list "$name" --json |
		jq -r '.disks[] | select(.attached and (.alias | startswith("ua-") | not)).alias')"
	hs detach "$name" "$slot"
	hs disable "$name" -q
	check_equal "" "$(added_lines "$before" "$(stored_definition "$name")" | grep -v "<alias name='ua-hotslot-" || true)"
	hs shutdown "$name" --force
	run_virsh undefine "$name"
}

test_each_domain_of_others_has_a_disk_attached() {
	local file
	raw_image a.img
	for file in "$DOMAINS"/*.xml; do
		echo "${file##*/}"
		check_domain "$(basename "$file" .xml)"
	done
}

run_tests
