# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Talks with the agent of the domain vm by hand. Sourced after lib.sh.

# Nobody else's session.
GREETING=00000000000000000000000067726565

end_socat() { # PID
	# A handler of its own for SIGTERM writes a log from within the signal.
	kill -KILL "$1"
	wait "$1" || true
}

# Has $SOCAT talk with the agent, who has answered a hello. QEMU can keep the answers from a client,
# if the one before went while the guest wrote, until this one goes, too: see session.c.
connect_socat() {
	local line pid try
	for try in 1 2 3 4; do
		coproc SOCAT { exec socat - "UNIX-CONNECT:$(channel_socket vm)"; }
		pid=$SOCAT_PID
		printf '\377{"execute":"hello","id":"greeting","arguments":{"nonce":"%s","versions":[1]}}\n' \
			"$GREETING" >&"${SOCAT[1]}"
		while IFS= read -r -t 10 line <&"${SOCAT[0]}"; do
			[[ $line != *'"id":"greeting"'* ]] || return 0
		done
		end_socat "$pid"
	done
	fail "no hello of $try was answered"
}

# Talks with the agent by hand: sends standard input, prints what comes until a line that holds
# $UNTIL, by default the answer whose id is "last".
talk() {
	local line sender to pid until=${UNTIL:-'"id":"last"'}
	connect_socat
	pid=$SOCAT_PID
	# A coprocess's own descriptors are closed in what runs beside it.
	exec {to}>&"${SOCAT[1]}"
	# What is sent may depend on what has come: see await_answer.
	cat <&0 >&"$to" &
	sender=$!
	while IFS= read -r -t 40 line <&"${SOCAT[0]}"; do
		# Answers to a hello come after a 0xFF.
		line=$(tr -d '\377' <<<"$line")
		[[ $line == *"$GREETING"* ]] || printf '%s\n' "$line"
		[[ $line != *"$until"* ]] || break
	done
	[[ $line == *"$until"* ]] || kill "$sender" || true
	wait "$sender" || true
	end_socat "$pid"
	exec {to}>&-
	[[ $line == *"$until"* ]] || fail "no $until came"
}

NONCE=0123456789abcdef0123456789abcdef
hello() {
	printf '\377{"execute":"hello","id":"hello","arguments":{"nonce":"%s","versions":[1]}}\n' \
		"$NONCE"
}
request() { # EXECUTE ID [ARGUMENTS]
	printf '{"execute":"%s","id":"%s","session":"%s","arguments":%s}\n' "$1" "$2" "$NONCE" \
		"${3:-{\}}"
}
last() {
	request ping last
}
answer() { # ID (of the file "answers")
	jq -c "select(.id == \"$1\")" answers
}
# For what feeds a talk that writes the file "answers".
await_answer() { # ID…
	local id
	for id; do
		timeout 40 bash -c 'until grep -qsF "$1" answers; do sleep 0.05; done' - "\"id\":\"$id\"" ||
			fail "$id was not answered"
	done
}
error_class() { # ID
	answer "$1" | jq -r .error.class
}
