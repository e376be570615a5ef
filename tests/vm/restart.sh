#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's daemon goes and comes back: what a program that stays connected notices of it. At each
# step of an operation: tests/vm/broken-off.sh, broken-off-daemon.sh and tests/scale/broken-off.sh.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# How often it is killed.
RESTARTS=3

setup_file() {
	start_daemon "$T/d"
	launch vm
}

# One that a test has started ends with it.
setup_test() {
	stop_daemon KILL
	start_daemon "$DAEMON_DIRECTORY"
}

teardown_file() {
	end_daemon
}

await_rounds() { # NUMBER
	timeout 30 bash -c 'until [[ $(grep -c round out) -ge $1 ]]; do sleep 0.05; done' - "$1" ||
		fail "no round $1: $(<out) $(<err)"
}

test_threads_of_one_connection_go_on_with_the_next_daemon() {
	local i pid status=0
	raw_image one
	raw_image two
	mkfifo in
	"$B/tests/vm/restarts" "$URI" vm "$PWD/one" "$PWD/two" <in >out 2>err &
	pid=$!
	exec 7>in
	await_rounds 1
	for ((i = 1; i <= RESTARTS; i++)); do
		stop_daemon KILL
		start_daemon "$DAEMON_DIRECTORY"
		await_rounds $(($(grep -c round out) + 2))
	done
	echo >&7
	wait "$pid" || status=$?
	check_equal "" "$(<err)"
	check_equal 0 "$status"
	check_equal "losses told: yes" "$(tail -n 1 out)"
	check_equal "" "$(slots vm)"
}

# The command is in the middle of it, and ends when its time is over.
test_a_daemon_that_does_not_come_back_is_waited_for_as_long_as_a_call_may_take() {
	raw_image one
	SECONDS=0
	check_fails 1 '^hotslot: attach: The connection to libvirt is gone, and cannot be opened anew: Cannot connect to .*Connection refused' \
		env STEPS_AT='after virDomainGetXMLDesc' STEPS_COMMAND="kill -KILL $(<"$DAEMON_DIRECTORY/libvirtd.pid")" \
		LD_PRELOAD="$B/tests/vm/steps" "$HOTSLOT" -c "$URI" attach vm one --timeout 2
	[[ $SECONDS -ge 1 && $SECONDS -le 8 ]] || fail "it took $SECONDS s"
	start_daemon "$DAEMON_DIRECTORY"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm one)"
	hs detach vm 0
}

# A shell that stays connected.
test_a_shell_goes_on_with_the_next_daemon() {
	local pid
	raw_image one
	mkfifo in
	"$HOTSLOT" -c "$URI" shell <in >out 2>err &
	pid=$!
	exec 7>in
	echo "attach vm $PWD/one" >&7
	timeout 30 bash -c 'until grep -q . out; do sleep 0.05; done'
	stop_daemon TERM
	start_daemon "$DAEMON_DIRECTORY"
	printf '%s\n' "detach vm 0" "attach vm $PWD/one" "detach vm 0" exit >&7
	exec 7>&-
	wait "$pid"
	check_equal "" "$(<err)"
	check_equal /dev/disk/by-slot/0$'\n'/dev/disk/by-slot/0 "$(grep by-slot out)"
}

run_tests
