#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What changes a definition keeps what else is in it: the user's own XML, and what others write at
# the same time.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../domains.sh"

NOVA=instance-0000002b

setup_file() { start_daemon "$WORK/daemon"; }
teardown_file() { end_daemon; }

define_plain() { # NAME [DEVICES [MACHINE [MORE]]]
	cat >"$1.xml" <<-EOF
		<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>$1</name>
		<memory>65536</memory><os><type machine='${3:-pc}'>hvm</type></os><devices>
		<controller type='usb' model='none'/><memballoon model='none'/>${2:-}</devices>${4:-}</domain>
	EOF
	run_virsh define "$1.xml"
}

# At a step, what somebody else does.
hs_at() { # STEP COMMAND ARGUMENT…
	STEPS_AT=$1 STEPS_COMMAND=$2 LD_PRELOAD=$B/tests/vm/steps hs "${@:3}"
}

test_tabs_and_line_ends_stay() {
	local before
	define_plain ends '' q35 "<description>a&#13;
		b</description><qemu:commandline><qemu:arg value='-fw_cfg'/><qemu:arg
		value='name=opt/x,string=a&#10;b&#9;c'/><qemu:env name='X' value='1&#10;2'/></qemu:commandline>"
	before=$(definition ends)
	check_match $'string=a\nb\tc' "$before"
	check_match $'a\r\n' "$before"
	hs enable ends -q >/dev/null
	check_match $'string=a\nb\tc' "$(definition ends)"
	hs disable ends -q >/dev/null
	check_equal "$before" "$(definition ends)"
}

# Nothing else needs to be there: no channel until the next boot, and no agent.
test_a_definition_is_asked_about_alone() {
	raw_image b.img
	define_plain alone
	run_virsh start alone --paused
	hs enable alone -q >/dev/null
	check_equal "slot 1 from the next boot on" "$(hs attach alone b.img --config --slot 1 --serial B --label mine)"
	check_equal "reference   volume:B
slot        1
device      /dev/sdb
by-slot     -
by-serial   -
name        -
devnum      -
target      0
lun         1
serial      B
alias       ua-hotslot-slot-1
id          slot-1
target-dev  sdb
source      $T/b.img
format      raw" "$(hs resolve alone volume:B --config)"
	check_equal '["1",1,null,false,true]' "$(hs resolve alone --config 1 --json |
		jq -c '.disks[] | [.reference, .slot, .partition, .attached, .persistent]')"
	check_fails 1 '^hotslot: resolve: No disk is in slot 0 in the definition of domain alone$' \
		hs resolve alone 0 --config
	check_fails 1 'Whether the disk in slot 1 of domain alone has a partition 2, only its guest knows' \
		hs resolve alone /dev/sdb2 --config
	check_fails 1 'Domain alone has no virtio channel' hs resolve alone serial:B
	check_equal '{"links":null,"labels":["mine"],"slots":[1]}' "$(hs list alone --config --json |
		jq -c '{links, labels, slots: [.disks[].slot]}')"
	run_virsh destroy alone
}

# A command of hotslot's for a step of another's, and the end of it: it waits for the other one. What
# it has printed is in "printed".
in_background() { # ARGUMENT…
	echo "'$HOTSLOT' -c '$URI' $* >printed 2>&1 & echo \$! >pid; timeout 1 tail --pid=\$! -f /dev/null || true"
}
await_background() {
	tail --pid="$(<pid)" -f /dev/null
}

# What attach wants to write waits until the other is done; so does what enable reads.
test_two_of_hotslot_wait_for_each_other() {
	define_plain two "<disk type='file'><source file='/y'/><target dev='vdb' bus='virtio'/></disk>"
	hs enable two -q >/dev/null
	raw_image r.img
	check_equal "vdb: ua-hotslot-vdb" "$(hs_at 'before virDomainDefineXML' \
		"$(in_background attach two "'$PWD/r.img'" --config)" adopt two)"
	await_background
	check_equal "slot 0 from the next boot on" "$(<printed)"
	check_match r.img "$(definition two)"
	check_match ua-hotslot-vdb "$(definition two)"
	check_fails 1 'Controller scsi 0' hs disable two
	define_plain both
	check_match 'channel added' "$(hs_at 'before virDomainDefineXML' \
		"$(in_background enable both)" enable both -q)"
	await_background
	check_equal "hotslot: enable: both: ready already" "$(<printed)"
}

