#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's daemon is killed and started again in the middle of commands other than attach, detach,
# resize and launch, which vm/broken-off.sh has. A sample of the steps; all of them are in
# tests/scale/broken-off.sh.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../steps.sh"
. "$(dirname "$0")/../steps-daemon.sh"

# Those that change no running disk: they say and do what they do with no kill.
test_the_libvirtd_is_killed_at_some_steps_of_other_commands() {
	check_daemon_step_at status 'before virDomainGetState'
	check_daemon_step_at doctor 'before virDomainGetXMLDesc'
	check_daemon_step_at adopt 'before virDomainDefineXML'
	check_daemon_step_at enable 'before virDomainAttachDeviceFlags'
	check_daemon_step_at disable 'after virDomainDetachDeviceAlias'
	check_daemon_step_at detach-config 'before virDomainIsActive'
}

test_the_libvirtd_is_killed_while_a_domain_starts() {
	check_daemon_step_at start 'before virDomainCreate'
}

# It has done that, and goes before it can say so.
test_the_libvirtd_is_killed_before_it_tells_of_a_start() {
	begin_command start
	export STEPS_LOSE_STARTS=1
	check_command_step 'after virDomainCreate'
}

# The daemon goes just before the step.
run_while_it_goes() { # STEP COMMAND [ARGUMENT…]
	write_victim libvirtd
	echo ": >'$PWD/victim.ran'" >>victim-commands
	VICTIM=libvirtd run_step "$@"
	[[ -e victim.ran ]] || fail "there was no step '$1': $(<stderr)"
}

# It goes between its refusal of a call and the question whether the domain runs at all.
run_refused() { # FUNCTION CODE COMMAND [ARGUMENT…]
	local question='before virDomainIsActive' asked
	export STEPS_FAIL="$1 $2 10 1"
	STEPS_LOG=log LD_PRELOAD=$B/tests/vm/steps hs "${@:3}" >/dev/null 2>&1 || true
	asked=$(sed "/after $1/q" log | grep -c "$question" || true)
	run_while_it_goes "$question $((asked + 1))" "${@:3}"
}

test_a_channel_that_was_refused_is_opened_with_the_next_libvirtd() {
	run_refused virDomainOpenChannel 1 list vm
	check_equal "" "$(<stderr)"
	check_equal 0 "$STATUS"
}

test_what_was_refused_is_not_said_to_be_of_a_domain_that_has_ended() {
	raw_image one
	run_refused virDomainAttachDeviceFlags 55 attach vm one
	check_match 'injected 55' "$(<stderr)"
	check_equal "" "$(grep 'has ended' stderr || true)"
	check_equal 1 "$STATUS"
}

test_what_libvirt_has_lost_is_looked_for_with_the_next_libvirtd() {
	leak_disk ua-hotslot-lost 9
	await_equal 9 guest_run vm 'ls /dev/disk/by-slot | grep -x 9 || true'
	run_while_it_goes 'before virDomainQemuMonitorCommand' repair vm
	check_equal 0 "$STATUS"
	check_match 'QEMU has let go of the disk' "$(<stdout)"
	qemu blockdev-del '"node-name":"lost-9"' >/dev/null
}

run_tests
