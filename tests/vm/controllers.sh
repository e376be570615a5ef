#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Domains with two virtio-scsi controllers: host and guest agree on the managed one, or the first
# attach says that they do not; the other one is nobody's affair.

# Guests: udevd
# On demand: plain udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

# The two SCSI controllers of each machine. Index 1 is the one at the lower place, so that the index
# decides nothing.
pc_devices() {
	scsi 0 '<address type="pci" bus="0" slot="9"/>'
	scsi 1 '<address type="pci" bus="0" slot="5"/>'
}

# Two functions of one slot; the bus numbers here are others than the firmware gives.
q35_devices() {
	cat <<-EOF
		<controller type='pci' index='0' model='pcie-root'/>
		<controller type='pci' index='7' model='pcie-root-port'>
		<address type='pci' bus='0' slot='3' function='0' multifunction='on'/></controller>
		<controller type='pci' index='5' model='pcie-root-port'>
		<address type='pci' bus='0' slot='3' function='1'/></controller>
	EOF
	scsi 0 '<address type="pci" bus="5" slot="0"/>'
	scsi 1 '<address type="pci" bus="7" slot="0"/>'
}

# Behind expander buses, which are roots with numbers of their own.
expander_devices() {
	cat <<-EOF
		<controller type='pci' index='0' model='pci-root'/>
		<controller type='pci' index='1' model='pci-expander-bus'><target busNr='200'/></controller>
		<controller type='pci' index='2' model='pci-expander-bus'><target busNr='100'/></controller>
	EOF
	scsi 0 '<address type="pci" bus="1" slot="1"/>'
	scsi 1 '<address type="pci" bus="2" slot="1"/>'
}

scsi() { # INDEX ADDRESS
	printf "<controller type='scsi' index='%s' model='virtio-scsi'>%s</controller>\n" "$1" "$2"
}

# A disk of somebody else's.
disk() { # IMAGE CONTROLLER TARGET UNIT DEV
	printf "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>
		<target dev='%s' bus='scsi'/><serial>theirs-%s</serial>
		<address type='drive' controller='%s' bus='0' target='%s' unit='%s'/></disk>\n" \
		"$1" "$5" "$5" "$2" "$3" "$4"
}

# Starts a domain with two controllers; what is on standard input are more devices.
start() { # NAME MACHINE [KERNEL PARAMETER…]
	local name=$1 machine=$2 image
	image=$(control_image)
	shift 2
	[[ $GUEST != udev ]] || set -- hotslot.links=udev "$@"
	cat >"$name.xml" <<-EOF
		<domain type='qemu'><name>$name</name><memory unit='MiB'>512</memory><vcpu>1</vcpu>
		<os><type arch='x86_64' machine='${machine/expander/pc}'>hvm</type><kernel>$KERNEL</kernel>
		<initrd>$image</initrd>
		<cmdline>panic=-1 quiet no_timer_check console=ttyS0 $WITNESS_APPEND $*</cmdline></os>
		<features><acpi/></features>
		<cpu mode='custom' match='exact'><model>qemu64</model>
		<feature policy='require' name='rdrand'/></cpu>
		<on_reboot>restart</on_reboot>
		<devices><controller type='usb' model='none'/><memballoon model='none'/>
		$("${machine}_devices") $(cat)
		<channel type='unix'><target type='virtio' name='org.hotslot.agent.0'/></channel>
		<serial type='file'><source path='$T/$name.console'/></serial>
		</devices></domain>
	EOF
	virsh -q -c "$URI" create "$name.xml"
	keep_capabilities
}

controller() { # NAME [OPTION…]
	hs agent "$@" --json | jq -r .controller
}

# Two disks before the boot: one on each controller, at one place.
check_default() { # MACHINE LOW
	raw_image low.img
	raw_image high.img
	raw_image new.img
	{
		disk "$T/low.img" 1 0 0 sda
		disk "$T/high.img" 0 0 0 sdb
	} | start vm "$1"
	check_match "$2" "$(controller vm)"
	check_equal "0 theirs-sda true" "$(listed vm)"
	check_equal /dev/disk/by-slot/1 "$(hs attach vm new.img --serial mine)"
	check_match "controller='1' bus='0' target='0' unit='1'" "$(live_devices vm)"
	add_witness_port vm
	check_equal "0 1 mine theirs-sda" \
		"$(guest_run vm 'cd /dev/disk; echo $(ls by-slot) $(ls by-serial)')"
	check_equal "low.img new.img" "$(guest_run vm \
		'echo $(for i in 0 1; do head -n 1 /dev/disk/by-slot/$i; done)')"
	hs detach vm 1
	check_equal "0 theirs-sda true" "$(listed vm)"
}

