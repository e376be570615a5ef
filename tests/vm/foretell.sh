#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the agent has told udevd of a new disk, so that its rule need not ask hotslot-id; and that it
# does ask where nothing was told.

# Guests: udev
# On demand: udevd

. "$(dirname "$0")/../lib.sh"

# hotslot-id, which writes a line whenever it is asked.
setup_file() {
	cat >"$T/asked-id" <<-'EOF'
		#!/bin/busybox sh
		echo "$ACTION $DEVPATH" >>/run/asked
		exec /usr/lib/udev/hotslot-id.real "$@"
	EOF
	chmod 755 "$T/asked-id"
	real=$HOTSLOT_ID
	IMAGE=$(HOTSLOT_ID=$T/asked-id control_image --add "$real:/usr/lib/udev/hotslot-id.real")
	launch_controlled vm
}

# udevd has begun, and has nothing left to do; prints what it was told all the same.
settled() {
	guest_run vm 'for i in $(seq 500); do
		[ -e /run/udev/control ] && [ ! -e /run/udev/queue ] &&
			[ ! "$(ls /run/hotslot/foretold)" ] && break
		usleep 20000
	done
	ls /run/hotslot/foretold || :'
}

setup_test() {
	detach_all vm
	settled
	guest_run vm ': >/run/asked'
}

# udevd begins with the disk when the agent has told of it, and not before.
attach_while_udevd_is_stopped() { # FILE
	guest_run vm 'kill -STOP $(pidof systemd-udevd)'
	hs attach vm "$1" --slot 3 --serial vol-7 >name &
	guest_run vm 'for i in $(seq 500); do
		told=$(ls /run/hotslot/foretold) && [ "$told" ] && break
		usleep 20000
	done
	cat "/run/hotslot/foretold/$told"
	/usr/lib/udev/hotslot-id.real --udev /dev/sd? >/run/said
	kill -CONT $(pidof systemd-udevd)' >told
	wait $!
	check_equal /dev/disk/by-slot/3 "$(cat name)"
}

test_a_rule_that_was_told_does_not_ask() {
	local claimed=''
	[[ $GUEST != udev ]] || claimed=HOTSLOT_BY_SERIAL=1
	raw_image a.img
	attach_while_udevd_is_stopped a.img
	check_equal "$(guest_run vm 'cat /run/said')${claimed:+$'\n'}$claimed" "$(cat told)"
	check_equal "" "$(settled)"
	check_equal "" "$(guest_run vm 'cat /run/asked')"
	# So udev knows all the same, and all of it.
	check_equal "$(sort told)" "$(guest_run vm 'udevadm info /dev/disk/by-slot/3' |
		sed -n 's/^E: HOTSLOT_/HOTSLOT_/p' | sort)"
	check_match '^by-serial/vol-7 .* a.img$' "$(guest_links vm | grep serial)"
}

test_a_rule_that_was_told_nothing_asks() {
	only_on udev
	raw_image a.img
	hs attach vm a.img --slot 3 --serial vol-7
	settled
	guest_run vm ': >/run/asked; udevadm trigger -c add -w /dev/disk/by-slot/3; cat /run/asked' >asked
	check_match '^add /devices/.*/block/sd[a-z]$' "$(cat asked)"
	guest_run vm 'rm -r /run/hotslot/foretold; : >/run/asked'
	raw_image b.img
	check_equal /dev/disk/by-slot/4 "$(hs attach vm b.img --slot 4 --serial vol-8)"
	check_match '^by-serial/vol-8 .* b.img$' "$(guest_links vm | grep vol-8)"
	settled
	check_match '^add /devices/.*/block/sd[a-z]$' "$(guest_run vm 'cat /run/asked')"
	# The next agent makes the directory, and tells again.
	guest_run vm 'kill -KILL $(pidof hotslot-agent)
		until [ -e /run/hotslot/foretold ]; do usleep 20000; done'
}

run_tests
