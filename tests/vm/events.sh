#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hotslot watch: the inventory, then all that happens, whoever does it and whatever fails.
# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# Wall-clock seconds until an event is told that is not told by now.
EVENT_SECONDS=60
# Commands in a row that a watcher has to make room for, and what each may take, seconds.
COMMANDS=20 COMMAND_SECONDS=5
# Random steps of others.
STEPS=16

setup_file() {
	start_daemon "$T/d"
	IMAGE=$(control_image --add /sbin/mke2fs:/bin/mke2fs)
	launch_controlled vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	detach_all vm
	raw_image a.img 2M
}

# Starts a watcher whose events, JSON lines, go to the file "events", and waits until it is ready.
start_watch() {
	"$HOTSLOT" -c "$URI" watch vm --json >events 2>watch.err &
	WATCHER=$!
	await_event .event ready >/dev/null
	: >seen
}

end_watch() {
	kill "$WATCHER"
	check_ends 143 "$WATCHER"
}

check_ends() { # STATUS PID
	local status=0
	wait "$2" 2>/dev/null || status=$?
	check_equal "$1" "$status"
}

# Waits until the events that were not awaited before have one of which FILTER is VALUE, and prints
# them up to that.
await_event() { # FILTER VALUE
	local end=$((SECONDS + EVENT_SECONDS)) new n
	touch seen
	until new=$(tail -n "+$(($(wc -l <seen) + 1))" events | jq -c --arg value "$2" \
		--slurp "([.[] | $1 | tostring] | index(\$value)) as \$i |
			if \$i then .[:\$i + 1][] else empty end" 2>/dev/null) && [[ $new ]]; do
		[[ $SECONDS -le $end ]] || fail "no event with $1 = $2: $(<events)$(<watch.err)"
		sleep 0.05
	done
	n=$(wc -l <<<"$new")
	head -n "$(($(wc -l <seen) + n))" events >seen.new
	mv seen.new seen
	echo "$new"
}

await_line() { # FILE REGEX
	timeout "$EVENT_SECONDS" bash -c 'tail -n +1 -F "$1" 2>/dev/null | grep -qE -- "$2"' - "$1" "$2" ||
		fail "no /$2/ in $1: $(<"$1")"
}

# What an event is and of which slot.
ABOUT='"\(.event) \(.disk.slot)"'

# What the events are about.
brief() { # reads events
	jq -r '[.event, (.disk | select(.) | .slot, .size)] | map(tostring) | join(" ")' | uniq
}

# Waits until the agent has looked at a disk.
await_known() { # SLOT
	await_equal known disk_field vm "$1" contents
}

# All events, applied to nothing, are what list says, but for the definition, which is not watched.
model() {
	jq -c --slurp 'reduce .[] as $e ({};
		if $e.event == "disk" or $e.event == "disk-added" or $e.event == "disk-changed"
		then .["\($e.disk.target):\($e.disk.lun)"] = $e.disk
		elif $e.event == "disk-removed" then del(.["\($e.disk.target):\($e.disk.lun)"])
		else . end) | [.[]] | sort_by(.target, .lun)[]' events
}

listed() {
	hs list vm --json | jq -c '.disks | sort_by(.target, .lun)[] | .persistent = null'
}

# Nothing is added that is there, nor removed or changed that is not, nor changed to what it was.
check_sense() {
	jq -e --slurp 'reduce .[] as $e ({}; "\($e.disk.target):\($e.disk.lun)" as $at |
		if $e.disk == null then .
		elif $e.event == "disk" or $e.event == "disk-added" then
			if .[$at] then error("there already: \($e)") else .[$at] = $e.disk end
		elif $e.event == "disk-changed" then
			if .[$at] == null or .[$at] == $e.disk then error("no change: \($e)")
			else .[$at] = $e.disk end
		elif .[$at] == null then error("not there: \($e)")
		else del(.[$at]) end)' events >/dev/null
}

check_model() {
	await_equal "$(listed)" model
	check_sense
}

