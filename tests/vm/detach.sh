#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A detach finds every use of the disk, takes it from nobody unasked, and loses nothing.

# Guests: plain

# Detaches of a disk that somebody writes to all the time: a short form of tests/scale/detach.sh.
ROUNDS=${ROUNDS:-3}

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../talk.sh"

PATH=$PATH:/usr/sbin:/sbin

setup_file() {
	IMAGE=$(control_image --module ext4 --module dm-mod --module raid1 --module loop --module sg \
		--module nvmet --module target_core_file \
		--add "$(command -v dmsetup):/bin/dmsetup" --add "$(command -v mdadm):/bin/mdadm" \
		--add "$B/tests/vm/holder:/bin/holder")
	launch_controlled vm
	truncate -s 16M plain.img
	truncate -s 16M table.img
	printf '2048,4M\n10240,4M\n' | sfdisk -q -X gpt table.img
	truncate -s 16M files.img
	mke2fs -q -t ext4 files.img
}

setup_test() {
	guest_run vm '[ ! -e /tmp/pids ] || kill $(cat /tmp/pids) 2>/dev/null; rm -f /tmp/pids; umount /tmp/m
		swapoff /dev/dm-1; dmsetup remove_all --noudevsync; mdadm --stop /dev/md5
		losetup -d /dev/loop0' >/dev/null 2>&1 || true
	detach_all vm
}

attach() { # IMAGE
	cp --sparse=always "../file/$1.img" disk.img
	check_equal /dev/disk/by-slot/0 "$(hs attach vm disk.img --slot 0)"
	# The kernel's names of the disk and its first partition, for the scripts in the guest.
	DISK=$(guest_run vm 'basename $(readlink -f /dev/disk/by-slot/0)')
}

