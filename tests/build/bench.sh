#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the bench makes of its samples: tests/bench/report.jq and table.jq.

. "$(dirname "$0")/../lib.sh"

report_of() { # "METRIC KIND N VALUE"…
	printf '%s\n' "$@" | tr ' ' '\t' |
		jq -Rn --argjson environment '{"accel": "tcg"}' -f "$SRC/tests/bench/report.jq" >results.json
}

result() { # METRIC KIND N MEMBER
	jq -c --arg metric "$1" --arg kind "$2" --argjson n "$3" --arg member "$4" '.results[]
		| select(.metric == $metric and .kind == $kind and .n == $n) | .[$member]' results.json
}

# "RATIO MET" of one goal.
goal() { # GOAL KIND
	jq -r --arg goal "$1" --arg kind "$2" \
		'.goals[] | select(.goal == $goal and .kind == $kind) | "\(.ratio) \(.met)"' results.json
}

test_a_result_has_the_median_the_quartiles_and_every_sample() {
	report_of "attach floor 0 4" "attach floor 0 1" "attach floor 0 2" "attach floor 0 3" \
		"attach floor 100 9" "detach floor 0 7"
	check_equal 2.5 "$(result attach floor 0 median)"
	check_equal "[1.75,3.25]" "$(result attach floor 0 quartiles)"
	check_equal "[4,1,2,3]" "$(result attach floor 0 samples)"
	check_equal "9 [9,9]" "$(result attach floor 100 median) $(result attach floor 100 quartiles)"
	check_equal tcg "$(jq -r .environment.accel results.json)"
}

test_a_goal_is_met_or_not_or_was_not_measured() {
	report_of "attach floor 0 10" "attach plain 0 11" "attach udevd 0 12" "attach call 1000 20" \
		"attach plain 1000 30.2"
	check_equal "1.1 true" "$(goal "one attach / floor" plain)"
	check_equal "1.2 false" "$(goal "one attach / floor" udevd)"
	check_equal "null null" "$(goal "one attach / floor" udev)"
	check_equal "1.51 false" "$(goal "one attach with 1000 there / bare call with 1000 there" plain)"
}

test_the_table_has_a_row_for_each_result_and_each_goal() {
	local table
	report_of "attach floor 0 10" "attach plain 0 11" "attach plain 0 12" "exec-instructions helper 0 102628"
	table=$(jq -r -f "$SRC/tests/bench/table.jq" results.json)
	check_match $'\nattach +floor +0 +10\\.00 +10\\.00 \\.\\. 10\\.00 +1 +1\\.00 *\n' "$table"
	check_match $'\nattach +plain +0 +11\\.50 +11\\.25 \\.\\. 11\\.75 +2 +1\\.15 *\n' "$table"
	check_match $'\nexec-instructions +helper +0 +102628 ' "$table"
	check_match $'\none attach / floor +plain +1\\.150 +1\\.100  NOT MET\n' "$table"
	check_match $'\none attach / floor +udevd +- +1\\.150  not measured\n' "$table"
}

run_tests
