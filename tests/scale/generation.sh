#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The transitions that tests/vm/generation.sh has no time for, and what can be amiss after one.
# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../generation.sh"

setup_file() {
	start_vm
}

teardown_file() {
	end_daemon
}

# What failed may have left it off, or with disks whose files went with the test.
setup_test() {
	if [[ $(run_virsh domstate vm) != running ]]; then
		run_virsh managedsave-remove vm || true
		run_virsh start vm
		add_port_again
	fi
	detach_all vm
}

add_port_again() {
	rm -f "$WORK/file/vm.witness"
	T=$WORK/file add_witness_port vm
}

test_a_cold_boot_has_the_definition_s_genid_again() {
	make_images gone
	# So that the running domain has another one.
	run_virsh managedsave vm >/dev/null
	run_virsh start vm
	start_shell
	ask_shell 'attach gone.qcow2' . >/dev/null
	note_generation
	run_virsh destroy vm
	check_equal "shut-off null - $WAS_CONFIG The domain is shut off" "$(ask_json status | jq -r '
		"\(.state) \(.generation.id) \(.generation.genid // "-") \(
		.generation["defined-genid"]) \(.trouble)"')"
	run_virsh start vm
	add_port_again
	check_generation "other same other other new known none"
	check_equal "$G_CONFIG" "$G_LIVE"
	check_reconciled '' '' 0
	end_shell
}

test_a_managed_save_is_looked_at_and_started_as_another_generation() {
	make_images kept
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	note_generation
	run_virsh managedsave vm >/dev/null
	check_equal "shut-off true live-only 0" "$(ask_json status |
		jq -r '"\(.state) \(.saved) \(.drift[] | "\(.kind) \(.slot)")"')"
	mv kept.qcow2 away
	check_equal $'live-only 0\nfile-gone 0' "$(hs status vm --json | drift)"
	check_fails 3 '^$' hs status vm --exit-code
	check_fails 1 'kept.qcow2' run_virsh start vm
	mv away kept.qcow2
	run_virsh start vm
	check_generation "other same other same new renewed noted"
	check_reconciled '0 kept' 'live-only 0' 1
	end_shell
}

test_a_revert_while_off_is_another_generation() {
	make_images kept late defined
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	note_generation
	run_virsh snapshot-create-as vm earlier >/dev/null
	ask_shell 'attach late.qcow2' . >/dev/null
	disk_xml defined.qcow2 0 7 | sed 's/raw/qcow2/' >defined.xml
	run_virsh attach-device vm defined.xml --config
	check_equal $'live-only 0\nlive-only 1\nconfig-only 7' "$(hs status vm --json | drift)"
	run_virsh destroy vm
	check_equal shut-off "$(ask_json status | jq -r .state)"
	run_virsh snapshot-revert vm earlier
	check_generation "other same other same new renewed noted"
	check_reconciled '0 kept' 'live-only 0' 1
	run_virsh snapshot-delete vm earlier --metadata >/dev/null
	end_shell
}

test_a_revert_to_when_it_was_off_ends_the_watch() {
	local pid
	make_images defined
	disk_xml defined.qcow2 0 0 | sed 's/raw/qcow2/' >defined.xml
	run_virsh destroy vm
	run_virsh attach-device vm defined.xml --config
	check_equal '' "$(hs status vm --json | drift)"
	mv defined.qcow2 away
	check_equal 'file-gone 0' "$(hs status vm --json | drift)"
	mv away defined.qcow2
	run_virsh snapshot-create-as vm off >/dev/null
	run_virsh start vm
	start_shell
	"$HOTSLOT" -c "$URI" watch vm >watched 2>&1 &
	pid=$!
	until grep -qs ' ready$' watched; do sleep 0.05; done
	run_virsh snapshot-revert vm off --force
	wait "$pid"
	check_match ' stopped$' "$(<watched)"
	check_equal "shut-off null" "$(ask_json status | jq -r '"\(.state) \(.session)"')"
	run_virsh snapshot-delete vm off --metadata >/dev/null
	run_virsh detach-device vm defined.xml --config
	end_shell
}

# Until its QEMU starts, libvirt does nothing else with a domain that goes back.
test_a_watch_can_be_ended_while_its_domain_goes_back_to_a_snapshot() {
	local watch revert
	make_images kept
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nwhile [ -e hold ]; do : >holding; sleep 0.05; done\nexec %s "$@"\n' \
		"$(run_virsh dumpxml vm | sed -n 's|.*<emulator>\(.*\)</emulator>|\1|p')" |
		sed "s|hold|$PWD/&|g" >emulator
	chmod +x emulator
	run_virsh dumpxml --inactive vm |
		sed "s|<name>vm<|<name>held<|; /<uuid>/d; /<genid>/d; s|vm\.console|held.console|
			s|<emulator>.*|<emulator>$PWD/emulator</emulator>|" >held.xml
	run_virsh define held.xml
	run_virsh start held
	hs attach held kept.qcow2 >/dev/null
	run_virsh snapshot-create-as held earlier >/dev/null
	mkfifo word
	"$B/tests/vm/watcher" "$URI" held <word >told &
	watch=$!
	exec 6>word
	await_equal ready cat told
	: >hold
	run_virsh snapshot-revert held earlier --running &
	revert=$!
	# It waits for the end of that, in a thread.
	await_equal hotslot-asks eval "cat /proc/$watch/task/*/comm | grep -x hotslot-asks"
	until [[ -e holding ]]; do sleep 0.05; done
	echo >&6
	await_equal $'ready\nended' head -n 2 told
	rm hold
	wait "$watch"
	wait "$revert"
	check_equal '0 kept' "$(hs list held --json | json_disks)"
	run_virsh destroy held
	run_virsh undefine held --snapshots-metadata
}