# Each user of the disk in slot 0, from the error of a detach that is refused.
users() {
	check_fails 1 'The guest of domain vm uses the disk in slot 0' hs detach vm 0 --json
	jq -r ".error.users[] | [.kind, .device, .what, .through, .process] |
		map(. // \"-\" | sub(\"^$\"; \"-\")) | join(\" \")" stdout |
		sed "s/$DISK/disk/g" | sort
}

# Starts a program in the guest that stays; waits for its first word.
stay() { # COMMAND
	guest_run vm "setsid $1 >/tmp/said 2>&1 & echo \$! >>/tmp/pids
		until [ -s /tmp/said ]; do usleep 10000; done; cat /tmp/said; rm /tmp/said"
}

# Ends what stay() has started.
leave() {
	guest_run vm 'kill $(cat /tmp/pids); rm /tmp/pids'
}

test_mounts_in_any_namespace_and_lazily_unmounted_ones_are_found() {
	attach files
	guest_run vm 'mkdir -p /tmp/m'
	stay 'unshare -m sh -c "mount -t ext4 /dev/disk/by-slot/0 /tmp/m && echo ready; exec sleep 1000"'
	check_equal 'mount disk /tmp/m - sleep' "$(users)"
	leave
	stay 'holder mount /dev/disk/by-slot/0 /tmp/m'
	check_equal 'mount disk /tmp/m - holder' "$(users)"
	guest_run vm 'kill $(cat /tmp/pids); rm /tmp/pids; mount -t ext4 /dev/disk/by-slot/0 /tmp/m
		echo x >/tmp/m/file'
	stay 'sh -c "exec 4</tmp/m/file; echo ready; exec sleep 1000"'
	guest_run vm 'umount -l /tmp/m'
	check_equal 'exclusive disk ext4 - -
open disk /file - sleep' "$(users)"
	check_fails 1 'held by a file system \(ext4\) that is mounted nowhere' hs detach vm 0
	leave
	hs detach vm 0 --wait 10
}

test_stacks_at_any_depth_are_found_and_named_by_their_top() {
	attach table
	guest_run vm "mdadm --build /dev/md5 --assume-clean --level=1 --raid-devices=2 /dev/${DISK}1 missing
		echo '0 4096 linear /dev/md5 0' | dmsetup create low --noudevsync
		echo \"0 2048 linear \$(dmsetup info -c --noheadings -o major,minor low) 0\" |
			dmsetup create top --noudevsync
		mke=\$(dmsetup info -c --noheadings -o minor top); dd if=/dev/zero of=/dev/dm-\$mke bs=64k count=1
		mkswap /dev/dm-\$mke; swapon /dev/dm-\$mke" >/dev/null
	check_equal 'holder disk1 top - -
swap disk1 /dev/dm-1 top -' "$(users)"
	check_fails 1 'used as swap through top' hs detach vm 0
	guest_run vm "swapoff /dev/dm-1; dmsetup remove --noudevsync top; dmsetup remove --noudevsync low
		mdadm --stop /dev/md5; losetup /dev/loop0 /dev/${DISK}2" >/dev/null
	check_equal 'holder disk2 loop0 - -' "$(users)"
	guest_run vm "losetup -d /dev/loop0; mknod /dev/node b \$(tr : ' ' </sys/class/block/${DISK}2/dev)
		losetup /dev/loop0 /dev/node"
	check_equal 'holder disk2 loop0 - -' "$(users)"
	guest_run vm 'rm /dev/node; mv /dev/loop0 /dev/moved'
	check_equal 'holder disk2 loop0 - -' "$(users)"
	guest_run vm 'mv /dev/moved /dev/loop0; losetup -d /dev/loop0'
	hs detach vm 0 --wait 10
}

test_whoever_has_it_open_is_found_however_he_does() {
	attach table
	local how
	for how in exclusive map ring ended thread long; do
		check_equal ready "$(stay "holder $how /dev/${DISK}1")"
		check_equal "open disk1 - - holder" "$(users)"
		leave
	done
	# Rings that do not say which disk they have.
	check_equal ready "$(stay "holder busy /dev/$DISK")"
	check_match '^open disk (-|io_uring) - holder$' "$(users)"
	leave
	check_equal ready "$(stay "holder mapped /dev/$DISK")"
	check_equal 'open disk io_uring - holder' "$(users)"
	check_fails 1 'perhaps registered with an io_uring, which does not tell, by holder' hs detach vm 0
	leave
	guest_run vm "mknod /dev/other b \$(tr : ' ' </sys/class/block/$DISK/dev)"
	stay 'sh -c "exec 4</dev/other; echo ready; exec sleep 1000"'
	check_equal 'open disk - - sleep' "$(users)"
	leave
	stay "sh -c 'exec 4</dev/\$(basename /sys/class/block/$DISK/device/scsi_generic/*); echo ready; exec sleep 1000'"
	check_equal 'open disk - - sleep' "$(users)"
	leave
	hs detach vm 0 --wait 10
}

# In no process, without O_EXCL.
test_what_the_kernel_itself_has_open_is_found() {
	attach table
	guest_run vm "mkdir /tmp/config; mount -t configfs none /tmp/config; cd /tmp/config
		mkdir -p target/core/fileio_0/x; echo fd_dev_name=/dev/${DISK}1,fd_dev_size=4194304 >target/core/fileio_0/x/control
		echo 1 >target/core/fileio_0/x/enable
		mkdir nvmet/subsystems/t; mkdir nvmet/subsystems/t/namespaces/1; cd nvmet/subsystems/t/namespaces/1
		printf %s /dev/disk/by-slot/0 >device_path; echo 1 >enable"
	check_equal 'holder disk nvmet/subsystems/t/namespaces/1 - -
holder disk1 target/core/fileio_0/x - -' "$(users)"
	guest_run vm 'mount --bind /tmp/config/target /tmp/config'
	check_match nvmet "$(users)"
	guest_run vm 'umount /tmp/config; umount /tmp/config'
	check_match nvmet "$(users)"
	guest_run vm 'mount -t configfs none /tmp/config; cd /tmp/config; rmdir nvmet/subsystems/t/namespaces/1 nvmet/subsystems/t
		rmdir target/core/fileio_0/x target/core/fileio_0; cd /; umount /tmp/config'
	hs detach vm 0
}

test_force_says_what_it_broke_and_writes_back_what_it_can() {
	attach files
	guest_run vm 'mkdir -p /tmp/m; mount -t ext4 /dev/disk/by-slot/0 /tmp/m
		yes "not synced" | head -c 2097152 >/tmp/m/file'
	hs detach vm 0 --force --wait 10 --json >stdout 2>stderr
	check_equal '{"detached":[0],"taken":["mount /tmp/m 0"]}' "$(jq -c '{detached,
		taken: [."taken-from"[] | "\(.kind) \(.what) \(.slot)"]}' stdout)"
	check_equal 'hotslot: detach: slot 0 was taken from: /tmp/m mounted' "$(<stderr)"
	e2fsck -fy disk.img >/dev/null 2>&1 || true # its journal
	debugfs -R 'dump /file file' disk.img 2>/dev/null
	check_equal "$(yes 'not synced' | head -c 2M | sha256sum)" "$(sha256sum <file)"
	guest_run vm 'umount -l /tmp/m'
}

