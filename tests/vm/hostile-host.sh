#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever comes over the wire, the agent stays as small and as idle as it was, and the next host
# that behaves is served in time. What it answers to bad requests one by one is in agent.sh.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../talk.sh"

# KiB that the agent may have had at any time: 4 MiB, and a full queue of answers, HOTSLOT_QUEUE_MAX.
AGENT_KIB=5120
# Clock ticks of an idle second, and seconds until there is one.
IDLE_TICKS=1 IDLE_SECONDS=8
# Milliseconds until a host that behaves is served, on a busy machine.
SERVED_MS=5000
# Seconds for a long conversation.
CONVERSE_SECONDS=30
# HOTSLOT_PENDING_MAX, and one.
WAITING=1025

setup_file() {
	launch_controlled vm
	raw_image "$T/a.img"
	hs attach vm "$T/a.img" --serial kept >/dev/null
	AGENT=$(guest_run vm "$AGENT_PID")
}

# Sends standard input and hangs up, without reading a byte.
shout() {
	socat -u - "UNIX-CONNECT:$(channel_socket vm)"
}

# Sends standard input and prints what comes until a line that holds UNTIL. For many lines.
converse() { # UNTIL
	local pid in out status=0
	coproc SOCAT { exec socat - "UNIX-CONNECT:$(channel_socket vm)"; }
	pid=$SOCAT_PID
	exec {out}>&"${SOCAT[1]}" {in}<&"${SOCAT[0]}" 3<&0
	# What is answered while it is sent has to be read meanwhile.
	cat <&3 >&"$out" &
	LC_ALL=C timeout "$CONVERSE_SECONDS" sed -u -e 's/\xff//g' -e "/$1/q" <&"$in" >heard || status=$?
	kill "$pid" "$!" 2>/dev/null || true
	wait "$pid" "$!" || true
	exec {out}>&- {in}<&- 3<&-
	if [[ $status != 0 ]] || ! grep -q "$1" heard; then
		fail "no $1 came ($(wc -l <heard) lines)"
	fi
	cat heard
}

repeat() { # TIMES TEXT
	yes "$2" | head -n "$1" || true
}

# The agent is the same process, small, idle, and answers.
check_agent() {
	local start took state
	# QEMU can be deaf for the guest's answers in the next connection: see session.c.
	shout </dev/null
	start=${EPOCHREALTIME/./}
	{
		hello
		request expect disk '{"slot":0,"serial":"kept","deadline":1900}'
		request expect none '{"slot":9,"deadline":2000}'
		last
	} | converse '"id":"none"' >answers
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	check_equal kept "$(answer disk | jq -r .return.disk.serial)"
	check_equal DeadlineExceeded "$(error_class none)"
	[[ $took -le $SERVED_MS ]] || fail "served after $took ms"
	state=$(guest_run vm "$AGENT_PID
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$AGENT/status
		ticks() { cut -d' ' -f14,15 /proc/$AGENT/stat | tr ' ' +; }
		for _ in \$(seq $IDLE_SECONDS); do
			before=\$((\$(ticks))); sleep 1; used=\$((\$(ticks) - before))
			[ \$used -gt $IDLE_TICKS ] || break
		done
		echo \$used" | paste -sd ' ')
	read -r pid memory ticks <<<"$state"
	check_equal "$AGENT" "$pid"
	[[ $memory -le $AGENT_KIB ]] || fail "the agent took $memory KiB"
	[[ $ticks -le $IDLE_TICKS ]] || fail "the agent still uses $ticks ticks a second"
}

test_requests_without_end_and_nobody_reads() {
	{
		hello
		repeat 15000 "$(request disks flood '{"limit":64}')"
	} | shout
	check_agent
}

test_lines_without_end() {
	head -c 20000000 /dev/zero | tr '\0' x | shout
	{
		hello
		head -c 200000 /dev/zero | tr '\0' '['
		printf '\n'
		for _ in {1..6000}; do printf '{"a":'; done
		printf '\n'
		printf '{"execute":"ping","id":%s}\n' 1e999 99999999999999999999 -99999999999999999999 0x7 01
		last
	} | converse '"id":"last"' >answers
	check_equal 7 "$(grep -c '"class":"MalformedFrame"' answers)"
	check_agent
}

test_random_bytes() {
	head -c 500000 /dev/urandom | shout
	check_agent
}

# A byte at a time, as the kernel of the guest gets them, and never an end.
test_a_frame_that_trickles_holds_up_nothing() {
	{
		hello
		printf '{"execute":"ping","id":"slow",'
		local byte
		for byte in '"' s e; do
			printf '%s' "$byte"
			sleep 1
		done
	} | shout
	check_agent
}

test_as_many_wait_as_may_and_no_more() {
	{
		hello
		local i
		for ((i = 0; i < WAITING; i++)); do
			request expect "$i" '{"slot":7,"deadline":3600000}'
		done
	} | converse TooManyRequests >answers
	check_equal "TooManyRequests $((WAITING - 1))" "$(jq -r '"\(.error.class) \(.id)"' <<<"$(tail -n 1 answers)")"
	check_agent
}

test_hellos_without_end() {
	{
		local i
		for ((i = 0; i < 100; i++)); do
			printf '{"execute":"hello","arguments":{"nonce":"storm-0123456789-%d",' "$i"
			printf '"generation":"g-%d","versions":[1]}}\n' "$i"
		done
		hello
		last
	} | converse '"id":"last"' >answers
	# Each ends the session before it, and what that one has not read.
	check_match '"return"' "$(answer last)"
	check_agent
}

test_what_is_of_other_sessions_is_not_even_answered() {
	{
		hello
		repeat 5000 "${NONCE/0/f}" |
			sed 's/.*/{"execute":"shutdown","id":"old","session":"&"}/'
		last
	} | converse '"id":"last"' >answers
	check_equal 2 "$(grep -vc '"event":' answers)"
	check_agent
}

test_texts_come_back_escaped() {
	{
		hello
		printf '{"execute":"\\u001b[2J","id":"\\u001b]0;x\\u0007","session":"%s"}\n' \
			"$NONCE"
		printf '{"execute":"ping","id":"\\u001b[2J","session":"%s"}\n' "$NONCE"
		last
	} | converse '"id":"last"' >answers
	check_equal 4 "$(grep -vc '"event":' answers)"
	if LC_ALL=C grep -aqP '[\x00-\x09\x0b-\x1f]' answers; then
		fail "control characters: $(cat -v answers)"
	fi
	check_agent
}

run_tests
