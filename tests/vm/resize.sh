#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that change their size while the guest runs: by hotslot, and by others behind its back.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../virsh.sh"

M=1048576

setup_file() {
	IMAGE=$(control_image --module ext4)
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

# Node's size as the guest has it, by both links.
guest_sizes() { # SLOT SERIAL
	guest_links vm | awk -v slot="by-slot/$1" -v serial="by-serial/$2" \
		'$1 == slot || $1 == serial { print $4 }' | xargs
}

test_a_disk_grows_and_the_guest_reads_its_new_end() {
	raw_image disk 2M
	hs attach vm disk --serial S
	local diskseq
	diskseq=$(disk_field vm 0 diskseq)
	check_equal "" "$(hs resize vm 0 5M)"
	check_equal $((5 * M)) "$(stat -c %s disk)"
	check_equal "$((5 * M)) $((5 * M))" "$(guest_sizes 0 S)"
	check_equal "$((5 * M))" "$(disk_field vm 0 size)"
	# The same disk, under the same names.
	check_equal "$diskseq" "$(disk_field vm 0 diskseq)"
	check_links_agree vm
	guest_run vm "printf end | dd of=/dev/disk/by-slot/0 bs=1 seek=$((5 * M - 3)) conv=notrunc,fsync \
		2>/dev/null"
	check_equal end "$(tail -c 3 disk)"
	check_equal end "$(guest_run vm 'tail -c 3 /dev/disk/by-serial/S')"
	hs detach vm 0
}

test_a_disk_grows_by_any_reference_and_unit() {
	raw_image disk 1M
	hs attach vm disk --serial S --id I --slot 28
	local step bytes=$M
	for step in "28 +1M" "/dev/sdac +512" "serial:S +1K" "alias:ua-hotslot-I +1m" "id:I +512" \
		"/dev/disk/by-slot/28 +1k" "/dev/disk/by-serial/S +512"; do
		# shellcheck disable=SC2086
		hs resize vm $step
		case ${step#*+} in
		512) bytes=$((bytes + 512)) ;;
		1[Kk]) bytes=$((bytes + 1024)) ;;
		*) bytes=$((bytes + M)) ;;
		esac
		check_equal "$step: $bytes $bytes" "$step: $(guest_sizes 28 S)"
	done
	check_equal "$bytes" "$(stat -c %s disk)"
}

# In one session: what was asked before the attach counts no more.
test_a_disk_grows_right_after_it_was_attached() {
	raw_image a
	raw_image b
	hs shell vm >out <<-END
		attach a --slot 0
		resize 0 2M
		attach b
		resize 1 3M
		resize 0 4M
		detach 1
		detach 0
	END
	check_equal "$((4 * M)) $((3 * M))" "$(stat -c %s a b | xargs)"
}

test_a_qcow2_grows() {
	qemu-img create -q -f qcow2 disk.qcow2 2M
	hs attach vm disk.qcow2 --serial S
	hs resize vm 0 1G
	check_equal "1073741824 1073741824" "$(guest_sizes 0 S)"
	check_equal 1073741824 "$(disk_field vm 0 size)"
}

test_a_resize_to_the_size_it_has_is_done_at_once() {
	raw_image disk 2M
	hs attach vm disk
	hs resize vm 0 2M
	hs resize vm 0 +0
	check_equal $((2 * M)) "$(disk_field vm 0 size)"
}

test_json_has_the_disk() {
	raw_image disk 1M
	hs attach vm disk --serial S
	check_equal "vm 0 3145728 S present /dev/disk/by-slot/0" "$(hs resize vm 0 3M --json |
		jq -r '"\(.domain) " + (.disks[] | "\(.slot) \(.size) \(.serial) \(.state) \(."by-slot")")')"
}

