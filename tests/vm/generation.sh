#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What each transition of a domain does to its generation, whether a session that lasts across it
# notices exactly when it should, and whether host and guest agree after it. tests/scale/generation.sh
# has the others.
# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../generation.sh"

setup_file() {
	start_vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	detach_all vm
}

test_a_pause_keeps_generation_and_session() {
	make_images kept
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	note_generation
	run_virsh suspend vm
	check_equal "paused false $WAS" "$(ask_json status |
		jq -r '"\(.state) \(.session.new) \(.session.generation)"')"
	run_virsh resume vm
	check_generation "same same same same kept known none"
	check_reconciled '0 kept' 'live-only 0' 1
	end_shell
}

# Without what is another one each time.
status_text() {
	hs status vm | sed -E "s/$(run_virsh domuuid vm | head -n 1)/UUID/; s/$G_LIVE/GENID/; s/$G_BOOT/BOOT/
		s|$PWD/||; s/^(id +)[0-9]+/\1ID/; s/  +/  /g"
}

test_status_tells_what_differs_in_definition_files_and_guest() {
	make_images base gone other
	qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 above.qcow2
	hs attach vm above.qcow2 gone.qcow2 other.qcow2 >/dev/null
	hs reserve vm 3
	leak_disk ua-lost 9
	mv base.qcow2 away
	rm gone.qcow2
	mv other.qcow2 elsewhere
	make_images other
	read_generation
	check_fails 3 '^$' hs status vm --exit-code
	check_equal 'domain  vm
state  running, persistent
uuid  UUID
id  ID
genid  GENID
  defined  GENID
agent  0.1.0
  boot id  BOOT
  epoch  1
session  new
generation  the only one that the agent was told of
  last  -
drift  7
live-only  slot 0  above.qcow2 is not in the definition: it does not come back at the next boot
live-only  slot 1  gone.qcow2 is not in the definition: it does not come back at the next boot
live-only  slot 2  other.qcow2 is not in the definition: it does not come back at the next boot
file-gone  slot 0  its backing file base.qcow2 is not there; QEMU has it open still
file-gone  slot 1  gone.qcow2 is not there; QEMU has it open still
file-replaced  slot 2  other.qcow2 is another file than the one that QEMU has open
guest-only  slot 9  The guest shows sdd, serial none, which the domain does not have' "$(status_text)"
	end_leaked ua-lost 9
	hs unreserve vm 3
	mv away base.qcow2
	mv elsewhere other.qcow2
	hs detach vm 0 1 2
	hs status vm --exit-code >/dev/null
	check_equal "null true" "$(hs status vm --json | jq -r '"\(.trouble) \(.complete)"')"
}

test_status_finds_files_replaced_that_are_only_read_or_shared() {
	raw_image read
	raw_image both
	raw_image shared
	hs attach vm read --readonly >/dev/null
	hs attach vm both --readonly --shareable >/dev/null
	hs attach vm shared --shareable >/dev/null
	check_equal $'live-only 0\nlive-only 1\nlive-only 2' "$(hs status vm --json | drift)"
	rm both
	raw_image both
	check_equal $'live-only 0\nlive-only 1\nlive-only 2\nfile-replaced 1' "$(hs status vm --json | drift)"
}

# Who had the agent before it.
test_status_takes_nothing_that_came_while_it_waited_for_a_difference() {
	make_images came
	STEPS_AT='after virDomainGetXMLDesc 2' LD_PRELOAD=$B/tests/vm/steps \
		STEPS_COMMAND="'$HOTSLOT' -c '$URI' attach vm '$PWD/came.qcow2' >/dev/null" \
		hs status vm --json >status.json
	check_equal 0 "$(slots vm)"
	check_equal 'live-only 0' "$(drift <status.json)"
}

# They need no guest.
test_status_looks_at_the_files_of_disks_on_any_bus() {
	local file
	for file in virtio ide cd floppy; do raw_image "$file"; done
	cat >any.xml <<-END
		<domain type='qemu'><name>any</name><memory>65536</memory><os><type machine='pc'>hvm</type></os>
		<devices><controller type='usb' model='none'/><memballoon model='none'/>
		<disk type='file'><source file='$PWD/virtio'/><target dev='vda' bus='virtio'/></disk>
		<disk type='file'><source file='$PWD/ide'/><target dev='hda' bus='ide'/></disk>
		<disk type='file' device='cdrom'><source file='$PWD/cd'/><target dev='hdc' bus='ide'/></disk>
		<disk type='file' device='floppy'><source file='$PWD/floppy'/><target dev='fda' bus='fdc'/></disk>
		</devices></domain>
	END
	run_virsh define any.xml
	run_virsh start any
	check_equal "" "$(hs status any --json | drift)"
	mv cd away
	raw_image cd
	rm virtio
	check_equal $'file-gone -\nfile-replaced -' "$(hs status any --json | drift)"
	run_virsh destroy any
	check_fails 3 '^$' hs status any --exit-code
	check_equal "file-gone -" "$(hs status any --json | drift)"
	run_virsh undefine any
}

