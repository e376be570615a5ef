#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Starting a domain that is defined: it comes back with its disks confirmed, or the error says what
# is wrong, and it goes on as whoever defined it wants.

# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../fake.sh"

# An appliance that is shut off, with two disks. With a daemon: an embedded driver that ends while it
# still looks for its guest may crash, and virsh ends soon.
setup_file() {
	start_daemon "$T/d"
	raw_image a.img
	raw_image b.img 3M
	launch_controlled vm --persistent --memory 256 --drive a.img,slot=7,serial=seven,readonly \
		--drive b.img,serial=b
	hs shutdown vm --force
	run_virsh dumpxml vm --inactive >vm.xml
	VM=$PWD
}

teardown_file() {
	end_daemon
}

# As it was defined at first, or as the XML on standard input says.
define() {
	run_virsh define "${1:-$VM/vm.xml}"
}

# Whatever the last one has left.
setup_test() {
	hs shutdown vm --force 2>/dev/null || true
	define
}

listed() {
	hs list vm --json | jq -r '.disks[] | "\(.slot) \(.serial) \(.size) \(.visible)"'
}

state() {
	run_virsh domstate vm
}

test_an_appliance_that_was_shut_down_comes_back_with_its_disks() {
	local before all="0 b 3145728 true
7 seven 1048576 true
258 longer\x5c\x20than\x5c\x20thirty-six\x5c\x20characters 1049088 true
null null 1048576 true"
	raw_image new.img
	raw_image cut.img 1049000
	raw_image far.img
	# Others': a serial that does not arrive as it is, half a sector, no slot.
	disk_xml cut.img 1 2 '<serial>longer than thirty-six characters are</serial>' >cut.xml
	disk_xml far.img 1 300 >far.xml
	run_virsh attach-device vm cut.xml --config
	run_virsh attach-device vm far.xml --config
	hs start vm >stdout 2>stderr
	check_equal "" "$(cat stdout stderr)"
	before=$(hs list vm --json)
	check_equal "$all" "$(listed)"
	check_fails 1 '^hotslot: start: Domain vm runs already$' hs start vm
	check_fails 1 'runs already' hs start vm --json
	check_equal "running check vm" "$(jq -r '.error | "\(.code) \(.step) \(.subject)"' stdout)"
	check_equal "$before" "$(hs list vm --json)"
	# In one session of a shell. What is only attached to the running domain is gone after it.
	hs shell vm <<-END >stdout
		shutdown
		start
		detach 0
		attach new.img --slot 3
		shutdown
		start --json
	END
	check_equal "/dev/disk/by-slot/3
{\"domain\":\"vm\",\"uuid\":\"$(run_virsh domuuid vm)\"}" "$(<stdout)"
	check_equal "$all" "$(listed)"
}

# adopt gives an alias, and leaves the serial what it was.
test_a_disk_of_another_s_serial_is_confirmed_when_it_is_adopted() {
	local cut=longer\\x5c\\x20than\\x5c\\x20thirty-six\\x5c\\x20characters
	raw_image cut.img
	disk_xml cut.img 1 2 '<serial>longer than thirty-six characters are</serial>' >cut.xml
	run_virsh attach-device vm cut.xml --config
	check_equal "sdxfg: ua-hotslot-slot-258" "$(hs adopt vm)"
	hs start vm
	check_equal "258 $cut false" "$(hs list vm --json |
		jq -r '.disks[] | select(.id == "slot-258") | "\(.slot) \(.serial) \(.mismatch)"')"
	hs detach vm "serial:$cut"
}

