#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks of the persistent definition: attached to it and taken from it with the running domain or
# alone, and the same slots after a cold boot. virsh is the witness.

# Guests: plain
# On demand: udevd udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# An embedded driver that ends while it still looks for its guest may crash, and virsh ends soon.
setup_file() {
	start_daemon "$T/d"
	launch_controlled vm --persistent
	definition >vm.xml
}

teardown_file() {
	end_daemon
}

# Each test begins with no disk, and with the definition as it was.
setup_test() {
	detach_all vm
	[[ $(live_xml vm) != *urn:hotslot:domain:1* ]] ||
		run_virsh metadata vm urn:hotslot:domain:1 --live --remove >/dev/null
	[[ $(definition) == "$(<"$WORK/file/vm.xml")" ]] ||
		run_virsh define "$WORK/file/vm.xml" >/dev/null
}

# As the driver keeps it on disk: that needs no second connection.
definition() {
	find "$(driver_directory)/config" -name vm.xml -exec sed '1,/^-->/d' {} +
}

# Target, unit, alias, serial, target name and image of each disk in the XML: a line each.
disks_in_xml() {
	sed -n "/<disk /,/<\/disk>/ {
		s/.*<source [a-z]*='\([^']*\)'.*/source \1/p; s/.*<target dev='\([^']*\)'.*/target \1/p
		s/.*<serial>\(.*\)<.*/serial \1/p; s/.*<alias name='\([^']*\)'.*/alias \1/p
		s/.*<address .*target='\([0-9]*\)' unit='\([0-9]*\)'.*/at \1:\2/p; s/.*<\/disk>.*/end/p }" |
		awk 'BEGIN { at = alias = serial = target = source = "-" }
			$1 == "end" { print at, alias, serial, target, source
				at = alias = serial = target = source = "-" }
			$1 == "at" { at = $2 } $1 == "alias" { alias = $2 } $1 == "serial" { serial = $2 }
			$1 == "target" { target = $2 } $1 == "source" { n = split($2, p, "/"); source = p[n] }'
}

in_definition() {
	definition | disks_in_xml
}

running() {
	live_devices vm | disks_in_xml
}

same_in_both() {
	check_equal "$(running)" "$(in_definition)"
}

# hotslot, which does something at a step: see steps.c.
hs_at() { # STEP COMMAND ARGUMENT…
	STEPS_AT=$1 STEPS_COMMAND=$2 LD_PRELOAD=$B/tests/vm/steps "$HOTSLOT" -c "$URI" "${@:3}"
}

# For a step: the image is gone; libvirt cannot write definitions down any more, and then it can.
hide_image() {
	echo 'mv a.img away.img'
}
block_definitions() {
	local directory
	directory=$(dirname "$(find "$(driver_directory)/config" -name vm.xml)")
	echo "mv '$directory' '$directory.away'; : >'$directory'"
	printf '%s\n' "rm '$directory'; mv '$directory.away' '$directory'" >unblock
}

test_attach_persistent_gives_both_the_same_disk() {
	raw_image a.img
	raw_image b.img
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --persistent)"
	check_equal /dev/disk/by-slot/7 \
		"$(hs attach vm b.img --persistent --slot 7 --id data --serial D-7 --readonly)"
	check_equal "$(printf '%s\n' "$(running | head -n 1)" "0:7 ua-hotslot-data D-7 sdh b.img")" \
		"$(run_virsh dumpxml vm --inactive | disks_in_xml)"
	check_match '^0:0 ua-hotslot-slot-0 hs-0-[0-9a-f]* sda a.img' "$(in_definition)"
	same_in_both
	check_equal "true true" "$(disk_field vm 0 persistent) $(disk_field vm 7 persistent)"
	check_match "<readonly/>" "$(definition)"
	hs detach vm id:data 0 --persistent
	check_equal "$(<"$WORK/file/vm.xml")" "$(definition)"
	check_equal "" "$(running)"
}

test_attach_without_it_leaves_the_definition_alone() {
	raw_image a.img
	hs attach vm a.img >/dev/null
	check_equal "$(<"$WORK/file/vm.xml")" "$(definition)"
	check_equal "false" "$(disk_field vm 0 persistent)"
	raw_image b.img
	check_equal true "$(hs attach vm b.img --persistent --json | jq .disks[0].persistent)"
	check_equal "" "$(hs list vm 0 --long | grep persistent || true)"
	hs list vm 1 --long | grep '^      persistent$' >/dev/null
	hs detach vm 1
	check_match "^0:1 ua-hotslot-slot-1" "$(in_definition)"
}

