#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What libguestfs tested of its hot-plugging and of its disks, with hotslot in its place. The tests
# of 255 disks and of the most that there can be (tests/disks/test-255-disks.sh,
# test-add-lots-of-disks.sh, test-max-disks.sh) are many.sh and ../scale/many.sh here.

# Guests: udevd
# On demand: plain udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

setup_file() {
	IMAGE=$(control_image --module ext4 --add /usr/sbin/sfdisk:/usr/bin/sfdisk \
		--add /usr/sbin/mke2fs:/usr/bin/mke2fs)
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

# libguestfs's label is our id: the disk's name for those who attach it.
add_three_drives() {
	raw_image 1.img 512M
	raw_image 2.img 512M
	qemu-img create -q -f qcow2 -o preallocation=metadata 3.img 1G
	hs attach vm 1.img --id a --format auto
	hs attach vm 2.img --id b --format raw --readonly
	hs attach vm 3.img --id c --format qcow2
}

# Of the guest: a disk's first partition can be waited for, as there.
use_two_drives() {
	guest_run vm "echo ',,L' | sfdisk -q -X dos /dev/disk/by-slot/0
		/usr/bin/mke2fs -q -t ext2 /dev/disk/by-slot/2 64M"
	await_equal /dev/disk/by-slot/0-part1 first_partition
	guest_run vm "/usr/bin/mke2fs -q -t ext2 /dev/disk/by-slot/0-part1 64M"
}

first_partition() {
	hs list vm --json | jq -r '.disks[0].partitions[0]."by-slot"'
}

# tests/hotplug/test-hot-add.pl
test_hot_added_disks_can_be_used_at_once() {
	check_equal "" "$(slots vm)"
	check_equal "/dev/disk/by-slot/0
/dev/disk/by-slot/1
/dev/disk/by-slot/2" "$(add_three_drives)"
	use_two_drives
	check_equal "a /dev/sda 536870912 false
b /dev/sdb 536870912 true
c /dev/sdc 1073741824 false" "$(hs list vm --json |
		jq -r '.disks[] | "\(.id) \(.device) \(.size) \(."read-only")"')"
	await_equal ext2 disk_field vm 2 type
	await_equal ext2 partition_type
}

partition_type() {
	hs list vm --json | jq -r '.disks[0].partitions[0].type'
}

# tests/hotplug/test-hot-remove.pl, but for drives that are removed before the launch: there a drive
# is no disk yet, here nothing is added before there is a guest.
test_hot_removed_disks_are_gone() {
	for _ in 1 2; do
		add_three_drives >/dev/null
		use_two_drives
		hs detach vm id:a
		hs detach vm id:b
		hs detach vm id:c
		check_equal "" "$(slots vm)"
		check_equal "" "$(existing_links vm)"
		check_equal "" "$(guest_run vm 'ls /sys/block | grep ^sd || true')"
	done
}

# tests/hotplug/test-hotplug-repeated.pl, which goes on for a minute.
test_one_disk_is_plugged_in_again_and_again() {
	raw_image 1.img 512M
	for _ in {1..40}; do
		printf 'attach vm 1.img --id a --format raw\ndetach vm id:a\n'
	done | hs shell >links
	check_equal "40 /dev/disk/by-slot/0" "$(uniq -c links | xargs)"
	check_equal "" "$(slots vm)"
	check_equal "" "$(existing_links vm)"
}

# ---- tests/disks/test-add-disks.c, with the 27 disks of test-27-disks.sh -------------------

DISKS=27
LAST=$((DISKS - 1))

# 15 partitions on the first disk and on the last, one on every other.
partitions_of() { # INDEX
	[[ $1 == 0 || $1 == "$LAST" ]] && echo 15 || echo 1
}

make_tables_in_guest() {
	guest_run disks "set -e
		for disk in \$(seq 0 $LAST); do
			case \$disk in
			0 | $LAST) for i in \$(seq 1 14); do echo start=\$((64 * i)), size=64; done
				echo start=960 ;;
			*) echo start=64 ;;
			esac | sfdisk -q -X gpt /dev/disk/by-slot/\$disk
		done"
}

# The last partition of some has a file system with a file that names the disk; making 27 of them
# would only take its time.
FILLED='0 1 13 25 26'
fill_disks_in_guest() {
	guest_run disks "set -e
		for disk in $FILLED; do
			case \$disk in 0 | $LAST) part=15 ;; *) part=1 ;; esac
			/usr/bin/mke2fs -q -t ext2 /dev/disk/by-slot/\$disk-part\$part
			mkdir -p /tmp/mp\$disk
			mount -t ext4 /dev/disk/by-slot/\$disk-part\$part /tmp/mp\$disk
			echo This is disk \$disk. >/tmp/mp\$disk/disk\$disk
		done
		for disk in $FILLED; do cat /tmp/mp\$disk/disk\$disk; done"
}

device_name() { # INDEX
	echo "/dev/$(target_dev "$1")"
}

listed_devices() {
	hs list disks --json | jq -r '.disks[] | "\(.slot) \(.device)"'
}

# As libguestfs names them: /dev/sda1, …
listed_partitions() {
	hs list disks --json |
		jq -r '.disks[] | .device as $device | .partitions[] | select(."by-slot") |
			"\($device)\(.number)"'
}

expected_partitions() {
	local i k
	for ((i = 0; i < DISKS; i++)); do
		for ((k = 1; k <= $(partitions_of "$i"); k++)); do
			echo "$(device_name "$i")$k"
		done
	done
}

test_27_disks_of_a_launch_are_in_order_and_usable() {
	local i drives=()
	for ((i = 0; i < DISKS; i++)); do
		raw_image "disk-$i" 1M
		drives+=(--drive "disk-$i")
	done
	launch_controlled disks "${drives[@]}"
	check_equal "$(for ((i = 0; i < DISKS; i++)); do echo "$i $(device_name "$i")"; done)" \
		"$(listed_devices)"
	check_equal "$(for ((i = 0; i < DISKS; i++)); do echo "by-slot/$i disk-$i"; done)" \
		"$(guest_links disks | awk '/^by-slot/ { print $1, $6 }')"
	check_equal "$LAST" "$(hs resolve disks /dev/sdaa --json | jq '.disks[0].slot')"
	make_tables_in_guest
	await_equal "$(expected_partitions)" listed_partitions
	check_equal "$(for i in $FILLED; do echo "This is disk $i."; done)" \
		"$(fill_disks_in_guest)"
	hs shutdown disks --force
}

run_tests
