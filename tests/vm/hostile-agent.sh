#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that lies: exact exit status and error, in time, nothing raw on the terminal, and a domain
# that is left as it was. In hotslot-agent's place runs fake-agent, which does as it is told.

# Takes long

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../fake.sh"

# What a command may take beyond its --timeout: the agent's grace, and taking a disk back from a
# guest that says nothing, a second for each of the two questions with a grace of their own.
MARGIN_MS=6000
# Seconds: of waits that last to their end, and of those that an answer ends, however busy the host.
SHORT=2 PATIENCE=10

setup_file() {
	HOTSLOT_AGENT=$B/tests/vm/fake-agent
	IMAGE=$(appliance_image --no-udev)
	launch vm
	# The driver writes the XML of a domain that it found running a little differently.
	raw_image "$T/first.img"
	hs attach vm "$T/first.img"
	hs detach vm 0
	DEVICES=$(live_devices vm)
}

setup_test() {
	raw_image a.img
}

# ---- checks --------------------------------------------------------------------------------

# No C0 control but the newline, no DEL, no C1 control in UTF-8.
check_printable() { # FILE
	if LC_ALL=C grep -aqP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"; then
		fail "control characters: $(cat -v "$1")"
	fi
}

# The command fails with this code, in time, and leaves the domain as it was.
fails_with() { # CODE TIMEOUT_S COMMAND…
	local code=$1 limit=$(($2 * 1000 + MARGIN_MS)) start=${EPOCHREALTIME/./} took
	shift 2
	check_fails 1 '^hotslot: ' hs "$@" --json
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	check_equal "$code" "$(jq -r .error.code stdout)"
	check_equal 1 "$(wc -l <stderr)"
	check_printable stderr
	check_printable stdout
	[[ $took -le $limit ]] || fail "$* took $took ms"
	check_equal "$DEVICES" "$(live_devices vm)"
}

refuses_attach() { # CODE REQUEST HOW [TIMEOUT_S]
	local timeout=${4:-$PATIENCE}
	printf 'on %s: %s\n' "$2" "$3" >&2
	order "$2" "$3"
	fails_with "$1" "$timeout" attach vm a.img --slot 0 --serial given --timeout "$timeout"
}

# The same where no answer comes that would end the wait.
gives_up_attach() { # CODE REQUEST HOW
	refuses_attach "$@" "$SHORT"
}

# The agent confirms a disk with these members in the record.
refuses_record() { # CODE MEMBERS
	refuses_attach "$1" expect "\"merge\":{\"return\":{\"disk\":{$2}}}"
}

check_recovered() {
	behave
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --slot 0)"
	hs detach vm 0
	check_equal "$DEVICES" "$(live_devices vm)"
}

test_an_agent_that_behaves_is_believed() {
	check_recovered
}

# ---- frames --------------------------------------------------------------------------------

test_an_agent_that_is_silent() {
	gives_up_attach agent hello '"silent":true'
	check_recovered
}

test_an_attach_that_is_never_confirmed_is_rolled_back() {
	gives_up_attach not-confirmed expect '"silent":true'
	check_equal confirm "$(jq -r .error.step stdout)"
	check_match 'rolled back, the domain is as it was' "$(<stderr)"
	check_recovered
}

# The fake one answers as soon as it is asked, which is before the host attaches anything. That QEMU
# cannot open the image's backing file shows only then.
test_a_disk_that_is_confirmed_before_it_is_there() {
	behave
	qemu-img create -q -f qcow2 -u -b missing -F raw overlay.qcow2 1M
	fails_with libvirt "$PATIENCE" attach vm overlay.qcow2 --slot 0 --timeout "$PATIENCE"
	check_equal attach "$(jq -r .error.step stdout)"
	[[ $(<stdout) != *by-slot* ]] || fail "a name: $(<stdout)"
	check_recovered
}

test_an_attach_that_is_rolled_back_leaves_its_slot_reserved() {
	hs reserve vm 0 3
	gives_up_attach not-confirmed expect '"silent":true'
	behave
	check_equal "0 3" "$(hs reserve vm | paste -sd ' ')"
	hs unreserve vm 0 3
	check_recovered
}

