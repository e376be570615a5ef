#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Labels: disks that must not meet do not meet in a domain, and it remembers whose it has held. What
# both of its metadata keep survives a kill between the two writes.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

KEY=urn:hotslot:domain:1

# An embedded driver that ends while it still looks for its guest may crash, and virsh ends soon.
setup_file() {
	start_daemon "$T/d"
	raw_image drive.img
	launch vm --persistent --label a --drive drive.img --drive /dev/null
}

teardown_file() {
	end_daemon
}

setup_test() {
	raw_image a.img
	raw_image b.img
}

forget_labels() {
	detach_all vm
	run_virsh metadata vm "$KEY" --live --remove >/dev/null 2>&1 || true
	run_virsh metadata vm "$KEY" --config --remove >/dev/null 2>&1 || true
	check_equal '[]' "$(labels)"
}

labels() {
	hs list vm --json | jq -c .labels
}

# Of the running domain, and of its configuration.
check_kept() { # NAMES [UNLABELLED]
	local flags want=" <hotslot:labels names='$1'${2:+ unlabelled='$2'}/>"
	[[ $1 ]] || want=''
	for flags in '' --inactive; do
		# shellcheck disable=SC2086
		check_equal "$want" "$(run_virsh dumpxml vm $flags | tr '"' "'" | tr -s ' ' |
			grep labels || true)"
	done
}

refused() { # REGEX ATTACH-ARGUMENT…
	local before
	before=$(live_devices vm)
	check_fails 1 "$1" hs attach vm "${@:2}" --json
	check_equal label "$(jq -r .error.code stdout)"
	check_equal check "$(jq -r .error.step stdout)"
	check_equal "$before" "$(live_devices vm)"
}

test_a_domain_that_is_launched_for_a_label_has_it_from_the_start() {
	check_equal '["a"]' "$(labels)"
	check_kept a
	refused 'has held a disk of the label a, or is meant for them: one of the label b ' \
		b.img --label b
	check_equal /dev/disk/by-slot/2 "$(hs attach vm a.img --label a)"
	check_equal '["a"]' "$(labels)"
}

test_the_first_label_that_comes_is_the_domains() {
	forget_labels
	hs attach vm a.img --label A.1_-
	check_kept A.1_-
	refused 'label A.1_-' b.img --label a.1_-
	# Also when its disk has gone: the domain has held it.
	hs detach vm 0
	refused 'label A.1_-' b.img --label B
	hs attach vm b.img --label A.1_-
}

test_disks_without_a_label_and_disks_with_one_do_not_meet() {
	forget_labels
	hs attach vm a.img
	refused 'has held disks without a label: one of the label a ' b.img --label a
	check_kept ''
	hs detach vm 0
	hs attach vm a.img --label a
	refused 'is for disks of the label a: one without a label' b.img
	# Nor do those that others have attached.
	hs detach vm 0
	virsh_attach vm b.img 0 1
	refused 'without a label' a.img --label a
}

test_an_override_is_remembered() {
	forget_labels
	hs attach vm a.img --label a
	hs attach vm b.img --label b --any-label
	check_kept a,b
	raw_image c.img
	refused 'of the label b, .*one of the label a' c.img --label a
	refused 'of the label a, .*one of the label b' c.img --label b
	hs attach vm c.img --any-label
	check_kept a,b yes
	check_equal '["a","b",null]' "$(labels)"
	hs detach vm 0 1 2
	refused 'label' c.img --label a
}

test_reservations_have_no_label_and_need_none() {
	forget_labels
	hs attach vm a.img --label a
	check_equal "slot 1 reserved" "$(hs attach vm /dev/null)"
	check_fails 2 'no disk to have a label' hs attach vm /dev/null --label a
	hs reserve vm 5
	hs unreserve vm 1 5
	check_kept a
}