# It looks whether the image is there already before the other one has written it down.
test_two_of_hotslot_do_not_attach_one_image_twice() {
	define_plain once
	hs enable once -q >/dev/null
	raw_image r.img
	check_equal "slot 0 from the next boot on" "$(hs_at 'before virDomainAttachDeviceFlags' \
		"$(in_background attach once "'$PWD/r.img'" --config --slot 5)" attach once r.img --config)"
	await_background
	check_match "The definition of domain once has $PWD/r.img already, as ua-hotslot-slot-0" "$(<printed)"
	check_equal 1 "$(definition once | grep -c r.img)"
}

test_what_virsh_writes_after_the_definition_is_not_undone() {
	define_plain late
	check_fails 1 '^hotslot: enable: Somebody else has changed the definition of domain late at the same time: it is left as it is now; look at it, and try again \(step: define\)$' \
		hs_at 'after virDomainDefineXML' "virsh -q -c '$URI' desc late --config hello" enable late
	check_match '<description>hello</description>' "$(definition late)"
	check_equal "hotslot: enable: late: ready already" "$(hs enable late 2>&1)"
}

# libvirt defines what it is given, whatever was there: that something was is all that can be found.
test_what_virsh_defines_at_the_same_time_is_told() {
	local step virsh="virsh -q -c '$URI'"
	for step in before after; do
		define_plain "$step"
		definition "$step" | sed 's|<memory |<description>theirs</description>&|' >theirs.xml
		definition "$step" >same.xml
		check_fails 1 "^hotslot: enable: Somebody else has .*; look at it, and try again \(|^hotslot: enable: Somebody \
else has defined domain $step anew at the same time, and one of the two is lost: look at its definition, and try again \(step: define\)$" \
			hs_at "$step virDomainDefineXML" "$virsh define '$PWD/theirs.xml'" enable "$step"
		run_virsh define same.xml
		check_fails 1 "defined domain $step anew at the same time, and one of the two is lost" \
			hs_at "$step virDomainDefineXML" "$virsh define '$PWD/same.xml'" enable "$step"
	done
	define_plain gone
	check_fails 1 '^hotslot: enable: Somebody else has undefined domain gone at the same time, and this change has defined it again: undefine it once more, if need be \(step: define\)$' \
		hs_at 'before virDomainDefineXML' "$virsh undefine gone" enable gone
	check_match ua-hotslot_agent "$(definition gone)"
	define_plain away
	check_fails 1 'Domain not found' hs_at 'after virDomainDefineXML' "$virsh undefine away" enable away
}

test_what_virsh_takes_away_at_the_same_time_is_not_told_to_be_added() {
	define_plain taken
	check_fails 1 '^hotslot: enable: The definition of domain taken is not what it was changed to: somebody else has changed it at the same time; look at it, and try again \(step: define\)$' \
		hs_at 'after virDomainDefineXML' \
		"virsh -q -c '$URI' detach-device-alias taken ua-hotslot_agent --config" enable taken
	check_equal "channel added: from the next boot on" "$(hs enable taken -q)"
}

# What was there before has the number of the port that is added.
test_a_domain_still_starts_whose_ports_have_other_numbers() {
	define_plain ports "<controller type='pci' index='0' model='pcie-root'/><controller type='pci'
		index='1' model='pcie-root-port'><target chassis='2' port='0x10'/></controller><rng
		model='virtio'><backend model='random'/><address type='pci' domain='0' bus='1' slot='0'
		function='0'/></rng>" q35
	hs enable ports -q >/dev/null
	run_virsh start ports --paused
	run_virsh destroy ports
}

test_what_a_definition_lacks_is_told() {
	define_plain none
	check_fails 1 "^hotslot: list: The definition of domain none has no virtio-scsi controller: 'hotslot enable' adds one$" \
		hs list none --config
}

test_a_channel_that_is_no_socket_of_qemus_is_refused() {
	local name type source
	while read -r name type source; do
		define_plain "$name" "<channel type='$type'>$source<target type='virtio' name='org.hotslot.agent.0'/></channel>"
		check_fails 1 "^hotslot: enable: The channel org.hotslot.agent.0 of domain $name is of the type $type, and has to be a UNIX socket that QEMU listens at: take it out of the domain" \
			hs enable "$name"
		check_match 'failed  channel     The channel org.hotslot.agent.0 is no UNIX socket that QEMU listens at' \
			"$(hs doctor "$name" 2>&1 || true)"
	done <<-END
		pty pty
		connect unix <source mode='connect' path='/x'/>
	END
}