test_the_inventory_first_and_then_what_others_do() {
	hs attach vm a.img --slot 3 --serial vol-7
	await_known 3
	start_watch
	check_equal $'connected\ndisk 3 2097152\nready' "$(brief <events)"
	check_equal "$(hs agent vm --json | jq -c 'del(.domain)')" "$(jq -c 'select(.agent).agent' events)"
	cp events seen
	raw_image b.img 1M
	hs attach vm b.img --slot 0 --serial other
	check_equal 'disk-added 0 1048576' "$(await_event .event disk-added | brief)"
	hs resize vm 0 3M
	check_match 'disk-changed 0 3145728$' "$(await_event .disk.size 3145728 | brief)"
	virsh_attach vm a.img 0 9 '<serial>virsh</serial>' 2>virsh.err && fail "one image twice"
	raw_image c.img 1M
	virsh_attach vm c.img 0 9 '<serial>virsh</serial>'
	await_event "$ABOUT" 'disk-added 9' >/dev/null
	virsh_detach vm c.img
	await_event "$ABOUT" 'disk-removed 9' >/dev/null
	hs detach vm 3
	check_match 'disk-removed 3 2097152$' "$(await_event "$ABOUT" 'disk-removed 3' | brief)"
	check_model
	check_equal "" "$(<watch.err)"
	end_watch
}

test_lines_for_people() {
	hs attach vm a.img --slot 3 --serial vol-7
	await_known 3
	# A shell has what it starts in the background ignore SIGINT.
	env --default-signal=INT "$HOTSLOT" -c "$URI" watch vm >text &
	WATCHER=$!
	await_line text ' ready$'
	kill -INT "$WATCHER"
	check_ends 130 "$WATCHER"
	local at='[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}'
	check_match "^$at connected agent [0-9.]+ boot-id [-0-9a-f]{36}"$'\n'"$at disk slot 3 sd[a-z] 2M serial vol-7 /dev/disk/by-slot/3"$'\n'"$at ready\$" \
		"$(<text)"
}

test_what_is_put_on_a_disk() {
	hs attach vm a.img --slot 0
	start_watch
	guest_run vm 'mke2fs -q -L data /dev/disk/by-slot/0'
	await_event .disk.label data >/dev/null
	check_model
	end_watch
}

test_an_agent_that_is_killed_and_what_happens_meanwhile() {
	hs attach vm a.img --slot 0
	start_watch
	raw_image b.img 1M
	# Whatever came and went before is looked after: the next agent has nothing to finish.
	guest_run vm 'while [ -e /run/hotslot/lost ]; do usleep 10000; done
		kill -STOP $(pidof hotslot-agent)
		echo 1 >/sys/block/$(basename $(readlink /dev/disk/by-slot/0))/device/delete'
	virsh_attach vm b.img 0 5
	guest_run vm 'kill -KILL $(pidof hotslot-agent)'
	check_match '^disconnected' "$(await_event .event disconnected | brief | tail -n 1)"
	await_event .event ready | brief >after
	check_equal connected "$(head -n 1 after)"
	# What only the host has takes a moment, and is told before that, too.
	check_match 'disk-changed 0 ' "$(<after)"
	await_equal "$(listed)" model
	check_sense
	end_watch
}

test_a_guest_that_is_reset() {
	hs attach vm a.img --slot 0
	await_known 0
	start_watch
	run_virsh reset vm
	check_equal disconnected "$(await_event .event disconnected | brief | tail -n 1)"
	# It is the same disk to the host, and another one to who has it open in the guest.
	check_equal $'connected\ndisk-removed 0 2097152\ndisk-added 0 2097152' \
		"$(await_event .event ready | brief | grep -v 'ready\|changed')"
	check_model
	end_watch
}

test_a_paused_domain_is_said_to_be_so_once() {
	start_watch
	run_virsh suspend vm
	raw_image b.img 1M
	virsh_attach vm b.img 0 5
	check_equal "The domain is paused" "$(await_event .event disconnected | jq -r 'select(.reason).reason')"
	run_virsh resume vm
	check_equal connected "$(await_event .event connected | brief)"
	await_event .disk.size 1048576 >/dev/null
	check_model
	end_watch
}

test_a_watcher_locks_nobody_out() {
	local i start took
	start_watch
	for ((i = 0; i < COMMANDS; i++)); do
		start=${EPOCHREALTIME/./}
		case $((i % 4)) in
		0) hs attach vm a.img --slot 1 ;;
		1 | 3) hs list vm ;;
		2) hs detach vm 1 ;;
		esac >/dev/null
		took=$(((${EPOCHREALTIME/./} - start) / 1000))
		[[ $took -lt $((1000 * COMMAND_SECONDS)) ]] || fail "command $i took $took ms"
	done
	check_model
	end_watch
}

