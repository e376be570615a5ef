#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is killed, at whatever step of an operation: the next command finishes or undoes what was
# begun. A sample of the steps; all of them, and more victims, are in tests/scale/broken-off.sh.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../steps.sh"

setup_file() {
	WITNESS_DIR=$T
	start_daemon "$T/d"
	start_vm
}

setup_test() {
	clear_vm
}

teardown_file() {
	end_daemon
}

# The last steps are where something is left.
test_the_shim_is_killed_while_it_attaches() {
	check_steps attach shim 2 16
}

test_the_shim_is_killed_while_it_detaches() {
	check_steps detach shim 3 13
}

test_the_agent_is_killed_at_some_steps() {
	check_steps attach agent 100 15
	check_steps detach agent 100 13
	check_steps resize agent 100 18
}

test_the_shim_is_killed_while_it_launches() {
	check_launch_steps shim 100 7
}

# Of a session that begins: 0xFF and the hello, what is in the slot, what is to come. The XML before
# and after the hello, and after the attach.
test_nothing_is_asked_where_nothing_is_left() {
	raw_image more
	STEPS_LOG=steps LD_PRELOAD=$B/tests/vm/steps hs attach vm more
	hs detach vm 1
	check_equal 4 "$(grep -c 'before virStreamSend' steps)"
	check_equal 3 "$(grep -c 'before virDomainGetXMLDesc' steps)"
}

# Nobody else can do this: a disk that is released, while its host knows nothing of it.
test_a_disk_that_the_guest_was_asked_for_is_used_again() {
	raw_image "$WITNESS_DIR/moves"
	hs attach vm "$WITNESS_DIR/moves" --slot 3
	UNTIL='"id":"release"' talk >answers <<-EOF
		$(hello)
		$(request release release '{"slot":3}')
	EOF
	check_match '"state": ?"released"' "$(<answers)"
	check_equal "slot 3: the guest uses the disk again: a detach was broken off" "$(hs repair vm)"
	check_equal present "$(disk_field vm 3 state)"
	check_fails 0 'repair: vm: nothing to repair' hs repair vm
	check_equal '{"domain":"vm","repaired":[]}' "$(hs repair vm --json)"
	hs detach vm 3
}

run_tests
