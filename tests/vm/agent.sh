#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent under stress: killed, stopped, talked to in bad frames; the host that comes and goes.

# Guests: udevd udev
# On demand: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../virsh.sh"

setup_file() {
	launch_controlled vm
	CONSOLE=$T/vm.console
}

setup_test() {
	detach_all vm
}

# Signals the agent a second from now, when no conversation is going on any more.
signal_agent() { # SIGNAL
	guest_run vm "(sleep 1; kill -$1 \$(pidof hotslot-agent); echo signalled $1) \
		>/dev/console 2>&1 </dev/null &"
	console_wait "$CONSOLE" "^signalled $1" >/dev/null
}

# By slot, with what is behind each.
links() { # NAME
	guest_links "$1" | awk '/^by-slot/ { print $1, $6 }'
}

test_hello_and_ping() {
	{
		hello
		last
	} | talk >answers
	check_equal "$NONCE 1 $LINKS_OWNER" "$(answer hello |
		jq -r '"\(.return.nonce) \(.return.version) \(.return.links)"')"
	check_equal '[1] 0 0' "$(answer hello |
		jq -r '.return | "\(.versions) \(.disks) \(.released)"')"
	check_equal "{\"return\":{},\"id\":\"last\",\"session\":\"$NONCE\"}" "$(answer last)"
}

test_malformed_frames_are_answered_and_the_session_goes_on() {
	{
		hello
		printf 'nonsense\n{\n[]\n{"a":1,"a":2}\n"text"\n{} {}\n\n'
		printf '{"execute":"ping","id":"nul\\u0000"}\n'
		printf '{"execute":"ping","id":"\303\050"}\n'
		last
	} | talk >answers
	check_equal 8 "$(jq -c 'select(.error.class == "MalformedFrame" and (has("id") | not))' \
		answers | wc -l)"
	check_match '"return"' "$(answer last)"
}

test_an_oversized_frame_is_answered_and_the_session_goes_on() {
	{
		hello
		printf '{"execute":"ping","id":"big","x":"'
		head -c 100000 /dev/zero | tr '\0' x
		printf '"}\n'
		last
	} | talk >answers
	check_equal 1 "$(jq -c 'select(.error.class == "MalformedFrame")' answers | wc -l)"
	check_equal "" "$(answer big)"
	check_match '"return"' "$(answer last)"
}

test_a_truncated_frame_is_forgotten_at_a_resync() {
	{
		hello
		printf '{"execute":"shutdown","id":"cut","session":"%s","argu' "$NONCE"
		hello
		last
	} | talk >answers
	check_equal "" "$(answer cut)"
	check_match '"return"' "$(answer last)"
}

test_what_is_of_the_wrong_type_is_refused() {
	{
		hello
		request nonsense unknown
		request disks type '[]'
		request disks limit '{"limit":"many"}'
		request disks negative '{"limit":-1}'
		request expect missing
		request expect slot '{"slot":"three"}'
		request expect range '{"slot":65280}'
		request expect float '{"slot":1.5}'
		request expect serial '{"slot":1,"serial":7}'
		request expect deadline '{"slot":1,"deadline":99999999999}'
		request release boolean '{"slot":1,"force":"yes"}'
		request shutdown mode '{"mode":"explode"}'
		printf '{"execute":7,"id":"execute","session":"%s"}\n' "$NONCE"
		printf '{"id":"nothing","session":"%s"}\n' "$NONCE"
		printf '{"execute":"hello","id":"versions","arguments":{"nonce":"%s","versions":[2]}}\n' \
			"0$NONCE"
		request cancel no-id
		printf '{"execute":"hello","id":"nonce","arguments":{"nonce":"short","versions":[1]}}\n'
		last
	} | talk >answers
	check_equal UnknownRequest "$(error_class unknown)"
	local id
	for id in type limit negative missing slot range float serial deadline boolean mode execute \
		nothing nonce no-id; do
		check_equal "$id InvalidArgument" "$id $(error_class "$id")"
	done
	check_equal UnsupportedVersion "$(error_class versions)"
	check_equal '[1]' "$(answer versions | jq -c .error.versions)"
}