# libvirt appends the SCSI controllers that are missing, and sorts them when it reads its own text.
define_unsorted() { # NAME
	define_plain "$1" "<controller type='scsi' index='3' model='virtio-scsi'/><disk type='file'>
		<source file='/y'/><target dev='sda' bus='scsi'/><address type='drive' controller='3'/></disk>"
	check_equal "3 0 1 2 " "$(scsi_controllers "$1")"
}

scsi_controllers() { # NAME
	definition "$1" | sed -n "s/.*<controller type='scsi' index='\([0-9]*\)'.*/\1/p" | tr '\n' ' '
}

test_what_libvirt_writes_otherwise_each_time_is_changed() {
	local other
	define_unsorted first
	hs enable first -q >/dev/null
	check_equal "0 1 2 3 " "$(scsi_controllers first)"
	check_equal "hotslot: enable: first: ready already" "$(hs enable first 2>&1)"
	define_unsorted second
	check_equal "sda: ua-hotslot-slot-0" "$(hs adopt second)"
	check_match "<alias name='ua-hotslot-slot-0'/>" "$(definition second)"
	# What somebody else changes meanwhile is still found.
	define_unsorted third
	other="virsh -q -c '$URI' desc third --config hello"
	check_fails 1 '^hotslot: enable: Somebody else has changed the definition of domain third at the same time' \
		hs_at 'after virDomainDefineXML 3' "$other" enable third
	check_match '<description>hello</description>' "$(definition third)"
}

test_a_note_that_cannot_be_read_is_told_of() {
	local command message="^hotslot: [a-z]*: The metadata of domain odd has a note of what was added to it \
that cannot be read: correct or remove it with 'virsh metadata'"
	define_plain odd
	run_virsh metadata odd urn:hotslot:domain:1 --config --key hotslot \
		--set "<hotslot><enabled parts='disk'/></hotslot>" >/dev/null
	for command in enable disable; do
		check_fails 1 "$message" hs "$command" odd
	done
}

# All slots of a pc taken: libvirt puts a bridge in, which gets its alias a step later.
define_full() {
	define_plain full "$(for i in {a..z} za zb zc; do
		echo "<disk type='file'><source file='/$i'/><target dev='vd$i' bus='virtio'/></disk>"
	done)"
}

test_an_enable_that_was_broken_off_is_taken_back_with_the_bridge_of_libvirts() {
	local before status=0
	define_full
	before=$(definition full)
	hs_at 'after virDomainDefineXML' kill enable full -q || status=$?
	check_equal 137 "$status"
	check_match "<controller type='pci' index='1' model='pci-bridge'>" "$(definition full)"
	check_equal "" "$(definition full | grep ua-hotslot_pci || true)"
	check_match 'controller pci 1 removed: from the next boot on' "$(hs disable full -q)"
	check_equal "$before" "$(definition full)"
	# Or finished.
	hs_at 'after virDomainDefineXML' kill enable full -q || true
	check_equal "controller pci 1 added: from the next boot on" "$(hs enable full -q)"
	check_match "<alias name='ua-hotslot_pci1'/>" "$(definition full)"
	hs disable full -q >/dev/null
	check_equal "$before" "$(definition full)"
}

with_device() { # ELEMENT; reads XML
	sed '/<\/devices>/,$d'
	echo "$1</devices></domain>"
}

