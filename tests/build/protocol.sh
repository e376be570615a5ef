#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The contract's header and its prose say the same.

. "$(dirname "$0")/../lib.sh"

HEADER=$SRC/agent/common/wire.h
PROSE=$SRC/agent/PROTOCOL.md

test_every_name_of_the_header_is_in_the_prose() {
	local name n=0
	while read -r name; do
		grep -qF -- "$name" "$PROSE" || fail "PROTOCOL.md does not have $name"
		n=$((n + 1))
	done < <(sed -n 's/^#define HOTSLOT_[A-Z_]* "\([^"]*\)".*/\1/p' "$HEADER")
	[[ $n -gt 15 ]]
}

# "64 … (`HOTSLOT_ID_MAX`)", the number no further before than a line.
test_every_limit_of_the_header_is_in_the_prose() {
	local name value n=0
	while read -r name value; do
		tr '\n' ' ' <"$PROSE" | grep -qE "\\b$value\\b[^()]{0,60}\\(\`$name\`" ||
			fail "PROTOCOL.md does not say that $name is $value"
		n=$((n + 1))
	done < <(sed -n 's/^#define \(HOTSLOT_[A-Z_]*\) \([0-9][0-9A-Fx]*\).*/\1 \2/p' "$HEADER")
	[[ $n -gt 10 ]]
}

test_the_prose_names_nothing_else() {
	local name
	while read -r name; do
		grep -q "#define $name\\b" "$HEADER" || fail "wire.h does not have $name"
	done < <(grep -oE 'HOTSLOT_[A-Z_]+' "$PROSE" | sort -u)
}

run_tests
