#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that others attached, on the same domain as ours: named in the guest, listed with all that
# is known of them, and left alone unless asked for.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# A Cinder volume's id is what Nova gives as the serial: 36 characters.
VOLUME=3f2504e0-4f89-41d3-9a0c-0305e82c3301

# An embedded driver that ends while it still looks for its guest may crash, and virsh ends soon.
setup_file() {
	start_daemon "$T/d"
	launch_controlled vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	detach_all vm
}

# All that list tells of who attached what.
listed() {
	hs list vm --json | jq -r --arg dir "$PWD/" '.disks[] | "\(.slot) \(.foreign) \(.alias) " +
		"\(.id) \(.serial) \(.source | ltrimstr($dir)) \(.format) \(."target-dev") " +
		"\(.attached) \(.visible)"'
}

nova_xml() { # FILE TARGET-DEV UNIT [ALIAS]
	cat <<-END
		<disk type='file' device='disk'>
		  <driver name='qemu' type='raw' cache='none' discard='unmap' io='native'/>
		  <source file='$PWD/$1'/>
		  <target dev='$2' bus='scsi'/>
		  <serial>$VOLUME</serial>
		  <address type='drive' controller='0' bus='0' target='0' unit='$3'/>
		  ${4:+<alias name='$4'/>}
		</disk>
	END
}

# As virt-launcher writes a hot-plugged volume, on what KubeVirt calls the scsi controller.
kubevirt_xml() { # FILE VOLUME TARGET-DEV UNIT
	cat <<-END
		<disk type='file' device='disk'>
		  <driver name='qemu' type='raw' cache='none' error_policy='stop' discard='unmap'/>
		  <source file='$PWD/$1'/>
		  <target dev='$3' bus='scsi'/>
		  <serial>$2</serial>
		  <alias name='ua-$2'/>
		  <address type='drive' controller='0' bus='0' target='0' unit='$4'/>
		</disk>
	END
}

# No cache, as both have it.
need_direct_io() { # FILE
	dd if="$1" of=/dev/null iflag=direct bs=4096 count=1 status=none 2>/dev/null ||
		skip "the file system of temporary files has no direct I/O"
}

attach_xml() { # reads XML
	cat >device.xml
	run_virsh attach-device vm device.xml --live
}

test_a_disk_of_plain_virsh_without_any_name() {
	raw_image disk 8M
	# Without an address it is the label that libvirt goes by: sdc is unit 2.
	run_virsh attach-disk vm "$PWD/disk" sdc --targetbus scsi --live
	await_equal "2 true scsi0-0-0-2 null null disk raw sdc true true" listed
	check_equal "2 disk" "$(links_with_content vm by-slot)"
	check_equal "" "$(links_with_content vm by-serial)"
	check_equal 8388608 "$(disk_field vm 2 size)"
	check_match 'foreign' "$(hs list vm)"
	run_virsh detach-disk vm sdc --live
	await_equal "" listed
	check_equal "" "$(existing_links vm)"
}

test_a_volume_of_nova() {
	raw_image volume 8M
	need_direct_io volume
	nova_xml volume sdb 1 | attach_xml
	await_equal "1 true scsi0-0-0-1 null $VOLUME volume raw sdb true true" listed
	check_equal "$VOLUME volume" "$(links_with_content vm by-serial)"
	check_equal "/dev/disk/by-slot/1 /dev/disk/by-serial/$VOLUME" \
		"$(disk_field vm 1 by-slot) $(disk_field vm 1 by-serial)"
	run_virsh detach-device vm device.xml --live
	await_equal "" listed
	# As the spec has it that names devices by alias.
	nova_xml volume sdb 1 "ua-$VOLUME" | attach_xml
	await_equal "1 true ua-$VOLUME null $VOLUME volume raw sdb true true" listed
	check_equal 1 "$(hs resolve vm "alias:ua-$VOLUME" --json | jq '.disks[0].slot')"
	check_equal 1 "$(hs resolve vm "serial:$VOLUME" --json | jq '.disks[0].slot')"
	run_virsh detach-device-alias vm "ua-$VOLUME" --live
	await_equal "" listed
}

test_a_volume_of_kubevirt() {
	raw_image pvc 8M
	need_direct_io pvc
	kubevirt_xml pvc hotplug-vol1 sda 0 | attach_xml
	await_equal "0 true ua-hotplug-vol1 null hotplug-vol1 pvc raw sda true true" listed
	check_equal "hotplug-vol1 pvc" "$(links_with_content vm by-serial)"
	check_links_agree vm
}

