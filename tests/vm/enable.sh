#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Domains that others have made get what they lack for a disk to be attached, nothing else in them
# changes, and they give it back to the byte.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../domains.sh"

NOVA=instance-0000002b
SCSI=instance-0000002a
OLD=pc-lsilogic

notice() { # NAME
	echo "hotslot: enable: The guest of domain $1 needs hotslot-agent(8), unless it is there already"
}

# In one go, as virsh sees them.
definitions() { # NAME…
	run_virsh "$(printf 'dumpxml --inactive --security-info %s; ' "$@")"
}

# Where libvirt plugs a controller in is its own matter.
additions() { # BEFORE AFTER
	added_lines "$1" "$2" | sed "s#<address type='pci' .*#<address type='pci'/>#"
}

test_domains_of_others_get_what_they_lack_and_give_it_back() {
	local file name before=
	local -a files=() names=()
	for file in "$DOMAINS"/*.xml; do
		files+=("$(basename "$file" .xml)")
		names+=("$(domain_name "${files[-1]}")")
		domain_xml "${files[-1]}" >"${files[-1]}.xml"
	done
	run_virsh "$(printf 'define %s.xml; ' "${files[@]}")"
	before=$(definitions "${names[@]}")
	for file in "${files[@]}"; do
		name=$(domain_name "$file")
		stored_definition "$name" >"$file.before"
		hs enable "$name" -q >"$file.parts"
		check_equal "$(<"$DOMAINS/$file.added")" \
			"$(cat "$file.parts" && additions "$(<"$file.before")" "$(stored_definition "$name")")"
	done
	check_equal "hotslot: enable: $NOVA: ready already" "$(hs enable "$NOVA" 2>&1)"
	for file in "${files[@]}"; do
		check_equal "$(sed 's/ added:/ removed:/' "$file.parts" | sort)" \
			"$(hs disable "$(domain_name "$file")" -q | sort)"
	done
	check_equal "$before" "$(definitions "${names[@]}")"
	check_equal "hotslot: disable: $NOVA: nothing was added to it" "$(hs disable "$NOVA" 2>&1)"
}

test_what_is_to_be_known_is_said() {
	define_domain "$OLD"
	check_equal "hotslot: enable: SCSI controller 0 of domain $OLD is of the model lsilogic, which \
stays as it is: disks are attached to controller 1
$(notice "$OLD")" "$(hs enable "$OLD" 2>&1 >/dev/null)"
	hs disable "$OLD"
	check_equal '{"domain":"'"$OLD"'","parts":[{"state":"added","kind":"virtio-serial","index":0,'\
'"alias":"ua-hotslot_virtio-serial0","now":false,"next-boot":true},{"state":"added","kind":'\
'"channel","index":null,"alias":"ua-hotslot_agent","now":false,"next-boot":true},{"state":"added",'\
'"kind":"scsi","index":1,"alias":"ua-hotslot_scsi1","now":false,"next-boot":true}]}' \
		"$(hs enable "$OLD" --json -q)"
	check_fails 1 "There is no domain 'none'" hs enable none
	check_fails 2 'too many arguments' hs disable "$OLD" "$OLD"
}

# The bridge that libvirt puts in where a bus is full is taken away with what is in it; what would
# change a device that was there is not done at all.
test_libvirt_makes_room_and_changes_nothing_that_is_there() {
	local i before
	{
		echo "<domain type='qemu'><name>full</name><memory>65536</memory><os><type machine='pc'>hvm</type></os>"
		echo "<devices><controller type='usb' model='none'/><memballoon model='none'/>"
		for i in {a..z} za zb zc; do
			echo "<disk type='file'><source file='/$i'/><target dev='vd$i' bus='virtio'/></disk>"
		done
		echo "</devices></domain>"
	} >full.xml
	{
		echo "<domain type='qemu'><name>ports</name><memory>65536</memory><os><type machine='q35'>hvm</type></os>"
		echo "<devices><controller type='usb' model='none'/><memballoon model='none'/>"
		echo "<controller type='pci' index='0' model='pcie-root'/>"
		for i in {1..25}; do
			echo "<controller type='pci' index='$i' model='pcie-root-port'><address type='pci'
				domain='0' bus='0' slot='$i' function='0'/></controller><rng model='virtio'>
				<backend model='random'/><address type='pci' domain='0' bus='$i' slot='0'
				function='0'/></rng>"
		done
		echo "</devices></domain>"
	} >ports.xml
	run_virsh "define full.xml; define ports.xml"
	before=$(definitions full ports)
	check_equal "controller pci 1 added: from the next boot on" "$(hs enable full -q | grep pci)"
	check_match "<alias name='ua-hotslot_pci1'/>" "$(definition full)"
	check_match 'controller pci 1 removed' "$(hs disable full)"
	check_fails 1 '^hotslot: enable: libvirt changes more in the definition of domain ports than it was told to; it is as it was before \(step: define\)$' \
		hs enable ports
	check_equal "" "$(<stdout)"
	check_equal "$before" "$(definitions full ports)"
}

test_a_running_domain_gets_now_what_it_can() {
	local definition live both
	define_domain nova-q35
	define_domain "$OLD"
	definition=$(stored_definition "$SCSI")
	run_virsh "start $SCSI --paused; start $OLD --paused"
	live=$(live_devices "$SCSI") both=$(live_devices "$OLD")
	check_equal "channel added: now and from the next boot on
$(notice "$SCSI")" "$(hs enable "$SCSI" 2>&1)"
	check_equal "<channel type='unix'>
<source mode='bind' path='$(channel_socket "$SCSI")'/>
<target type='virtio' name='org.hotslot.agent.0'/>
<alias name='ua-hotslot_agent'/>
<address type='virtio-serial' controller='0' bus='0' port='2'/>
</channel>" "$(added_lines "$live" "$(live_devices "$SCSI")" | rotate)"
	check_equal "hotslot: enable: $SCSI: ready already" "$(hs enable "$SCSI" 2>&1)"
	check_equal "channel removed: now and from the next boot on" "$(hs disable "$SCSI" 2>&1)"
	check_equal "$live" "$(live_devices "$SCSI")"
	check_equal "$definition" "$(stored_definition "$SCSI")"
	# Without a virtio-serial controller nothing can be plugged in.
	check_equal "controller virtio-serial 0 added: from the next boot on
channel added: from the next boot on
controller scsi 1 added: from the next boot on" "$(hs enable "$OLD" -q 2>&1)"
	check_equal "$both" "$(live_devices "$OLD")"
	check_equal "controller virtio-serial 0 pending: with the next boot
channel pending: with the next boot
controller scsi 1 pending: with the next boot" "$(hs enable "$OLD" 2>&1)"
	check_fails 1 "^hotslot: list: Domain $OLD has no virtio channel org.hotslot.agent.0 yet: its definition has one, from the next boot on$" \
		hs list "$OLD"
	hs shutdown "$OLD" --force
	hs shutdown "$SCSI" --force
}

# An element that came before another of its kind: the line that both share is the last one there.
rotate() { # reads lines
	local lines
	mapfile -t lines
	if [[ ${lines[0]} == '</channel>' ]]; then
		lines=("${lines[@]:1}" '</channel>')
	fi
	printf '%s\n' "${lines[@]}"
}

test_a_transient_domain_gets_a_channel_and_no_controller() {
	local live
	domain_xml kubevirt >kubevirt.xml
	domain_xml "$OLD" >old.xml
	run_virsh "create kubevirt.xml --paused; create old.xml --paused"
	live=$(live_devices "$OLD")
	check_equal "channel added: now" "$(hs enable default_testvm -q 2>&1)"
	check_equal "channel removed: now" "$(hs disable default_testvm -q 2>&1)"
	check_fails 1 "Domain $OLD is transient and lacks a virtio-scsi controller, which only the next boot" \
		hs enable "$OLD"
	check_equal "$live" "$(live_devices "$OLD")"
	hs shutdown default_testvm --force
	hs shutdown "$OLD" --force
}

test_a_domain_of_novas_is_enabled_booted_and_has_a_disk_attached() {
	local before
	raw_image a.img
	domain_xml nova-pc | with_kernel >"$NOVA".xml
	run_virsh define "$NOVA".xml
	before=$(stored_definition "$NOVA")
	hs enable "$NOVA" -q
	run_virsh start "$NOVA"
	check_equal /dev/disk/by-slot/0 "$(hs attach "$NOVA" a.img)"
	check_fails 1 "Controller scsi 0, .*, has sda \(in slot 0, $PWD/a.img\) in the running domain: detach it first" \
		hs disable "$NOVA"
	hs detach "$NOVA" 0
	check_equal "channel removed: now and from the next boot on
controller scsi 0 removed: from the next boot on
controller virtio-serial 0 removed: from the next boot on" "$(hs disable "$NOVA" 2>&1 | sort)"
	check_equal "$before" "$(stored_definition "$NOVA")"
	check_fails 1 'has no virtio channel org.hotslot.agent.0' hs attach "$NOVA" a.img
	# Its controllers are there until the next boot, the agent opens the port that comes back, and
	# who has spoken with it notices both.
	check_equal "channel added: now and from the next boot on
/dev/disk/by-slot/0
channel removed: now and from the next boot on
channel added: now and from the next boot on
/dev/disk/by-slot/0" "$(hs -q shell "$NOVA" <<-END | grep -v controller
		enable
		attach a.img
		detach 0
		disable
		enable
		attach a.img
	END
	)"
	# What runs was added before, and taken out of the definition in between.
	check_fails 1 'Controller scsi 0, .*, has sda .* in the running domain: detach it first' \
		hs disable "$NOVA"
}

run_tests
