#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each model of virtio on each machine, in appliances and in others' domains: it boots, names and
# reports alike, and its definition stays what it is.

# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# Runs FUNCTION CASE for all cases at a time, each with a directory and a daemon of its own: virsh with
# an embedded driver may crash beside a domain that runs.
for_each() { # FUNCTION CASE…
	local function=$1 case n=0 failed=
	local -A pids=()
	shift
	for case; do
		# A short name, for the paths of sockets.
		mkdir "$((++n))"
		(
			cd "$n"
			T=$PWD
			trap end_daemon EXIT
			start_daemon "$PWD/d"
			"$function" "$case"
		) >"$case.out" 2>&1 &
		pids[$case]=$!
	done
	for case; do
		wait "${pids[$case]}" || failed+=" $case"
		[[ $failed != *" $case" ]] || sed "s/^/$case: /" "$case.out" >&2
	done
	[[ ! $failed ]] || fail "failed:$failed"
}

# What there is to do with a disk, and what is told of it: on no model is it another.
# Its ID is like the name of its controller, and in nobody's way.
check_managed() {
	raw_image new.img
	check_equal /dev/disk/by-slot/261 "$(hs attach vm new.img --slot 261 --serial new --id scsi0)"
	hs resize vm 261 2M
	check_equal "261 2097152 new new true true /dev/disk/by-slot/261 ua-hotslot-scsi0 sda" \
		"$(hs list vm --json | jq -r '.disks[] | select(.slot == 261) | "\(.slot) \(.size) \(.serial)" +
		" \(."by-serial" | sub(".*/"; "")) \(.attached) \(.visible) \(."by-slot") \(.alias)" +
		" \(.name | sub("sd[ab]"; "sda"))"')"
	hs detach vm 261
}

# The controllers, with their PCI addresses, without libvirt's automatic aliases: those, only a running
# domain has.
controllers() { # [OPTION…]
	run_virsh dumpxml vm "$@" | awk '/<controller / { inside = 1 }
		/<controller .*\/>|<\/controller>/ { ends = 1 }
		inside && !/<\/controller>/ && (!/<alias / || /<alias name=.ua-/) { sub("/>", ">"); print }
		ends { inside = ends = 0 }'
}

# A domain of ours is what it was asked to be, and says no more.
check_xml() { # MACHINE [MODEL]
	local live machine=$1 scsi=virtio-${2:-scsi} serial="${2:+ model='virtio-$2'}"
	[[ $machine == q35 ]] || machine=i440fx
	live=$(run_virsh dumpxml vm)
	check_match " machine='pc-$machine-" "$live"
	check_match "<controller type='scsi' index='0' model='$scsi'>" "$live"
	check_match "<controller type='virtio-serial' index='0'$serial>" "$live"
	# libvirt drops an alias that it does not like; the console is in the XML twice.
	check_equal "ua-hotslot-slot-0 ua-hotslot_agent ua-hotslot_console ua-hotslot_scsi0 ua-hotslot_virtio-serial0" \
		"$(sed -n "s/.*<alias name='\(ua-[^']*\)'.*/\1/p" <<<"$live" | sort -u | paste -sd ' ')"
}

# Its definition is a fixed point, and what runs has the same addresses.
check_stable() {
	run_virsh dumpxml vm --inactive >first.xml
	run_virsh define first.xml
	run_virsh dumpxml vm --inactive >second.xml
	check_equal "$(<first.xml)" "$(<second.xml)"
	check_equal "$(controllers --inactive)" "$(controllers)"
}

# libvirt compares all that the guest sees of a definition with what was saved. At the next boot the
# guest sees no other.
check_saved_and_booted() {
	local before
	run_virsh save vm saved --xml second.xml
	run_virsh restore saved --xml second.xml
	check_equal 0 "$(slots vm)"
	before=$(controllers)
	hs shutdown vm
	hs start vm
	check_equal "$before" "$(controllers)"
	check_equal "$(<first.xml)" "$(run_virsh dumpxml vm --inactive)"
	check_managed
}

# The first IOThread has the disks, and its controller.
check_asked() {
	local live
	live=$(run_virsh dumpxml vm)
	check_match "<genid>$GENID</genid>" "$live"
	check_match '<iothreads>2</iothreads>' "$live"
	check_equal "1 1" "$(sed -n "s/.*<driver iothread='\(.*\)'.*/1 \1/p" <<<"$live")"
	check_equal 2 "$(run_virsh iothreadinfo vm | grep -c '^ [12] ')"
}

check_appliance() { # MACHINE_MODEL_again
	local machine model again
	IFS=_ read -r machine model again <<<"$1"
	raw_image boot.img
	launch vm --persistent --memory 256 --machine "$machine" --drive boot.img \
		${model:+--virtio-model "$model"} ${again:+--genid "${GENID^^}" --iothreads 2}
	check_managed
	check_xml "$machine" "$model"
	[[ ! $again ]] || check_asked
	check_stable
	[[ ! $again ]] || check_saved_and_booted
}

