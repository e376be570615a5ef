#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Aliases for the disks of a definition that have none: shown first, given in the definition alone,
# and nothing else in it changes.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../domains.sh"

VOLUME=9d2f6c1e-7b0a-4c55-8a3d-2e1f0b9c8d70
NOVA=instance-0000002a

test_a_dry_run_shows_the_plan_and_changes_nothing() {
	local before
	define_domain nova-q35
	before=$(definition "$NOVA")
	check_equal "sda: ua-hotslot-slot-0
sdb: ua-hotslot-$VOLUME" "$(hs adopt "$NOVA" -n 2>&1)"
	check_equal "{\"domain\":\"$NOVA\",\"changed\":false,\"disks\":[{\"target-dev\":\"sda\",\"slot\":0,\
\"serial\":null,\"id\":\"slot-0\",\"alias\":\"ua-hotslot-slot-0\",\"live-alias\":null},\
{\"target-dev\":\"sdb\",\"slot\":1,\"serial\":\"$VOLUME\",\"id\":\"$VOLUME\",\
\"alias\":\"ua-hotslot-$VOLUME\",\"live-alias\":null}]}" "$(hs adopt "$NOVA" --dry-run --json)"
	check_equal "$before" "$(definition "$NOVA")"
	check_fails 2 'unknown option' hs enable "$NOVA" -n
}

# The CD-ROM has none afterwards, either.
test_the_definition_gets_the_aliases_and_nothing_else() {
	local before
	define_domain nova-q35
	before=$(definition "$NOVA")
	check_equal "sda: ua-hotslot-slot-0
sdb: ua-hotslot-$VOLUME" "$(hs adopt "$NOVA" 2>&1)"
	check_equal "<alias name='ua-hotslot-slot-0'/>
<alias name='ua-hotslot-$VOLUME'/>" "$(added_lines "$before" "$(definition "$NOVA")")"
	check_equal "hotslot: adopt: $NOVA: every disk has an alias" "$(hs adopt "$NOVA" 2>&1)"
	check_equal "{\"domain\":\"$NOVA\",\"changed\":false,\"disks\":[]}" "$(hs adopt "$NOVA" --json 2>&1)"
}

test_a_running_domain_keeps_its_aliases_until_the_next_boot() {
	local before live
	define_domain nova-q35
	before=$(stored_definition "$NOVA")
	run_virsh "start $NOVA --paused"
	live=$(live_devices "$NOVA")
	check_equal "sda: ua-hotslot-slot-0 from the next boot on, now scsi0-0-0-0
sdb: ua-hotslot-$VOLUME from the next boot on, now scsi0-0-0-1" "$(hs adopt "$NOVA" 2>&1)"
	check_equal "$live" "$(live_devices "$NOVA")"
	check_equal "<alias name='ua-hotslot-slot-0'/>
<alias name='ua-hotslot-$VOLUME'/>" "$(added_lines "$before" "$(stored_definition "$NOVA")")"
	hs shutdown "$NOVA" --force
	run_virsh "start $NOVA --paused"
	check_equal "2" "$(live_devices "$NOVA" | grep -c "<alias name='ua-hotslot-")"
	hs shutdown "$NOVA" --force
}

test_a_managed_save_image_is_told_of() {
	define_domain pc-lsilogic
	run_virsh "start pc-lsilogic --paused; managedsave pc-lsilogic"
	check_equal "hotslot: adopt: Domain pc-lsilogic has a managed save image, which keeps its own XML: \
started from it, the domain is without the new aliases, until it is shut off and booted" \
		"$(hs adopt pc-lsilogic 2>&1 >/dev/null)"
}