test_a_qcow2_and_a_read_only_disk_of_others() {
	qemu-img create -q -f qcow2 disk.qcow2 16M
	raw_image ro 1M
	printf "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
		<source file='%s'/><target dev='sde' bus='scsi'/>
		<address type='drive' controller='0' bus='0' target='1' unit='4'/></disk>\n" \
		"$PWD/disk.qcow2" | attach_xml
	virsh_attach vm ro 0 3 '<readonly/>'
	await_equal "3 true scsi0-0-0-3 null null ro raw $(target_dev 3) true true
260 true scsi0-0-1-4 null null disk.qcow2 qcow2 sde true true" listed
	check_equal "true 16777216" "$(disk_field vm 3 read-only) $(disk_field vm 260 size)"
	check_equal "by-slot/3 ro
by-slot/260 rw" "$(guest_links vm | awk '{ print $1, $5 }')"
}

# An alias of our own form is no promise.
test_an_id_is_only_in_our_own_aliases() {
	raw_image a
	raw_image b
	virsh_attach vm a 0 1 '<alias name="ua-hotslo-x"/>'
	virsh_attach vm b 0 2 '<alias name="ua-hotslot-x"/>'
	await_equal "1 true ua-hotslo-x null
2 false ua-hotslot-x x" listed_aliases
}

listed_aliases() {
	listed | cut -d' ' -f1-4
}

# ---- left alone ----------------------------------------------------------------------------

test_a_disk_of_others_is_detached_only_when_asked_for() {
	raw_image disk
	virsh_attach vm disk 0 1 '<serial>F</serial>'
	await_equal "1 true" foreign_slots
	local before reference
	before=$(live_devices vm)
	for reference in 1 /dev/sdb /dev/disk/by-slot/1 serial:F /dev/disk/by-serial/F; do
		check_fails 1 "Somebody else has attached the disk in slot 1.*--foreign" \
			hs detach vm "$reference"
		check_equal "" "$(<stdout)"
		# Force is about the guest.
		check_fails 1 . hs detach vm "$reference" --force --json
		check_equal "foreign" "$(jq -r .error.code stdout)"
	done
	check_equal "$before" "$(live_devices vm)"
	# The guest was not even asked: it has all it had.
	check_equal present "$(disk_field vm 1 state)"
	check_equal "1 disk" "$(links_with_content vm by-slot)"
	hs detach vm 1 --foreign
	check_equal "" "$(listed)$(existing_links vm)"
	virsh_attach vm disk 0 1 '<serial>F</serial>'
	await_equal "1 true" foreign_slots
	hs detach vm serial:F --foreign
	virsh_attach vm disk 0 1
	await_equal "1 true" foreign_slots
	hs detach vm alias:scsi0-0-0-1
	virsh_attach vm disk 0 300 '<serial>U</serial><alias name="ua-u"/>'
	await_equal "null true" foreign_slots
	check_fails 1 "Somebody else" hs detach vm serial:U
	hs detach vm alias:ua-u
	check_equal "" "$(listed)$(existing_links vm)"
}

foreign_slots() {
	hs list vm --json | jq -r '.disks[] | select(.visible) | "\(.slot) \(.foreign)"'
}

test_a_busy_disk_of_others_is_still_the_guests() {
	raw_image disk
	virsh_attach vm disk 0 1
	await_equal "1 true" foreign_slots
	guest_run vm 'sleep 1000 3</dev/disk/by-slot/1 & echo $! >/tmp/pid'
	check_fails 1 'open.*sleep' hs detach vm 1 --foreign
	guest_run vm 'kill $(cat /tmp/pid)
		while [ -e /proc/$(cat /tmp/pid)/fd/3 ]; do usleep 10000; done'
	hs detach vm 1 --foreign
}

# ---- side by side --------------------------------------------------------------------------