# Nothing comes of it, so nothing is begun.
test_what_cannot_be_confirmed_is_not_started() {
	local not="; it was not started$"
	check_fails 1 "There is no domain 'none'" hs start none
	sed "s/org.hotslot.agent.0/org.other.0/" "$VM/vm.xml" >other.xml
	define other.xml
	check_fails 1 "Domain vm has no virtio channel org\.hotslot\.agent\.0: 'hotslot enable' adds it$not" hs start vm
	check_equal 'shut off' "$(state)"
	sed "s/model='virtio-scsi'/model='lsilogic'/" "$VM/vm.xml" >other.xml
	define other.xml
	check_fails 1 "has no virtio-scsi controller: .hotslot enable. adds one, for its next boot$not" hs start vm
	sed "s|/a.img|/none.img|" "$VM/vm.xml" >other.xml
	define other.xml
	check_fails 1 'Cannot start domain vm: .*none\.img.* .step: start' hs start vm
	check_equal 'shut off' "$(state)"
}

# Its guest panics, and is reset, over and over.
test_a_guest_without_an_agent_goes_on_and_the_error_tells() {
	head -c 1000 /dev/zero >empty.cpio
	sed "s|<initrd>.*</initrd>|<initrd>$PWD/empty.cpio</initrd>|" "$VM/vm.xml" >other.xml
	define other.xml
	check_fails 1 'does not answer: .*; its guest was reset [0-9]+ times?; the domain stays started; the console said: .*panic.* .step: hello' \
		hs start vm --timeout 20
	check_equal running "$(state)"
}

test_a_managed_save_is_gone_on_from() {
	local boot
	raw_image new.img
	hs start vm
	T=$VM add_witness_port vm
	hs attach vm new.img --serial new >/dev/null
	boot=$(hs agent vm --json | jq -r '."boot-id"')
	run_virsh managedsave vm
	run_virsh managedsave-dumpxml vm >saved.xml
	check_match "<alias name='ua-hotslot-slot-1'/>" "$(<saved.xml)"
	run_virsh managedsave-define vm saved.xml >/dev/null
	hs start vm
	check_equal "$boot" "$(hs agent vm --json | jq -r '."boot-id"')"
	check_equal "0 b 3145728 true
1 new 1048576 true
7 seven 1048576 true" "$(listed)"
	# A disk that does not answer in the guest is never confirmed.
	guest_run vm 'echo offline >/sys/block/$(basename $(readlink /dev/disk/by-slot/0))/device/state'
	run_virsh suspend vm
	run_virsh managedsave vm
	check_fails 1 "Domain vm is paused, as it was when it was saved: 'virsh resume' lets it go on; the domain stays started .step: hello" \
		hs start vm
	run_virsh resume vm
	run_virsh managedsave vm
	check_fails 1 'did not show the disk in slot 0 in time; the domain stays started; .*: does not answer .step: confirm' \
		hs start vm --timeout 2
	check_equal running "$(state)"
}

test_the_systems_own_disk_is_left_out() {
	mkdir -p root/{dev,proc,sys,run,tmp,bin,mnt}
	truncate -s 16M root.img
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -d root root.img
	sed "s|console=ttyS0|& hotslot.root=/dev/sda|; s|$VM/b.img|$PWD/root.img|" "$VM/vm.xml" >other.xml
	define other.xml
	run_virsh detach-disk vm sdh --config
	hs start vm >stdout
	check_equal "" "$(<stdout)$(slots vm)"
}

# The guest is not believed.
test_a_guest_that_shows_another_disk_is_told() {
	URI=$(embed_root "$T/v")
	raw_image a.img
	IMAGE=$(HOTSLOT_AGENT=$B/tests/vm/fake-agent appliance_image) \
		launch vm --persistent --memory 256 --drive a.img,serial=a
	order expect '"merge":{"return":{"disk":{"size":2097152}}}'
	run_virsh managedsave vm
	check_fails 1 'The guest of domain vm shows a disk in slot 0 of 2097152 bytes, the host has one of 1048576; the domain stays started' \
		hs start vm
	order expect '"merge":{"return":{"disk":{"serial":"b"}}}'
	run_virsh managedsave vm
	check_fails 1 'The guest of domain vm shows another disk in slot 0: serial b, .*not serial a, ' hs start vm
}

run_tests