test_config_is_the_definition_alone() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img >/dev/null
	# The slot of a disk that runs is no other's name at the next boot.
	check_equal "slot 1 from the next boot on" "$(hs attach vm b.img --config --serial B)"
	check_equal "0:1 ua-hotslot-slot-1 B sdb b.img" "$(in_definition)"
	check_equal 0 "$(slots vm)"
	check_equal "SLOT  SIZE  SERIAL  NAME  TYPE  LABEL  FLAGS  SOURCE
   1     -  B       -     ?     -      -      $T/b.img" "$(hs list vm --config)"
	check_equal '{"attached":false,"persistent":true,"visible":false,"by-slot":null}' "$(hs list vm --config --json |
		jq -c '.disks[] | {attached, persistent, visible, "by-slot"}')"
	check_equal "$T/b.img" "$(hs list vm serial:B --config --json | jq -r .disks[].source)"
	hs detach vm volume:B --config
	check_equal "$(<"$WORK/file/vm.xml")" "$(definition)"
	check_fails 1 "^hotslot: detach: No disk is in slot 0 in the definition of domain vm$" \
		hs detach vm 0 --config
	check_equal 0 "$(slots vm)"
}

test_what_runs_is_added_to_the_definition_as_it_is() {
	raw_image a.img
	hs attach vm a.img --slot 4 --id data >/dev/null
	check_equal "slot 4 from the next boot on" "$(hs attach vm a.img --config --quiet)"
	same_in_both
	check_match '"persistent":true' "$(hs list vm --json | jq -c .)"
	# A name that is another one's is none for it.
	raw_image b.img
	check_fails 1 "^hotslot: attach: b.img: The running domain vm has a disk in slot 4$" \
		hs attach vm b.img --config --slot 4
}

test_what_is_named_must_be_free_in_both() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --config --slot 2 --id data --serial S >/dev/null
	check_fails 1 "^hotslot: attach: b.img: The definition of domain vm has a disk in slot 2$" \
		hs attach vm b.img --persistent --slot 2
	check_fails 1 "^hotslot: attach: b.img: The definition of domain vm has another disk with the serial S$" \
		hs attach vm b.img --persistent --serial S
	check_fails 1 "^hotslot: attach: b.img: The definition of domain vm has another disk with the id data$" \
		hs attach vm b.img --persistent --id data
	check_fails 1 "^hotslot: attach: The definition of domain vm has $T/a.img already, as ua-hotslot-data$" \
		hs attach vm a.img --config --slot 3
	check_fails 1 "already, as ua-hotslot-data" hs attach vm a.img --persistent --slot 3
	check_equal "" "$(running)"
	run_virsh metadata vm urn:hotslot:domain:1 --config --key hotslot \
		--set "<hotslot><reserved slots='0'/></hotslot>" >/dev/null
	# 0 is reserved there, 2 taken.
	check_equal "/dev/disk/by-slot/1" "$(hs attach vm b.img --persistent)"
	raw_image c.img
	check_equal "/dev/disk/by-slot/3" "$(hs attach vm c.img --persistent)"
	# For the running domain alone, it alone counts.
	raw_image d.img
	check_equal "/dev/disk/by-slot/0" "$(hs attach vm d.img)"
}

# QEMU's locks let them both in.
test_two_that_share_an_image_may_both_be_in_the_definition() {
	raw_image a.img
	hs attach vm a.img --config --shareable --slot 1 >/dev/null
	check_equal "slot 2 from the next boot on" \
		"$(hs attach vm a.img --config --shareable --slot 2)"
	check_fails 1 "has $T/a.img already, as ua-hotslot-slot-1" hs attach vm a.img --config
}

# While it runs, its source is an overlay.
test_a_transient_disk_in_both_is_no_drift() {
	raw_image t.img
	echo "<disk type='file'><source file='$T/t.img'/><transient/></disk>" >t.xml
	check_equal /dev/disk/by-slot/0 "$(hs attach vm --xml t.xml --persistent)"
	check_equal "[]" "$(hs status vm --json | jq -c .drift)"
}

