# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Talks with the agent of the domain vm by hand. Sourced after lib.sh.

# Talks with the agent by hand: sends standard input, prints what comes until a line that holds
# $UNTIL, by default the answer whose id is "last".
talk() {
	# QEMU can keep the answers from the next client, if the last one went while the guest did not
	# read: see session.c.
	socat -u /dev/null "UNIX-CONNECT:$(channel_socket vm)"
	coproc SOCAT { exec socat - "UNIX-CONNECT:$(channel_socket vm)"; }
	local line sender to pid=$SOCAT_PID until=${UNTIL:-'"id":"last"'}
	# A coprocess's own descriptors are closed in what runs beside it.
	exec {to}>&"${SOCAT[1]}"
	# What is sent may depend on what has come: see await_answer.
	cat <&0 >&"$to" &
	sender=$!
	while IFS= read -r -t 40 line <&"${SOCAT[0]}"; do
		# Answers to a hello come after a 0xFF.
		line=$(tr -d '\377' <<<"$line")
		printf '%s\n' "$line"
		[[ $line != *"$until"* ]] || break
	done
	[[ $line == *"$until"* ]] || kill "$sender" || true
	wait "$sender" || true
	# A handler of its own for SIGTERM writes a log from within the signal.
	kill -KILL "$pid"
	wait "$pid" || true
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