test_a_request_of_another_session_is_dropped() {
	{
		hello
		printf '{"execute":"ping","id":"old","session":"%s"}\n' "ffffffffffffffffffffffff"
		printf '{"execute":"ping","id":"none"}\n'
		last
	} | talk >answers
	check_equal "" "$(answer old)"
	check_equal InvalidArgument "$(error_class none)"
}

test_an_expected_disk_that_does_not_come_is_told_at_the_deadline() {
	{
		hello
		request expect last '{"slot":5,"deadline":300}'
	} | talk >answers
	check_equal DeadlineExceeded "$(error_class last)"
}

test_another_disk_than_the_expected_one_is_a_mismatch() {
	raw_image a.img
	hs attach vm a.img --slot 4 --serial here
	{
		hello
		request expect right '{"slot":4,"serial":"here","size":1048576,"read-only":false}'
		request expect serial '{"slot":4,"serial":"other"}'
		request expect size '{"slot":4,"size":512}'
		request expect mode '{"slot":4,"read-only":true}'
	} | UNTIL='"id":"mode"' talk >answers
	check_equal "4 here" "$(answer right | jq -r '"\(.return.disk.slot) \(.return.disk.serial)"')"
	local id
	for id in serial size mode; do
		check_equal "$id DiskMismatch here" \
			"$id $(error_class "$id") $(answer "$id" | jq -r .error.disk.serial)"
	done
}

test_events_tell_what_the_next_inventory_tells() {
	raw_image a.img
	hs attach vm a.img --slot 2
	{
		hello
		request disks page '{"limit":1}'
		request release release '{"slot":2}'
	} | UNTIL='"state":"released","links"' talk >answers
	check_equal 2 "$(answer page | jq -r '.return.disks[0].slot')"
	check_equal '{"slot":2,"state":"released","links":[]}' "$(jq -c \
		'select(.event == "disk-changed").data.disk | select(.state == "released") |
			{slot, state, links}' answers)"
	# Not by list, which ends what it finds half done.
	{
		hello
		request disks last
	} | talk >answers
	check_equal released "$(answer last | jq -r '.return.disks[0].state')"
}

test_garbage_of_every_kind_leaves_the_agent_alive() {
	{
		head -c 20000 /dev/urandom
		hello
		last
	} | talk >answers
	check_match '"return"' "$(answer last)"
}

test_the_host_comes_and_goes() {
	raw_image a.img
	for _ in 1 2 3 4 5; do
		# Gone in the middle of a frame, without reading.
		{
			hello
			printf '{"execute":'
		} | socat -u - "UNIX-CONNECT:$(channel_socket vm)"
		check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img)"
		hs detach vm 0
	done
}

# Of the port, buffers that QEMU has taken and not given back.
lost_buffers() {
	run_virsh qemu-monitor-command vm --hmp \
		'info virtio-queue-status /machine/peripheral/ua-hotslot_virtio-serial0/virtio-backend 5' |
		awk '$1 == "used_idx:" { used = $2 } $1 == "last_avail_idx:" { taken = $2 }
			END { if (taken == 0) exit 1; print (taken - used + 65536) % 65536 }'
}

# QEMU 7.2 keeps what the agent writes to who has gone: after 128 times, no answer came any more.
test_who_leaves_costs_the_port_no_buffer() {
	local lost i
	raw_image a.img
	raw_image b.img
	hs list vm >/dev/null
	lost=$(lost_buffers)
	for ((i = 0; i < 25; i++)); do
		hs attach vm a.img b.img >/dev/null
		hs detach vm 0 1
	done
	check_equal "$lost" "$(lost_buffers)"
}

