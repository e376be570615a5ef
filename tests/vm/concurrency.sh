#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several processes and threads on one domain at once: whose turn it is to talk with the agent.
# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

KEY=urn:hotslot:domain:1

# More processes than processors, with several disks each.
PROCESSES=8
DISKS_EACH=3
# For a command that somebody else keeps from the agent, and what it may take beyond that, seconds.
PATIENCE=2
MARGIN=2

setup_file() {
	start_daemon "$T/d"
	IMAGE=$(control_image)
	launch_controlled vm
}

teardown_file() {
	end_daemon
}

# Milliseconds since $START.
elapsed() {
	echo $(((${EPOCHREALTIME/./} - START) / 1000))
}

check_within() { # SECONDS
	local took
	took=$(elapsed)
	[[ $took -le $(($1 * 1000)) ]] || fail "it took $took ms"
}

# Starts a shell that has a session and waits for its next line.
start_shell() {
	coproc SHELL_RUN { exec "$HOTSLOT" -c "$URI" shell vm 2>&1; }
	ask_shell agent ^controller >/dev/null
}

# Has the shell run a command and prints what it says, up to the line that has REGEX.
ask_shell() { # COMMAND REGEX
	local line
	printf '%s\n' "$1" >&"${SHELL_RUN[1]}"
	while IFS= read -r -t 20 line <&"${SHELL_RUN[0]}"; do
		printf '%s\n' "$line"
		[[ ! $line =~ $2 ]] || return 0
	done
	fail "the shell does not answer '$1': $line"
}

end_shell() {
	local pid=$SHELL_RUN_PID
	echo quit >&"${SHELL_RUN[1]}"
	wait "$pid"
}

# It has read the XML for its own attach, and does not read it again before the next if nothing has
# happened since.
test_a_shell_knows_at_once_what_others_have_changed() {
	local name
	for name in a b c d; do
		raw_image "$name"
	done
	lengthen_xml vm
	start_shell
	check_equal /dev/disk/by-slot/0 "$(ask_shell "attach $PWD/a" .)"
	virsh_attach vm b 0 1
	check_equal /dev/disk/by-slot/2 "$(ask_shell "attach $PWD/c" .)"
	run_virsh metadata vm "$KEY" --key hotslot --live \
		--set "<hotslot><reserved slots='3'/></hotslot>"
	check_equal /dev/disk/by-slot/4 "$(ask_shell "attach $PWD/d" .)"
	end_shell
	hs unreserve vm 3
	detach_all vm
}

test_a_shell_knows_at_once_a_disk_that_has_come_in_the_place_and_by_the_name_of_another() {
	local name
	for name in a old new; do
		raw_image "$name"
	done
	virsh_attach vm old 0 1 '<serial>OLD</serial>'
	lengthen_xml vm
	start_shell
	check_equal /dev/disk/by-slot/0 "$(ask_shell "attach $PWD/a" .)"
	virsh_detach vm old
	virsh_attach vm new 0 1 '<serial>NEW</serial>'
	check_match 'Another disk has the serial NEW' "$(ask_shell "attach $PWD/old --serial NEW" .)"
	wait "$SHELL_RUN_PID" || true
	detach_all vm
}

test_many_processes_attach_at_once_and_no_slot_is_given_twice() {
	local i pids=() total=$((PROCESSES * DISKS_EACH))
	for ((i = 0; i <= total; i++)); do
		raw_image "disk$i"
	done
	hs attach vm disk"$total" --slot 1000 >/dev/null
	START=${EPOCHREALTIME/./}
	for ((i = 0; i < PROCESSES; i++)); do
		hs attach vm disk{$((3 * i)),$((3 * i + 1)),$((3 * i + 2))} >"slots$i" 2>&1 &
		pids+=($!)
	done
	hs detach vm 1000 &
	pids+=($!)
	hs list vm --json >list1 &
	pids+=($!)
	hs list vm --json >list2 &
	pids+=($!)
	for i in "${pids[@]}"; do
		wait "$i" || fail "one of them failed: $(cat slots*)"
	done
	check_equal "$(seq 0 $((total - 1)))" \
		"$(sed -n 's|^/dev/disk/by-slot/||p' slots* | sort -n)"
	# Each disk is where the process said that it put it.
	check_equal "$(for ((i = 0; i < PROCESSES; i++)); do
		paste -d' ' <(sed 's|.*/||' "slots$i") <(printf 'disk%s\n' $((3 * i)) $((3 * i + 1)) \
			$((3 * i + 2)))
	done | sort -n)" "$(hs list vm --json |
		jq -r '.disks[] | "\(.slot) \(.source | sub(".*/"; ""))"')"
	check_equal "$total" "$(hs list vm --json | jq '[.disks[] | select(.visible and ."by-slot" and
		.state == "present")] | length')"
	jq -es 'all(.[].disks | map(.slot); . == (unique))' list1 list2 >/dev/null ||
		fail "a list has a slot twice"
	detach_all vm
	check_equal "" "$(slots vm)"
}