test_two_watchers_and_a_shell() {
	start_watch
	"$HOTSLOT" -c "$URI" watch vm --json >events2 2>watch2.err &
	local second=$!
	hs attach vm a.img --slot 1 --serial both
	await_event .event disk-added >/dev/null
	await_line events2 '"serial":"both"'
	kill "$second"
	check_ends 143 "$second"
	check_fails 2 "unknown command 'watch'" hs shell vm <<<watch
	end_watch
}

# See tests/vm/watcher.c.
test_calls_on_the_domain_that_is_watched_from_the_same_process() {
	raw_image b.img 1M
	check_equal $'attached\nseen, and 1 in the list\nseen, and 0 in the list\nended\nended early' \
		"$(timeout "$EVENT_SECONDS" "$B/tests/vm/watcher" "$URI" vm b.img 2>&1)"
}

test_any_sequence_of_events_gives_what_list_says() {
	local i slot
	RANDOM=${SEED:=$RANDOM}
	echo "SEED=$SEED" >&2
	for i in 0 1 2 3 4; do raw_image "r$i" $((i + 1))M; done
	start_watch
	for ((i = 0; i < STEPS; i++)); do
		slot=$((RANDOM % 5))
		case $((RANDOM % 3)) in
		0) virsh_attach vm "r$slot" 0 "$slot" "<serial>r$slot</serial>" ;;
		1) virsh_detach vm "r$slot" ;;
		2) hs attach vm "r$slot" --slot "$slot" --serial "r$slot" || hs detach vm "$slot" --foreign ;;
		esac >/dev/null 2>&1 || true
	done
	check_model
	end_watch
}

test_a_reader_that_goes_ends_it_at_once() {
	local status=0
	set +o pipefail
	timeout "$EVENT_SECONDS" bash -c '"$@" | head -n 1 >first; exit "${PIPESTATUS[0]}"' - \
		"$HOTSLOT" -c "$URI" watch vm 2>err || status=$?
	set -o pipefail
	check_equal 141 "$status"
	check_match ' connected ' "$(<first)"
	check_equal "" "$(<err)"
}

# socat gives it a socket; it has the FIFO open as long as it runs.
test_a_reader_at_a_socket_that_goes_ends_it_at_once() {
	local reader alive
	mkfifo alive
	timeout "$EVENT_SECONDS" cat alive &
	alive=$!
	printf 'exec 3>alive\necho $$ >pid\nexec "%s" -c "%s" watch vm\n' "$HOTSLOT" "$URI" >run.sh
	socat -u EXEC:'sh run.sh' CREATE:lines &
	reader=$!
	await_line lines ' ready$'
	kill -KILL "$reader"
	wait "$reader" 2>/dev/null || true
	wait "$alive" || {
		kill "$(<pid)"
		fail "it goes on"
	}
}

test_what_cannot_be_watched() {
	check_fails 1 "^hotslot: watch: there is no domain 'none'|There is no domain 'none'" hs watch none
	check_fails 2 'too few arguments' hs watch
}

test_an_agent_that_is_not_there_yet() {
	start_watch
	guest_run vm 'kill -STOP $(pidof hotslot-agent)'
	"$HOTSLOT" -c "$URI" watch vm 2>late.err >late &
	local second=$!
	await_line late.err 'waiting for the agent'
	check_fails 1 'does not answer|did not stop' hs watch vm --timeout 1
	guest_run vm 'kill -CONT $(pidof hotslot-agent)'
	await_line late ' ready$'
	kill "$second"
	check_ends 143 "$second"
	end_watch
}

# The last one: the daemon that it starts ends with it.
test_a_libvirtd_that_dies_is_told_of_and_lived_through_until_the_domain_ends() {
	start_watch
	stop_daemon KILL
	check_equal "The connection to libvirt is gone" \
		"$(await_event .event disconnected | tail -n 1 | jq -r .reason)"
	start_daemon "$DAEMON_DIRECTORY"
	await_event .event ready >/dev/null
	hs attach vm a.img --slot 0
	check_match 'disk-added 0 2097152$' "$(await_event .event disk-added | brief)"
	# A domain that ends while nobody tells of it.
	stop_daemon KILL
	await_event .event disconnected >/dev/null
	end_guests "$DAEMON_DIRECTORY"
	start_daemon "$DAEMON_DIRECTORY"
	check_ends 0 "$WATCHER"
	check_equal stopped "$(tail -n 1 events | jq -r .event)"
	check_equal "" "$(<watch.err)"
	check_fails 1 'no domain|shut off' hs watch vm
}

run_tests