test_without_a_host_the_agent_does_not_spin() {
	# Clock ticks of the agent's user and system time, before and after a second without host.
	local ticks
	ticks=$(guest_run vm "pid=\$($AGENT_PID)"'
		a=$(cut -d" " -f14,15 /proc/$pid/stat | tr " " +)
		sleep 2
		b=$(cut -d" " -f14,15 /proc/$pid/stat | tr " " +)
		echo $((b - (a)))')
	[[ $ticks -le 20 ]] || fail "the agent used $ticks ticks in two seconds"
}

test_a_killed_agent_comes_back_with_the_same_disks() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --serial kept
	local before after
	before=$(hs agent vm --json)
	signal_agent KILL
	after=$(hs agent vm --json)
	check_equal "$(jq '.epoch + 1' <<<"$before")" "$(jq .epoch <<<"$after")"
	check_equal "$(jq '."boot-id"' <<<"$before")" "$(jq '."boot-id"' <<<"$after")"
	check_equal "kept /dev/disk/by-slot/0 present" "$(disk_field vm 0 serial) \
$(disk_field vm 0 by-slot) $(disk_field vm 0 state)"
	check_equal /dev/disk/by-slot/1 "$(hs attach vm b.img)"
	hs detach vm 0 1
}

# In the middle of a detach the agent is killed, and links appear that are none of its own.
test_an_agent_killed_in_a_conversation_is_waited_for_and_tidies_up() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img b.img
	only_on udevd plain # what others put where udevd owns the links is udevd's affair
	guest_run vm 'kill -KILL $(pidof hotslot-agent); ln -sf /dev/null /dev/disk/by-slot/77
		ln -sf /dev/sda /dev/disk/by-serial/stale'
	check_equal "0 1" "$(slots vm)"
	check_equal "0
1" "$(guest_run vm 'ls /dev/disk/by-slot')"
	check_equal "" "$(guest_run vm 'ls /dev/disk/by-serial | grep stale || true')"
	hs detach vm 0 1
}

conflicts() {
	hs list vm --json | jq -r '.disks[] | "\(.conflict) \(."by-serial")"'
}

# As by "udevadm trigger --action=remove".
test_a_removal_that_somebody_has_made_up_is_none() {
	raw_image disk
	hs attach vm disk
	guest_run vm 'echo remove >/sys/block/$(basename $(readlink -f /dev/disk/by-slot/0))/uevent'
	await_equal "by-slot/0 disk" links vm
	check_equal "0 true /dev/disk/by-slot/0" "$(hs list vm --json |
		jq -r '.disks[] | "\(.slot) \(.visible) \(."by-slot")"')"
	hs detach vm 0
}

# Nor has the agent.
test_a_disk_that_udevd_does_not_know_is_found() {
	only_on udev
	raw_image disk
	hs attach vm disk
	guest_run vm 'agent=$(pidof hotslot-agent); kill -STOP $agent
		echo remove >/sys/block/$(basename $(readlink -f /dev/disk/by-slot/0))/uevent
		while [ -e /dev/disk/by-slot/0 ]; do usleep 10000; done
		kill -KILL $agent'
	check_fails 0 'nothing to repair' hs repair vm
	check_equal "by-slot/0 disk" "$(links vm)"
}

test_two_disks_with_one_serial_have_no_by_serial_link_until_one_leaves() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --slot 0 --serial twin
	# Only libvirt by itself allows it, and nobody waits for the guest then.
	virsh_attach vm b.img 0 1 '<serial>twin</serial>'
	await_equal "true null
true null" conflicts
	check_equal true "$(disk_field vm 1 foreign)"
	# The list leaves out what is in conflict; the directory must not have it, either.
	check_equal "" "$(guest_run vm 'ls /dev/disk/by-serial 2>/dev/null | grep twin || true')"
	hs detach vm 1 --foreign
	# Where udevd owns the links, it makes this one in its own time.
	await_equal "false /dev/disk/by-serial/twin" conflicts
	check_equal twin "$(guest_run vm 'ls /dev/disk/by-serial | grep twin')"
	hs detach vm 0
}

