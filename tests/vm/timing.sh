#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# attach --timing and list --timing: where the time went, by the clocks of host and guest.

# Guests: plain udevd udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

setup_file() {
	launch_controlled vm
}

setup_test() {
	detach_all vm
}

# Definitions for jq. Numbers have seven digits, so sums may differ by a little.
JQ='
def phase(name): .phases[name];
def ending: .["start-ms"] + .["duration-ms"];
def same(other): (. - other) | fabs < 0.01;
# Each phase of the guest begins when the one before it ends.
def chained: [.phases.kernel, .phases.udev, .phases.link, .phases.report | values] as $chain |
	all(range(1; $chain | length); . as $i | $chain[$i]["start-ms"] | same($chain[$i - 1] | ending));
def all_positive: all(.phases[] | values; .["start-ms"] >= 0 and .["duration-ms"] >= 0);
'

# The timing of what was attached, in the file "timing": what holds on any machine.
check_attach_timing() { # FILE
	jq -e "$JQ"' .guest == "told" and ."error-ms" > 0 and ."age-ms" == null and
		(.phases | keys_unsorted) ==
			["check", "libvirt", "verify", "kernel", "udev", "link", "report"]' "$1"
	jq -e "$JQ"' all_positive and chained and ."error-ms" <= ."total-ms"' "$1"
	# One line, from the call to its end.
	jq -e "$JQ"' . as $t | .phases | .check["start-ms"] == 0 and
		(.check | ending | same($t.phases.libvirt["start-ms"])) and
		(.libvirt | ending | same($t.phases.verify["start-ms"])) and
		(.kernel["start-ms"] | same($t.phases.libvirt["start-ms"])) and
		(.report | ending) <= $t["total-ms"] + 0.01' "$1"
	if [[ $LINKS_OWNER == udev ]]; then
		jq -e '.phases.udev["duration-ms"] > 0' "$1"
	else
		jq -e '.phases.udev == null' "$1"
	fi
}

test_attach_says_where_its_time_went() {
	raw_image a.img
	hs attach vm a.img --timing --json >out
	jq '.disks[0].timing' out | tee timing >&2
	check_attach_timing timing
	# The same as is told without being asked.
	jq -e "$JQ"'.disks[0] | (.timing["total-ms"] | same($t["total"])) and
		(.timing.phases.libvirt["duration-ms"] | same($t.attach))' \
		--argjson t "$(jq '.disks[0]["timing-ms"]' out)" out
}

test_who_does_not_ask_is_told_no_times() {
	raw_image a.img
	hs attach vm a.img --json >out
	jq -e '.disks[0] | has("timing-ms") and (has("timing") | not)' out
	hs list vm --json >out
	jq -e '.disks[0] | has("timing") | not' out
}

# A line of the table: a name, start and duration, a bar; or dashes.
check_line() { # PHASE FILE
	grep -qE "^$1 +[0-9]+\.[0-9]{3} +[0-9]+\.[0-9]{3}  +#+$" "$2" || fail "no $1: $(<"$2")"
}

test_the_table_is_on_standard_error() {
	local phase
	raw_image a.img
	raw_image b.img
	hs attach vm a.img b.img --timing >out 2>table
	cat table >&2
	check_equal "/dev/disk/by-slot/0
/dev/disk/by-slot/1" "$(<out)"
	check_equal "slot 0 slot 1" "$(grep -oE '^slot [0-9]+' table | paste -sd ' ')"
	sed '/^slot 1/,$d' table >first
	sed -n '/^slot 1/,$p' table >second
	for phase in check libvirt verify kernel link report; do
		check_line "$phase" first
		check_line "$phase" second
	done
	if [[ $LINKS_OWNER == udev ]]; then
		check_line udev first
	else
		grep -qE '^udev +- +-$' first
	fi
	check_match $'total +0.000 +[0-9.]+\nwhat the guest tells is right to [0-9.]+ ms$' "$(<first)"
	[[ $(<table) != *hotslot:* ]]
}