test_an_agent_that_dies_while_it_confirms() {
	gives_up_attach not-confirmed expect '"mute":true'
	check_recovered
}

# Long enough for a heartbeat, which it does not answer either.
test_an_agent_that_dies_and_is_asked_again() {
	refuses_attach agent expect '"mute":true'
	check_match 'does not answer.*rolled back' "$(<stderr)"
	check_recovered
}

test_a_truncated_answer_and_then_nothing() {
	gives_up_attach not-confirmed expect '"cut":100,"mute":true'
	gives_up_attach agent hello '"cut":30'
	check_recovered
}

# The next answer, to a heartbeat, is then the end of a line that makes no sense.
test_a_truncated_answer_and_then_the_next() {
	order expect '"cut":100'
	fails_with agent "$PATIENCE" attach vm a.img --slot 0 --timeout "$PATIENCE"
	check_match 'malformed frame' "$(<stderr)"
	check_recovered
}

test_malformed_frames() {
	local text
	for text in '{' 'nonsense' '[]' '7' 'null' '{} {}' '{\"return\":{\"disk\":}}' \
		'{\"return\":{},\"return\":{}}' '{\"id\":\"\\u0000\"}' '{\"id\":99999999999999999999}' \
		'{\"id\":1e999}' '\u001b[31m{}'; do
		refuses_attach agent expect "\"text\":\"$text\""
	done
	check_match 'malformed' "$(<stderr)"
	check_recovered
}

test_an_oversized_frame() {
	refuses_attach agent expect '"text":"xxxxxxxxxxxxxxxx","times":5000'
	check_match 'too long' "$(<stderr)"
	check_recovered
}

test_deep_nesting() {
	refuses_attach agent expect '"text":"[","times":60000'
	refuses_attach agent expect '"text":"{\"return\":","times":6000'
	check_recovered
}

test_answers_of_others_are_no_answers() {
	gives_up_attach not-confirmed expect '"merge":{"session":"0123456789abcdef"}'
	gives_up_attach not-confirmed expect '"merge":{"id":999999}'
	gives_up_attach not-confirmed expect '"merge":{"id":"1"}'
	check_recovered
}

test_events_without_end() {
	gives_up_attach not-confirmed expect '"flood":true'
	gives_up_attach agent hello '"flood":true'
	check_recovered
}

# Every byte shows that it lives, and none that it will ever answer.
test_an_answer_that_trickles() {
	gives_up_attach not-confirmed expect '"trickle":true'
	gives_up_attach agent hello '"trickle":true'
	refuses_attach agent expect '"trickle":true'
	check_recovered
}

# KiB that a command may grow beyond what it takes with an agent that behaves: its frames, its
# queue, and what the allocator and libvirt do with them.
FLOOD_KIB=2048

# Prints the most memory that the command had, in KiB; how it ends does not matter. busybox takes the
# kernel's KiB for pages of 4.
peak_memory() { # COMMAND…
	busybox time -f '%M' "$@" >/dev/null 2>peak || true
	echo $(($(tail -n 1 peak) / 4))
}

test_a_flood_costs_no_memory() {
	local calm peak how
	behave
	calm=$(peak_memory "$HOTSLOT" -c "$URI" attach vm a.img --slot 0)
	hs detach vm 0
	for how in '"flood":true' '"text":"xxxxxxxxxxxxxxxx","times":200000'; do
		order expect "$how"
		peak=$(peak_memory "$HOTSLOT" -c "$URI" attach vm a.img --slot 0 --timeout "$SHORT")
		[[ $peak -le $((calm + FLOOD_KIB)) ]] ||
			fail "$how: $peak KiB, with an agent that behaves $calm KiB"
		check_equal "$DEVICES" "$(live_devices vm)"
	done
	check_recovered
}

# ---- types ---------------------------------------------------------------------------------