test_the_definition_is_as_it_was_if_the_guest_gets_no_disk() {
	raw_image a.img
	hs reserve vm 3
	local before
	before=$(definition)
	check_fails 1 "^hotslot: attach: Cannot attach $T/a.img to domain vm: .*; its definition is as it was" \
		hs_at "after virDomainAttachDeviceFlags" "$(hide_image)" \
		attach vm a.img --persistent --slot 3 --label mine
	check_equal "$before" "$(definition)"
	check_equal "" "$(running)"
	mv away.img a.img
	# And if the guest does not confirm it.
	echo "kill -STOP \$($AGENT_PID)" >stop-agent
	check_fails 1 "; rolled back, the domain is as it was; its definition is as it was" \
		hs_at "after virDomainAttachDeviceFlags" "$WITNESS ask $WORK/file/vm.witness <stop-agent" \
		attach vm a.img --persistent --slot 3 --timeout 8
	guest_run vm "kill -CONT \$($AGENT_PID)"
	check_equal "$before" "$(definition)"
	check_equal "" "$(running)"
	hs attach vm a.img --persistent --slot 3 >/dev/null
	check_equal "" "$(hs reserve vm)"
	same_in_both
}

# The running domain's metadata cannot be written; what another one wants to reserve in the definition
# waits until that is put back.
test_a_reservation_that_is_put_back_undoes_no_other() {
	local run=$DAEMON_DIRECTORY/run/libvirt/qemu/run
	check_fails 1 "^hotslot: reserve: Cannot write the metadata of domain vm" \
		hs_at "before virDomainSetMetadata 2" "mv '$run' '$run.away'; : >'$run'
			'$HOTSLOT' -c '$URI' attach vm /dev/null --slot 6 --config >printed 2>&1 & echo \$! >pid
			timeout 1 tail --pid=\$! -f /dev/null || true" reserve vm 3
	tail --pid="$(<pid)" -f /dev/null
	rm "$run"
	mv "$run.away" "$run"
	check_equal "slot 6 reserved" "$(<printed)"
	check_equal '[6]' "$(hs list vm --config --json | jq -c .reserved)"
	# libvirt keeps in memory what it could not write.
	hs unreserve vm 3
}

# That one has found the label noted, and noted nothing.
test_a_label_stays_that_another_disk_has_come_with() {
	raw_image a.img
	raw_image b.img
	check_fails 1 "; its definition does not have the disk, .*; its label is still noted: another disk has come to the \
definition of domain vm meanwhile, which may count on it" \
		hs_at "before virDomainAttachDeviceFlags 2" \
		"$(hide_image); '$HOTSLOT' -c '$URI' attach vm '$PWD/b.img' --config --label mine >/dev/null" \
		attach vm a.img --persistent --label mine --slot 5
	check_match "^0:0 ua-hotslot-slot-0 .* b.img$" "$(in_definition)"
	check_equal '["mine"]' "$(hs list vm --config --json | jq -c .labels)"
	check_fails 1 "for disks of the label mine" hs attach vm b.img --persistent
}

test_an_attach_that_cannot_be_put_back_is_partial() {
	raw_image a.img
	check_fails 1 "; the definition of domain vm has the disk, in slot 0, or may have it: 'detach --config' takes it \
from there, the same attach once more completes it: " \
		hs_at "after virDomainAttachDeviceFlags" "$(hide_image; block_definitions)" \
		attach vm a.img --persistent --json
	bash unblock
	check_equal "partial false true" "$(jq -r '.error | "\(.code) \(.running) \(.definition)"' stdout)"
	check_match "^0:0 ua-hotslot-slot-0" "$(in_definition)"
	mv away.img a.img
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --persistent --quiet)"
	same_in_both
}

test_a_detach_that_the_definition_refuses_is_partial() {
	raw_image a.img
	hs attach vm a.img --persistent >/dev/null
	check_fails 1 "^hotslot: detach: The disk in slot 0 is detached from the running domain vm, and is still in its \
definition, which has it back at the next boot: 'detach --config' takes it from there: " \
		hs_at "before virDomainDetachDeviceAlias" "$(block_definitions)" detach vm 0 --persistent --json
	bash unblock
	check_equal "partial define false true" "$(jq -r '.error | "\(.code) \(.step) \(.running) \(.definition)"' stdout)"
	check_equal "" "$(running)"
	hs detach vm 0 --persistent
	check_equal "$(<"$WORK/file/vm.xml")" "$(definition)"
}