test_status_of_a_domain_that_ends_meanwhile_is_of_one_moment() {
	cat >brief.xml <<-END
		<domain type='qemu'><name>brief</name><memory>65536</memory>
		<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
	END
	run_virsh define brief.xml
	run_virsh start brief --paused
	STEPS_AT='after virDomainGetState' LD_PRELOAD=$B/tests/vm/steps \
		STEPS_COMMAND="virsh -q -c '$URI' destroy brief >/dev/null" hs status brief --json >status.json
	check_equal 'shut-off null The domain is shut off' \
		"$(jq -r '"\(.state) \(.generation.id) \(.trouble)"' status.json)"
	run_virsh undefine brief
}

test_status_of_a_guest_that_does_not_answer_has_the_host_s_part() {
	local status=0
	guest_run vm "kill -STOP \$($AGENT_PID)"
	hs status vm --json --timeout 1 >status.json
	hs status vm --exit-code --timeout 1 >status.text || status=$?
	guest_run vm "kill -CONT \$($AGENT_PID)"
	check_equal 4 "$status"
	check_match '^drift +unknown: the guest could not be compared$' "$(tail -n 1 status.text)"
	check_equal "false 0" "$(jq -r '"\(.complete) \(.drift | length)"' status.json)"
	check_equal "running null The agent of domain vm does not answer" "$(
		jq -r '"\(.state) \(.session) \(.trouble | sub(":.*"; ""))"' status.json)"
	check_fails 1 "There is no domain 'nobody'" hs status nobody
	check_fails 2 "'x': not a number from 1 to 3600" hs status vm --timeout x
}

test_a_reboot_by_the_guest_ends_the_session_and_keeps_the_generation() {
	make_images kept
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	note_generation
	guest_run vm '(usleep 100000; reboot -f) </dev/null >/dev/null 2>&1 &'
	check_generation "same same same other new known none" "$(await_other_boot)"
	check_reconciled '0 kept' 'live-only 0' 1
	end_shell
}

# With what was attached, detached and reserved since.
test_a_revert_to_a_snapshot_is_another_generation_with_the_disks_of_then() {
	make_images kept before after late
	hs attach vm kept.qcow2 before.qcow2 >/dev/null
	hs reserve vm 2
	run_virsh snapshot-create-as vm earlier >/dev/null
	start_shell
	change_disks
	note_generation
	run_virsh snapshot-revert vm earlier --running
	check_generation "other same other same new renewed noted"
	check_reverted
	change_disks
	start_watch
	run_virsh snapshot-revert vm earlier --running
	check_equal "disconnected
connected
disk-removed slot 1
disk-removed slot 2
disk-added slot 1" "$(end_watch)"
	check_reverted
	end_shell
	hs unreserve vm 2
}

change_disks() {
	hs detach vm 1
	ask_shell 'attach after.qcow2 --slot 1' . >/dev/null
	hs unreserve vm 2
	hs attach vm late.qcow2 >/dev/null
	check_equal $'0 kept\n1 after\n2 late' "$(ask_json list | json_disks)"
}

check_reverted() {
	check_equal "$(hs status vm --json | jq .session.generation)" \
		"$(ask_json status | jq .session.generation)"
	check_equal 2 "$(ask_shell reserve .)"
	check_reconciled $'0 kept\n1 before' $'live-only 0\nlive-only 1' 3
}

start_watch() {
	"$HOTSLOT" -c "$URI" watch vm >watched 2>&1 &
	WATCH=$!
	await_ready 1
}

await_ready() { # TIMES
	until [[ $(grep -c ' ready$' watched) == "$1" ]]; do
		kill -0 "$WATCH" || fail "the watch has ended: $(<watched)"
		sleep 0.05
	done
}

# Ends it when it is ready a second time, and prints what it has told between, but that what is on a
# disk has to be looked at anew.
end_watch() {
	await_ready 2
	kill "$WATCH"
	sed '1,/ ready$/d; / ready$/,$d' watched | grep -v disk-changed | awk '/ disk-/ { print $2, $3, $4; next } { print $2 }'
}

test_a_restore_from_a_file_is_another_generation() {
	make_images kept
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	note_generation
	run_virsh save vm saved >/dev/null
	run_virsh restore saved >/dev/null
	check_generation "other same other same new renewed noted"
	check_reconciled '0 kept' 'live-only 0' 1
	end_shell
}

run_tests