test_a_hello_of_wrong_types() {
	local members
	for members in '"version":"1"' '"version":2' '"nonce":"0123456789abcdef"' '"nonce":7' \
		'"agent":null' '"agent":"\u001b[2J"' '"boot-id":[]' '"epoch":-1' '"epoch":1.5' \
		'"links":"everybody"' '"controller":7' '"controller":"\u009b2J"'; do
		refuses_attach agent hello "\"merge\":{\"return\":{$members}}"
	done
	refuses_attach agent hello '"merge":{"return":7}'
	check_recovered
}

test_a_record_of_wrong_types() {
	local members
	for members in '"place":"0"' '"place":1' '"slot":"0"' '"slot":-1' '"slot":0.0' '"slot":null' \
		'"target":256' '"lun":16384' '"lun":-1' '"serial":7' '"conflict":"no"' '"name":null' \
		'"devnum":[8,0]' '"diskseq":-1' '"size":-1' '"size":"1048576"' '"size":1048576.0' \
		'"block-size":4294967296' '"read-only":0' '"state":"gone"' '"links":7' '"links":[7]' \
		'"links":{}' '"contents":[]' '"contents":{"state":7}' '"contents":{"label":7}' \
		'"partitions":{}' '"partitions":[7]' '"partitions":[{"number":256}]'; do
		refuses_record agent "$members"
	done
	check_recovered
}

test_an_answer_of_wrong_types() {
	local how
	for how in '"return":7' '"return":null' '"return":{"disk":null}' '"return":{"disk":[]}' \
		'"error":7' '"error":{}' '"error":{"class":7,"desc":[]}'; do
		refuses_attach agent expect "\"merge\":{$how}"
	done
	refuses_attach agent disks '"merge":{"return":{"disks":7}}'
	refuses_attach agent disks '"merge":{"return":{"disks":[7]}}'
	check_recovered
}

# It is an older agent, too, which knows nothing of generations.
test_status_says_where_the_guest_contradicts_the_host() {
	hs attach vm a.img --slot 0 --serial given >/dev/null
	order disks "\"disks\":[$(record 0 other 4096 | sed 's/"read-only":false/"read-only":true/'),$(
		record 5 sly 1048576)]"
	hs status vm --json >status.json
	check_equal $'guest-serial 0\nguest-size 0\nguest-read-only 0\nguest-only 5' \
		"$(jq -r '.drift[] | "\(.kind) \(.slot)"' status.json)"
	check_equal 'null null' "$(jq -r '.session | "\(.renewed) \(.previous)"' status.json)"
	behave
	check_equal 'not-visible 0' "$(hs status vm --json | jq -r '.drift[] | "\(.kind) \(.slot)"')"
	order hello '"merge":{"return":{"renewed":true,"previous":"\u001b[2J"}}'
	check_equal "null The agent's answer to the hello is malformed" "$(hs status vm --json |
		jq -r '"\(.session) \(.trouble)"')"
	behave
	hs detach vm 0 --force --quiet
	check_recovered
}

test_a_guest_that_manages_another_controller_or_none() {
	refuses_attach controller hello '"merge":{"return":{"controller":"0000:00:1f.7"}}'
	check_match 'the guest 0000:00:1f.7, which is no controller' "$(<stderr)"
	refuses_attach controller hello '"merge":{"return":{"controller":"nonsense"}}'
	refuses_attach no-controller hello '"merge":{"return":{"controller":null}}'
	check_recovered
}

# ---- lies ----------------------------------------------------------------------------------

test_another_disk_than_the_one_that_was_attached() {
	refuses_record mismatch '"serial":"other"'
	check_match 'serial other' "$(<stderr)"
	refuses_record mismatch '"serial":null'
	refuses_record mismatch '"size":4096'
	refuses_record mismatch '"size":0'
	refuses_record mismatch '"read-only":true'
	refuses_record agent '"place":1,"slot":1,"lun":1,"links":["/dev/disk/by-slot/1"]'
	refuses_record agent '"state":"released"'
	order expect '"merge":{"return":{"disk":{"conflict":true}}}'
	fails_with serial-taken "$PATIENCE" attach vm a.img --slot 0 --serial given --strict
	check_recovered
}