test_what_was_killed_in_between_is_finished_by_doing_it_again() {
	local status=0 before
	raw_image a.img
	hs reserve vm 2
	hs_at "after virDomainAttachDeviceFlags" kill attach vm a.img --persistent --slot 2 --id data || status=$?
	check_equal "137 " "$status $(running)"
	before=$(in_definition)
	check_match "^0:2 ua-hotslot-data" "$before"
	# The slot is named by what is there.
	check_equal /dev/disk/by-slot/2 "$(hs attach vm a.img --persistent 2>stderr)"
	check_equal "hotslot: attach: The definition of domain vm has $T/a.img in slot 2 already: the disk is attached \
as it is there" "$(<stderr)"
	check_equal "$before" "$(in_definition)"
	same_in_both
	check_equal "" "$(hs reserve vm)"
	check_equal "" "$(hs list vm --config --json | jq -r '.reserved[]')"
	# The running domain has let go of it, the definition has not.
	status=0
	hs_at "before virDomainDetachDeviceAlias 2" kill detach vm 2 --persistent || status=$?
	check_equal "137 $before" "$status $(in_definition)"
	check_equal "" "$(running)"
	hs detach vm id:data --persistent --quiet
	check_equal "" "$(in_definition)"
}

test_a_disk_in_use_stays_in_both() {
	raw_image a.img
	hs attach vm a.img --persistent >/dev/null
	guest_run vm "sleep 30 </dev/disk/by-slot/0 >/dev/null 2>&1 & echo \$!" >pid
	check_fails 1 "^hotslot: detach: The guest of domain vm uses the disk in slot 0: " hs detach vm 0 --persistent
	same_in_both
	check_match "^0:0 " "$(in_definition)"
	hs detach vm 0 --persistent --force --quiet
	check_equal "" "$(running)$(in_definition)"
}

# Domains older than us: the definition has neither our alias nor, for the second, a serial.
test_the_definition_may_have_no_aliases() {
	raw_image a.img
	raw_image b.img
	raw_image c.img
	hs attach vm a.img b.img >/dev/null
	virsh_config() { # FILE UNIT TARGET [MORE ELEMENTS]
		disk_xml "$1" 0 "$2" "${4:-}" | sed "s/dev='sd[a-z]*'/dev='$3'/" >config.xml
		run_virsh attach-device vm config.xml --config
	}
	# Their target names are crossed: libvirt would take the wrong one by them.
	virsh_config a.img 0 sdb "<serial>$(disk_field vm 0 serial)</serial>"
	virsh_config b.img 1 sda
	virsh_config c.img 2 sdc
	check_equal "true true" "$(disk_field vm 0 persistent) $(disk_field vm 1 persistent)"
	check_fails 1 "^hotslot: detach: Somebody else has attached the disk in slot 0 to the definition of domain \
vm: say --foreign$" hs detach vm 0 --persistent
	check_equal "0 1" "$(slots vm)"
	hs detach vm 0 --persistent --foreign
	check_equal "0:1 - - sda b.img
0:2 - - sdc c.img" "$(in_definition)"
	hs detach vm 1 --persistent --foreign
	check_equal "0:2 - - sdc c.img" "$(in_definition)"
	hs detach vm 2 --config --foreign
	check_equal "" "$(in_definition)$(running)"
}

test_another_disk_at_the_place_in_the_definition_stays() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img >/dev/null
	disk_xml b.img 0 0 "<serial>other</serial><alias name='ua-theirs'/>" >b.xml
	run_virsh attach-device vm b.xml --config
	check_equal false "$(disk_field vm 0 persistent)"
	check_equal "hotslot: detach: The definition of domain vm has another disk in slot 0, ua-theirs; it stays" \
		"$(hs detach vm 0 --persistent 2>&1)"
	check_equal "0:0 ua-theirs other sda b.img" "$(in_definition)"
	check_equal "" "$(running)"
}

# A plain attach has slots and aliases that the definition has for other disks.
test_a_disk_of_one_definition_is_no_other_disk_of_its_alias() {
	raw_image a.img
	raw_image b.img
	check_equal "slot 0 from the next boot on" "$(hs attach vm a.img --config --serial AAA)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm b.img --serial BBB)"
	check_equal false "$(disk_field vm 0 persistent)"
	# By a name that the definition alone has.
	check_equal "hotslot: detach: The running domain vm has another disk in slot 0, $T/b.img; it stays" \
		"$(hs detach vm serial:AAA --persistent 2>&1)"
	check_equal "" "$(in_definition)"
	check_equal "0:0 ua-hotslot-slot-0 BBB sda b.img" "$(running)"
	# By one that both have: it is the running disk's first.
	disk_xml a.img 0 0 "<serial>AAA</serial><alias name='ua-hotslot-slot-0'/>" >a.xml
	run_virsh attach-device vm a.xml --config
	check_equal "hotslot: detach: The definition of domain vm has another disk in slot 0, $T/a.img; it stays" \
		"$(hs detach vm 0 --persistent 2>&1)"
	check_equal "" "$(running)"
	check_equal "0:0 ua-hotslot-slot-0 AAA sda a.img" "$(in_definition)"
	# With nothing there that runs, there is no doubt.
	check_equal "" "$(hs detach vm 0 --persistent 2>&1)"
	check_equal "" "$(in_definition)"
}

