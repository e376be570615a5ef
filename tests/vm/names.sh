#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names at the edges: the first and last slots, LUNs that have none, serials of every kind that
# libvirt lets through, and serials that two disks have.

# Guests: udevd udev
# On demand: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../virsh.sh"

EDGES=(0 255 256 257 65279)

setup_file() {
	IMAGE=$(control_image --add "$B/tests/vm/watch:/bin/watch")
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

# ---- places --------------------------------------------------------------------------------

edge_links() {
	printf '%s\n' "${EDGES[@]}" | sed 's/.*/& slot-&/'
}

test_slots_at_the_edges_have_their_links() {
	local slot
	for slot in "${EDGES[@]}"; do
		raw_image "slot-$slot"
		check_equal "/dev/disk/by-slot/$slot" \
			"$(hs attach vm "slot-$slot" --slot "$slot" --serial "s-$slot")"
	done
	check_equal "$(edge_links)" "$(links_with_content vm by-slot)"
	check_equal "$(edge_links | sort)" "$(links_with_content vm by-serial | sed 's/^s-//' | sort)"
	check_equal "${EDGES[*]}" "$(slots vm)"
	check_links_agree vm
	hs detach vm "${EDGES[@]}"
	check_equal "" "$(existing_links vm)"
}

test_places_at_the_edges_that_virsh_filled_are_the_same_slots() {
	local slot
	for slot in "${EDGES[@]}"; do
		raw_image "slot-$slot"
		virsh_attach vm "slot-$slot" $((slot / 256)) $((slot % 256))
	done
	await_equal "$(edge_links)" links_with_content vm by-slot
	check_equal "${EDGES[*]}" "$(slots vm)"
	check_equal "0 0,0 255,1 0,1 1,254 255" \
		"$(hs list vm --json | jq -r '[.disks[] | "\(.target) \(.lun)"] | join(",")')"
	check_links_agree vm
}

test_luns_above_255_have_no_slot_but_their_serial() {
	local unit
	for unit in 256 803 16383; do
		raw_image "unit-$unit"
		virsh_attach vm "unit-$unit" 0 "$unit" "<serial>u-$unit</serial>"
	done
	raw_image nameless
	virsh_attach vm nameless 3 300
	await_equal "u-256 unit-256
u-803 unit-803
u-16383 unit-16383" links_with_content vm by-serial
	check_equal "" "$(links_with_content vm by-slot)"
	# All four, and never with a slot that another place has.
	await_equal "null 0 256 u-256 null true
null 0 803 u-803 null true
null 0 16383 u-16383 null true
null 3 300 null null true" \
		hs_list '"\(.slot) \(.target) \(.lun) \(.serial) \(."by-slot") \(.visible)"'
	check_links_agree vm
	# They do not count as somebody in a slot.
	raw_image ours
	check_equal "/dev/disk/by-slot/0" "$(hs attach vm ours)"
}

hs_list() { # JQ EXPRESSION of a disk
	hs list vm --json | jq -r ".disks[] | $1"
}

# ---- serials -------------------------------------------------------------------------------

test_serials_that_libvirt_lets_through() {
	# libvirt has a blank escaped by a backslash.
	local -A names=(
		['with blank']='with\x5c\x20blank' [two..dots]='two..dots' [plus+minus-_]='plus+minus-_'
		[.hidden]='\x2ehidden' [..]='\x2e.' [x-part1]='x\x2dpart1' [-part22]='\x2dpart22'
		[x-part]='x-part' [sda1]='sda1' [7]='7' [Abc]='Abc' [abc]='abc' [ABC]='ABC'
		[abcdefghijklmnopqrstuvwxyz0123456789]='abcdefghijklmnopqrstuvwxyz0123456789'
	)
	local serial unit=0 want=''
	for serial in "${!names[@]}"; do
		raw_image "unit-$unit"
		disk_xml "unit-$unit" 0 "$unit" "<serial>$serial</serial>" >"$unit.xml"
		echo "attach-device vm $unit.xml --live" >>commands
		want+="${names[$serial]} unit-$unit"$'\n'
		unit=$((unit + 1))
	done
	run_virsh <commands >/dev/null
	want=$(sort <<<"${want%$'\n'}")
	await_equal "$want" sorted_by_serial
	check_equal "$(cut -d' ' -f1 <<<"$want")" "$(hs_list .serial | sort)"
	check_equal "false" "$(hs_list .conflict | sort -u)"
	check_links_agree vm
}

sorted_by_serial() {
	links_with_content vm by-serial | sort
}

test_a_disk_without_a_serial_has_no_by_serial_link() {
	raw_image a
	virsh_attach vm a 0 7
	await_equal "7 a" links_with_content vm by-slot
	check_equal "" "$(links_with_content vm by-serial)"
	check_equal "null null false" "$(hs_list '"\(.serial) \(."by-serial") \(.conflict)"')"
}

test_serials_that_differ_by_case_are_two() {
	raw_image upper
	raw_image lower
	hs attach vm upper --serial Abc
	hs attach vm lower --serial aBC
	check_equal "Abc upper
aBC lower" "$(links_with_content vm by-serial)"
	check_equal "false false" "$(hs_list .conflict | xargs)"
}

# ---- one serial, several disks -------------------------------------------------------------

attach_twin() { # FILE UNIT
	raw_image "$1"
	virsh_attach vm "$1" 0 "$2" '<serial>twin</serial>'
}

twins() {
	hs_list '"\(.slot) \(.conflict) \(."by-serial")"'
}

test_three_disks_with_one_serial_have_no_link_until_one_is_left() {
	attach_twin a 1
	await_equal "1 false /dev/disk/by-serial/twin" twins
	attach_twin b 2
	await_equal "1 true null
2 true null" twins
	check_equal "" "$(links_with_content vm by-serial)"
	attach_twin c 3
	await_equal "1 true null
2 true null
3 true null" twins
	hs detach vm 1 --foreign
	check_equal "2 true null
3 true null" "$(twins)"
	check_equal "" "$(links_with_content vm by-serial)"
	virsh_detach vm c
	await_equal "2 false /dev/disk/by-serial/twin" twins
	check_equal "twin b" "$(links_with_content vm by-serial)"
	check_links_agree vm
}

test_partitions_of_twins_have_no_by_serial_links_either() {
	local file
	for file in a b; do
		raw_image "$file" 4M
		echo 'start=2048, size=2048' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q "$file"
	done
	virsh_attach vm a 0 1 '<serial>twin</serial>'
	await_equal "twin
twin-part1" by_serial_names
	virsh_attach vm b 0 2 '<serial>twin</serial>'
	await_equal "1 true null
2 true null" twins
	await_equal "1
1-part1
2
2-part1" by_slot_names
	check_equal "" "$(by_serial_names)"
	virsh_detach vm a
	await_equal "twin
twin-part1" by_serial_names
	check_links_agree vm
}

by_serial_names() {
	guest_links vm | sed -n 's|^by-serial/\([^ ]*\) .*|\1|p'
}

by_slot_names() {
	guest_links vm | sed -n 's|^by-slot/\([^ ]*\) .*|\1|p'
}

test_events_tell_of_a_conflict_and_of_its_end() {
	raw_image a
	hs attach vm a --slot 1 --serial twin
	raw_image b
	{
		hello
		virsh_attach vm b 0 2 '<serial>twin</serial>' >/dev/null
		request expect both '{"slot":2,"serial":"twin"}'
	} | UNTIL='"id":"both"' talk >answers
	check_equal '{"slot":2,"conflict":true,"links":["/dev/disk/by-slot/2"]}' "$(jq -c \
		'select(.id == "both").return.disk | {slot, conflict, links}' answers)"
	check_equal true "$(disk_field vm 1 conflict)"
	{
		hello
		sleep 1 # what happens before the hello has arrived is told to nobody
		virsh_detach vm b >/dev/null
		request release gone '{"slot":2,"detached":true}'
		last
	} | UNTIL='"links":["/dev/disk/by-slot/1","/dev/disk/by-serial/twin"]' talk >answers
	check_equal '{"slot":1,"conflict":false}' "$(jq -c \
		'select(.event == "disk-changed" and .data.disk.slot == 1).data.disk |
			{slot, conflict}' answers | tail -n 1)"
}

# Any event of one of two disks with one serial would take the link over, if udev had its way.
test_a_link_does_not_flip_when_events_come() {
	raw_image a
	raw_image b
	raw_image c
	hs attach vm a --slot 1 --serial twin
	# udevd removes the directory with its last link, and what watches it sees no more.
	hs attach vm b --slot 3 --serial stays
	attach_twin d 2
	await_equal "1 true null
2 true null
3 false /dev/disk/by-serial/stays" twins
	# Where udevd has the links, it takes the one away after the agent has told of the conflict.
	guest_run vm 'while [ -L /dev/disk/by-serial/twin ]; do usleep 10000; done
		/bin/watch /dev/disk/by-serial >/tmp/log 2>&1 </dev/null &
		echo $! >/tmp/watch
		until grep -q watching /tmp/log; do usleep 10000; done
		for i in 1 2 3 4 5 6 7 8 9 10; do
			for slot in 1 2; do
				echo change >/sys/block/$(readlink -f /dev/disk/by-slot/$slot |
					sed s,.*/,,)/uevent
			done
		done
		! which udevadm >/dev/null || udevadm settle'
	# Events are in order: what tells of this one has told of those before.
	hs attach vm c --slot 4 --serial other
	check_equal "+other" "$(guest_run vm 'until grep -q "+other$" /tmp/log; do usleep 10000; done
		kill $(cat /tmp/watch); grep "^[+-][a-z]" /tmp/log')"
	check_equal "1 true null
2 true null
3 false /dev/disk/by-serial/stays
4 false /dev/disk/by-serial/other" "$(twins)"
}

run_tests