test_links_that_are_not_the_disks() {
	refuses_record agent '"links":[]'
	refuses_record agent '"links":["/dev/disk/by-slot/1"]'
	refuses_record agent '"links":["/dev/disk/by-slot/../by-slot/0"]'
	refuses_record agent '"links":["by-slot/0"]'
	refuses_record agent '"links":["/dev/disk/by-slot/0\n"]'
	check_recovered
}

test_control_characters_do_not_reach_the_terminal() {
	local text
	for text in '\u001b[31mred' '\u009b31mred' 'a\rb' 'a\nb' '\u007f' '\u001b]0;title\u0007'; do
		refuses_record agent "\"serial\":\"$text\""
		refuses_record agent "\"name\":\"$text\""
		refuses_record agent "\"contents\":{\"label\":\"$text\"}"
		refuses_attach mismatch expect \
			"\"merge\":{\"error\":{\"class\":\"DiskMismatch\",\"desc\":\"$text\"}}"
		refuses_attach agent expect \
			"\"merge\":{\"error\":{\"class\":\"$text\",\"desc\":\"$text\"}}"
	done
	refuses_attach agent hello '"merge":{"error":{"class":"E","desc":"\u001b[31m\u009b2J\r"}}'
	check_recovered
}

# ---- list and detach -----------------------------------------------------------------------

LIST_SECONDS=30 # of the library, as list has no --timeout

# A name for it would be one for whatever the host puts there.
test_a_disk_that_the_host_does_not_have_is_not_named() {
	order disks "\"disks\":[${RECORD/\"links\":[]/\"links\":[\"/dev/disk/by-slot/5\"]}]"
	check_equal false "$(disk_field vm 5 attached)"
	fails_with slot-empty "$LIST_SECONDS" resolve vm 5
	fails_with no-disk "$LIST_SECONDS" resolve vm serial:s
	check_recovered
}

lists_nothing() { # CODE HOW
	printf 'on disks: %s\n' "$2" >&2
	order disks "$2"
	fails_with "$1" "$LIST_SECONDS" list vm
}

RECORD='{"place":5,"slot":5,"target":0,"lun":5,"serial":"s","conflict":false,"name":"sda",
	"devnum":"8:0","diskseq":1,"size":512,"block-size":512,"read-only":false,"state":"present",
	"links":[],"contents":{"state":"known"},"partitions":[]}'
