#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Times that a guest makes up, or does not know of: none of them harms an attach. In hotslot-agent's
# place runs fake-agent, which does as it is told.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fake.sh"

# Of a command that waits for an agent that says nothing any more.
TIMING_MS=10000

setup_file() {
	HOTSLOT_AGENT=$B/tests/vm/fake-agent
	IMAGE=$(appliance_image --no-udev)
	launch vm
}

setup_test() {
	raw_image a.img
	behave
}

# Attaches a disk, with its timing in the file "timing", and detaches it.
attach_timed() {
	hs attach vm a.img --slot 0 --timing --json >out 2>stderr
	jq '.disks[0].timing' out | tee timing >&2
	cat stderr >&2
	behave
	hs detach vm 0
}

# The host's phases are there, the guest's are not, and nothing is negative.
check_host_alone() { # GUEST
	jq -e --arg guest "$1" '.guest == $guest and ."error-ms" == null and ."total-ms" > 0 and
		all(.phases | .check, .libvirt, .verify; ."start-ms" >= 0 and ."duration-ms" >= 0) and
		all(.phases | .kernel, .udev, .link, .report; . == null)' timing
}

test_an_older_agent_tells_nothing() {
	order hello '"timeless":true'
	attach_timed
	check_host_alone not-told
	check_match '^hotslot: attach: a.img: the agent in the guest is of before there were times$' \
		"$(<stderr)"
	order disks "\"timeless\":true,\"disks\":[$(record 3 s 512)]"
	hs list vm --timing >out 2>stderr
	check_match '^hotslot: list: the agent in the guest is of before there were times$' "$(<stderr)"
	check_equal "3 sda - - - - - - s" "$(tail -n 1 out | tr -s ' ' | sed 's/^ //')"
}

# Times that none of our agents tells; each with what the host makes of it.
test_times_that_cannot_be() {
	local last=9223372036854775807 lie
	for lie in \
		"\"clock\":{\"asked\":0,\"answered\":$last}" \
		"\"clock\":{\"asked\":$last,\"answered\":0}" \
		"\"clock\":{\"asked\":5,\"answered\":5},\"disk\":{\"times\":{\"kernel\":$last}}" \
		"\"clock\":{\"asked\":$last,\"answered\":$last},\"disk\":{\"times\":{\"kernel\":1}}" \
		"\"disk\":{\"times\":{\"kernel\":$last,\"link\":$last}}" \
		"\"disk\":{\"times\":{\"link\":1}}" \
		"\"disk\":{\"times\":{\"expected\":$last}}"; do
		echo "$lie" >&2
		order expect "\"merge\":{\"return\":{$lie}}"
		attach_timed
		check_host_alone impossible
		check_match 'what the guest says of its times cannot be$' "$(<stderr)"
	done
	hs attach vm a.img --slot 0 --timing >out 2>stderr
	check_equal /dev/disk/by-slot/0 "$(<out)"
	hs detach vm 0
}

test_times_of_another_kind_are_no_answer() {
	local member
	for member in '"clock":[]' '"clock":{"asked":-1}' '"disk":{"times":7}' \
		'"disk":{"times":{"kernel":"soon"}}'; do
		order expect "\"merge\":{\"return\":{$member}}"
		check_fails 1 'malformed answer' hs attach vm a.img --slot 0 --timing
		behave
	done
	check_equal "" "$(slots vm)"
}

# As if it had it since the guest was started.
test_a_disk_that_was_there_before_has_no_phases() {
	order expect '"merge":{"return":{"disk":{"times":{"expected":null,"kernel":1,"link":2}}}}'
	attach_timed
	jq '."error-ms" = null' timing >without
	mv without timing
	check_host_alone told
	check_equal "" "$(<stderr)"
}

# Which the fake one does as soon as it is asked, before libvirt's call has ended.
test_a_disk_that_is_confirmed_too_early_has_no_negative_times() {
	attach_timed
	jq -e '.guest == "told" and
		all(.phases[] | values; ."start-ms" >= 0 and ."duration-ms" >= 0)' timing
}

# The disk is confirmed, and then nothing comes any more.
test_an_agent_that_does_not_tell_its_clock_is_given_up() {
	local start=${EPOCHREALTIME/./} took
	order expect '"cut":65536,"mute":true'
	hs attach vm a.img --slot 0 --timing >out 2>stderr
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	check_equal /dev/disk/by-slot/0 "$(<out)"
	[[ $took -lt $TIMING_MS ]] || fail "it took $took ms"
	behave
	hs detach vm 0
}

test_disks_that_come_in_the_future() {
	local last=9223372036854775807 times
	for times in "\"kernel\":$last" "\"kernel\":5,\"link\":4" "\"report\":$last,\"link\":0"; do
		order disks "\"disks\":[$(record 3 s 512 | sed "s/}\$/,\"times\":{$times}}/")]"
		hs list vm --timing --json >out 2>stderr
		jq -e '.disks[0].timing | .guest == "impossible" and ."age-ms" == null and
			all(.phases[]; . == null)' out
		check_match 'what the guest says of its times cannot be$' "$(<stderr)"
	done
}

run_tests
