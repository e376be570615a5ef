#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What libvirt does with a domain while somebody wants to change it, and what it says when it cannot.
# tests/vm/migrate.sh has what a migration does. Errors that nothing provokes are injected.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# Of virErrorDomain.
FROM_QEMU=10 FROM_ACCESS=52
# Of virErrorNumber.
INTERNAL=1 CONFIG=67 TIMEOUT=68 STATE=55 DENIED=88 MISSING=99

setup_file() {
	start_daemon "$T/d"
	launch_controlled vm --memory 256
}

teardown_file() {
	end_daemon
}

setup_test() {
	detach_all vm
	raw_image one.img
	raw_image two.img
}

# One call of libvirt fails TIMES times.
failing() { # FUNCTION CODE TIMES CMD…
	STEPS_FAIL="$1 $2 ${FROM:-$FROM_QEMU} $3" LD_PRELOAD=$B/tests/vm/steps "${@:4}"
}

# It is made, and then fails.
done_but_failing() { # FUNCTION CODE TIMES CMD…
	failing "$1" "$2" "$3 done" "${@:4}"
}

test_a_change_waits_for_a_dump() {
	local busy="Domain vm is being dumped, and cannot be changed meanwhile: try again when that is done; 'virsh domjobinfo vm' tells how far it is"
	local waiting='Domain vm is being dumped: waiting until that is done' dump pid
	hs attach vm one.img >/dev/null
	# It lasts until somebody reads it.
	mkfifo core
	exec 5<>core
	run_virsh dump vm "$PWD/core" --live --memory-only &
	dump=$!
	await_equal 1 eval 'run_virsh domjobinfo vm | grep -c Unbounded'
	check_fails 1 "^hotslot: attach: $waiting
hotslot: attach: two.img: $busy$" hs attach vm two.img --timeout 1
	check_equal '"busy"' "$(hs detach vm 0 --timeout 1 --json 2>/dev/null |
		jq '.. | .code? // empty')"
	check_fails 1 ": $busy$" hs resize vm 0 2M --timeout 1
	hs attach vm two.img >stdout 2>stderr &
	pid=$!
	await_equal "hotslot: attach: $waiting" cat stderr
	cat <&5 >/dev/null &
	wait "$dump"
	wait "$pid" || fail "$(<stderr)"
	check_equal /dev/disk/by-slot/1 "$(<stdout)"
	check_links_agree vm
}

# QEMU hangs and another client waits for it: then even to ask whether there is a job takes 30 s.
test_a_question_about_jobs_does_not_outlast_the_deadline() {
	local qemu client began listed took
	qemu=$(<"$DAEMON_DIRECTORY/run/libvirt/qemu/run/vm.pid")
	kill -STOP "$qemu"
	run_virsh qemu-monitor-command vm '{"execute":"query-status"}' >/dev/null &
	client=$!
	await_equal 1 eval 'run_virsh domcontrol vm | grep -c occupied'
	began=$SECONDS
	hs list vm --timeout 1 2>listed || true
	listed=$SECONDS
	hs attach vm one.img --timeout 1 2>attached || true
	kill -CONT "$qemu"
	took=$((SECONDS - listed))
	wait "$client"
	check_match '; libvirt has to wait for the domain, too: QEMU is stopped or hangs, or another client keeps it busy' \
		"$(<listed)"
	check_match "^hotslot: attach: one.img: Domain vm cannot be changed: libvirt is busy with it for another client, or QEMU does not answer; 'virsh domcontrol vm' tells which" \
		"$(<attached)"
	[[ $took -lt 8 ]] || fail "attach took $took s"
	[[ $((listed - began)) -lt 8 ]] || fail "list took $((listed - began)) s"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm one.img)"
}

test_what_libvirt_gave_up_waiting_for_is_tried_again() {
	check_equal /dev/disk/by-slot/0 \
		"$(failing virDomainAttachDeviceFlags "$TIMEOUT" 2 hs attach vm one.img)"
	check_equal 1048576 "$(disk_field vm 0 size)"
	failing virDomainBlockResize "$TIMEOUT" 1 hs resize vm 0 2M >/dev/null
	check_equal 2097152 "$(disk_field vm 0 size)"
	failing virDomainSetMetadata "$TIMEOUT" 1 hs reserve vm 7
	check_equal 7 "$(hs reserve vm)"
	hs unreserve vm 7
	failing virDomainDetachDeviceAlias "$TIMEOUT" 1 hs detach vm 0
	check_equal "" "$(slots vm)"
	check_fails 1 "^hotslot: attach: Cannot attach $PWD/one.img to domain vm: injected 68; try again when that is done; 'virsh domjobinfo' tells how far it is \(step: attach\)$" \
		failing virDomainAttachDeviceFlags "$TIMEOUT" 1000000 hs attach vm one.img --timeout 1
	check_equal "" "$(slots vm)"
}

test_a_detach_goes_by_what_is_there_and_not_by_the_error() {
	local code
	for code in "$INTERNAL" "$MISSING" "$TIMEOUT"; do
		hs attach vm one.img >/dev/null
		STEPS_LOG=log done_but_failing virDomainDetachDeviceAlias "$code" 1 hs detach vm 0
		# libvirt 9.0 crashes if it is asked again before it has heard that QEMU has let go.
		check_equal 1 "$(grep -cx 'before virDomainDetachDeviceAlias' log)"
		check_equal "" "$(slots vm)"
		rm log
	done
	hs attach vm one.img >/dev/null
	check_fails 1 '^hotslot: detach: slot 0: Cannot detach the disk ua-hotslot-slot-0 from domain vm: injected 1 \(step: detach\)$' \
		failing virDomainDetachDeviceAlias "$INTERNAL" 1 hs detach vm 0
	check_equal present "$(disk_field vm 0 state)"
	# Somebody else is faster: libvirt knows of no such device any more.
	STEPS_AT='before virDomainDetachDeviceAlias' LD_PRELOAD=$B/tests/vm/steps \
		STEPS_COMMAND="virsh -q -c '$URI' detach-device-alias vm ua-hotslot-slot-0 --live
			while virsh -q -c '$URI' dumpxml vm | grep -q ua-hotslot-slot-0; do sleep 0.05; done" \
		hs detach vm 0
	check_equal "" "$(slots vm)"
	check_links_agree vm
}

# As libvirt says; the driver writes its file a moment later.
devices() {
	run_virsh dumpxml vm | sed -n "/<devices>/,/<\/devices>/ { s/ state='[a-z]*'//; p }"
}

test_an_attach_says_what_libvirt_said_and_leaves_nothing() {
	local before attach="hotslot: attach: Cannot attach $PWD/one.img to domain vm"
	before=$(devices)
	check_fails 1 "^$attach: injected 67 \(step: attach\)$" \
		failing virDomainAttachDeviceFlags "$CONFIG" 1 hs attach vm one.img
	check_fails 1 "^$attach: injected 55 \(step: attach\)$" \
		failing virDomainAttachDeviceFlags "$STATE" 1 hs attach vm one.img
	FROM=$FROM_ACCESS check_fails 1 \
		"^$attach: injected 88; connect as a user who may, and not read-only \(step: attach\)$" \
		failing virDomainAttachDeviceFlags "$DENIED" 1 hs attach vm one.img
	check_fails 1 "^$attach: injected 1; rolled back, the domain is as it was \(step: attach\)$" \
		done_but_failing virDomainAttachDeviceFlags "$INTERNAL" 1 hs attach vm one.img
	check_equal "$before" "$(devices)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm one.img)"
}

run_tests
