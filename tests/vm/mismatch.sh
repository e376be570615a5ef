#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest whose word would decide which of the host's disks is meant, or how large it gets: what the
# host knows better counts. In hotslot-agent's place runs fake-agent, which does as it is told.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fake.sh"
. "$(dirname "$0")/../virsh.sh"

M=1048576

setup_file() {
	HOTSLOT_AGENT=$B/tests/vm/fake-agent
	IMAGE=$(appliance_image --no-udev)
	launch vm
}

setup_test() {
	behave
	detach_all vm
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --slot 0 --serial AAA --id a
	hs attach vm b.img --slot 1 --serial BBB
}

# The guest says that the two disks are each other.
swap() {
	order disks "\"disks\":[$(record 0 BBB "$M"),$(record 1 AAA "$M")]"
}

code() { # CODE COMMAND…
	check_fails "${STATUS:-1}" . hs "${@:2}" --json
	check_equal "$1" "$(jq -r .error.code stdout)"
}

test_a_serial_of_which_host_and_guest_disagree_names_no_disk() {
	local reference
	swap
	for reference in serial:AAA serial:BBB /dev/disk/by-serial/AAA; do
		code mismatch resolve vm "$reference"
		code mismatch detach vm "$reference"
		code mismatch resize vm "$reference" 2M
	done
	check_fails 1 'different disks in slot 0: the guest reads serial BBB, the host has given AAA' \
		hs resolve vm serial:AAA
	check_equal "0 1" "$(slots vm)"
	# One lies, and the other one has that serial.
	order disks "\"disks\":[$(record 0 BBB "$M"),$(record 1 BBB "$M")]"
	code mismatch resolve vm serial:BBB
	code mismatch resolve vm serial:AAA
	order disks "\"disks\":[$(record 0 ZZZ "$M"),$(record 1 BBB "$M")]"
	check_equal 1 "$(hs resolve vm serial:BBB --json | jq .disks[].slot)"
}

test_list_tells_of_it() {
	swap
	check_equal "0 true BBB null /dev/disk/by-slot/0" "$(hs list vm --json | jq -r '.disks[0] |
		"\(.slot) \(.mismatch) \(.serial) \(."by-serial") \(."by-slot")"')"
	check_match ' mismatch +' "$(hs list vm | grep -F a.img)"
	order disks "\"disks\":[$(record 0 AAA "$M"),$(record 1 BBB "$M")]"
	check_equal "false /dev/disk/by-serial/AAA" \
		"$(hs list vm --json | jq -r '.disks[0] | "\(.mismatch) \(."by-serial")"')"
}

test_doctor_tells_of_it_and_of_an_agent_that_does_not_say_more() {
	swap
	check_fails 1 . hs doctor vm
	check_match 'failed +disk 0 +ua-hotslot-a: The guest reads another serial' "$(<stdout)"
	check_match 'failed +agent +It gives a malformed answer' "$(<stdout)"
	order status '"merge":{"error":{"class":"UnknownRequest"}},"disks":['"$(record 5 XXX "$M")]"
	check_fails 1 . hs doctor vm
	check_match 'unknown +rule +The agent is an older one' "$(<stdout)"
	order disks "\"disks\":[$(record 0 AAA "$M"),$(record 1 BBB "$M"),$(record 5 XXX "$M")]"
	check_fails 1 . hs doctor vm
	check_match 'failed +disk 5 +The guest shows a disk that the domain does not have' "$(<stdout)"
	order disks "\"disks\":[$(record 0 AAA "$M"),$(record 1 BBB 512)]"
	check_fails 1 . hs doctor vm
	check_match "warning +disk 1 +It has $M bytes, and the guest sees 512" "$(<stdout)"
}

test_such_a_disk_is_not_resized_but_can_be_detached() {
	local reference
	swap
	for reference in 0 id:a alias:ua-hotslot-a; do
		code mismatch resize vm "$reference" 2M
	done
	check_equal "$M" "$(stat -c %s a.img)"
	hs detach vm id:a
	swap
	hs detach vm 1
	behave
	check_equal "" "$(slots vm)"
}

# What QEMU delivers of it, and libvirt's backslash before a blank, are no mismatch.
test_the_disks_of_others_are_compared_as_they_are_delivered() {
	local long=0123456789012345678901234567890123456789
	raw_image c.img
	raw_image d.img
	virsh_attach vm c.img 0 2 "<serial>$long</serial>"
	virsh_attach vm d.img 0 3 '<serial>a b</serial>'
	order disks "\"disks\":[$(record 2 "${long:0:36}" "$M"),$(record 3 'a\\x5c\\x20b' "$M")]"
	check_equal "false false" \
		"$(hs list vm --json | jq -r '[.disks[2, 3].mismatch | tostring] | join(" ")')"
	# By the host's text, if the guest's is another.
	check_equal 2 "$(hs resolve vm "serial:$long" --json | jq .disks[].slot)"
	check_equal 3 "$(hs resolve vm "serial:a b" --json | jq .disks[].slot)"
	check_equal 3 "$(hs resolve vm 'serial:a\x5c\x20b' --json | jq .disks[].slot)"
	order disks "\"disks\":[$(record 2 "${long:0:35}" "$M"),$(record 3 'a\\x20b' "$M")]"
	check_equal "true false" \
		"$(hs list vm --json | jq -r '[.disks[2, 3].mismatch | tostring] | join(" ")')"
	code mismatch resolve vm "serial:$long"
}

test_more_is_more_than_the_host_says_the_disk_has() {
	order disks "\"disks\":[$(record 0 AAA 1099511627776)]"
	hs resize vm 0 +1M
	check_equal $((2 * M)) "$(stat -c %s a.img)"
	order disks "\"disks\":[$(record 0 AAA 512)]"
	hs resize vm 0 +1M --shrink
	check_equal $((3 * M)) "$(stat -c %s a.img)"
	STATUS=2 code invalid resize vm 0 +9223372036854775807
}

# A disk of larger blocks: QEMU would take the size, and the guest would not get it.
test_a_size_that_its_blocks_cannot_make_is_refused_before_the_deed() {
	order disks "\"disks\":[$(record 0 AAA "$M" 4096)]"
	STATUS=2 code invalid resize vm 0 $((M + 512))
	check_match 'the size is a multiple of 4096' "$(<stderr)"
	STATUS=2 code invalid resize vm 0 +512
	check_equal "$M" "$(stat -c %s a.img)"
	hs resize vm 0 +4096
	check_equal $((M + 4096)) "$(stat -c %s a.img)"
}

# Neither shown nor hidden: somebody has deleted it in the guest, say.
test_a_disk_that_the_guest_does_not_see_goes_by_force() {
	local gone='"merge":{"return":{"state":"gone"}}'
	order release "$gone"
	code not-confirmed detach vm 0
	check_match 'does not see the disk in slot 0, so it cannot let go of it; --force detaches it' \
		"$(<stderr)"
	code not-confirmed resize vm 0 2M
	check_equal "0 1" "$(slots vm)"
	hs detach vm 0 --force
	check_equal 1 "$(slots vm)"
}

run_tests
