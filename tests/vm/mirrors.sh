#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Mirrors that go away, come back, become another directory, or are not what they should be.

# Guests: udevd udev
# On demand: plain

. "$(dirname "$0")/../lib.sh"

# At once: meanwhile the agent could make something in it.
REMOVE='mv /mirror /gone && rm -r /gone'

setup_file() {
	APPEND='hotslot.mirror=/mirror' launch_controlled vm
}

setup_test() {
	detach_all vm
	guest_run vm 'mkdir -p /mirror'
	raw_image one
	raw_image two
}

# What is to be found in the guest in time.
await_guest() { # SCRIPT
	guest_run vm "n=0; until $1; do n=\$((n + 1)); [ \$n -lt 500 ] || exit 1; usleep 10000; done"
}

# The mirror is as /dev: each link, and the node that it leads to.
check_mirror() {
	guest_run vm 'cd /dev/disk && for l in by-*/*; do
			[ "$(readlink $l)" = "$(readlink /mirror/disk/$l)" ] || echo "$l"
			[ "$(stat -L -c %t:%T $l)" = "$(stat -L -c %t:%T /mirror/disk/$l)" ] || echo "$l node"
		done
		ls by-* >/tmp/main; cd /mirror/disk; ls by-* >/tmp/mirror; cmp /tmp/main /tmp/mirror' >differences
	check_equal "" "$(<differences)"
}

test_what_is_mounted_over_a_mirror_is_a_mirror_until_it_is_unmounted() {
	hs attach vm one --serial first
	guest_run vm 'mount -t tmpfs tmpfs /mirror'
	await_guest '[ -b /mirror/disk/by-serial/first ]'
	check_mirror
	hs attach vm two --serial second
	check_mirror
	hs detach vm 0
	check_mirror
	guest_run vm 'umount /mirror'
	await_guest '[ -b /mirror/disk/by-serial/second ]'
	await_guest '[ ! -L /mirror/disk/by-serial/first ]'
	check_mirror
	hs attach vm one
	check_mirror
}

test_a_mirror_that_is_gone_stops_nothing_and_is_filled_again() {
	hs attach vm one --serial first
	guest_run vm "$REMOVE"
	check_equal /dev/disk/by-slot/1 "$(hs attach vm two)"
	guest_run vm 'cat /run/hotslot/epoch >/tmp/epoch; mkdir /mirror'
	hs detach vm 1
	check_equal /dev/disk/by-slot/1 "$(hs attach vm two --serial second)"
	guest_run vm '[ -b /mirror/disk/by-serial/first ]'
	check_mirror
	# It is still the same agent.
	guest_run vm 'cmp /run/hotslot/epoch /tmp/epoch'
}

test_an_agent_starts_without_its_mirror() {
	guest_run vm "$REMOVE"'; kill -9 $(pidof hotslot-agent)'
	check_equal /dev/disk/by-slot/0 "$(hs attach vm one)"
	guest_run vm 'mkdir /mirror'
	check_equal /dev/disk/by-slot/1 "$(hs attach vm two)"
	check_mirror
}

test_a_link_in_the_place_of_a_mirrors_directory_is_not_followed() {
	guest_run vm 'mv /mirror/disk /gone; rm -r /gone; mkdir -p /victim/by-slot; ln -s ../../sdx /victim/by-slot/9
		ln -s ../victim /mirror/disk; kill -9 $(pidof hotslot-agent)'
	check_fails 1 . hs attach vm one --timeout 5
	check_equal 'by-slot by-slot/9' "$(guest_run vm 'cd /victim; find * | xargs')"
	console_wait "$WORK/file/vm.console" 'cannot mirror /mirror/disk.*: a symbolic link or no directory' >console
	guest_run vm 'rm /mirror/disk'
	hs attach vm one
	check_mirror
}

test_a_mirror_that_is_read_only_is_said_once_and_filled_when_it_no_longer_is() {
	local said
	hs attach vm one
	guest_run vm 'mount -t tmpfs -o ro tmpfs /mirror'
	check_fails 1 . hs attach vm two --timeout 3
	said=$(grep -ac 'cannot mirror /mirror.*: Read-only file system' "$WORK/file/vm.console")
	check_equal 1 "$said"
	guest_run vm 'mount -o remount,rw /mirror'
	await_guest '[ -b /mirror/disk/by-slot/0 ]'
	hs attach vm two
	check_mirror
	guest_run vm 'umount /mirror'
}

test_nodes_have_the_owner_and_mode_that_udevd_gave_them() {
	only_on udevd udev
	hs attach vm one
	await_guest '[ "$(stat -c %a:%u:%g /dev/sd?)" = 660:0:6 ]'
	await_guest '[ "$(stat -c %a:%u:%g /mirror/sd?)" = 660:0:6 ]'
}

test_a_mirror_can_be_unmounted() {
	guest_run vm 'mount -t tmpfs tmpfs /mirror'
	hs attach vm one
	check_mirror
	guest_run vm 'umount /mirror'
	await_guest '[ -b /mirror/disk/by-slot/0 ]'
}

run_tests
