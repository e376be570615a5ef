#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What virsh does to a domain between two attaches of one session counts for the second: the XML that
# the first has left is not gone by.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../generation.sh"

KEY=urn:hotslot:domain:1

setup_file() {
	start_daemon "$T/d"
	launch_controlled vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	local name
	detach_all vm
	for name in a b c d; do
		raw_image "$name"
	done
	start_shell
}

# Sets ATTACHED to what is printed.
attach() { # IMAGE [OPTION…]
	ATTACHED=$(ask_shell "-attach $PWD/$*" '^(/dev|hotslot:)')
}

test_a_disk_that_virsh_attached_has_its_slot() {
	attach a
	virsh_attach vm b 0 1
	attach c
	check_equal /dev/disk/by-slot/2 "$ATTACHED"
	end_shell
	check_equal "0 1 2" "$(slots vm | xargs)"
	check_links_agree vm
}

test_a_slot_that_virsh_emptied_is_free() {
	attach a
	virsh_attach vm b 0 1
	attach c
	virsh_detach vm b
	await_detached vm scsi0-0-0-1
	attach d
	check_equal /dev/disk/by-slot/1 "$ATTACHED"
	attach b
	check_equal /dev/disk/by-slot/3 "$ATTACHED"
	end_shell
}

test_a_disk_that_virsh_replaced_is_the_other_one() {
	attach a --serial one
	virsh_attach vm b 0 1 "<serial>two</serial>"
	attach c --serial three
	virsh_detach vm b
	await_detached vm scsi0-0-0-1
	virsh_attach vm b 0 1 "<serial>four</serial>"
	attach d --serial four
	check_match 'serial four' "$ATTACHED"
	attach d --serial two
	check_equal /dev/disk/by-slot/3 "$ATTACHED"
	end_shell
}

test_metadata_that_virsh_wrote_counts() {
	attach a
	run_virsh metadata vm "$KEY" --live --key hotslot \
		--set "<hotslot><reserved slots='1-2'/><labels names='x'/></hotslot>" >/dev/null
	attach b
	check_match 'is for disks of the label x' "$ATTACHED"
	attach b --any-label
	check_equal /dev/disk/by-slot/3 "$ATTACHED"
	run_virsh metadata vm "$KEY" --live --remove >/dev/null
	attach c
	check_equal /dev/disk/by-slot/1 "$ATTACHED"
	end_shell
}

run_tests