test_force_takes_a_disk_that_a_suspended_device_stands_on() {
	attach files
	guest_run vm "echo '0 4096 linear /dev/$DISK 0' | dmsetup create low --noudevsync
		dmsetup suspend --noudevsync low"
	check_fails 1 'held by low' hs detach vm 0
	check_equal present "$(disk_field vm 0 state)"
	hs detach vm 0 --force --timeout 4 --json >stdout 2>stderr
	guest_run vm 'dmsetup resume --noudevsync low'
	check_equal "[0] holder $DISK low 0, unwritten $DISK  0" "$(jq -r '"\(.detached) \([."taken-from"[] |
		"\(.kind) \(.device) \(.what) \(.slot)"] | join(", "))"' stdout)"
	check_equal 'hotslot: detach: slot 0 was not written back: what the guest had yet to write may be lost' \
		"$(tail -n 1 stderr)"
	check_equal "" "$(slots vm)"
}

test_wait_ends_when_the_disk_is_free_or_its_time_is_over() {
	attach files
	guest_run vm 'mkdir -p /tmp/m; mount -t ext4 /dev/disk/by-slot/0 /tmp/m'
	local start=${EPOCHREALTIME/./} ms
	check_fails 1 'mounted on /tmp/m' hs detach vm 0 --wait 2 --json
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	[[ $ms -ge 2000 && $ms -lt 7000 ]] || fail "it waited $ms ms"
	check_equal '["/tmp/m"]' "$(jq -c '[.error.users[].what]' stdout)"
	check_equal /dev/disk/by-slot/0 "$(disk_field vm 0 by-slot)"
	guest_run vm '(usleep 1500000; umount /tmp/m) >/dev/null 2>&1 &'
	start=${EPOCHREALTIME/./}
	hs detach vm 0 --wait 30
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	[[ $ms -lt 8000 ]] || fail "it waited $ms ms"
	check_equal "" "$(slots vm)"
}

test_an_interrupted_wait_leaves_the_disk_in_use() {
	attach files
	guest_run vm 'mkdir -p /tmp/m; mount -t ext4 /dev/disk/by-slot/0 /tmp/m'
	local pid status=0
	"$HOTSLOT" -c "$URI" detach vm 0 --wait 60 2>stderr &
	pid=$!
	# It is ready for the signal, and the agent has a child that waits.
	until [[ $(awk '/^SigCgt/ { print $2 }' "/proc/$pid/status") == *[4-7c-f]??? ]]; do sleep 0.05; done
	guest_run vm 'until [ $(pidof hotslot-agent | wc -w) -gt 1 ]; do usleep 10000; done'
	kill -TERM "$pid"
	wait "$pid" || status=$?
	check_equal '1 hotslot: detach: slot 0: not detached: interrupted' "$status $(<stderr)"
	check_equal present "$(disk_field vm 0 state)"
	guest_run vm 'umount /tmp/m'
	hs detach vm 0
}

# While one release waits, others are refused, canceled, forced.
test_a_release_that_waits_holds_up_no_other() {
	attach files
	guest_run vm 'mkdir -p /tmp/m; mount -t ext4 /dev/disk/by-slot/0 /tmp/m'
	{
		hello
		request release patient '{"slot":0,"wait":true}'
		request release canceled '{"slot":0,"wait":true}'
		request release hasty '{"slot":0}'
		request cancel cancel '{"id":"canceled"}'
		request release short '{"slot":0,"wait":true,"deadline":300}'
		request disks disks
		sleep 1
		request release forced '{"slot":0,"force":true}'
		request release again '{"slot":0,"force":true}'
		sleep 1
		request expect last '{"slot":0}'
	} | talk >answers
	check_equal 'DiskBusy Canceled DiskBusy' \
		"$(error_class hasty) $(error_class canceled) $(error_class short)"
	check_equal '"/tmp/m"' "$(answer short | jq -c '.error.users[].what')"
	check_equal '["present","/dev/disk/by-slot/0"]' \
		"$(answer disks | jq -c '.return.disks[0] | [.state, .links[0]]')"
	check_equal 'released released released' "$(for id in patient forced again; do
		answer "$id" | jq -r .return.state; done | xargs)"
	check_equal 'null "/tmp/m" "/tmp/m"' "$(for id in patient forced again; do
		answer "$id" | jq -c '.return.users[0].what'; done | xargs -d '\n')"
	check_equal present "$(answer last | jq -r .return.disk.state)"
	guest_run vm 'umount /tmp/m'
	hs detach vm 0 --wait 10
}