RECORD=${RECORD//[$'\n\t']/}

test_a_list_that_is_none() {
	lists_nothing agent '"merge":{"return":{"disks":{}}}'
	lists_nothing agent '"merge":{"return":{"disks":[7]}}'
	lists_nothing agent '"merge":{"return":{"disks":[],"next":7}}'
	lists_nothing agent "\"merge\":{\"return\":{\"disks\":[$RECORD,$RECORD]}}"
	lists_nothing agent "\"merge\":{\"return\":{\"disks\":[$RECORD],\"next\":4}}"
	lists_nothing agent "\"merge\":{\"return\":{\"disks\":[$RECORD],\"next\":5}}"
	lists_nothing agent "\"merge\":{\"return\":{\"disks\":[${RECORD/sda/\\u001b[2J}]}}"
	order disks "\"merge\":{\"return\":{\"disks\":[$RECORD]}}"
	check_equal 5 "$(slots vm)"
	check_recovered
}

# KiB: what a guest's disks may take (RECORDS_MEMORY_MAX), and a quarter of it for all else.
LIST_KIB=20480

test_a_list_without_end() {
	local calm peak
	behave
	calm=$(peak_memory "$HOTSLOT" -c "$URI" list vm)
	lists_nothing agent '"pages":500'
	check_match 'more disks than a guest has' "$(<stderr)"
	peak=$(peak_memory "$HOTSLOT" -c "$URI" list vm)
	echo "$peak KiB, with an agent that behaves $calm KiB"
	[[ $peak -le $((calm + LIST_KIB)) ]] || fail "too much"
	check_recovered
}

test_hidden_disks_that_are_none() {
	local how
	for how in 7 '[]' '{"undecided":null}' '{"undecided":0}' '{"places":{}}' '{"places":[-1]}' '{"places":["0"]}' \
		'{"places":[4259840]}' "{\"places\":[$(seq -s, 65)]}"; do
		lists_nothing agent "\"merge\":{\"return\":{\"hidden\":$how}}"
	done
	order disks '"merge":{"return":{"hidden":null}}'
	fails_with agent "$LIST_SECONDS" list vm
	check_recovered
}

# The host's disks are then not listed, and cannot be named.
test_a_guest_that_hides_disks() {
	local how reference DEVICES
	hs attach vm a.img --slot 0 --serial sly --id sly
	DEVICES=$(live_devices vm)
	for how in '{"undecided":true}' '{"places":[0]}'; do
		order disks "\"merge\":{\"return\":{\"hidden\":$how}}"
		check_equal "" "$(slots vm)"
		for reference in 0 /dev/sda /dev/disk/by-slot/0 serial:sly alias:ua-hotslot-sly id:sly; do
			fails_with protected "$LIST_SECONDS" resolve vm "$reference"
			check_match 'is hidden: ' "$(<stderr)"
			fails_with protected "$LIST_SECONDS" resize vm "$reference" 4M
		done
		fails_with protected "$LIST_SECONDS" detach vm serial:sly --force --foreign
		fails_with no-disk "$LIST_SECONDS" resolve vm serial:none
	done
	hs doctor vm >report || true
	check_match "disk 0 +ua-hotslot-sly: .*/a.img: The guest hides it as the system's own" "$(<report)"
	order disks '"merge":{"return":{"hidden":{"undecided":true}}}'
	check_match 'cannot tell yet which disks its root file system stands on, so it hides them all' \
		"$(hs list vm 2>&1)"
	behave
	check_equal 0 "$(slots vm)"
	hs detach vm 0
}

# What the host has given, it knows better.
test_a_serial_that_is_another_disks_or_nobodys() {
	local reference DEVICES
	raw_image b.img
	hs attach vm a.img --slot 0 --serial sly --id sly
	virsh_attach vm b.img 0 5
	DEVICES=$(live_devices vm)
	order disks "\"disks\":[$(record 5 sly 1048576)],\"merge\":{\"return\":{\"hidden\":{\"places\":[0]}}}"
	for reference in serial:sly /dev/disk/by-serial/sly; do
		fails_with mismatch "$LIST_SECONDS" resolve vm "$reference"
		fails_with mismatch "$LIST_SECONDS" detach vm "$reference" --force --foreign
	done
	order disks "\"disks\":[$(record 5 other 1048576)]"
	check_equal "true null" "$(disk_field vm 5 mismatch) $(disk_field vm 5 by-serial)"
	fails_with mismatch "$LIST_SECONDS" resolve vm serial:other
	check_match 'reads serial other, the host has given none' "$(<stderr)"
	behave
	virsh_detach vm b.img
	hs detach vm 0
}

refuses_detach() { # CODE HOW [TIMEOUT_S]
	local timeout=${3:-$PATIENCE}
	printf 'on release: %s\n' "$2" >&2
	order release "$2"
	DEVICES=$ATTACHED fails_with "$1" "$timeout" detach vm 0 --timeout "$timeout"
}

test_a_release_that_is_none_leaves_the_disk() {
	hs attach vm a.img --slot 0
	ATTACHED=$(live_devices vm)
	refuses_detach timeout '"silent":true' "$SHORT"
	refuses_detach agent '"text":"{"'
	refuses_detach agent '"merge":{"return":{"state":7}}'
	refuses_detach agent '"merge":{"return":{"state":"\u001b[2J"}}'
	refuses_detach agent '"merge":{"error":{"class":"InternalError","desc":"\u001b[2J"}}'
	refuses_detach disk-busy '"merge":{"error":{"class":"DiskBusy","users":[7,{"kind":"mount","device":"sda","what":"\u001b[2J","process":"\u009b2J"}]}}'
	behave
	hs detach vm 0
	check_equal "$DEVICES" "$(live_devices vm)"
}

# The guest refuses the release like this, and then does not say that the disk is gone either.
goes_by_force() { # HOW REGEX
	local start=${EPOCHREALTIME/./} took
	printf 'on release: %s\n' "$1" >&2
	hs attach vm a.img --slot 0
	order release "$1"
	start=${EPOCHREALTIME/./}
	hs detach vm 0 --force --wait 10 --timeout "$SHORT" --json >stdout 2>stderr
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	# A silent agent's last grace, and what the rest takes.
	[[ $took -le $((SHORT * 1000 + 2500)) ]] || fail "it took $took ms"
	check_equal "$DEVICES" "$(live_devices vm)"
	check_match "detach: slot 0 was detached though the guest did not let go of it, and what it had yet to write may be lost: .*$2" \
		"$(<stderr)"
	check_equal '[0] unreleased 0 unconfirmed 0' "$(jq -r '"\(.detached) \([."taken-from"[-2:][] |
		"\(.kind) \(.slot)"] | join(" "))"' stdout)"
	check_match "$2" "$(jq -r '."taken-from"[-2].what' stdout)"
	check_printable stdout
	check_printable stderr
}

# What was taken is told although the guest does not say that the disk is gone; and the guest cannot
# say that in the host's name.
test_what_force_has_taken_is_told_in_any_case() {
	hs attach vm a.img --slot 0
	order release "$(jq -cn '{merge: {return: {state: "released", users: [
		{kind: "mount", device: "sda", what: "/x"},
		{kind: "unconfirmed", device: "sda", what: "it is over"}]}}}' | sed 's/^{\(.*\)}$/\1/')"
	hs detach vm 0 --force --timeout "$SHORT" --json >stdout 2>stderr
	check_equal '[0] mount unconfirmed' "$(jq -r '"\(.detached) \([."taken-from"[].kind] | join(" "))"' stdout)"
	check_match 'slot 0 was taken from: /x mounted' "$(<stderr)"
	check_match 'did not confirm that it is gone: .*malformed' "$(<stderr)"
	check_equal "$DEVICES" "$(live_devices vm)"
	check_recovered
}

