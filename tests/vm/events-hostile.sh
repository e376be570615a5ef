#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hotslot watch and a guest that sends events without end, malformed or not: it stays within bounds,
# and so does what others wait for. In hotslot-agent's place runs fake-agent.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fake.sh"
. "$(dirname "$0")/../daemon.sh"

# What a watcher of such a guest may take on top, in memory: the queue is 1 MiB of text, and
# what is read of it a few times that.
FLOOD_KIB=16384
# For this long it is watched, seconds; and what a list may take meanwhile.
FLOOD_SECONDS=2 LIST_SECONDS=10
# Inventories, at most: those of the start, and so many a second.
LOOKS=7 LOOKS_A_SECOND=4

setup_file() {
	start_daemon "$T/d"
	HOTSLOT_AGENT=$B/tests/vm/fake-agent
	IMAGE=$(appliance_image --no-udev)
	launch vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	behave
}

peak_kib() { # PID
	sed -n 's/^VmHWM:\t *\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# Starts a watcher that goes to the file "events", and waits for a line of that.
start_watch() { # REGEX
	: >events
	"$HOTSLOT" -c "$URI" watch vm --json >>events 2>watch.err &
	WATCHER=$!
	await_line "$1"
}

await_line() { # REGEX
	timeout "$CONSOLE_SECONDS" bash -c 'tail -n +1 -F events 2>/dev/null | grep -qE -- "$1"' - "$1" ||
		fail "no /$1/: $(tail -n 3 events)$(<watch.err)"
}

end_watch() {
	local status=0
	kill "$WATCHER"
	wait "$WATCHER" 2>/dev/null || status=$?
	check_equal 143 "$status"
}

count() { # EVENT
	grep -c "\"event\":\"$1\"" events || true
}

calm_kib() {
	start_watch '"ready"'
	peak_kib "$WATCHER"
	end_watch
}

check_bounded() { # CALM
	local peak
	peak=$(peak_kib "$WATCHER")
	[[ $peak -le $(($1 + FLOOD_KIB)) ]] || fail "$peak KiB, with an agent that behaves $1 KiB"
}

test_malformed_events_end_the_session_and_are_not_met_again_at_once() {
	local calm data
	calm=$(calm_kib)
	for data in '{}' "{\"disk\":$(record 0 s 512 | sed 's/"sda"/"\\u001b[2J"/')}"; do
		order disks "\"flood\":[$data]"
		start_watch '"event":"disconnected".*not as it should be'
		timeout "$FLOOD_SECONDS" tail --pid="$WATCHER" -f /dev/null || true
		check_bounded "$calm"
		# Told once for each time that it was connected; each comes later than the one before.
		[[ $(count disconnected) -le 8 ]] || fail "told too often: $(<events)"
		end_watch
		behave
	done
}

test_changes_without_end() {
	local calm label
	calm=$(calm_kib)
	label=$(printf '%01000d' 7)
	order disks "\"disks\":[$(record 0 s 512)],\"flood\":[{\"disk\":$(record 0 s 512)},{\"disk\":$(record 0 s 1024 | sed "s/\"known\"/\"known\",\"label\":\"$label\"/")}]"
	start_watch '"event":"disk-changed"'
	timeout "$FLOOD_SECONDS" tail --pid="$WATCHER" -f /dev/null || true
	check_bounded "$calm"
	check_equal 0 "$(count disconnected)"
	end_watch
	# A reader that does not read is no reason to keep more.
	mkfifo pipe
	"$HOTSLOT" -c "$URI" watch vm --json >pipe 2>watch.err &
	WATCHER=$!
	exec {reader}<pipe
	timeout "$FLOOD_SECONDS" tail --pid="$WATCHER" -f /dev/null || true
	check_bounded "$calm"
	end_watch
	exec {reader}<&-
}

# New disks without end: of one that the host does not have it asks again, and not for ever.
test_disks_that_the_host_does_not_have() {
	local calm all='' i start took
	calm=$(calm_kib)
	for i in $(seq 0 149); do
		all+="{\"disk\":$(record "$i" "s$i" 512)},"
	done
	order disks "\"flood\":[${all%,}]"
	start_watch '"event":"ready"'
	start=${EPOCHREALTIME/./}
	hs list vm >listed
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	[[ $took -le $((1000 * LIST_SECONDS)) ]] || fail "a list took $took ms"
	timeout "$FLOOD_SECONDS" tail --pid="$WATCHER" -f /dev/null || true
	check_bounded "$calm"
	end_watch
}

check_asked() { # HOW
	local looks start most
	order disks "$1"
	start=${EPOCHREALTIME/./}
	start_watch '"event":"ready"'
	timeout "$FLOOD_SECONDS" tail --pid="$WATCHER" -f /dev/null || true
	end_watch
	most=$((LOOKS + LOOKS_A_SECOND * (${EPOCHREALTIME/./} - start) / 1000000))
	looks=$(asked)
	[[ $looks -ge 2 && $looks -le $most ]] || fail "$looks inventories for $1: $(<events)"
}

# Not for events while it cannot say what it hides, nor for those that are missing, nor for saying
# that it was sent what is none: that is told, unless all of it comes in one go with the answer.
test_it_is_not_asked_without_pause() {
	local i
	check_asked '"merge":{"return":{"hidden":{"undecided":true}}},"flood":[{"disk":'"$(record 0 s 512)}]"
	check_asked '"after":{"event":"disk-removed","seq":7,"data":{"place":3,"diskseq":1}}'
	for i in 1 2 3 4 5; do
		check_asked '"after":{"error":{"class":"MalformedFrame","desc":"no frame"}},"times":1000'
		grep -q 'was sent what is no frame' events && return
	done
	fail "it is not told in $i watches: $(<events)"
}

# Where there is no directory for turns, nobody can ask for the channel.
test_without_turns_a_watcher_lets_others_in() {
	mkdir -m 700 none
	touch none/hotslot
	XDG_RUNTIME_DIR=$PWD/none start_watch '"event":"ready"'
	XDG_RUNTIME_DIR=$PWD/none hs list vm --timeout 15 >listed
	check_equal 0 "$(count disconnected)"
	end_watch
}

run_tests