test_adopt_gives_no_disk_the_alias_of_another_that_runs() {
	raw_image c.img
	raw_image d.img
	hs attach vm c.img --slot 5 >/dev/null
	disk_xml d.img 0 5 >d.xml
	run_virsh attach-device vm d.xml --config
	check_equal false "$(disk_field vm 5 persistent)"
	check_equal "sdf: ua-hotslot-sdf" "$(hs adopt vm 2>&1 | grep '^sdf')"
	check_equal "hotslot: detach: The definition of domain vm has another disk in slot 5, ua-hotslot-sdf; it stays" \
		"$(hs detach vm 5 --persistent 2>&1)"
	check_equal "0:5 ua-hotslot-sdf - sdf d.img" "$(in_definition)"
	check_equal "" "$(running)"
}

test_disks_of_other_buses_are_not_missed() {
	raw_image a.img
	raw_image v.img
	disk_xml v.img 0 0 | sed "s/<target .*/<target dev='vdb' bus='virtio'\/>/; s/<address[^>]*>//" >v.xml
	run_virsh attach-device vm v.xml --config
	hs attach vm a.img --config >/dev/null
	check_equal "" "$(hs detach vm 0 --config 2>&1)"
	check_equal "vdb v.img" "$(in_definition | cut -d' ' -f4-)"
}

# An alias that is new in the definition, as after 'adopt', names the disk that runs without it.
test_a_name_in_the_definition_names_the_disk_that_runs() {
	raw_image a.img
	disk_xml a.img 0 3 "<serial>vol</serial>" >a.xml
	run_virsh attach-device vm a.xml --live
	disk_xml a.img 0 3 "<serial>vol</serial><alias name='ua-hotslot-vol'/>" >a.xml
	run_virsh attach-device vm a.xml --config
	hs detach vm id:vol --persistent --foreign
	check_equal "" "$(running)$(in_definition)"
}

test_reservations_and_labels_of_the_definition() {
	local ours=urn:hotslot:domain:1
	raw_image a.img
	raw_image b.img
	check_equal "slot 1 reserved" "$(hs attach vm /dev/null --slot 1 --config)"
	check_equal "" "$(hs reserve vm)"
	check_fails 1 "^hotslot: attach: /dev/null: Slot 1 is reserved already" hs attach vm /dev/null --slot 1 --config
	check_equal '[1]' "$(hs list vm --config --json | jq -c .reserved)"
	check_equal "slot 0 from the next boot on" "$(hs attach vm a.img --config --label mine)"
	check_match "names=.mine." "$(run_virsh metadata vm "$ours" --config)"
	check_equal "" "$(live_xml vm | grep "$ours" || true)"
	check_fails 1 "^hotslot: attach: b.img: Domain vm has held a disk of the label mine" \
		hs attach vm b.img --config --label yours
	check_fails 1 "has held a disk of the label mine" hs attach vm b.img --persistent --label yours
	check_equal "slot 1 from the next boot on" "$(hs attach vm b.img --config --label mine --slot 1)"
	check_equal '[]' "$(hs list vm --config --json | jq -c .reserved)"
	hs detach vm 1 --config
	hs attach vm /dev/null --slot 6 --config >/dev/null
	hs detach vm 6 --config
	check_equal '[]' "$(hs list vm --config --json | jq -c .reserved)"
}

# They are kept in both.
test_what_is_reserved_is_free_in_both() {
	raw_image a.img
	raw_image b.img
	raw_image c.img
	hs attach vm a.img --config --slot 1 >/dev/null
	hs attach vm b.img --slot 2 >/dev/null
	check_equal "slot 0 reserved
slot 3 reserved" "$(hs attach vm /dev/null && hs attach vm /dev/null)"
	check_fails 1 "^hotslot: reserve: The definition of domain vm has a disk in slot 1 .step: reserve.$" \
		hs reserve vm 4 1
	check_fails 1 "^hotslot: attach: /dev/null: The definition of domain vm has a disk in slot 1 .step: reserve.$" \
		hs attach vm /dev/null --slot 1
	check_fails 1 "A disk is in slot 2" hs reserve vm 2
	check_equal '[0,3] [0,3]' \
		"$(hs list vm --config --json | jq -c .reserved) $(hs list vm --json | jq -c .reserved)"
	# Of what is not in the running domain's metadata, a slot that is named is reserved there, too.
	hs reserve vm 5
	run_virsh metadata vm urn:hotslot:domain:1 --live --remove >/dev/null
	hs reserve vm 5
	check_equal '[5]' "$(hs list vm --json | jq -c .reserved)"
}