test_an_idle_shell_does_not_lock_others_out() {
	local i
	raw_image shared
	start_shell
	START=${EPOCHREALTIME/./}
	for i in 1 2 3; do
		hs attach vm shared --slot "$i" --timeout "$PATIENCE" >/dev/null
		check_match "/shared" "$(ask_shell list "^ *$i ")"
		hs detach vm "$i" --timeout "$PATIENCE"
	done
	check_within 10
	ask_shell agent ^controller >/dev/null
	end_shell
}

test_a_process_that_is_stopped_makes_others_busy_for_a_bounded_time() {
	local pid
	start_shell
	pid=$SHELL_RUN_PID
	kill -STOP "$pid"
	START=${EPOCHREALTIME/./}
	check_fails 1 "^hotslot: agent: Process $pid speaks with the agent of domain vm, and did not stop in time: .*continue or end it" \
		hs agent vm --timeout "$PATIENCE"
	[[ $(elapsed) -ge $((PATIENCE * 1000)) ]] || fail "not after $PATIENCE s"
	check_within $((PATIENCE + MARGIN))
	START=${EPOCHREALTIME/./}
	check_fails 1 "Process $pid speaks" hs list vm --timeout "$PATIENCE" --json
	check_equal busy "$(jq -r .error.code stdout)"
	check_within $((PATIENCE + MARGIN))
	# Who waits when it goes on gets the turn.
	hs agent vm --timeout 20 >waited &
	kill -CONT "$pid"
	wait $!
	check_match 'boot id' "$(<waited)"
	ask_shell agent ^controller >/dev/null
	end_shell
}

test_a_process_that_waits_and_is_stopped_does_not_keep_others_behind_it() {
	local shell waiter
	start_shell
	shell=$SHELL_RUN_PID
	kill -STOP "$shell"
	"$HOTSLOT" -c "$URI" agent vm --timeout 20 >waited 2>&1 &
	waiter=$!
	await_equal 2 turn_locks
	kill -STOP "$waiter"
	kill -CONT "$shell"
	START=${EPOCHREALTIME/./}
	hs agent vm --timeout 10 >/dev/null
	[[ $(elapsed) -ge 900 ]] || fail "it did not wait for the one in front"
	check_within 5
	kill -CONT "$waiter"
	wait "$waiter"
	check_match 'boot id' "$(<waited)"
	end_shell
}

# How many processes have the turn, or wait for it.
turn_locks() {
	grep -c "OFDLCK .*:$(stat -c %i "$XDG_RUNTIME_DIR/hotslot/"* 2>/dev/null) " /proc/locks || true
}

# One call of the library, see tests/vm/waiter.c: it has not got the turn all the time.
test_a_call_that_waits_for_a_disk_does_not_lock_others_out() {
	local i waiter
	raw_image wanted
	raw_image other
	hs attach vm wanted --slot 0 >/dev/null
	guest_run vm 'setsid sleep 100 </dev/disk/by-slot/0 >/dev/null 2>&1 & echo $! >/tmp/user'
	timeout 60 "$B/tests/vm/waiter" "$URI" vm 0 30000 >waited 2>&1 &
	waiter=$!
	timeout 10 bash -c 'tail -n +1 -F waited 2>/dev/null | grep -q -m1 waiting'
	START=${EPOCHREALTIME/./}
	for i in 1 2 3; do
		hs attach vm other --slot "$i" --timeout "$PATIENCE" >/dev/null
		hs detach vm "$i" --timeout "$PATIENCE"
	done
	check_within 15
	kill -0 "$waiter" || fail "it did not wait: $(<waited)"
	START=${EPOCHREALTIME/./}
	guest_run vm 'kill $(cat /tmp/user)'
	wait "$waiter"
	check_within 4
	check_equal "done" "$(tail -n 1 waited)"
	check_equal "" "$(slots vm)"
}