test_force_takes_a_disk_that_the_guest_does_not_let_go_of() {
	goes_by_force '"merge":{"error":{"class":"DiskBusy","users":[{"kind":"mount","device":"sda","what":"/x"}]}}' \
		'sda is mounted on /x'
	check_match 'slot 0 was taken from: /x mounted' "$(<stderr)"
	check_equal mount "$(jq -r '."taken-from"[0].kind' stdout)"
	goes_by_force '"merge":{"error":{"class":"InternalError","desc":"no \u009b2J"}}' "refuses 'release': no reason given"
	goes_by_force '"merge":{"return":{"state":7}}' 'malformed'
	goes_by_force '"text":"{"' 'malformed'
	goes_by_force '"silent":true' 'did not answer'
	check_recovered
}

lost_goes_by_force() { # HOW REGEX
	printf 'on release: %s\n' "$1" >&2
	leak_disk ua-hotslot-slot-3 3
	order release "\"disks\":[$(record 3 lost 1048576)],$1"
	check_fails 1 'and QEMU has it: --force detaches it, or start the domain anew' \
		hs detach vm 3 --timeout "$SHORT"
	check_fails 0 "slot 3 was detached though the guest did not let go of it, .*$2" \
		hs detach vm 3 --force --timeout "$SHORT"
	check_equal "" "$(qemu qom-list '"path":"/machine/peripheral"' | grep -o ua-hotslot-slot-3)"
	qemu blockdev-del '"node-name":"lost-3"' >/dev/null
}

test_force_takes_a_disk_that_libvirt_has_lost() {
	local DEVICES refusal='"merge":{"error":{"class":"DiskBusy"}}'
	lost_goes_by_force "$refusal" 'uses the disk in slot 3'
	lost_goes_by_force '"merge":{"error":{"class":"InternalError","desc":"no"}}' "refuses 'release': no"
	leak_disk ua-hotslot-slot-3 3
	DEVICES=$(live_devices vm)
	order release "\"hidden\":[3],\"disks\":[$(record 3 lost 1048576)],$refusal"
	check_fails 1 '' hs detach vm 3 --force --timeout "$SHORT"
	check_match ua-hotslot-slot-3 "$(qemu qom-list '"path":"/machine/peripheral"')"
	end_leaked ua-hotslot-slot-3 3
	check_recovered
}