test_the_protocol_tells_of_it() {
	raw_image disk 1M
	hs attach vm disk --slot 3
	local target
	target=$(disk_field vm 3 target-dev)
	{
		hello
		# May be sent before the host resizes.
		request resize resize '{"slot":3,"size":2097152}'
		run_virsh blockresize vm "$target" 2048 >/dev/null
		request resize place '{"place":3,"size":2097152}'
		request resize empty '{"slot":9,"size":2097152}'
		request resize late '{"slot":3,"size":4194304,"deadline":1500}'
		request resize none '{"slot":3}'
		request resize both '{"slot":3,"place":3,"size":2097152}'
		request resize huge '{"slot":3,"size":-1}'
	} | UNTIL='"id":"late"' talk >answers
	check_equal "3 2097152" "$(answer resize | jq -r '"\(.return.disk.slot) \(.return.disk.size)"')"
	check_equal "3 2097152" "$(answer place | jq -r '"\(.return.disk.slot) \(.return.disk.size)"')"
	check_equal 2097152 "$(jq -r 'select(.event == "disk-changed" and .data.disk.slot == 3)
		.data.disk.size' answers | tail -n 1)"
	local id
	for id in empty none both huge; do
		check_equal "$id InvalidArgument" "$id $(error_class "$id")"
	done
	check_equal DeadlineExceeded "$(error_class late)"
}

# ---- behind our back -----------------------------------------------------------------------

test_a_resize_by_virsh_is_seen() {
	raw_image disk 1M
	hs attach vm disk --serial S
	run_virsh blockresize vm "$(disk_field vm 0 target-dev)" 4096
	await_equal $((4 * M)) disk_field vm 0 size
	check_equal "$((4 * M)) $((4 * M))" "$(guest_sizes 0 S)"
	# And the next one of ours starts from there.
	hs resize vm 0 +1M
	check_equal $((5 * M)) "$(disk_field vm 0 size)"
}

test_a_foreign_disk_is_resized_only_when_asked_for() {
	raw_image disk 1M
	virsh_attach vm disk 0 6 '<serial>F</serial><alias name="ua-theirs"/>'
	await_equal 6 slots vm
	check_fails 1 'somebody else|Somebody else' hs resize vm 6 2M
	check_equal "$M" "$(stat -c %s disk)"
	hs resize vm 6 2M --foreign
	check_equal "$((2 * M)) $((2 * M))" "$(guest_sizes 6 F)"
	hs resize vm alias:ua-theirs 3M
	check_equal "$((3 * M)) $((3 * M))" "$(guest_sizes 6 F)"
}

# ---- shrinking -----------------------------------------------------------------------------

links_of_slot_0() {
	guest_links vm | awk '/^by-slot\/0/ { print $1, $4 }'
}

test_partitions_beyond_the_new_end_lose_their_links() {
	truncate -s 8M disk
	printf 'start=2048, size=1M\nstart=4096, size=4M\n' |
		PATH=$PATH:/usr/sbin:/sbin sfdisk -q -X dos disk
	hs attach vm disk --serial S
	check_equal "by-slot/0 $((8 * M))
by-slot/0-part1 $M
by-slot/0-part2 $((4 * M))" "$(links_of_slot_0)"
	hs resize vm 0 2M --shrink
	await_equal "by-slot/0 $((2 * M))
by-slot/0-part1 $M" links_of_slot_0
	check_links_agree vm
	hs detach vm 0
}

