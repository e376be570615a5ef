#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Partitions and contents: tables that are there, that come, change and go; file systems that are
# made in the guest. Links and list follow without a word from us.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

PATH=$PATH:/usr/sbin:/sbin

setup_file() {
	IMAGE=$(control_image --add /usr/sbin/sfdisk:/usr/bin/sfdisk --add /usr/sbin/wipefs:/usr/bin/wipefs \
		--add "$(command -v mke2fs):/usr/bin/mke2fs" --add "$(command -v flock):/usr/bin/flock")
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

# Writes a name at the start of each partition that sfdisk's dump tells of: NAME-pN.
mark_partitions() { # FILE
	local number start
	while read -r number start; do
		printf '%s-p%s\n' "${1##*/}" "$number" |
			dd of="$1" bs=512 seek="$start" conv=notrunc status=none
	done < <(sfdisk -J "$1" | jq -r --arg file "$1" '.partitiontable.partitions[] |
		"\(.node | ltrimstr($file) | ltrimstr("p")) \(.start)"')
}

# A disk with a table; standard input is sfdisk's script.
table_image() { # FILE SIZE LABEL (gpt, dos)
	truncate -s "$2" "$1"
	sfdisk -q -X "$3" "$1"
	mark_partitions "$1"
}

partition_links() { # TREE
	links_with_content vm "$1" | grep -E -- '-part[0-9]+ ' || true
}

# What list tells of the disk in slot 0: its partitions' numbers, starts and sizes in sectors.
listed_partitions() {
	hs list vm --json | jq -r '.disks[0].partitions[] | "\(.number) \(.start / 512) \(.size / 512)"'
}

# ---- tables that are there -----------------------------------------------------------------

test_a_gpt_that_is_there_at_attach() {
	printf 'start=2048, size=2048\nstart=4096, size=2048\nstart=8192, size=4096\n' |
		table_image disk 8M gpt
	hs attach vm disk --serial S
	check_equal "0-part1 disk-p1
0-part2 disk-p2
0-part3 disk-p3" "$(partition_links by-slot)"
	check_equal "S-part1 disk-p1
S-part2 disk-p2
S-part3 disk-p3" "$(partition_links by-serial)"
	check_equal "1 2048 2048
2 4096 2048
3 8192 4096" "$(listed_partitions)"
	check_equal gpt "$(disk_field vm 0 table)"
	check_links_agree vm
}

# Numbers with a hole, and an extended one with two logical ones.
test_a_dos_table_with_logical_partitions() {
	printf '%s\n' '1: start=2048, size=2048' '3: start=4096, size=12000, type=5' \
		'5: start=6144, size=2048' '6: start=10240, size=2048' | table_image disk 9M dos
	# The extended one holds the table of its own.
	hs attach vm disk --serial S
	check_equal "S-part1 disk-p1
S-part3
S-part5 disk-p5
S-part6 disk-p6" "$(partition_links by-serial | sed 's/\(part3\) .*/\1/')"
	check_equal "1 3 5 6" "$(listed_partitions | cut -d' ' -f1 | xargs)"
	check_equal dos "$(disk_field vm 0 table)"
	check_links_agree vm
}

many_partitions() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do
		echo "start=$((2048 + 64 * i)), size=64"
	done
}

listed_numbers() {
	listed_partitions | cut -d' ' -f1 | xargs
}

# The kernel has 15 minors for a disk; those beyond are extended ones.
test_as_many_partitions_as_a_gpt_has() {
	many_partitions 128 | table_image disk 8M gpt
	hs attach vm disk --serial S --timeout 100
	local want
	want=$(seq 128 | sed 's/.*/S-part& disk-p&/')
	check_equal "$want" "$(partition_links by-serial)"
	check_equal "${want//S-/0-}" "$(partition_links by-slot)"
	check_equal "$(seq 128 | xargs)" "$(listed_numbers)"
	check_links_agree vm
	hs detach vm 0
	check_equal "" "$(existing_links vm)"
}

# ---- disks that are named like partitions --------------------------------------------------

test_a_disk_is_not_taken_for_a_partition_of_another() {
	local file
	for file in a b c d; do
		echo 'start=2048, size=2048' | table_image "$file" 4M gpt
	done
	# Slot 1 with partition 1 and slots 11 and 10; serials that look like each other's parts.
	hs attach vm a --slot 1 --serial S
	hs attach vm b --slot 11 --serial S1
	hs attach vm c --slot 10 --serial S-part1
	hs attach vm d --slot 111 --serial S-part
	check_equal "1-part1 a-p1
10-part1 c-p1
11-part1 b-p1
111-part1 d-p1" "$(partition_links by-slot)"
	check_equal 'S a-p1
S1 b-p1
S\x2dpart1 c-p1
S-part d-p1' "$(partition_links by-serial | sed 's/-part1 / /' | sort -k2)"
	check_links_agree vm
	hs detach vm 1
	check_equal "10-part1 11-part1 111-part1" \
		"$(partition_links by-slot | cut -d' ' -f1 | xargs)"
	check_links_agree vm
}

# ---- tables that come, change and go -------------------------------------------------------

guest_sfdisk() { # SCRIPT OPTIONS
	guest_run vm "printf '$1' | sfdisk -q $2 /dev/disk/by-slot/0"
}

test_a_table_is_made_changed_and_wiped_in_the_guest() {
	raw_image disk 16M
	hs attach vm disk --serial S
	check_equal "" "$(listed_partitions)"
	guest_sfdisk 'start=2048, size=2048\nstart=4096, size=4096\n' '-X gpt'
	await_equal "1 2048 2048
2 4096 4096" listed_partitions
	check_links_agree vm
	check_equal "S-part1 S-part2" "$(partition_links by-serial | cut -d' ' -f1 | xargs)"
	# Partition 2 goes, 3 comes in its place and more.
	guest_sfdisk '1: start=2048, size=2048\n3: start=4096, size=8192\n' '-X gpt'
	await_equal "1 2048 2048
3 4096 8192" listed_partitions
	check_links_agree vm
	# Another kind of table.
	guest_sfdisk 'start=4096, size=2048\n' '-X dos -w always'
	await_equal "1 4096 2048" listed_partitions
	await_equal dos disk_field vm 0 table
	check_links_agree vm
	guest_run vm 'wipefs -aq /dev/disk/by-slot/0 && blockdev --rereadpt /dev/disk/by-slot/0'
	await_equal "" listed_partitions
	await_equal null disk_field vm 0 table
	check_equal "" "$(partition_links by-slot)$(partition_links by-serial)"
	check_links_agree vm
}

# Whoever writes to a disk need not tell the kernel; udevd has it look, and so does the agent.
test_a_table_that_is_only_written_is_found_and_gone_again() {
	printf 'start=2048, size=2048\nstart=6144, size=2048\n' | table_image table 8M dos
	raw_image target 8M
	raw_image none 8M
	hs attach vm table none --readonly
	hs attach vm target --slot 2 --serial S
	guest_run vm 'dd if=/dev/disk/by-slot/0 of=/dev/disk/by-slot/2 bs=1M 2>/dev/null'
	await_equal "2-part1 table-p1
2-part2 table-p2" partitions_of_slot 2
	await_equal dos disk_field vm 2 table
	check_links_agree vm
	guest_run vm 'dd if=/dev/disk/by-slot/1 of=/dev/disk/by-slot/2 bs=1M 2>/dev/null'
	await_equal "" partitions_of_slot 2
	await_equal null disk_field vm 2 table
	check_links_agree vm
}

# Six seconds: more than anybody would wait for whom he takes to be udevd. Where udevd reads tables, it
# does not wait at all.
test_a_table_that_is_written_under_a_lock_is_found_when_that_is_gone() {
	only_on udevd plain
	printf 'start=2048, size=2048\n' | table_image table 8M dos
	raw_image target 8M
	hs attach vm table target
	guest_run vm 'exec 9</dev/disk/by-slot/1; flock 9
		dd if=/dev/disk/by-slot/0 of=/dev/disk/by-slot/1 bs=1M 2>/dev/null; sleep 6'
	await_equal "1-part1 table-p1" partitions_of_slot 1
	check_links_agree vm
	# Nor is the lock of somebody who stays in the way of a release.
	guest_run vm 'flock /dev/disk/by-slot/0 sleep 60 >/dev/null 2>&1 </dev/null &
		dd if=/dev/zero of=/dev/disk/by-slot/0 bs=1M count=1 conv=notrunc 2>/dev/null'
	hs detach vm 0 --force
	check_equal 1 "$(slots vm)"
}

test_who_writes_to_one_disk_all_the_time_does_not_hold_up_the_others() {
	printf 'start=2048, size=2048\n' | table_image table 8M dos
	raw_image target 8M
	raw_image busy 1M
	hs attach vm busy table target
	guest_run vm '(until [ -e /run/enough ]; do : <>/dev/disk/by-slot/0; usleep 20000; done) >/dev/null 2>&1 </dev/null &
		dd if=/dev/disk/by-slot/1 of=/dev/disk/by-slot/2 bs=1M 2>/dev/null'
	await_equal "2-part1 table-p1" partitions_of_slot 2
	await_equal dos disk_field vm 2 table
	guest_run vm ': >/run/enough'
	check_links_agree vm
}

partitions_of_slot() { # SLOT
	partition_links by-slot | grep "^$1-" || true
}

# ---- contents ------------------------------------------------------------------------------

contents() { # SLOT
	hs list vm --json | jq -r --argjson slot "$1" '.disks[] | select(.slot == $slot) |
		"\(.contents) \(.type) \(.label) \(.uuid)"'
}

UUID=11111111-2222-3333-4444-555555555555

test_contents_that_are_made_in_the_guest_are_told() {
	raw_image disk 16M
	hs attach vm disk
	await_equal "known null null null" contents 0
	guest_run vm "/usr/bin/mke2fs -q -t ext2 -L DATA -U $UUID /dev/disk/by-slot/0"
	await_equal "known ext2 DATA $UUID" contents 0
	guest_run vm 'mkswap -L SWAP /dev/disk/by-slot/0 >/dev/null'
	await_equal "known swap SWAP" swap_without_uuid
	guest_run vm 'wipefs -aq /dev/disk/by-slot/0'
	await_equal "known null null null" contents 0
}

swap_without_uuid() {
	contents 0 | cut -d' ' -f1-3
}

test_contents_of_a_partition_are_told() {
	printf 'start=2048, size=2048\nstart=4096, size=8192\n' | table_image disk 8M gpt
	hs attach vm disk
	guest_run vm "/usr/bin/mke2fs -q -t ext2 -L PART -U $UUID /dev/disk/by-slot/0-part2"
	await_equal "1 null null null
2 ext2 PART $UUID" contents_of_partitions
	guest_run vm 'wipefs -aq /dev/disk/by-slot/0-part2'
	await_equal "1 null null null
2 null null null" contents_of_partitions
}

contents_of_partitions() {
	hs list vm --json |
		jq -r '.disks[0].partitions[] | "\(.number) \(.type) \(.label) \(.uuid)"'
}

# ---- read-only -----------------------------------------------------------------------------

test_read_only_is_read_only_in_the_guest() {
	echo 'start=2048, size=2048' | table_image disk 4M gpt
	local before
	before=$(sha256sum <disk)
	hs attach vm disk --readonly --serial S
	check_equal "true true" "$(disk_field vm 0 read-only) $(disk_field vm 0 host-read-only)"
	check_equal "by-slot/0 ro
by-slot/0-part1 ro
by-serial/S ro
by-serial/S-part1 ro" "$(guest_links vm | awk '{ print $1, $5 }')"
	local name said
	for name in by-slot/0 by-slot/0-part1 by-serial/S by-serial/S-part1; do
		check_equal 1 "$(guest_run vm "blockdev --getro /dev/disk/$name")"
		said=$(guest_run vm "dd if=/dev/zero of=/dev/disk/$name bs=512 count=1 conv=notrunc,fsync 2>&1" ||
			echo refused)
		check_match 'refused$' "$said"
		check_match 'Read-only file system|Operation not permitted' "$said"
		# Not even by those who ask for it.
		guest_run vm "blockdev --setrw /dev/disk/$name; dd if=/dev/zero of=/dev/disk/$name \
			bs=512 count=1 conv=notrunc,fsync" >/dev/null 2>&1 || true
	done
	hs detach vm 0
	check_equal "$before" "$(sha256sum <disk)"
}

run_tests
