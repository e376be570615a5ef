#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# LUNs of an iSCSI target, a real one on loopback: passed through with their own serials, or as
# ordinary network disks with ours.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"

IQN=iqn.2026-01.org.example:vol
# Loopback has addresses enough for every test that may run beside this one.
HOST=127.$(($$ >> 16 & 127 | 64)).$(($$ >> 8 & 255)).$(($$ & 255))
TARGET=iscsi://$HOST/$IQN

# tgtd fills a serial up to 36 bytes with blanks, in front: they are the LUN's, too.
padded() { # ENCODED LENGTH
	printf '\\x20%.0s' $(seq $((36 - $2)))
	printf '%s' "$1"
}
SAN=$(padded san-1 5)
ODD=$(padded 'odd\x20name\x2f2' 10)

tgt() { # OP MODE [OPTION…]
	tgtadm --lld iscsi --op "$1" --mode "$2" --tid 1 "${@:3}"
}

# A LUN on an image that starts with its own name.
add_lun() { # NUMBER SERIAL SIZE
	raw_image "$T/lun$1" "$3"
	tgt new logicalunit --lun "$1" --backing-store "$T/lun$1"
	tgt update logicalunit --lun "$1" --params "scsi_sn=$2"
}

setup_file() {
	mkdir "$T/tgt"
	export TGT_IPC_SOCKET=$T/tgt/control
	tgtd -f --iscsi "portal=$HOST:3260" >"$T/tgtd.log" 2>&1 &
	echo $! >"$WORK/tgtd.pid"
	console_wait "$T/tgtd.log" bs_init >/dev/null
	tgt new target --targetname "$IQN"
	tgt bind target --initiator-address ALL
	add_lun 1 "san-1" 8M
	add_lun 2 "odd name/2" 16M
	add_lun 3 "san-1" 24M
	launch_controlled vm --persistent
}

setup_test() {
	detach_all vm
}

teardown_file() {
	local pid
	pid=$(cat "$WORK/tgtd.pid" 2>/dev/null) || return 0
	[[ $(cat "/proc/$pid/comm" 2>/dev/null) != tgtd ]] || kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}

# MEMBER… of the disk in a slot.
tells() { # SLOT MEMBER…
	hs list vm --json | jq -r --argjson slot "$1" '.disks[] | select(.slot == $slot) as $disk |
		$ARGS.positional | map($disk[.] | tostring) | join(" ")' --args "${@:2}"
}

first_line() { # LINK
	guest_run vm "head -c 64 '$1' | tr -d '\\000'"
}

test_a_lun_is_passed_through_with_its_own_serial() {
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "$TARGET/1" --lun)"
	check_equal "true $SAN 8388608 raw /dev/disk/by-serial/$SAN iscsi://$HOST:3260/$IQN/1" \
		"$(tells 0 passthrough serial size format by-serial source)"
	check_match "device='lun'" "$(live_devices vm)"
	check_equal lun1 "$(first_line /dev/disk/by-slot/0)"
	check_equal lun1 "$(first_line "/dev/disk/by-serial/$SAN")"
	guest_run vm 'echo written | dd of=/dev/disk/by-slot/0 conv=notrunc,fsync 2>/dev/null'
	hs detach vm 0
	check_equal "" "$(slots vm)"
	check_equal written "$(head -n 1 "$WORK/file/lun1")"
	printf 'lun1\n\0\0\0' | dd of="$WORK/file/lun1" conv=notrunc status=none
}

test_a_serial_of_odd_bytes_is_encoded() {
	hs attach vm "$TARGET/2" --lun --slot 300 --id odd
	check_equal "$ODD ua-hotslot-odd" "$(tells 300 serial alias)"
	check_equal lun2 "$(first_line "/dev/disk/by-serial/$ODD")"
	hs detach vm 300
}

test_a_serial_cannot_be_asked_for() {
	check_fails 2 'the LUN has a serial of its own' hs attach vm "$TARGET/1" --lun --serial mine
	check_fails 2 'a LUN is raw' hs attach vm "$TARGET/1" --lun --format qcow2
	check_equal "" "$(slots vm)"
}