test_a_reset_by_the_host_is_a_new_boot() {
	make_images kept
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	note_generation
	run_virsh reset vm
	check_generation "same same same other new known none" "$(await_other_boot)"
	check_reconciled '0 kept' 'live-only 0' 1
	end_shell
}

# Its id and its genid may be those of the other: only the UUID tells.
test_a_copy_of_the_definition_is_another_generation() {
	make_images one two
	hs attach vm one.qcow2 >/dev/null
	start_shell
	note_generation
	run_virsh dumpxml --inactive vm >vm.xml
	sed "s|<name>vm<|<name>copy<|; /<uuid>/d; s|vm\.console|copy.console|" vm.xml >copy.xml
	run_virsh define copy.xml
	check_equal "shut-off $WAS_CONFIG 0" "$(hs status copy --json |
		jq -r '"\(.state) \(.generation["defined-genid"]) \(.drift | length)"')"
	run_virsh start copy
	check_equal /dev/disk/by-slot/0 "$(hs attach copy two.qcow2)"
	check_equal "$(run_virsh domuuid copy | head -n 1)/$(run_virsh domid copy)/$WAS_CONFIG/HOST false" "$(
		hs status copy --json | jq -r .session | jq -r '"\(.generation | sub("[^/]*$"; "HOST")) \(.renewed)"')"
	check_generation "same same same same kept known none"
	check_reconciled '0 one' 'live-only 0' 1
	end_shell
	run_virsh destroy copy
	run_virsh undefine copy
}

test_a_saved_domain_is_not_restored_as_another_one() {
	make_images one
	hs attach vm one.qcow2 >/dev/null
	run_virsh save vm saved >/dev/null
	run_virsh save-image-dumpxml saved >saved.xml
	sed "s|<name>vm<|<name>copy<|; s|<uuid>.*|<uuid>$(</proc/sys/kernel/random/uuid)</uuid>|" \
		saved.xml >copy.xml
	check_fails 1 'name|uuid' run_virsh restore saved --xml copy.xml
	run_virsh restore saved
	check_equal '0 one' "$(link_disks)"
}

# The guest's kernel believes to know it.
test_a_slot_that_has_another_disk_after_a_restore_is_looked_at_anew() {
	make_images one
	SIZE=3M make_images two
	start_shell
	ask_shell 'attach one.qcow2' . >/dev/null
	note_generation
	run_virsh save vm saved >/dev/null
	run_virsh save-image-dumpxml saved | sed 's|one\.qcow2|two.qcow2|' >other.xml
	run_virsh restore saved --xml other.xml
	check_generation "other same other same new renewed noted"
	check_reconciled '0 two' 'live-only 0' 1
	check_equal 3145728 "$(disk_field vm 0 size)"
	end_shell
}

# It is given back: that its host wanted to unplug it was after the snapshot.
test_a_disk_that_was_released_at_the_snapshot_is_used_again() {
	make_images one
	hs attach vm one.qcow2 >/dev/null
	{
		hello
		request release last '{"slot":0}'
	} | talk >answers
	run_virsh snapshot-create-as vm earlier >/dev/null
	hs detach vm 0
	start_shell
	note_generation
	run_virsh snapshot-revert vm earlier --running
	check_equal $'live-only 0\nreleased 0' "$(ask_json status | drift)"
	check_match 'the guest uses the disk again' "$(hs list vm 2>&1 >/dev/null)"
	check_reconciled '0 one' 'live-only 0' 1
	run_virsh snapshot-delete vm earlier --metadata >/dev/null
	end_shell
}

test_a_disk_that_the_guest_does_not_show_differs() {
	make_images one
	hs attach vm one.qcow2 >/dev/null
	guest_deletes vm /dev/disk/by-slot/0
	check_equal $'live-only 0\nnot-visible 0' "$(hs status vm --json | drift)"
	hs repair vm >/dev/null
	check_equal 'live-only 0' "$(hs status vm --json | drift)"
}

test_a_revert_to_a_disk_whose_file_is_gone_fails_and_is_told() {
	make_images one two
	hs attach vm one.qcow2 >/dev/null
	run_virsh snapshot-create-as vm earlier >/dev/null
	hs detach vm 0
	mv one.qcow2 away
	start_shell
	ask_shell 'attach two.qcow2' . >/dev/null
	check_fails 1 'one.qcow2' run_virsh snapshot-revert vm earlier --running
	check_equal "shut-off null" "$(ask_json status | jq -r '"\(.state) \(.session)"')"
	mv away one.qcow2
	run_virsh snapshot-revert vm earlier --running
	check_reconciled '0 one' 'live-only 0' 1
	run_virsh snapshot-delete vm earlier --metadata >/dev/null
	end_shell
}

run_tests