test_a_lun_is_defined_before_its_target_is_there() {
	check_equal "slot 0 from the next boot on" \
		"$(hs attach vm iscsi://127.0.0.1/iqn.2026-01.org.example:vol/1 --lun --config)"
	check_match "device='lun'" "$(definition)"
	check_equal "0:0 ua-hotslot-slot-0 - sda iscsi" "$(in_definition)"
	check_equal "true" "$(hs list vm --config --json | jq .disks[].passthrough)"
	hs detach vm 0 --config
	check_equal "$(<"$WORK/file/vm.xml")" "$(definition)"
}

test_bad_input() {
	raw_image a.img
	check_fails 2 "^hotslot: attach: --config and --persistent exclude each other" \
		hs attach vm a.img --config --persistent
	check_fails 2 "exclude each other" hs detach vm 0 --persistent --config
	check_fails 1 "^hotslot: attach: Cannot use image no.img: No such file" \
		hs attach vm no.img --config
	check_fails 2 "slots are 0 to 65279" hs attach vm a.img --config --slot 65280
	check_fails 1 "^hotslot: detach: id:none: No disk in the definition of domain vm has the id none$" \
		hs detach vm id:none --config
	check_fails 1 "^hotslot: attach: a.img: The definition of domain vm has no virtio-scsi controller 7$" \
		hs attach vm a.img --config --controller 7
	# The system's own.
	disk_xml a.img 255 0 "<serial>ROOT</serial><alias name='ua-hotslot-root'/>" | sed "s/dev='sd[a-z]*'/dev='sdx'/" >root.xml
	run_virsh attach-device vm root.xml --config
	check_equal "[]" "$(hs list vm --config --json | jq -c .disks)"
	check_fails 1 "is the system's own$" hs detach vm id:root --config
	check_fails 1 "is the system's own$" hs detach vm serial:ROOT --persistent
	check_match "ua-hotslot-root" "$(in_definition)"
	check_equal "" "$(running)"
}

# The last one: the witness is gone then.
test_the_slots_are_the_same_after_a_cold_boot() {
	local before
	raw_image a.img
	raw_image b.img
	raw_image c.img
	raw_image gone.img
	hs attach vm a.img --persistent --slot 5 --id data >/dev/null
	hs attach vm b.img --persistent --slot 257 --serial B >/dev/null
	hs attach vm gone.img >/dev/null
	before=$(hs list vm 5 257 --json | jq -c '.disks[] | [.slot, .id, .serial, ."by-slot", ."by-serial"]')
	run_virsh destroy vm
	check_equal "shut off" "$(run_virsh domstate vm)"
	check_fails 1 "^hotslot: attach: c.img: Domain vm is shut off; --config is for its definition$" \
		hs attach vm c.img
	check_fails 1 "^hotslot: list: Domain vm is shut off; --config is for its definition$" hs list vm
	check_fails 1 "^hotslot: detach: slot 5: Domain vm is shut off; --config is for its definition$" \
		hs detach vm 5
	check_equal "slot 0 from the next boot on" "$(hs attach vm c.img --config --readonly)"
	check_equal "false true" "$(hs resolve vm id:data --json | jq -r '.disks[] | "\(.attached) \(.persistent)"')"
	check_equal "0 5 257" "$(hs list vm --config --json | jq -r '[.disks[].slot] | map(tostring) | join(" ")')"
	hs reserve vm 9 10
	hs unreserve vm 10
	check_equal 9 "$(hs reserve vm)"
	run_virsh start vm
	check_equal "0 5 257" "$(slots vm)"
	check_equal "$before" "$(hs list vm 5 257 --json |
		jq -c '.disks[] | [.slot, .id, .serial, ."by-slot", ."by-serial"]')"
	check_equal "true" "$(disk_field vm 0 read-only)"
	check_equal 9 "$(hs reserve vm)"
	same_in_both
}

run_tests
