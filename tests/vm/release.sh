#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A release at its worst moments: somebody writes between the look for users and the end, the agent
# dies in between, the kernel hangs.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../many.sh"

# For test_many_disks_are_released_at_once, which the others have to make room for: it is the last.
DISKS=30
IN_USE=8

setup_file() {
	IMAGE=$(control_image --add "$B/tests/vm/late:/bin/late")
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

attach() {
	rm -f disk.img
	truncate -s 16M disk.img
	check_equal /dev/disk/by-slot/0 "$(hs attach vm disk.img --slot 0)"
	DISK=$(guest_run vm 'basename $(readlink -f /dev/disk/by-slot/0)')
}

# How each slot may be opened.
ways() {
	guest_links vm | awk '/^by-slot/ { print $1, $5 }'
}

# What was written is on the host, or the detach was refused; by a node that nobody knows of. The
# first numbers are before the last look for users, the last one is after it. How often the disk is
# opened before the first look depends on who else looks at it: if the writer is found by that, it
# holds the disk until it is told to end.
test_what_is_written_by_another_node_until_the_end_is_not_lost() {
	local opens written
	for opens in 3 4 5 6; do
		attach
		guest_run vm "rm -f /dev/other; mknod /dev/other b \$(tr : ' ' </sys/block/$DISK/dev)
			late write /dev/$DISK $opens /dev/other /sys/block/$DISK/device/state >/tmp/late 2>&1 &
			until [ -s /tmp/late ]; do usleep 1000; done"
		if ! hs detach vm 0 --wait 1 2>refusal; then
			check_match "is open by late" "$(cat refusal)"
			guest_run vm 'kill $(pidof late); until [ $(wc -l </tmp/late) = 2 ]; do usleep 1000; done'
			hs detach vm 0 --wait 10
		fi
		written=$(guest_run vm 'tail -n 1 /tmp/late; rm /tmp/late')
		[[ $written != ready ]] || continue
		check_equal "${written#0000000000}" \
			"$(dd if=disk.img bs=512 skip=1024 count=1 status=none | tr -d '\0')"
	done
}

# What an agent before this one has begun: nobody has looked whether it is in use.
test_a_disk_that_is_found_offline_is_released_anew() {
	attach
	guest_run vm "(exec 4<>/dev/$DISK; echo written >&4; exec sleep 1000) >/dev/null 2>&1 & echo \$! >/tmp/pid
		until [ \"\$(dd if=/dev/$DISK bs=7 count=1 2>/dev/null)\" = written ]; do usleep 1000; done
		echo offline >/sys/block/$DISK/device/state; kill -9 \$(pidof hotslot-agent)"
	# The host itself would take it back first.
	{
		hello
		request release last '{"slot":0}'
	} | talk >answers
	check_equal 'DiskBusy sleep' "$(answer last | jq -r '"\(.error.class) \(.error.users[].process)"')"
	guest_run vm 'kill $(cat /tmp/pid)'
	hs detach vm 0 --wait 10
	check_equal written "$(head -c 7 disk.img)"
}

# The kernel does not make it again.
test_a_disk_without_its_node_stays_in_use() {
	attach
	guest_run vm "mv /dev/$DISK /dev/elsewhere"
	check_fails 1 "cannot release $DISK in slot 0: its node in /dev is missing" hs detach vm 0
	check_equal "present true" "$(disk_field vm 0 state) $(disk_field vm 0 attached)"
	guest_run vm "mknod /dev/$DISK c 1 3"
	check_fails 1 "or another device's; --force detaches it all the same, and what was not written back is lost \(step: release\)\$" hs detach vm 0
	guest_run vm "mv -f /dev/elsewhere /dev/$DISK"
	hs detach vm 0
}

# Who deletes it in the guest has the kernel find it anew, as it is still plugged in.
test_a_released_disk_that_is_deleted_and_found_again_is_still_released() {
	attach
	{
		hello
		request release last '{"slot":0}'
	} | talk >answers
	check_equal released "$(answer last | jq -r .return.state)"
	guest_run vm "before=\$(cat /sys/block/$DISK/diskseq)
		echo 1 >/sys/block/$DISK/device/delete
		for host in /sys/class/scsi_host/*; do echo '0 0 0' >\$host/scan; done
		until [ \$(cat /sys/block/$DISK/diskseq 2>/dev/null || echo \$before) != \$before ]; do
			usleep 1000; done"
	await_equal offline guest_run vm "cat /sys/block/$DISK/device/state"
	await_equal "" ways
	hs detach vm 0
}

# As by "killall -9 hotslot-agent", or by who ends all of a service.
test_a_disk_that_everybody_was_killed_over_is_writable_again() {
	attach
	for _ in 1 2 3 4 5; do
		guest_run vm "rm -f /tmp/late; late kill /sys/block/$DISK/ro >/tmp/late 2>&1 &
			until [ -s /tmp/late ]; do usleep 1000; done"
		{
			hello
			request release release '{"slot":0}'
			await_equal 1 guest_run vm 'tail -n 1 /tmp/late' >&2
			hello
			last
		} | talk >answers
		# They were killed when it was offline already.
		[[ $(guest_run vm "cat /sys/block/$DISK/device/state") == offline ]] || break
		hs repair vm
	done
	await_equal "by-slot/0 rw" ways
	check_fails 0 'nothing to repair' hs repair vm
	check_equal false "$(hs list vm --json | jq '.disks[]."read-only"')"
	hs detach vm 0
}

# The agent itself, which is older than its children.
agent_pid() {
	guest_run vm 'pidof hotslot-agent' | tr ' ' '\n' | sort -n | head -n 1
}

# The agent gives it back, with nobody left who had it read-only.
test_a_disk_that_the_agents_children_were_killed_over_is_writable_again() {
	local agent
	attach
	agent=$(agent_pid)
	for _ in 1 2 3 4 5; do
		guest_run vm "rm -f /tmp/late; late kill /sys/block/$DISK/ro $agent >/tmp/late 2>&1 &
			until [ -s /tmp/late ]; do usleep 1000; done"
		{
			hello
			request release last '{"slot":0}'
		} | talk >answers
		await_equal 1 guest_run vm 'tail -n 1 /tmp/late'
		# They were killed when it was offline already.
		[[ $(guest_run vm "cat /sys/block/$DISK/device/state") == offline ]] || break
		hs repair vm
	done
	await_equal 0 guest_run vm "cat /sys/block/$DISK/ro"
	await_equal "" guest_run vm 'ls /run/hotslot/read-only'
	check_equal "$agent" "$(agent_pid)"
	check_equal "by-slot/0 rw" "$(ways)"
	check_equal "present false" "$(disk_field vm 0 state) $(disk_field vm 0 read-only)"
	guest_run vm "dd if=/dev/zero of=/dev/$DISK bs=512 count=1 conv=notrunc,fsync 2>/dev/null"
	hs detach vm 0
}

# Whoever closes a disk last waits until all of it is written.
test_an_agent_that_gives_a_disk_back_that_hangs_answers() {
	attach
	# Eight seconds for what is written, which are far more than the deadline.
	{
		hello
		request release last '{"slot":0}'
	} | talk >answers
	run_virsh blkdeviotune vm sda --total-bytes-sec 131072 --live
	guest_run vm "late fill /dev/$DISK >/tmp/late 2>&1 &
		until [ -s /tmp/late ]; do usleep 1000; done"
	{
		hello
		request expect expect '{"slot":0,"deadline":500}'
		sleep 1
		last
	} | talk >answers
	check_match return "$(answer last)"
	# At once, or, as the last one to close it, once it is written.
	await_equal closed guest_run vm 'tail -n 1 /tmp/late'
	run_virsh blkdeviotune vm sda --total-bytes-sec 0 --live
}

# QEMU lets no request wait any longer when it drops a disk.
test_force_takes_a_disk_that_hangs() {
	attach
	run_virsh blkdeviotune vm sda --total-bytes-sec 1 --live
	# The kernel writes back when the last one closes the disk.
	guest_run vm "late fill /dev/$DISK >/tmp/late 2>&1 &
		until read reads writes </sys/block/$DISK/inflight && [ \$writes -gt 0 ] ||
			grep closed /tmp/late; do usleep 1000; done"
	check_fails 1 'uses the disk|takes longer' hs detach vm 0 --timeout 1
	check_equal present "$(disk_field vm 0 state)"
	hs detach vm 0 --force --timeout 4 --json >stdout 2>stderr
	check_equal "[0] unwritten $DISK" \
		"$(jq -r '"\(.detached) \(."taken-from"[-1] | "\(.kind) \(.device)")"' stdout)"
	check_match 'slot 0 was not written back: what the guest had yet to write may be lost' "$(<stderr)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm disk.img --slot 0)"
}

# The kernel drops a disk that hangs, which holds up every scan of its host.
test_scans_that_hang_leave_no_heap_of_processes() {
	local i
	attach
	run_virsh blkdeviotune vm sda --total-bytes-sec 1 --live
	guest_run vm "(dd if=/dev/zero of=/dev/$DISK bs=1M count=1 conv=notrunc </dev/null >/dev/null 2>&1 &)
		usleep 300000; (sh -c 'echo 1 >/sys/block/$DISK/device/delete' </dev/null >/dev/null 2>&1 &)"
	{
		hello
		for ((i = 10; i < 50; i++)); do
			request expect "$i" "{\"slot\":$((1 + i % 11)),\"deadline\":300}"
		done
		sleep 4
		last
	} | talk >answers
	check_equal 40 "$(jq -r 'select(.error.class == "DeadlineExceeded").id' answers | wc -l)"
	i=$(guest_run vm 'pidof hotslot-agent | wc -w')
	[[ $i -gt 1 && $i -le 10 ]] || fail "there are $i agents"
	run_virsh blkdeviotune vm sda --total-bytes-sec 0 --live
}

# Those in use are waited for, and keep none of the others waiting.
test_many_disks_are_released_at_once() {
	local i of_agent
	make_images
	# shellcheck disable=SC2046
	hs attach vm $(image_names) >links
	guest_run vm "for i in \$(seq 0 $((IN_USE - 1))); do
			sleep 1000 </dev/disk/by-slot/\$i >/dev/null 2>&1 & echo \$! >>/tmp/pids
		done"
	{
		hello
		for ((i = 0; i < DISKS; i++)); do
			request release "$i" "{\"slot\":$i,\"wait\":true,\"deadline\":60000}"
		done
		request ping ping
		await_equal "$IN_USE" guest_run vm 'ls /dev/disk/by-slot | wc -l' >&2
		guest_run vm 'kill $(cat /tmp/pids)' >&2
		await_equal 0 guest_run vm 'ls /dev/disk/by-slot | wc -l' >&2
		last
	} | talk >answers
	check_equal "$DISKS" "$(jq -r 'select(.return.state == "released").id' answers | sort -u | wc -l)"
	i=$(jq -r 'select(.id != null).id' answers | grep -n '^ping$' | cut -d : -f 1)
	[[ $i -le 10 ]] || fail "$i answers came before that to the ping"
	of_agent=$(guest_run vm 'for i in $(pidof hotslot-agent); do ls -l /proc/$i/fd; done')
	check_match 'inotify' "$of_agent"
	check_equal 1 "$(grep -c inotify <<<"$of_agent")"
	check_equal 262144 "$(guest_run vm "awk '/open files/ { print \$4 }' /proc/$(agent_pid)/limits")"
	i=$(wc -l <<<"$of_agent")
	[[ $i -le $((3 * DISKS + 30)) ]] || fail "the agent has $i descriptors"
}

run_tests