# LUNs and host devices have no serial; what is at the system target is left alone, and so is what
# has an alias.
test_disks_of_every_kind_get_theirs() {
	cat >kinds.xml <<-END
		<domain type='qemu'><name>kinds</name><memory>65536</memory>
		<os><type machine='q35'>hvm</type></os><devices>
		<controller type='scsi' index='0' model='virtio-scsi'/>
		<disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='/dev/sdx'/>
		<target dev='sda' bus='scsi'/><address type='drive' controller='0' target='0' unit='3'/></disk>
		<disk type='file' device='disk'><source file='/x'/><target dev='sdb' bus='scsi'/>
		<address type='drive' controller='0' target='255' unit='0'/></disk>
		<disk type='file' device='disk'><source file='/y'/><target dev='sdc' bus='scsi'/>
		<alias name='ua-theirs'/><address type='drive' controller='0' target='1' unit='0'/></disk>
		<disk type='file' device='disk'><source file='/z'/><target dev='sdd' bus='sata'/></disk>
		<disk type='file' device='disk'><source file='/u'/><target dev='sde' bus='usb'/></disk>
		<disk type='file' device='disk'><source file='/v'/><target dev='vda' bus='virtio'/>
		<serial>two</serial></disk>
		<disk type='file' device='disk'><source file='/w'/><target dev='vdb' bus='virtio'/>
		<serial>two</serial></disk>
		<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/>
		<address bus='0' target='0' unit='0'/></source>
		<address type='drive' controller='0' target='2' unit='1'/></hostdev>
		</devices></domain>
	END
	run_virsh define kinds.xml
	check_equal "hostdev: ua-hotslot-slot-513
sda: ua-hotslot-slot-3
sdd: ua-hotslot-sdd
sde: ua-hotslot-sde
vda: ua-hotslot-vda
vdb: ua-hotslot-vdb" "$(hs adopt kinds | sort)"
}

test_on_a_terminal_it_asks() {
	local before
	define_domain nova-q35
	before=$(definition "$NOVA")
	ask() { # ANSWER [OPTION]
		script -qec "$HOTSLOT -c '$URI' adopt $NOVA ${2:-}" /dev/null <<<"$1" | tr -d '\r'
	}
	check_match 'Give these disks their aliases in the definition of '"$NOVA"'\? \[y/N\]' "$(ask n)"
	check_match "adopt: $NOVA: nothing is changed" "$(ask '')"
	check_match 'sda: ua-hotslot-slot-0.*Give these disks .*"changed": false' "$(ask n --json | tr '\n' ' ')"
	check_equal "$before" "$(definition "$NOVA")"
	[[ $(ask n --yes) != *\?* ]]
	check_match 'ua-hotslot-slot-0' "$(definition "$NOVA")"
	run_virsh define nova-q35.xml
	check_match '\?' "$(ask y)"
	check_match 'ua-hotslot-slot-0' "$(definition "$NOVA")"
}

# It goes on after one that cannot be done, and says so in the end.
test_all_domains_of_a_connection() {
	define_domain nova-q35
	define_domain nova-pc
	define_domain kubevirt
	domain_xml pc-lsilogic >transient.xml
	run_virsh create transient.xml --paused
	STEPS_FAIL='virDomainDefineXML 38 0 1' LD_PRELOAD=$B/tests/vm/steps check_fails 1 \
		"^hotslot: adopt: Cannot change the definition of domain $NOVA: .* .step: define.$" hs adopt --all -q
	check_equal "$NOVA: sda: ua-hotslot-slot-0
$NOVA: sdb: ua-hotslot-$VOLUME
instance-0000002b: vda: ua-hotslot-vda
instance-0000002b: vdb: ua-hotslot-40d7b9a4-85e6-4d0c-b1f3-77c2e9a05b13" "$(<stdout)"
	hs adopt --all --json >stdout
	check_equal '[["default_testvm",0,null],["instance-0000002a",2,null],["instance-0000002b",0,null],'\
'["pc-lsilogic",0,null]]' "$(jq -rc '[.domains[] | [.domain, (.disks | length), .error.code]]' stdout)"
	# It has nothing to adopt, which is no failure.
	check_match 'adopt: pc-lsilogic: transient, it has no definition to change' "$(hs adopt --all 2>&1)"
	hs shutdown pc-lsilogic --force
	check_equal "" "$(hs adopt --all -q 2>&1)"
	check_fails 2 'too many arguments' hs adopt --all "$NOVA"
	check_fails 2 'too few arguments' hs adopt
	check_fails 1 "There is no domain 'none'" hs adopt none
}

run_tests