test_disable_leaves_what_others_use_and_takes_it_later() {
	local before
	define_domain nova-pc
	before=$(definition "$NOVA")
	hs enable "$NOVA" -q
	definition "$NOVA" >ours.xml
	with_device "<disk type='file' device='disk'><source file='$PWD/x.img'/><target dev='sdq'
		bus='scsi'/><address type='drive' controller='0' bus='0' target='2' unit='3'/></disk>" \
		<ours.xml >disk.xml
	with_device "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>" \
		<ours.xml >channel.xml
	run_virsh define disk.xml
	check_fails 1 "^hotslot: disable: Controller scsi 0, which was added to domain $NOVA, has sdq \(in slot 515, $PWD/x.img\) in the definition: detach it first$" \
		hs disable "$NOVA"
	run_virsh define channel.xml
	check_equal "channel removed: from the next boot on
controller scsi 0 removed: from the next boot on
controller virtio-serial 0 kept: others need it" "$(hs disable "$NOVA" 2>&1)"
	check_match 'org.qemu.guest_agent.0' "$(definition "$NOVA")"
	check_equal "" "$(definition "$NOVA" | grep 'org.hotslot.agent\|virtio-scsi' || true)"
	# As long as they do, nothing changes.
	definition "$NOVA" >kept.xml
	check_equal "controller virtio-serial 0 kept: others need it" "$(hs disable "$NOVA" 2>&1)"
	check_equal "$(<kept.xml)" "$(definition "$NOVA")"
	without_channel <kept.xml >alone.xml
	run_virsh define alone.xml
	check_equal "controller virtio-serial 0 removed: from the next boot on" "$(hs disable "$NOVA" 2>&1)"
	check_equal "$before" "$(definition "$NOVA")"
}

without_channel() { # reads XML
	sed '/<channel /,/<\/channel>/d'
}

# libvirt puts a port where a number is left out.
# libvirt would make the one in the gap itself, of its own model.
test_disable_leaves_a_controller_before_that_of_another_and_takes_it_later() {
	local before controller="<controller type='scsi' index='1' model='virtio-scsi'/>"
	define_plain scsi-gap
	before=$(definition scsi-gap)
	hs enable scsi-gap -q >/dev/null
	definition scsi-gap | sed "s#</devices>#$controller&#" >more.xml
	run_virsh define more.xml
	check_match "controller scsi 0 kept: others need it" "$(hs disable scsi-gap -q)"
	check_match "<controller type='scsi' index='0' model='virtio-scsi'>" "$(definition scsi-gap)"
	definition scsi-gap | sed "/<controller type='scsi' index='1'/,/<\/controller>/d" >less.xml
	run_virsh define less.xml
	check_equal "controller scsi 0 removed: from the next boot on" "$(hs disable scsi-gap -q)"
	check_equal "$before" "$(definition scsi-gap)"
}

test_disable_leaves_a_port_before_that_of_another_and_takes_it_later() {
	local before port="<controller type='pci' index='3' model='pcie-root-port'/>"
	define_plain q35 "<controller type='pci' index='0' model='pcie-root'/>" q35
	before=$(definition q35)
	hs enable q35 -q >/dev/null
	check_match 'parts="virtio-serial:0 channel scsi:0 pci:1 pci:2 metadata"' "$(definition q35)"
	definition q35 | sed "s#</devices>#$port&#" >more.xml
	run_virsh define more.xml
	check_equal "channel removed: from the next boot on
controller virtio-serial 0 removed: from the next boot on
controller scsi 0 removed: from the next boot on
controller pci 2 kept: others need it
controller pci 1 kept: others need it" "$(hs disable q35 -q)"
	definition q35 | sed "/<controller type='pci' index='3'/,/<\/controller>/d" >less.xml
	run_virsh define less.xml
	check_equal "controller pci 2 removed: from the next boot on
controller pci 1 removed: from the next boot on" "$(hs disable q35 -q)"
	check_equal "$before" "$(definition q35)"
}

test_the_controller_that_is_named_is_added() {
	local before
	define_plain named "<controller type='scsi' index='0' model='virtio-scsi'/><controller type='scsi'
		index='1' model='lsilogic'/>"
	before=$(definition named)
	check_fails 1 "^hotslot: enable: Domain named has no SCSI controller 3, and no number can be left out: the next is 2$" \
		hs enable named --controller 3
	check_fails 1 "^hotslot: enable: SCSI controller 1 of domain named is no virtio-scsi one, and stays as it is: \
--controller 2 adds one$" hs enable named --controller 1
	check_equal "$before" "$(definition named)"
	check_equal "controller scsi 2 added: from the next boot on" \
		"$(hs enable named --controller 2 -q | grep scsi)"
	check_equal "hotslot: enable: named: ready already" "$(hs enable named --controller 0 2>&1)"
	# A disk on any that was added is in the way.
	hs enable named --controller 3 -q >/dev/null
	raw_image n.img
	hs attach named n.img --config --controller 3 >/dev/null
	check_fails 1 '^hotslot: disable: Controller scsi 3, .*, has sda ' hs disable named
	hs detach named 0 --config --controller 3
	hs disable named -q >/dev/null
	check_equal "$before" "$(definition named)"
}