test_a_disk_is_cut_only_when_that_is_said() {
	raw_image disk 4M
	hs attach vm disk --serial S
	check_fails 1 'would be lost' hs resize vm 0 2M
	check_fails 1 . hs resize vm 0 2M --json
	check_equal "shrink vm" "$(jq -r '"\(.error.code) \(.domain // "vm")"' stdout)"
	check_equal $((4 * M)) "$(stat -c %s disk)"
	check_equal "$((4 * M)) $((4 * M))" "$(guest_sizes 0 S)"
	hs resize vm 0 2M --shrink
	check_equal $((2 * M)) "$(stat -c %s disk)"
	check_equal "$((2 * M)) $((2 * M))" "$(guest_sizes 0 S)"
	check_equal $((2 * M)) "$(disk_field vm 0 size)"
}

# ---- in use --------------------------------------------------------------------------------

test_a_mounted_disk_grows_and_its_file_system_goes_on() {
	truncate -s 8M disk
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 disk
	hs attach vm disk --serial S
	guest_run vm 'mkdir -p /tmp/mnt && mount -t ext4 /dev/disk/by-slot/0 /tmp/mnt &&
		echo kept >/tmp/mnt/file'
	hs resize vm 0 24M
	check_equal "$((24 * M)) $((24 * M))" "$(guest_sizes 0 S)"
	check_equal kept "$(guest_run vm 'echo more >>/tmp/mnt/file && sync && head -n 1 /tmp/mnt/file')"
	check_fails 1 'mounted on /tmp/mnt' hs detach vm 0
	guest_run vm 'umount /tmp/mnt'
	# What was added is the file system's to take.
	hs detach vm 0
	PATH=$PATH:/usr/sbin:/sbin e2fsck -fp disk >/dev/null
	PATH=$PATH:/usr/sbin:/sbin resize2fs disk >/dev/null 2>&1
	PATH=$PATH:/usr/sbin:/sbin e2fsck -fn disk >/dev/null
	check_equal "$((24 * M / 1024))" "$(PATH=$PATH:/usr/sbin:/sbin dumpe2fs -h disk 2>/dev/null |
		awk '/^Block count/ { blocks = $3 } /^Block size/ { print blocks * $3 / 1024 }')"
}

test_partitions_stay_when_their_disk_grows() {
	truncate -s 4M disk
	printf 'start=2048, size=2048\n' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q -X dos disk
	hs attach vm disk --serial S
	await_equal "/dev/disk/by-slot/0-part1" part_links
	hs resize vm 0 8M
	await_equal "/dev/disk/by-slot/0-part1" part_links
	check_equal "$M" "$(hs list vm --json | jq '.disks[0].partitions[0].size')"
	check_links_agree vm
}

part_links() {
	hs list vm --json | jq -r '.disks[0].partitions[]."by-slot"'
}

# ---- refused -------------------------------------------------------------------------------

test_sizes_that_are_none() {
	only_on plain # they are refused on the host
	raw_image disk 1M
	hs attach vm disk
	local size
	for size in '' M 1X 1.5M 0x100 -1 '1 M' ten 1MM + 1KiB; do
		check_fails 2 "is no size" hs resize vm 0 -- "$size"
	done
	for size in 99999999999999999999 9223372036854775808 8388608T 9999P; do
		check_fails 2 "too large" hs resize vm 0 "$size"
	done
	for size in 0 1 513 1000; do
		check_fails 2 "multiple of 512" hs resize vm 0 "$size" --shrink
		check_equal 2 "$(hs resize vm 0 "$size" --shrink --json >json 2>/dev/null || echo $?)"
		check_equal invalid "$(jq -r .error.code json)"
	done
	check_fails 2 . hs resize vm 0
	check_fails 2 . hs resize vm 0 1M 2M
	check_equal "$M" "$(disk_field vm 0 size)"
	check_equal "$M" "$(stat -c %s disk)"
}

test_disks_that_cannot_be_resized() {
	raw_image disk 1M
	hs attach vm disk --readonly
	check_fails 1 'read-only' hs resize vm 0 2M
	check_fails 1 'No disk is in slot 7' hs resize vm 7 2M
	check_fails 1 . hs resize vm 7 2M --json
	check_equal slot-empty "$(jq -r .error.code stdout)"
	check_fails 1 . hs resize vm serial:nosuch 2M --json
	check_equal no-disk "$(jq -r .error.code stdout)"
	check_fails 2 'partition' hs resize vm /dev/sda1 2M
	check_fails 2 . hs resize vm nonsense 2M
	check_equal "$M" "$(stat -c %s disk)"
}

# QEMU refuses what the host's file cannot have; nothing has changed then.
test_a_size_that_the_host_cannot_give() {
	raw_image disk 1M
	hs attach vm disk --serial S
	check_fails 1 'Cannot resize the disk in slot 0 .*still has 1048576 bytes' \
		hs resize vm 0 8191P
	check_equal "$M $M" "$(guest_sizes 0 S)"
}

run_tests