listed() { # NAME [OPTION…]
	hs list "$@" --json | jq -r '.disks[] | "\(.slot) \(.serial) \(.foreign)"'
}

test_pc_the_lower_one_is_managed_and_the_other_ignored() {
	check_default pc '^0000:00:05\.0$'
}

test_q35_the_lower_root_port_counts_not_the_number_of_its_bus() {
	check_default q35 '^0000:00:03\.0/0000:[0-9a-f]+:00\.0$'
}

test_expander_buses_are_told_apart_by_their_numbers() {
	check_default expander '^0000:64:00\.0/0000:[0-9a-f]+:01\.0$'
	check_fails 1 'controller 1, the host controller 0, at PCI c8:00.0/01.0; ' \
		hs list vm --controller 0
}

# The guest is told to manage another one than the host would.
check_disagreement() { # MACHINE GUEST-CONTROLLER
	raw_image new.img
	start vm "$1" "hotslot.controller=$2" </dev/null
	local before
	check_fails 1 'manage different controllers' hs agent vm
	before=$(live_devices vm)
	check_fails 1 "manage different controllers: the guest 0000:[^ ]*, which is controller 0, the \
host controller 1, at PCI .*; choose the guest's with --controller 0, or boot the guest with" \
		hs attach vm new.img
	check_equal "" "$(<stdout)"
	check_fails 1 . hs attach vm new.img --json
	check_equal controller "$(jq -r .error.code stdout)"
	check_fails 1 'manage different controllers' hs list vm
	check_equal "$before" "$(live_devices vm)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm new.img --controller 0 --serial mine)"
	check_match "controller='0' bus='0' target='0' unit='0'" "$(live_devices vm)"
	check_equal "0 mine false" "$(listed vm --controller 0)"
	check_fails 1 'no virtio-scsi controller 2' hs list vm --controller 2
	check_fails 2 "controller 'x'" hs list vm --controller x
	hs detach vm 0 --controller 0
}

test_pc_a_disagreement_is_said_and_resolved() {
	check_disagreement pc 0000:00:09.0
}

# The firmware numbers the buses of root ports in their order. The whole name is not needed.
test_q35_a_disagreement_is_said_and_resolved() {
	local low bus
	start first q35 </dev/null
	low=$(controller first)
	hs shutdown first --force
	bus=$((16#${low:18:2} + 1))
	check_disagreement q35 "$(printf '0000:%02x:00.0' "$bus")"
}

test_the_one_with_a_disk_of_the_systems_is_not_managed() {
	raw_image system.img
	raw_image new.img
	disk "$T/system.img" 1 255 0 sda | start vm pc hotslot.controller=0000:00:09.0
	check_equal /dev/disk/by-slot/0 "$(hs attach vm new.img)"
	check_match "controller='0' bus='0' target='0' unit='0'" "$(live_devices vm)"
	# One that libvirt has lost is not managed there either.
	raw_image lost.img
	qemu blockdev-add '"driver":"null-co","node-name":"lost","size":1048576' >/dev/null
	qemu device_add '"driver":"scsi-hd","id":"ua-hotslot-lost","drive":"lost","bus":"scsi1.0",
		"channel":0,"scsi-id":0,"lun":9' >/dev/null
	check_fails 1 "Duplicate device ID 'ua-hotslot-lost'" hs attach vm lost.img --id lost --slot 9
	check_match 'scsi1\.0' \
		"$(qemu qom-get '"path":"/machine/peripheral/ua-hotslot-lost","property":"parent_bus"')"
}

test_a_shell_can_manage_them_in_turn() {
	raw_image new.img
	start vm pc hotslot.controller=0000:00:09.0 </dev/null
	hs shell vm >out 2>err <<-END
		-attach new.img
		attach new.img --controller 0
		-list
		detach 0 --controller 0
	END
	check_equal /dev/disk/by-slot/0 "$(head -n 1 out)"
	check_equal 2 "$(grep -c 'manage different controllers' err)"
}

run_tests