hold_slot_0() {
	guest_run vm 'setsid sleep 100 </dev/disk/by-slot/0 >/dev/null 2>&1 & echo $! >/tmp/user'
}

# Waits for slot 0, and is in its second turn at least.
start_waiting() { # [OPTION…]
	# A child of the agent's looks whether the disk is free, and none looks at its contents.
	await_equal known disk_field vm 0 contents
	guest_run vm 'until [ $(pidof hotslot-agent | wc -w) = 1 ]; do usleep 10000; done'
	"$HOTSLOT" -c "$URI" detach vm 0 --wait 30 "$@" >waited 2>&1 &
	WAITER=$!
	guest_run vm 'until [ $(pidof hotslot-agent | wc -w) -gt 1 ]; do usleep 10000; done'
	sleep 1.2
}

# Who waits for a disk takes no other one away, which has its slot meanwhile.
test_a_wait_is_for_the_disk_that_was_there() {
	local status=0 others=()
	raw_image wanted
	raw_image other
	hs attach vm wanted --slot 0 >/dev/null
	hold_slot_0
	start_waiting
	hs detach vm 0 --force >/dev/null 2>&1 &
	others+=($!)
	sleep 0.1
	hs attach vm other >/dev/null &
	others+=($!)
	wait "$WAITER" || status=$?
	wait "${others[@]}"
	check_match '^1 .*detach: The disk in slot 0 of domain vm (has changed|is gone)' "$status $(<waited)"
	check_match '/other$' "$(hs list vm --json | jq -r '.disks[].source')"
	guest_run vm 'kill $(cat /tmp/user)'
	hs detach vm 0
}

# All that the host knows of it is the same; its number in the guest is not.
test_a_wait_is_not_for_the_same_disk_that_left_and_came_back() {
	local status=0
	raw_image wanted
	virsh_attach vm wanted 0 0 '<serial>same</serial>'
	await_equal /dev/disk/by-slot/0 disk_field vm 0 by-slot
	hold_slot_0
	start_waiting --foreign
	# Its turn ends meanwhile, and it does not see it.
	kill -STOP "$WAITER"
	sleep 1.2
	virsh_detach vm wanted
	guest_run vm 'while [ -e /dev/disk/by-slot/0 ]; do usleep 10000; done'
	virsh_attach vm wanted 0 0 '<serial>same</serial>'
	guest_run vm 'until [ -e /dev/disk/by-slot/0 ]; do usleep 10000; done'
	kill -CONT "$WAITER"
	wait "$WAITER" || status=$?
	check_match '^1 .*detach: The disk in slot 0 of domain vm has changed meanwhile' "$status $(<waited)"
	check_equal 0 "$(slots vm)"
	guest_run vm 'kill $(cat /tmp/user)'
	hs detach vm 0 --foreign
}

test_a_process_that_is_killed_leaves_no_lock() {
	local pid i
	raw_image killed
	for i in 1 2 3; do
		start_shell
		pid=$SHELL_RUN_PID
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
		START=${EPOCHREALTIME/./}
		hs attach vm killed --slot "$i" --timeout 5 >/dev/null
		hs detach vm "$i"
		check_within 8
	done
	check_equal 0 "$(turn_locks)"
}

test_the_files_of_turns_are_the_callers_own() {
	local directory=$XDG_RUNTIME_DIR/hotslot
	start_shell
	check_equal "700 $(id -u)" "$(stat -c '%a %u' "$directory")"
	check_equal "600 $(id -u)" "$(stat -c '%a %u' "$directory"/*)"
	check_equal "$(run_uuid)@$(host_uuid)" "$(ls "$directory")"
	end_shell
	check_equal "" "$(ls "$directory")"
	# With one that somebody else could have put there, it goes without.
	mv "$directory" aside
	ln -s "$PWD/aside" "$directory"
	hs agent vm >/dev/null
	check_equal "" "$(ls aside)"
	rm "$directory"
}