test_a_request_is_canceled() {
	raw_image a.img
	hs attach vm a.img --slot 0
	{
		hello
		request expect waits '{"slot":7}'
		request cancel cancel '{"id":"waits"}'
		request cancel again '{"id":"waits"}'
		last
	} | talk >answers
	check_equal Canceled "$(error_class waits)"
	check_equal "1 0" "$(answer cancel | jq .return.canceled) $(answer again | jq .return.canceled)"
	check_equal 'waits cancel again last' \
		"$(jq -r 'select(.id and .id != "hello").id' answers | paste -sd' ')"
}

test_the_agent_says_how_it_is() {
	{
		hello
		request expect waits '{"slot":7}'
		request status status
		last
	} | talk >answers
	check_equal 'true 1 /dev [] 1' "$(answer status | jq -r '.return |
		"\(.probing) \(.waiting) \(.dev) \(.mirrors) \(.controllers | length)"')"
	local udevd=true rule=/usr/lib/udev/rules.d/60-hotslot.rules
	[[ $GUEST != plain ]] || udevd=false rule=null
	check_equal "$udevd $rule" "$(answer status | jq -r '.return | "\(.udevd) \(.rule)"')"
	check_equal true "$(answer status | jq '.return | .uptime > 0 and .memory > 100000')"
}

# One that hangs in the kernel: what was written to it never comes to an end.
test_a_disk_that_hangs_holds_up_nothing_else() {
	only_on udevd
	raw_image hung.img
	raw_image b.img
	virsh_attach vm hung.img 0 0
	hs attach vm b.img --slot 1 --serial other
	run_virsh blkdeviotune vm sda --total-bytes-sec 1 --live
	guest_run vm 'for i in 1 2 3; do
		(dd if=/dev/zero of=/dev/disk/by-slot/0 bs=4096 count=8 seek=$((i * 16)) conv=notrunc \
			</dev/null >/dev/null 2>&1 &); done; sleep 1'
	local start=$EPOCHSECONDS
	{
		hello
		request release hung '{"slot":0,"force":true,"deadline":2000}'
		request ping ping
		request disks disks
		request expect other '{"slot":1,"serial":"other","deadline":1500}'
		sleep 3
		request expect back '{"slot":0,"deadline":1000}'
		request expect still '{"slot":1,"serial":"other","deadline":1500}'
		last
	} | UNTIL='"id":"still"' talk >answers
	[[ $((EPOCHSECONDS - start)) -le 10 ]] || fail "it took $((EPOCHSECONDS - start)) s"
	check_match '^released sd[a-z]+$' "$(answer hung | jq -r '.return | "\(.state) \(.unwritten)"')"
	check_equal "0 1" "$(answer disks | jq -r '[.return.disks[].slot | tostring] | join(" ")')"
	check_equal "other other" "$(answer other | jq -r .return.disk.serial) \
$(answer still | jq -r .return.disk.serial)"
	check_match return "$(answer ping)"
	# In this order: nobody was waited for.
	check_match 'ping disks other hung' "$(jq -r 'select(.id).id' answers | paste -sd' ')"
	run_virsh blkdeviotune vm sda --total-bytes-sec 0 --live
}

# Last: this guest never answers again.
test_an_attach_to_a_guest_whose_agent_hangs_changes_nothing() {
	raw_image a.img
	local before
	signal_agent STOP
	before=$(live_devices vm)
	check_fails 1 'agent' timeout 60 "$HOTSLOT" -c "$URI" attach vm a.img --timeout 3
	check_equal "" "$(<stdout)"
	check_equal "$before" "$(live_devices vm)"
	setup_test() { :; }
}

run_tests