test_what_was_not_synced_is_on_the_host() {
	truncate -s 64M disk.img
	hs attach vm disk.img --slot 0
	guest_run vm 'yes "slot 0 has this" | dd of=/dev/disk/by-slot/0 bs=1M count=32 iflag=fullblock' 2>/dev/null
	hs detach vm 0
	check_equal "$(yes 'slot 0 has this' | head -c 32M | sha256sum)" \
		"$(head -c 32M disk.img | sha256sum)"
}

test_a_slow_write_back_ends_at_the_deadline_and_the_disk_is_in_use_again() {
	truncate -s 64M disk.img
	hs attach vm disk.img --slot 0
	run_virsh blkdeviotune vm "$(target_of_slot_0)" --write-bytes-sec 1000000 --live
	# Who closes it last has no descriptor any more, and writes for six seconds.
	guest_run vm '(yes "slot 0 has this" | exec dd of=/dev/disk/by-slot/0 bs=1M count=6 \
			iflag=fullblock) >/dev/null 2>&1 &
		until pid=$(pidof dd) && [ -e /proc/$pid/fd/1 ]; do usleep 1000; done
		while [ -e /proc/$pid/fd/1 ]; do usleep 1000; done'
	check_fails 1 'writing back .* takes longer' hs detach vm 0 --timeout 1
	check_equal present "$(disk_field vm 0 state)"
	# At once, though the kernel still writes.
	check_equal ready "$(stay 'holder exclusive /dev/disk/by-slot/0')"
	leave
	run_virsh blkdeviotune vm "$(target_of_slot_0)" --write-bytes-sec 0 --live
	hs detach vm 0 --wait 20
	check_equal "$(yes 'slot 0 has this' | head -c 6M | sha256sum)" \
		"$(head -c 6M disk.img | sha256sum)"
}

target_of_slot_0() {
	live_xml vm | sed -n "/<disk /,/<\/disk>/{ s/.*<target dev='\([a-z]*\)'.*/\1/p }" | tail -n 1
}

# The number that the holder wrote, as the image has it.
number_in() { # IMAGE
	dd if="$1" bs=512 skip=1024 count=1 status=none | tr -d '\0'
}

# The kernel rescans the host all the time, and somebody writes to the disk whenever he can open it.
# What he was told is written is in the image, and when it is detached no name is left.
test_nobody_has_a_disk_that_is_unplugged() {
	local round number written='' before refused=0
	guest_run vm '(while :; do
			for host in /sys/class/scsi_host/*; do echo "- - -" >$host/scan; done
			for disk in /sys/block/sd*; do echo 1 >$disk/device/rescan; done
			usleep 200000
		done) >/dev/null 2>&1 & echo $! >>/tmp/pids
		setsid holder race /dev/disk/by-slot/0 /tmp/written >/dev/null 2>&1 & echo $! >>/tmp/pids'
	for ((round = 1; round <= ROUNDS; round++)); do
		truncate -s 1M "$round.img"
		hs attach vm "$round.img" --slot 0 >/dev/null
		guest_run vm 'before=$(cat /tmp/written 2>/dev/null)
			until [ "$(cat /tmp/written 2>/dev/null)" != "$before" ]; do usleep 1000; done'
		until hs detach vm 0 2>stderr; do
			check_match 'uses the disk' "$(<stderr)"
			((++refused < 100 * ROUNDS)) || fail "it is always in use"
		done
		number=$(number_in "$round.img") before=$written
		written=$(guest_run vm 'cat /tmp/written; witness names')
		check_equal "$number" "$written"
		[[ $written != "$before" ]] || fail "round $round: nothing was written"
	done
	echo "refused $refused times"
	leave
}

run_tests
