#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An agent that has nothing to do: it never wakes up, with a host or without, and takes little memory
# that does not grow. tests/scale/idle.sh has the same for longer, and for many disks.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../virsh.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../talk.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../many.sh"

# Seconds without a wake-up.
IDLE_SECONDS=${IDLE_SECONDS:-8}
GUEST_RUN_SECONDS=$((IDLE_SECONDS + 40))
# Disks that are attached and detached for the memory to grow, in batches: first some, so that all
# is allocated that is kept.
ROUNDS=${ROUNDS:-70}
WARM_UP=${WARM_UP:-30}
BATCH=10
# KiB.
MEMORY_MAX=4096
GROWTH_MAX=64

setup_file() {
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

AGENT="agent=\$($AGENT_PID)"

# Prints how often the agent was woken up in so many seconds. Before, it has seconds to be done with
# what came last.
wake_ups() {
	# shellcheck disable=SC2016
	guest_run vm "$AGENT"'
		count() { awk "/ctxt_switches/ { n += \$2 } END { print n }" /proc/$agent/status; }
		sleep 3; a=$(count); sleep '"$IDLE_SECONDS"'; echo $(($(count) - a))'
}

# KiB; smaps is exact, where status may be off by some pages.
resident() {
	guest_run vm "$AGENT"'; awk "/^Rss/ { n += \$2 } END { print n }" /proc/$agent/smaps'
}

test_without_a_host_the_agent_never_wakes_up() {
	raw_image a.img
	hs attach vm a.img
	check_equal 0 "$(wake_ups)"
}

test_with_a_host_that_says_nothing_the_agent_never_wakes_up() {
	raw_image a.img
	hs attach vm a.img
	await_equal known disk_field vm 0 contents
	coproc SOCAT { exec socat - "UNIX-CONNECT:$(channel_socket vm)"; }
	local pid=$SOCAT_PID line more=''
	hello >&"${SOCAT[1]}"
	IFS= read -r -t 20 line <&"${SOCAT[0]}"
	check_match '"return"' "$line"
	check_equal 0 "$(wake_ups)"
	# Nor has it said anything.
	IFS= read -r -t 1 more <&"${SOCAT[0]}" || true
	check_equal "" "$more"
	kill "$pid"
	wait "$pid" || true
}

test_an_agent_without_disks_takes_little_memory() {
	local now
	now=$(resident)
	echo "$now KiB"
	[[ $now -le $MEMORY_MAX ]] || fail "$now KiB are resident"
}

attach_and_detach() { # ROUNDS
	local i slots
	slots=$(seq -s ' ' 0 $((BATCH - 1)))
	for ((i = 0; i < $1 / BATCH; i++)); do
		# shellcheck disable=SC2046
		printf 'attach vm %s\ndetach vm %s\n' "$(image_names | tr '\n' ' ')" "$slots"
	done | hs shell >/dev/null
}

test_its_memory_does_not_grow() {
	local before after
	DISKS=$BATCH
	make_images
	attach_and_detach "$WARM_UP"
	before=$(resident)
	attach_and_detach "$((ROUNDS - WARM_UP))"
	after=$(resident)
	echo "$before KiB after $WARM_UP, $after KiB after $ROUNDS"
	[[ $((after - before)) -le $GROWTH_MAX ]] || fail "grown from $before to $after KiB"
}

# shellcheck disable=SC2317
[[ ${BASH_SOURCE[0]} != "$0" ]] || run_tests