# The same moments, told later, by the guest's clock alone.
test_list_says_the_same_later() {
	raw_image a.img
	hs attach vm a.img --timing --json | jq '.disks[0].timing' >timing
	hs list vm --timing --json | jq '.disks[0].timing' >later
	cat timing later >&2
	jq -e "$JQ"' .guest == "told" and ."age-ms" > 0 and ."error-ms" == null and
		(.phases | keys_unsorted) == ["kernel", "udev", "link", "report"]' later
	jq -e "$JQ"' all_positive and chained and .phases.kernel["start-ms"] == 0' later
	jq -e "$JQ"' .["total-ms"] | same($p.report | ending)' --argjson p "$(jq .phases later)" later
	jq -e "$JQ"' (.phases.link["duration-ms"] | same($p.link["duration-ms"])) and
		(.phases.udev["duration-ms"] // 0 | same($p.udev["duration-ms"] // 0))' \
		--argjson p "$(jq .phases timing)" later
}

# Those that came later are younger, and the numbers are those of the JSON.
test_list_has_a_table() {
	raw_image a.img
	raw_image b.img
	# Not in one command: the guest may be through with the second first.
	hs attach vm a.img >&2
	hs attach vm b.img >&2
	hs list vm --timing >table
	cat table >&2
	check_equal "SLOT NAME AGE KERNEL/ms UDEV/ms LINK/ms REPORT/ms TOTAL/ms SERIAL" \
		"$(head -n 1 table | tr -s ' ')"
	hs list vm --timing --json >out
	check_equal "$(jq -r '.disks[] | [.slot, .name, .timing.phases.link["duration-ms"], .serial] |
		"\(.[0]) \(.[1]) \(.[2] * 1000 | round) \(.[3])"' out)" \
		"$(awk 'NR > 1 { printf "%s %s %.0f %s\n", $1, $2, $6 * 1000, $9 }' table)"
	jq -e '.disks | .[0].timing["age-ms"] > .[1].timing["age-ms"]' out
	check_equal "$(tail -n +3 table | tr -s ' ' | cut -d' ' -f2,3)" \
		"$(hs list vm 1 --timing | tail -n +2 | tr -s ' ' | cut -d' ' -f2,3)"
}

test_nobody_expected_the_disk_of_another() {
	raw_image a.img
	virsh_attach vm a.img 0 5
	await_equal true visible
	hs list vm --timing --json | jq '.disks[0].timing' | tee timing >&2
	jq -e "$JQ"' .guest == "told" and .phases.kernel == null and ."total-ms" == null and
		."age-ms" > 0 and .phases.link["duration-ms"] >= 0 and all_positive' timing
	detach_all vm
}
visible() {
	hs list vm --json | jq '.disks[0].visible'
}

# The agent that finds a disk has not heard of its coming.
test_what_an_agent_finds_has_no_phases() {
	raw_image a.img
	hs attach vm a.img >&2
	guest_run vm "kill -KILL \$($AGENT_PID)"
	hs list vm --timing --json | jq '.disks[0].timing' | tee timing >&2
	jq -e '.guest == "told" and all(.phases[]; . == null) and ."total-ms" == null' timing
	check_equal "0 sda - - - - -" "$(hs list vm --timing |
		awk 'NR > 1 { print $1, $2, $4, $5, $6, $7, $8 }')"
	# It hears of the next one.
	raw_image b.img
	hs attach vm b.img --timing --json | jq '.disks[0].timing' >timing
	check_attach_timing timing
}

test_a_command_of_a_shell_asks_for_itself() {
	raw_image a.img
	raw_image b.img
	hs shell >out 2>table <<-END
		attach vm a.img --timing
		attach vm b.img
		list vm
		list vm --timing
	END
	check_equal 1 "$(grep -c '^total ' table)"
	check_equal 1 "$(grep -c '^SLOT.*SIZE' out)"
	check_equal 1 "$(grep -c '^SLOT.*KERNEL/ms' out)"
}

test_what_has_no_times() {
	raw_image a.img
	check_fails 2 'config and --timing exclude each other' hs attach vm a.img --config --timing
	check_fails 2 'timing and --config exclude each other' hs list vm --config --timing
	check_fails 2 'timing and --long exclude each other' hs list vm --long --timing
	check_equal "slot 0 reserved" "$(hs attach vm /dev/null --timing 2>stderr)"
	check_match '^hotslot: attach: /dev/null: nothing was timed' "$(<stderr)"
	check_equal "slot 1 reserved" "$(hs attach vm /dev/null --timing -q 2>stderr)"
	check_equal "" "$(<stderr)"
	hs unreserve vm 0 1
}

run_tests