# Its root may stand on it, or the guest is gone altogether.
test_force_leaves_a_disk_that_is_hidden_or_may_be() {
	local DEVICES refusal='"merge":{"error":{"class":"DiskBusy"}}'
	hs attach vm a.img --slot 0
	DEVICES=$(live_devices vm)
	order release "\"hidden\":[0],$refusal"
	fails_with protected "$SHORT" detach vm 0 --force --timeout "$SHORT"
	check_match 'hidden' "$(<stderr)"
	# As an agent of long ago, which does not tell.
	order release "\"hidden\":null,$refusal"
	hs list vm >/dev/null
	fails_with protected "$SHORT" detach vm 0 --force --timeout "$SHORT"
	check_match 'its agent is older' "$(<stderr)"
	order release '"mute":true'
	fails_with agent "$SHORT" detach vm 0 --force --timeout "$SHORT"
	behave
	hs detach vm 0
}

# As one does that is older than waiting.
test_an_agent_that_does_not_wait_is_asked_until_the_time_is_over() {
	hs attach vm a.img --slot 0
	order release '"merge":{"error":{"class":"DiskBusy","users":[{"kind":"open","device":"sda"}]}}'
	local start=${EPOCHREALTIME/./} ms
	check_fails 1 'uses the disk in slot 0: sda is open' hs detach vm 0 --wait 2 --json
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	[[ $ms -ge 2000 && $ms -lt 10000 ]] || fail "it waited $ms ms"
	check_equal '[{"kind":"open","device":"sda","what":""}]' "$(jq -c .error.users stdout)"
	behave
	hs detach vm 0
}

# The guest shows the disk in slot 0 with its serial, and answers a resize of it like this.
refuses_resize() { # CODE HOW [REGEX]
	printf 'on resize: %s\n' "$2" >&2
	order resize "\"disks\":[${RECORD//:5,/:0,}],$2"
	fails_with "$1" "$SHORT" resize vm 0 "$BYTES" --timeout "$SHORT"
	check_match "${3:-.}" "$(<stderr)"
	BYTES=$((BYTES + 1048576))
}

test_a_resize_that_is_not_confirmed() {
	local DEVICES BYTES=2097152
	hs attach vm a.img --slot 0 --serial s
	DEVICES=$(live_devices vm)
	refuses_resize not-confirmed '"silent":true' \
		'did not confirm the new size of the disk in slot 0 in time; the host has resized it to 2097152 bytes, the guest sees 512'
	refuses_resize not-confirmed '"merge":{"error":{"class":"DeadlineExceeded","desc":"x"}}' \
		'did not see the new size .*; the host has resized it to 3145728 bytes, the guest sees 512'
	refuses_resize agent '"merge":{"error":{"class":"InvalidArgument","desc":"\u001b[2J"}}'
	refuses_resize agent '"merge":{"return":{"disk":null}}'
	refuses_resize agent '"merge":{"return":{"disk":{"size":512}}}'
	refuses_resize agent '"merge":{"return":{"disk":{"place":1,"slot":1,"lun":1}}}'
	refuses_resize agent '"merge":{"return":{"disk":{"state":"released"}}}'
	refuses_resize mismatch '"merge":{"return":{"disk":{"serial":"other","links":[]}}}' \
		'now shows another disk in slot 0: serial other, not serial s'
	refuses_resize mismatch '"merge":{"return":{"disk":{"read-only":true}}}'
	check_equal 10485760 "$(stat -c %s a.img)"
	behave
	hs detach vm 0
}

test_a_repair_that_cannot_ask_fails() {
	local DEVICES
	raw_image b.img
	virsh_attach vm b.img 0 5
	DEVICES=$(live_devices vm)
	order expect '"merge":{"error":{"class":"InternalError","desc":"no"}}'
	fails_with agent "$SHORT" repair vm --timeout "$SHORT"
	order expect '"merge":{"return":{"disk":7}}'
	fails_with agent "$SHORT" repair vm --timeout "$SHORT"
	behave
	virsh_detach vm b.img
}

run_tests