test_what_is_no_lun_is_not_passed_through() {
	raw_image a.img
	check_fails 2 'a\.img cannot be passed through' hs attach vm a.img --lun
	check_fails 2 'no user or password' hs attach vm "iscsi://me%secret@$HOST/$IQN/1" --lun
	check_fails 2 'is not iscsi://HOST' hs attach vm "iscsi://$HOST/$IQN" --lun
	local before
	before=$(live_devices vm)
	check_fails 1 "Cannot attach iscsi://$HOST:3260/$IQN/9 to domain vm" \
		hs attach vm "$TARGET/9" --lun
	check_equal "$before" "$(live_devices vm)"
}

test_two_luns_of_one_serial_have_a_link_neither() {
	hs attach vm "$TARGET/1" --lun >/dev/null
	hs attach vm "$TARGET/3" --lun >out 2>err
	check_equal /dev/disk/by-slot/1 "$(<out)"
	check_match 'slot 1 has no by-serial link: .* has the serial .*san-1' "$(<err)"
	check_equal "true null" "$(tells 0 conflict by-serial)"
	check_equal "true null" "$(tells 1 conflict by-serial)"
	check_equal "lun1 lun3" "$(first_line /dev/disk/by-slot/0) $(first_line /dev/disk/by-slot/1)"
	check_equal "" "$(guest_run vm 'ls /dev/disk/by-serial 2>/dev/null | grep san || true')"
	hs detach vm 0
	check_equal "false /dev/disk/by-serial/$SAN" "$(tells 1 conflict by-serial)"
	check_equal lun3 "$(first_line "/dev/disk/by-serial/$SAN")"
	check_equal true "$(hs attach vm "$TARGET/1" --lun --json 2>/dev/null | jq '.disks[0].conflict')"
}

test_a_strict_attach_of_a_serial_that_is_taken_is_rolled_back() {
	hs attach vm "$TARGET/1" --lun >/dev/null
	hs reserve vm 5
	local before
	before=$(live_devices vm)
	check_fails 1 'Another disk in the guest .* has the serial .*san-1; rolled back' \
		hs attach vm "$TARGET/3" --lun --strict --slot 5
	check_equal "" "$(<stdout)"
	check_equal "$before" "$(live_devices vm)"
	check_equal 5 "$(hs reserve vm)"
	check_equal "false /dev/disk/by-serial/$SAN" "$(tells 0 conflict by-serial)"
	check_fails 1 . hs attach vm "$TARGET/3" --lun --strict --json
	check_equal serial-taken "$(jq -r .error.code stdout)"
	# Nobody else has this one.
	check_equal /dev/disk/by-slot/5 "$(hs attach vm "$TARGET/2" --lun --strict --slot 5)"
	check_equal "" "$(hs reserve vm)"
}

test_a_read_only_lun() {
	hs attach vm "$TARGET/1" --lun --readonly
	check_equal "true true" "$(tells 0 read-only host-read-only)"
	hs detach vm 0
}

test_an_ordinary_network_disk_has_our_serial() {
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "$TARGET/1" --serial mine)"
	check_equal "false mine 8388608 /dev/disk/by-serial/mine" \
		"$(tells 0 passthrough serial size by-serial)"
	check_equal lun1 "$(first_line /dev/disk/by-serial/mine)"
	hs detach vm 0
}

test_an_appliance_has_luns_from_the_start() {
	launch other --drive "$TARGET/2,lun" --drive "$TARGET/1,lun,slot=9"
	check_equal "0 $ODD
9 $SAN" "$(hs list other --json | jq -r '.disks[] | "\(.slot) \(.serial)"')"
	hs shutdown other --force
	check_fails 2 'serial of its own' launch wrong --drive "$TARGET/2,lun,serial=x"
	check_fails 1 'has the serial .*san-1' launch wrong --drive "$TARGET/1,lun" \
		--drive "$TARGET/3,lun,strict"
}

test_a_lun_is_attached_to_both_definitions() {
	local before
	before=$(virsh -q -c "$URI" dumpxml vm --inactive)
	check_equal /dev/disk/by-slot/2 "$(hs attach vm "$TARGET/1" --lun --persistent --slot 2)"
	check_match "device='lun'" "$(virsh -q -c "$URI" dumpxml vm --inactive)"
	check_equal true "$(tells 2 persistent)"
	hs detach vm 2 --persistent
	check_equal "$before" "$(virsh -q -c "$URI" dumpxml vm --inactive)"
	check_equal "" "$(slots vm)"
}

run_tests
