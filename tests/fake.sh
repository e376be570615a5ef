# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Orders for the test double in the agent's place, tests/vm/fake-agent.c. Sourced after lib.sh; the
# appliance has it as its agent if HOTSLOT_AGENT names it.

# Tells the agent of domain vm how to answer REQUEST from now on: see fake-agent.c.
order() { # REQUEST HOW
	printf '{"execute":"fake","id":"order","arguments":{"on":"%s",%s}}\n' "$1" "$2" | send_order
}

behave() {
	order '' '"silent":false'
}

# The 0xFF ends whatever the host before has left unfinished. Prints the answer, if one comes.
try_order() { # FRAME
	# See talk.sh.
	socat -u /dev/null "UNIX-CONNECT:$(channel_socket vm)"
	coproc SOCAT { exec socat - "UNIX-CONNECT:$(channel_socket vm)"; }
	local line='' pid=$SOCAT_PID
	printf '\377%s\n' "$1" >&"${SOCAT[1]}"
	while [[ $line != *'"id":"order"'* ]]; do
		IFS= read -r -t 4 line <&"${SOCAT[0]}" || break
	done
	# A handler of its own for SIGTERM writes a log from within the signal.
	kill -KILL "$pid"
	wait "$pid" || true
	[[ $line != *'"id":"order"'* ]] || printf '%s\n' "$line"
}

# What comes while the guest's kernel sees one host go and the next one come may be lost.
send_order() { # reads a frame
	local frame answer='' try
	frame=$(cat)
	for try in 1 2 3 4 5; do
		answer=$(try_order "$frame")
		[[ -z $answer ]] || break
		echo "order $try was not answered" >&2
	done
	[[ -n $answer ]] || fail "the order was not taken"
	sed -n 's/.*"asked":\([0-9]*\).*/\1/p' <<<"$answer" >asked
}

# How often the agent was asked for its disks since the last order. It then behaves.
asked() {
	behave
	cat asked
}

# A disk as the agent says it is.
record() { # SLOT SERIAL SIZE [BLOCK-SIZE]
	printf '{"place":%s,"slot":%s,"target":0,"lun":%s,"serial":"%s","conflict":false,' \
		"$1" "$1" "$1" "$2"
	printf '"name":"sda","devnum":"8:0","diskseq":1,"size":%s,"block-size":%s,' "$3" "${4:-512}"
	printf '"read-only":false,"state":"present","links":["/dev/disk/by-slot/%s",' "$1"
	printf '"/dev/disk/by-serial/%s"],"contents":{"state":"known"},"partitions":[]}' "$2"
}