# libvirt connects without a deadline, and with the domain locked: never once too often.
test_a_client_on_the_socket_itself_makes_others_busy_for_a_bounded_time() {
	local i code
	# shellcheck disable=SC2034
	coproc RAW { exec socat -d -d - "UNIX-CONNECT:$(channel_socket vm)" 2>raw.log; }
	until grep -s 'starting data transfer' raw.log >/dev/null; do sleep 0.01; done
	for i in 1 2 3 4 5; do
		check_fails 1 'busy with another client|Somebody else speaks' \
			timeout -k 1 $((PATIENCE + MARGIN)) "$HOTSLOT" -c "$URI" agent vm --timeout 1 --json
		code=$(jq -r .error.code stdout)
		[[ $i -lt 3 || $code == busy ]] || fail "attempt $i: $code"
	done
	timeout -k 1 5 virsh -q -c "$URI" dumpxml vm >/dev/null
	kill "$RAW_PID"
	hs agent vm --timeout "$PATIENCE" >/dev/null
}

# ---- a guest whose memory goes back, with the session in it ----

test_a_domain_that_is_saved_and_restored_is_talked_with_anew() {
	raw_image kept
	start_shell
	ask_shell 'attach kept --slot 4' /by-slot/4 >/dev/null
	run_virsh save vm saved
	run_virsh restore saved
	START=${EPOCHREALTIME/./}
	check_match "/kept" "$(ask_shell list '^ *4 ')"
	check_within "$PATIENCE"
	end_shell
	hs detach vm 4
}

# The process of QEMU and the domain's id stay, and so does the stream.
test_a_snapshot_that_is_gone_back_to_is_talked_with_anew() {
	qemu-img create -q -f qcow2 writable.qcow2 64M
	start_shell
	ask_shell 'attach writable.qcow2 --slot 4' /by-slot/4 >/dev/null
	run_virsh snapshot-create-as vm before
	ask_shell agent ^controller >/dev/null
	run_virsh snapshot-revert vm before --running
	START=${EPOCHREALTIME/./}
	check_match "/writable" "$(ask_shell list '^ *4 ')"
	check_within "$PATIENCE"
	run_virsh snapshot-delete vm before
	end_shell
	hs detach vm 4
}

# It takes longer than a turn to be up again.
test_a_wait_goes_on_after_a_reset_of_the_guest() {
	raw_image wanted
	hs attach vm wanted --slot 0
	hold_slot_0
	start_waiting
	run_virsh reset vm
	wait "$WAITER" || fail "$(<waited)"
	check_equal "" "$(slots vm)"
}

# QEMU lets the next one connect, and passes on what he says, but not the answers.
test_a_session_that_ends_while_the_domain_is_paused_is_in_nobodys_way() {
	raw_image paused
	hs attach vm paused --slot 0
	STEPS_AT='before virDomainDetachDeviceAlias' STEPS_COMMAND="virsh -q -c '$URI' suspend vm" \
		LD_PRELOAD=$B/tests/vm/steps check_fails 1 'step: gone' hs detach vm 0 --timeout 3
	run_virsh resume vm
	hs agent vm --timeout 20 >/dev/null
}

test_a_domain_that_is_paused_is_said_to_be() {
	local still="it is paused, 'virsh resume' lets it go on"
	raw_image paused
	run_virsh suspend vm
	check_fails 1 "^hotslot: list: The guest of domain vm stands still: $still$" hs list vm --timeout 1
	check_fails 1 "^hotslot: attach: The guest of domain vm stands still: $still" \
		hs attach vm paused --timeout 1
	run_virsh resume vm
	# In the middle of a request.
	hs attach vm paused --slot 0
	STEPS_AT='before virDomainDetachDeviceAlias' STEPS_COMMAND="virsh -q -c '$URI' suspend vm" \
		LD_PRELOAD=$B/tests/vm/steps check_fails 1 "$still.*step: gone" hs detach vm 0 --timeout 3
	run_virsh resume vm
	hs agent vm --timeout 20 >/dev/null
}

run_uuid() {
	virsh -q -c "$URI" domuuid vm | head -1
}

host_uuid() {
	virsh -q -c "$URI" capabilities | xmllint --xpath 'string(/capabilities/host/uuid)' -
}

run_tests
