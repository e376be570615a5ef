#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One process with a hundred domains on several connections to two daemons: tests/vm/eight.c. One of
# the daemons hangs: tests/vm/frozen.c.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# Domains that are shut off.
OFF=92

setup_file() {
	start_daemon "$T/a" 11111111-2222-4333-8444-555555555501
	FIRST=$URI
	start_daemon "$T/b" 11111111-2222-4333-8444-555555555502
}

teardown_file() {
	local daemon
	for daemon in "$T/a" "$T/b"; do
		[[ ! -e $daemon/libvirtd.pid ]] || DAEMON_DIRECTORY=$daemon end_daemon
	done
}

define_off() {
	local i
	for ((i = 0; i < OFF; i++)); do
		cat >"off-$i.xml" <<-XML
			<domain type='qemu'><name>off-$i</name><memory unit='MiB'>64</memory>
			<os><type arch='x86_64'>hvm</type></os><devices/></domain>
		XML
		echo "define $PWD/off-$i.xml"
	done | run_virsh >/dev/null
}

test_a_hundred_domains_of_one_process_do_not_get_in_each_others_way() {
	local i status=0 pid
	for i in 0 1 2 3 4 5 6 7; do
		raw_image "image-$i"
	done
	URI=$FIRST define_off
	pid="\$(cat '$WORK/file/a/run/libvirt/qemu/run/vm-0.pid')"
	printf '%s\n' "kill -STOP $pid" "kill -CONT $pid" |
		"$B/tests/vm/eight" "$KERNEL" "$(appliance_image)" "$PWD/image" "$FIRST" "$URI" \
			>out 2>err || status=$?
	check_equal "" "$(<err)"
	check_equal 0 "$status"
	check_equal "event loops: 1"$'\n'"shut off: $OFF" "$(<out)"
}

# As after a failover: another host has a domain of the same UUID.
launch_twin() { # URI-A URI-B
	local other
	URI=$2 launch other &
	other=$!
	URI=$1 launch vm
	virsh -q -c "$1" dumpxml vm | sed 's/vm\.console/twin.console/g' >twin.xml
	URI=$2 run_virsh create twin.xml >/dev/null
	wait "$other"
	URI=$2 hs list vm --timeout 60 >/dev/null
}

test_a_daemon_that_hangs_holds_up_nobody_who_is_connected_to_another_one() {
	local status=0 uuid
	launch_twin "$FIRST" "$URI"
	uuid=$(virsh -q -c "$FIRST" domuuid vm | head -1)
	"$B/tests/vm/frozen" "$FIRST" "$URI" "$XDG_RUNTIME_DIR/hotslot/$uuid@11111111-2222-4333-8444-555555555501" \
		"$(<"$WORK/file/a/libvirtd.pid")" 2>err || status=$?
	kill -CONT "$(<"$WORK/file/a/libvirtd.pid")"
	check_equal "" "$(<err)"
	check_equal 0 "$status"
	check_equal "" "$(ls "$XDG_RUNTIME_DIR/hotslot")"
}

run_tests