# For a disk on controller 2, libvirt would have to have 0 and 1, and makes them of any model.
test_an_attach_adds_no_controllers_of_libvirts_choice() {
	local before
	raw_image a.img
	define_plain gap "<controller type='scsi' index='2' model='virtio-scsi'/>"
	before=$(definition gap)
	check_fails 1 '^hotslot: attach: a.img: The definition of domain gap has no SCSI controller 0: libvirt would add one, of a model of its choice, before it attached a disk to controller 2; ' \
		hs attach gap a.img --config
	check_equal "slot 3 reserved" "$(hs attach gap /dev/null --slot 3 --config)"
	hs unreserve gap 3
	check_equal "$before" "$(definition gap | grep -v '<metadata/>')"
}

# A dump lasts until somebody reads it.
test_the_channel_comes_and_goes_when_the_job_of_another_is_done() {
	local command dump pid
	define_plain job "<controller type='scsi' index='0' model='virtio-scsi'/><controller type='virtio-serial' index='0'/>"
	run_virsh start job --paused
	for command in enable disable; do
		rm -f core
		mkfifo core
		exec 5<>core
		run_virsh dump job "$PWD/core" --memory-only &
		dump=$!
		until run_virsh domjobinfo job | grep Unbounded >/dev/null; do sleep 0.05; done
		: >stderr
		hs "$command" job >stdout 2>stderr &
		pid=$!
		until grep 'Domain job is being dumped: waiting until that is done' stderr >/dev/null; do
			kill -0 "$pid" || fail "$(cat stdout stderr)"
			sleep 0.05
		done
		cat <&5 >/dev/null &
		wait "$dump"
		wait "$pid" || fail "$(<stderr)"
		check_match 'channel (added|removed): now and from the next boot on' "$(<stdout)"
	done
	run_virsh destroy job
}

test_nothing_is_changed_where_our_metadata_cannot_be_read() {
	local metadata command before ns="xmlns:h='urn:hotslot:domain:1'"
	local bad='has an element of urn:hotslot:domain:1 that is no list of reserved slots, or of labels: correct or remove it with .virsh metadata --config.'
	for metadata in "<h:hotslot $ns><h:reserved slots='z'/></h:hotslot>" \
		"<h:hotslot $ns><h:labels names='!!'/></h:hotslot>" "<h:foo $ns/>"; do
		define_plain bad "<disk type='file'><source file='/y'/><target dev='vdb' bus='virtio'/></disk>" pc \
			"<metadata>$metadata</metadata>"
		before=$(definition bad)
		for command in enable adopt disable; do
			check_fails 1 "^hotslot: $command: The metadata of the definition of domain bad $bad" \
				hs "$command" bad
		done
		check_equal "$before" "$(definition bad)"
		check_fails 3 '^$' hs status bad --exit-code
		check_match "reserved +The metadata of the definition of domain bad $bad" "$(<stdout)"
		run_virsh undefine bad
	done
}

test_disable_says_which_disks_are_left_without_the_channel() {
	define_plain left "<controller type='virtio-serial'/><controller type='scsi' model='virtio-scsi'/>
		<disk type='file'><source file='/y'/><target dev='sda' bus='scsi'/></disk>"
	hs enable left -q >/dev/null
	check_equal "channel removed: from the next boot on" "$(hs disable left 2>&1)"
	hs enable left -q >/dev/null
	hs adopt left -q >/dev/null
	check_equal "channel removed: from the next boot on
hotslot: disable: Domain left has disks of hotslot's, ua-hotslot-slot-0 for one: without the channel no \
guest lets go of them, and they cannot be detached while it runs; 'hotslot enable' adds the channel again" \
		"$(hs disable left 2>&1)"
}

# The step before the definition is the last one at which nothing is done.
test_disable_tells_of_nothing_that_it_has_not_done() {
	define_plain undone
	hs enable undone -q >/dev/null
	check_fails 1 'hotslot: disable: Cannot change the definition of domain undone' \
		env STEPS_FAIL='virDomainDefineXML 38 0 1' LD_PRELOAD="$B/tests/vm/steps" \
		"$HOTSLOT" -c "$URI" disable undone
	check_equal "" "$(<stdout)"
	check_match ua-hotslot_agent "$(definition undone)"
}

run_tests