test_the_label_of_a_disk_that_never_came_is_not_kept() {
	forget_labels
	check_fails 1 . hs attach vm none.img --label a
	check_kept ''
	# libvirt refuses it only when the label is noted: QEMU cannot open its backing file.
	qemu-img create -q -f qcow2 -u -b "$T/none.img" -F raw over.qcow2 1M
	check_fails 1 'step: attach' hs attach vm over.qcow2 --label a
	check_kept ''
	hs attach vm a.img --label b
	check_fails 1 'step: attach' hs attach vm over.qcow2 --label b
	check_fails 1 'step: attach' hs attach vm over.qcow2 --label a --any-label
	check_kept b
}

# The command is killed after the first metadata that it writes; one like it shows when that is.
killed_at_first_write() { # COMMAND_LIKE_IT -- COMMAND
	local status=0 step steps=$B/tests/vm/steps like=()
	while [[ $1 != -- ]]; do
		like+=("$1")
		shift
	done
	rm -f steps
	STEPS_LOG=steps LD_PRELOAD=$steps hs "${like[@]}"
	step=$(grep -n -m1 'after virDomainSetMetadata' steps | cut -d: -f1)
	STEPS_AT=$step STEPS_COMMAND=kill LD_PRELOAD=$steps "$HOTSLOT" -c "$URI" "${@:2}" || status=$?
	check_equal 137 "$status"
}

test_no_label_is_lost_by_a_kill_between_the_two_writes() {
	forget_labels
	killed_at_first_write attach vm a.img --label j -- attach vm b.img --label k --any-label
	check_equal '["j"]' "$(labels)"
	check_match "names='j,k'" "$(run_virsh dumpxml vm --inactive | tr '"' "'")"
	hs attach vm b.img --label k --any-label
	check_kept j,k
}

test_a_label_that_the_configuration_lacks_comes_back() {
	forget_labels
	hs attach vm a.img --label a
	run_virsh metadata vm "$KEY" --config --remove
	hs attach vm b.img --label a
	check_kept a
	run_virsh metadata vm "$KEY" --config --remove
	check_equal 'its configuration has all of its labels again' "$(hs repair vm)"
	check_kept a
	check_fails 0 'nothing to repair' hs repair vm
	# Not by the disk that fails, so it stays.
	qemu-img create -q -f qcow2 -u -b "$T/none.img" -F raw over.qcow2 1M
	run_virsh metadata vm "$KEY" --config --remove
	check_fails 1 'step: attach' hs attach vm over.qcow2 --label a
	check_kept a
}

# Whoever does it again does it to both.
test_no_reservation_is_half_done_by_a_kill_between_the_two_writes() {
	forget_labels
	killed_at_first_write reserve vm 5 -- reserve vm 7
	hs reserve vm 7
	check_match "slots='5,7'" "$(run_virsh dumpxml vm --inactive | tr '"' "'")"
	killed_at_first_write unreserve vm 5 -- unreserve vm 7
	hs unreserve vm 7
	check_equal "" "$(hs reserve vm)$(run_virsh dumpxml vm --inactive | grep reserved)"
}

test_a_label_that_is_none_is_refused() {
	local label
	for label in '' 'a b' a,b ä "$(printf 'x%.0s' {1..65})"; do
		check_fails 2 "is not 1 to 64 characters" hs attach vm a.img --label "$label"
	done
	check_fails 2 "is not 1 to 64 characters" launch vm2 --label a/b
	check_fails 2 "'label' is not understood" launch vm2 --drive a.img,label
}

test_drives_of_two_labels_are_not_launched() {
	check_fails 1 'of the label b' launch vm2 --label a --drive a.img,label=b
	check_fails 1 'of the label a' launch vm2 --drive a.img,label=a --drive b.img,label=b
	check_fails 1 'without a label' launch vm2 --drive a.img --drive b.img,label=b
	check_fails 1 'without a label' launch vm2 --drive b.img,label=b --drive a.img
}

test_a_list_of_labels_that_is_none_is_an_error() {
	forget_labels
	run_virsh metadata vm "$KEY" --live --key hotslot --set "<hotslot><labels names='a,'/></hotslot>"
	check_fails 1 'metadata of domain vm .*of labels' hs attach vm a.img --label a
	run_virsh metadata vm "$KEY" --live --remove
}

run_tests