test_a_serial_is_found_as_the_host_has_it() {
	local long=0123456789012345678901234567890123456789
	raw_image a
	raw_image b
	virsh_attach vm a 0 8 "<serial>$long</serial>"
	virsh_attach vm b 0 9 '<serial>with space</serial>'
	await_equal "8 9" slots vm
	await_equal "true false true false" mismatches
	check_equal 8 "$(hs resolve vm "serial:$long" --json | jq .disks[].slot)"
	check_equal 8 "$(hs resolve vm "serial:${long:0:36}" --json | jq .disks[].slot)"
	check_equal 9 "$(hs resolve vm 'serial:with space' --json | jq .disks[].slot)"
	hs detach vm "serial:$long" 'serial:with space' --foreign
}

mismatches() {
	hs list vm --json | jq -r '[.disks[] | .visible, .mismatch | tostring] | join(" ")'
}

test_a_disk_that_was_deleted_in_the_guest_is_detached_by_force() {
	raw_image a
	hs attach vm a --slot 0
	guest_deletes vm /dev/disk/by-slot/0
	await_equal false disk_field vm 0 visible
	check_fails 1 'does not see the disk in slot 0.*--force detaches it' hs detach vm 0
	check_equal 0 "$(slots vm)"
	hs detach vm 0 --force
	check_equal "" "$(slots vm)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a)"
}

test_ours_go_where_others_are_not() {
	local i
	for i in 0 1 3; do
		raw_image "theirs-$i"
		virsh_attach vm "theirs-$i" 0 "$i" "<serial>t$i</serial>"
	done
	for i in 2 4 5; do
		raw_image "ours-$i"
		# At once: the guest need not have seen the others yet.
		check_equal "/dev/disk/by-slot/$i" "$(hs attach vm "ours-$i" --serial "o$i")"
	done
	check_equal "0 theirs-0
1 theirs-1
2 ours-2
3 theirs-3
4 ours-4
5 ours-5" "$(links_with_content vm by-slot)"
	raw_image more
	check_fails 1 'disk is in slot 3' hs attach vm more --slot 3 --json
	check_equal slot-taken "$(jq -r .error.code stdout)"
	check_fails 1 'Another disk has the serial t1' hs attach vm more --serial t1 --json
	check_equal serial-taken "$(jq -r .error.code stdout)"
	check_links_agree vm
}

# virsh knows our disks by alias and label like any others, and we see what it did.
test_one_attaches_and_the_other_detaches_in_turns() {
	local turn label
	raw_image a
	raw_image b
	for turn in 1 2 3 4; do
		check_equal /dev/disk/by-slot/0 "$(hs attach vm a --serial "a$turn")"
		virsh_attach vm b 0 1 "<serial>b$turn</serial>"
		await_equal "a$turn a
b$turn b" links_with_content vm by-serial
		check_links_agree vm
		# Each takes away what is the other's.
		label=$(disk_field vm 0 target-dev)
		if [[ $((turn % 2)) == 0 ]]; then
			run_virsh detach-device-alias vm ua-hotslot-slot-0 --live
		else
			run_virsh detach-disk vm "$label" --live
		fi
		hs detach vm 1 --foreign
		await_equal "" listed
		check_equal "" "$(existing_links vm)"
	done
}

# What virsh took while the guest was using it is not in the way of the next.
test_a_disk_that_virsh_pulled_out_leaves_its_slot_free() {
	raw_image a
	raw_image b
	hs attach vm a --serial A
	guest_run vm 'sleep 1000 3</dev/disk/by-slot/0 & echo $! >/tmp/pid'
	run_virsh detach-device-alias vm ua-hotslot-slot-0 --live
	await_equal "" slots vm
	check_equal /dev/disk/by-slot/0 "$(hs attach vm b --serial B)"
	check_equal "0 b" "$(links_with_content vm by-slot)"
	check_equal "B b" "$(links_with_content vm by-serial)"
	guest_run vm 'kill $(cat /tmp/pid)'
	hs detach vm 0
}

# By somebody who does it in the guest one by one, and by its kernel.
test_a_disk_that_the_guest_has_lost_is_found_by_a_repair() {
	raw_image lost
	virsh_attach vm lost 0 5
	await_equal true disk_field vm 5 visible
	guest_deletes vm /dev/disk/by-slot/5
	await_equal false disk_field vm 5 visible
	check_match 'hotslot repair' "$(hs doctor vm || true)"
	check_equal "slot 5: the guest had lost the disk, and has found it" "$(hs repair vm)"
	check_equal true "$(disk_field vm 5 visible)"
	check_equal /dev/disk/by-slot/5 "$(disk_field vm 5 by-slot)"
}

run_tests
