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

run_tests
