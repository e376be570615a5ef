#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is killed, at whatever step of an operation: the next command finishes or undoes what was
# begun. A sample of the steps; all of them, and more victims, are in tests/scale/broken-off.sh.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../steps.sh"
. "$(dirname "$0")/../steps-daemon.sh"

# The last steps are where something is left.
test_the_shim_is_killed_while_it_attaches() {
	check_steps attach shim 2 16
}

test_the_shim_is_killed_while_it_detaches() {
	check_steps detach shim 3 13
}

test_the_agent_is_killed_at_some_steps() {
	check_steps attach agent 100 15
	check_steps detach agent 100 13
	check_steps resize agent 100 18
}

# The command goes on with the next one.
test_the_libvirtd_is_killed_at_some_steps() {
	check_steps attach libvirtd 100 12
	check_steps detach libvirtd 100 15
	check_steps resize libvirtd 100 14
}

test_the_shim_is_killed_while_it_launches() {
	check_launch_steps shim 100 7
}

# Of a session that begins: 0xFF and the hello, what is in the slot, what is to come, and the bye.
# The XML before and after the hello, and after the attach.
test_nothing_is_asked_where_nothing_is_left() {
	raw_image more
	STEPS_LOG=steps LD_PRELOAD=$B/tests/vm/steps hs attach vm more
	hs detach vm 1
	check_equal 5 "$(grep -c 'before virStreamSend' steps)"
	check_equal 3 "$(grep -c 'before virDomainGetXMLDesc' steps)"
}

# Nobody else can do this: a disk that is released, while its host knows nothing of it.
test_a_disk_that_the_guest_was_asked_for_is_used_again() {
	raw_image "$WITNESS_DIR/moves"
	hs attach vm "$WITNESS_DIR/moves" --slot 3
	UNTIL='"id":"release"' talk >answers <<-EOF
		$(hello)
		$(request release release '{"slot":3}')
	EOF
	check_match '"state": ?"released"' "$(<answers)"
	check_equal "slot 3: the guest uses the disk again: a detach was broken off" "$(hs repair vm)"
	check_equal present "$(disk_field vm 3 state)"
	check_fails 0 'repair: vm: nothing to repair' hs repair vm
	check_equal '{"domain":"vm","repaired":[]}' "$(hs repair vm --json)"
	hs detach vm 3
}

# libvirtd is going to end in the middle of an attach: QEMU has the disk, and that is not written
# down.
start_mortal_daemon() {
	stop_daemon TERM
	LD_PRELOAD=$B/tests/vm/steps STEPS_AT='before virDomainAuditDisk' STEPS_COMMAND=kill \
		start_daemon "$DAEMON_DIRECTORY"
}

lose_disk() { # IMAGE SLOT
	start_mortal_daemon
	check_fails 1 'attach: ' hs attach vm "$1" --slot "$2" --timeout 5
	# The next one is to outlive this test.
	write_victim libvirtd
	setsid -w bash victim >victim.log 2>&1
}

nodes() {
	qemu query-named-block-nodes '"flat":true' | jq -r '.return[]."node-name"' |
		grep -v '^#' | sort -V
}

test_a_disk_that_libvirt_has_lost_is_undone() {
	local before
	before=$(nodes)
	qemu-img create -q -f qcow2 base.qcow2 1M
	qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 lost.qcow2
	lose_disk lost.qcow2 3
	check_equal "$((4 + $(wc -l <<<"$before")))" "$(nodes | wc -l)"
	# What has the image open is what the command undoes on its way in.
	check_equal /dev/disk/by-slot/1 "$(hs attach vm lost.qcow2 2>stderr)"
	check_equal "hotslot: attach: Slot 3 of domain vm: QEMU has let go of the disk, which libvirt \
had lost: an attach was broken off" "$(<stderr)"
	check_equal "0 1" "$(slots vm)"
	check_fails 0 'nothing to repair' hs repair vm
	hs detach vm 1
	check_equal "$before" "$(nodes)"
}

# The next daemon comes while the command waits for it.
attach_across() { # ARGUMENT…
	local pid status=0
	start_mortal_daemon
	hs attach vm "$@" >out 2>err &
	pid=$!
	tail --pid="$(<"$DAEMON_DIRECTORY/libvirtd.pid")" -f /dev/null
	write_victim libvirtd
	setsid -w bash victim >victim.log 2>&1
	wait "$pid" || status=$?
	[[ $status == 0 ]] || fail "attach $*: $(<err)"
}

# It is in the way of the same attach, which is made anew, with what it was asked for.
test_a_disk_that_libvirt_loses_in_an_attach_comes_all_the_same() {
	local before
	before=$(nodes)
	raw_image "$WITNESS_DIR/moves"
	attach_across "$WITNESS_DIR/moves"
	check_equal "0 1" "$(slots vm)"
	check_equal "$(printf '0 stays 1048576\n1 moves 1048576')" "$(disks_of_guest)"
	hs detach vm 1
	attach_across "$WITNESS_DIR/moves" --slot 3 --id moves
	check_equal /dev/disk/by-slot/3 "$(<out)"
	check_equal "$(printf '0 stays 1048576\n3 moves 1048576')" "$(disks_of_guest)"
	check_fails 0 'nothing to repair' hs repair vm
	hs detach vm 3
	check_equal "$before" "$(nodes)"
}

