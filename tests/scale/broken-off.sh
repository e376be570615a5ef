#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is killed, at whatever step of an operation: the next command finishes or undoes what was
# begun. Every step of each operation, for each victim; STEPS=attach:agent:7 runs one alone.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../steps.sh"
. "$(dirname "$0")/../steps-daemon.sh"

# Wall-clock seconds for all steps of one operation; with a victim that boots each time.
TEST_SECONDS=900

test_the_shim_is_killed_at_each_step() {
	check_steps attach shim
	check_steps detach shim
	check_steps resize shim
	check_launch_steps shim
}

test_the_agent_is_killed_at_each_step() {
	check_steps attach agent
	check_steps detach agent
	check_steps resize agent
	check_launch_steps agent
}

test_the_udevd_is_killed_at_each_step() {
	check_steps attach udevd
	check_steps detach udevd
	check_steps resize udevd
	check_launch_steps udevd
}

test_the_libvirtd_is_killed_at_each_step() {
	check_steps attach libvirtd
	check_steps detach libvirtd
	check_steps resize libvirtd
	check_launch_steps libvirtd
}

test_the_libvirtd_is_killed_at_each_step_of_other_commands() {
	check_daemon_steps status
	check_daemon_steps doctor
	check_daemon_steps adopt
	check_daemon_steps enable
	check_daemon_steps disable
	check_daemon_steps attach-config
	check_daemon_steps detach-config
}

test_the_libvirtd_is_killed_at_each_step_of_a_start_and_of_persistence() {
	check_daemon_steps attach-persistent
	check_daemon_steps detach-persistent
	check_daemon_steps start
}

test_the_channel_is_killed_at_each_step() {
	check_steps attach channel
	check_steps detach channel
	check_steps resize channel
	check_launch_steps channel
}

test_the_guest_is_killed_at_each_step() {
	check_steps attach guest
	check_steps detach guest
	check_steps resize guest
	check_launch_steps guest
}

test_the_qemu_is_killed_at_each_step() {
	check_steps attach qemu
	check_steps detach qemu
	check_steps resize qemu
	check_launch_steps qemu
}

run_tests