GENID=f81d4fae-7dec-11d0-a765-00a0c91e6bf6

test_what_cannot_be_launched_is_refused_and_leaves_nothing() {
	appliance_image >/dev/null
	check_fails 2 "^hotslot: launch: --virtio-model 'virtio': not transitional or non-transitional" \
		launch vm --virtio-model virtio
	check_fails 2 "^hotslot: launch: --iothreads '0': not a number from 1 to 1024" \
		launch vm --iothreads 0
	check_fails 2 '^hotslot: launch: vm: The generation ID is no GUID of 32 hexadecimal digits, such as f81d' \
		launch vm --genid "{$GENID}"
	check_fails 2 '^hotslot: launch: vm: The name of the machine type is empty' launch vm --machine ''
	check_fails 1 "Cannot launch on a machine of type q36: .*not supported by emulator" launch vm --machine q36
	check_fails 2 "Cannot launch on a machine of type isapc: it has no PCI bus" launch vm --machine isapc
	check_fails 2 "Cannot launch on a machine of type microvm: it has no PCI bus" launch vm --machine microvm
	check_equal "" "$(run_virsh list --all --name)"
}

test_appliances_of_each_model_are_alike_and_stay_what_they_are() {
	appliance_image >/dev/null
	for_each check_appliance q35_ q35_transitional_again q35_non-transitional \
		pc__again pc_transitional pc_non-transitional
}

# A virtio controller at a place on PCI.
controller() { # TYPE MODEL BUS SLOT
	printf "<controller type='%s' index='0' %s><address type='pci' bus='%s' slot='%s'/></controller>\n" \
		"$1" "${2:+model='$2'}" "$3" "$4"
}

# The elements that make a bus: the numbers in the XML are not the guest's.
bridge() { # INDEX MODEL [BUS SLOT]
	printf "<controller type='pci' index='%s' model='%s'>%s</controller>\n" "$1" "$2" \
		"${3:+<address type='pci' bus='$3' slot='$4'/>}"
}

conventional_on_q35() {
	bridge 0 pcie-root
	bridge 4 pcie-root-port 0 4
	bridge 9 pcie-to-pci-bridge 4 0
	controller scsi virtio-transitional 9 3
	controller virtio-serial virtio-transitional 9 5
}

behind_a_switch_on_q35() {
	bridge 0 pcie-root
	bridge 2 pcie-root-port 0 4
	bridge 4 pcie-switch-upstream-port 2 0
	bridge 5 pcie-switch-downstream-port 4 1
	controller scsi virtio-non-transitional 5 0
	controller virtio-serial virtio-non-transitional 0 6
}

behind_two_bridges_on_pc() {
	bridge 0 pci-root
	bridge 1 pci-bridge 0 5
	bridge 2 pci-bridge 1 2
	controller scsi virtio-scsi 2 7
	controller virtio-serial '' 0 6
}

# The way to the controller, by the functions on it; * for a bus, which the firmware has numbered.
declare -A PATHS=(
	[conventional_on_q35]='0000:00:04\.0/0000:*:00\.0/0000:*:03\.0'
	[behind_a_switch_on_q35]='0000:00:04\.0/0000:*:00\.0/0000:*:01\.0/0000:*:00\.0'
	[behind_two_bridges_on_pc]='0000:00:05\.0/0000:*:02\.0/0000:*:07\.0'
)

check_others() { # DEVICES
	cat >vm.xml <<-EOF
		<domain type='qemu'><name>vm</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
		<os><type arch='x86_64' machine='${1##*_}'>hvm</type><kernel>$KERNEL</kernel>
		<initrd>$(appliance_image)</initrd>
		<cmdline>panic=-1 quiet no_timer_check console=ttyS0</cmdline></os>
		<features><acpi/></features>
		<cpu mode='custom' match='exact'><model>qemu64</model>
		<feature policy='require' name='rdrand'/></cpu>
		<devices><controller type='usb' model='none'/><memballoon model='none'/>
		$("$1")
		<channel type='unix'><target type='virtio' name='org.hotslot.agent.0'/></channel>
		<serial type='file'><source path='$PWD/vm.console'/></serial>
		</devices></domain>
	EOF
	raw_image theirs.img
	run_virsh define vm.xml
	disk_xml theirs.img 0 0 >theirs.xml
	run_virsh attach-device vm theirs.xml --config
	hs start vm
	check_match "^${PATHS[$1]//\*/[0-9a-f]+}$" "$(hs agent vm --json | jq -r .controller)"
	check_managed
	check_equal "0 scsi0-0-0-0 true" \
		"$(hs list vm --json | jq -r '.disks[] | "\(.slot) \(.alias) \(.visible)"')"
}

test_others_domains_of_each_model_are_managed_behind_any_bridge() {
	appliance_image >/dev/null
	for_each check_others "${!PATHS[@]}"
}

run_tests