test_a_lost_disk_that_is_in_use_stays_until_it_is_not() {
	local before
	before=$(nodes)
	raw_image lost
	lose_disk lost 3
	guest_run vm 'sleep 1000 </dev/disk/by-slot/3 >/dev/null 2>&1 & echo $!' >pid
	check_fails 1 'uses the disk in slot 3: .*; libvirt has lost the disk in slot 3, and QEMU has it' \
		hs repair vm
	check_fails 1 'step: release' hs detach vm 3
	check_equal present "$(disk_field vm 3 state)"
	# Where QEMU cannot be asked, nobody waits for long.
	SECONDS=0
	check_fails 0 'if QEMU has it and libvirt has lost it, start the domain anew: ' \
		env STEPS_REFUSE=1 LD_PRELOAD="$B/tests/vm/steps" "$HOTSLOT" -c "$URI" list vm
	[[ $SECONDS -lt 4 ]] || fail "list took $SECONDS s"
	hs detach vm 3 --force
	check_equal "$before" "$(nodes)"
	guest_run vm "kill $(<pid)"
}

# As after a kill in somebody else's attach: it is not ours to take, and nobody waits for it long.
test_a_lost_disk_of_others_is_told_of_at_once() {
	local cure="QEMU has it as ua-others, and libvirt has lost it: start the domain anew"
	leak_disk ua-others 6
	await_equal present disk_field vm 6 state
	SECONDS=0
	check_fails 0 "domain vm has no disk in slot 6, and its guest still shows one; $cure" hs list vm
	check_fails 1 "$cure" hs repair vm
	check_fails 1 "$cure .step: gone" hs detach vm 6 --force
	[[ $SECONDS -lt 9 ]] || fail "they took $SECONDS s"
	end_leaked ua-others 6
	await_equal "" guest_run vm 'ls /dev/disk/by-slot | grep -x 6 || true'
}

# In slots from 1 on.
lose_unseen() { # ALIAS…
	local alias slot=0 links=() shown='ls /dev/disk/by-slot | grep -c "^[1-9]$" || true'
	for alias in "$@"; do
		leak_disk "$alias" $((++slot))
		links+=("/dev/disk/by-slot/$slot")
	done
	await_equal $# guest_run vm "$shown"
	guest_deletes vm "${links[@]}"
	await_equal 0 guest_run vm "$shown"
}

# No repair finds it; what it is in the way of does: the same place, the same ID, or both.
test_a_lost_disk_that_the_guest_does_not_show_is_in_nobodys_way() {
	local slot gone='QEMU has let go of the disk in slot'
	local stays='A disk is in slot N of domain vm: QEMU has it as ua-otherN, and libvirt has lost it'
	for slot in 1 2 3 6; do
		raw_image "more$slot"
	done
	lose_unseen ua-hotslot-slot-1 ua-hotslot-here ua-hotslot-elsewhere ua-other4 ua-other5
	check_fails 0 "attach: $gone 1 of domain vm, which libvirt had lost" hs attach vm more1
	check_equal /dev/disk/by-slot/1 "$(<stdout)"
	check_fails 0 "attach: $gone 2 " hs attach vm more2
	check_equal /dev/disk/by-slot/2 "$(<stdout)"
	check_fails 0 "attach: $gone 3 " hs attach vm more3 --id elsewhere --slot 9
	check_equal /dev/disk/by-slot/9 "$(<stdout)"
	# Others' stay, and the guest may see one again that it was asked to expect.
	check_fails 1 "attach: more6: ${stays//N/4}: start the domain anew .step: attach" \
		hs attach vm more6 --slot 4
	hs reserve vm 3
	check_fails 0 "attach: ${stays//N/5}: start the domain anew; the next slot is tried" \
		hs attach vm more6
	check_equal /dev/disk/by-slot/6 "$(<stdout)"
	for slot in 1 2 9 6; do
		hs detach vm "$slot"
	done
	for slot in 1 2 3; do
		qemu blockdev-del "\"node-name\":\"lost-$slot\"" >/dev/null
	done
	hs unreserve vm 3
	end_leaked ua-other4 4
	end_leaked ua-other5 5
}

# Another kill, a moment before: libvirt counts on from what is written down.
test_what_libvirt_has_left_in_qemu_is_in_nobodys_way() {
	local n i
	raw_image left
	hs attach vm left
	n=$(nodes | sed -n 's/^libvirt-\([0-9]*\)-storage$/\1/p' | sort -n | tail -n 1)
	hs detach vm 1
	for i in 1 2 3; do
		qemu blockdev-add "\"driver\":\"null-co\",\"node-name\":\"libvirt-$((n + i))-storage\"" >/dev/null
	done
	check_equal /dev/disk/by-slot/1 "$(hs attach vm left)"
	hs detach vm 1
	for i in 1 2 3; do
		qemu blockdev-del "\"node-name\":\"libvirt-$((n + i))-storage\"" >/dev/null
	done
	# Of the image that is to be attached itself.
	qemu-img create -q -f qcow2 left.qcow2 1M
	qemu blockdev-add "\"driver\":\"qcow2\",\"node-name\":\"libvirt-900-format\",\"file\":{
		\"driver\":\"file\",\"node-name\":\"libvirt-900-storage\",
		\"filename\":\"$PWD/left.qcow2\"}" >/dev/null
	check_equal /dev/disk/by-slot/1 "$(hs attach vm left.qcow2)"
	hs detach vm 1
}

run_tests
