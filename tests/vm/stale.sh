#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that are exchanged behind the back of the guest's kernel: it has room for 8 SCSI events, and
# when it loses one it keeps the old device, with its serial and its size, for the disk that is now
# in that place. No link, list or answer may say so.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../many.sh"

# More than there is room for: the last two are those that the kernel has wrong.
EXCHANGED=10
STALE=89

# Attached, detached and attached in one burst; tests/scale/stale.sh has more.
BEFORE=${BEFORE:-60}
AFTER=${AFTER:-80}

setup_file() {
	launch_controlled vm --memory 512
}

setup_test() {
	detach_all vm
}

# A line for each disk, with its number for each %.
each() { # PATTERN
	local i
	for ((i = 0; i < EXCHANGED; i++)); do
		echo "${1//%/$i}"
	done
}

# Images KIND-0, KIND-1, … and their XML in the slots 0, 1, …
make_disks() { # KIND SIZE SERIAL
	local i
	for ((i = 0; i < EXCHANGED; i++)); do
		raw_image "$1-$i" "$2"
		disk_xml "$1-$i" 0 "$i" "<serial>$3-$i</serial><alias name='ua-$1-$i'/>" >"$1-$i.xml"
	done
}

attach_old() {
	make_disks old 1M "$1"
	each 'attach-device vm old-%.xml --live' | run_virsh >/dev/null
	await_equal "$(each '% 1048576 old-%')" links_by_slot
}

# While the guest stands still. All in one process, as the embedded driver ends with virsh.
exchange() { # SIZE SERIAL
	make_disks new "$1" "$2"
	{
		echo 'suspend vm'
		each 'detach-device-alias vm ua-old-% --live'
		await_detached vm 'ua-old-.*'
		each 'attach-device vm new-%.xml --live'
		echo 'resume vm'
	} | run_virsh >/dev/null
}

set_state() { # SLOT STATE
	guest_run vm "cd /sys/bus/scsi/devices/*:0:$1; echo $2 >state"
}

# Slot, size and first line of what is behind each link.
links_by_slot() {
	guest_links vm | awk '/^by-slot/ { sub("by-slot/", ""); print $1, $4, $6 }' | sort -n
}

links_by_serial() {
	guest_links vm | awk '/^by-serial/ { sub("by-serial/", ""); print $1, $4, $6 }' | sort
}

# Slot, serial, size: as the kernel has them.
kernel_disks() {
	guest_run vm 'cd /sys/block; for d in sd*; do
		place=$(readlink -f $d/device)
		echo ${place##*:} $(tail -c +5 $d/device/vpd_pg80) $(($(cat $d/size) * 512)); done' | sort -n
}

diskseqs() {
	guest_run vm "cat /sys/bus/scsi/devices/*:[$STALE]/block/sd*/diskseq"
}

# The agent itself; its children are not stopped.
signal() { # SIGNAL
	guest_run vm "kill -$1 \$(pidof hotslot-agent) 2>/dev/null || true"
}

test_a_kernel_that_keeps_a_stale_disk_is_found_out() {
	attach_old was
	signal STOP
	exchange 2M now
	# Without the agent it stays so.
	await_equal "$(each '% now-% 2097152' | head -8)
8 was-8 1048576
9 was-9 1048576" kernel_disks
	signal CONT
	await_equal "$(each '% now-% 2097152')" kernel_disks
	await_equal "$(each '% 2097152 new-%')" links_by_slot
	await_equal "$(each 'now-% 2097152 new-%')" links_by_serial
	check_links_agree vm
	check_equal "$(each '% now-% 2097152')" \
		"$(hs list vm --json | jq -r '.disks[] | "\(.slot) \(.serial) \(.size)"')"
}

# Asked at once, when the agent has heard of nothing yet; one of them cannot be asked who it is.
test_a_stale_disk_is_never_confirmed() {
	attach_old was
	signal STOP
	exchange 2M now
	(
		hello
		request expect right '{"slot":9,"serial":"now-9","size":2097152}'
		request expect wrong '{"slot":8,"serial":"was-8","size":1048576,"deadline":2500}'
		set_state 8 offline
		# The answers need the agent to go on.
		signal CONT
		await_answer right wrong
		set_state 8 running
		request expect last '{"slot":8,"serial":"now-8","size":2097152}'
	) | talk >answers
	check_equal "9 now-9 2097152" "$(answer right |
		jq -r '.return.disk | "\(.slot) \(.serial) \(.size)"')"
	check_match 'sd[a-z]+ in slot 8 does not answer' "$(answer wrong | jq -r .error.desc)"
	check_equal "8 now-8 2097152" "$(answer last |
		jq -r '.return.disk | "\(.slot) \(.serial) \(.size)"')"
}

# Only the new device itself tells, that it was reset.
test_an_exchange_for_a_disk_of_the_same_serial_and_size_is_found_out() {
	attach_old same
	local before
	before=$(diskseqs)
	exchange 1M same
	await_equal "$(each '% 1048576 new-%')" links_by_slot
	await_equal 4 other_diskseqs "$before"
	await_equal "$(each 'same-% 1048576 new-%')" links_by_serial
}

other_diskseqs() { # BEFORE
	{
		sort -u <<<"$1"
		diskseqs | sort -u
	} | sort -u | wc -l
}

# What somebody has written to the old disk, and is not on it yet, belongs to no other disk. The
# kernel itself would write it back after five seconds, to whichever is there: on a busy machine that
# can be before it hears of the exchange.
test_nothing_is_written_back_to_the_disk_in_a_stale_place() {
	attach_old was
	guest_run vm 'echo 60000 >/proc/sys/vm/dirty_writeback_centisecs'
	guest_run vm 'exec 3<>/dev/disk/by-slot/9; echo dirty >&3; sleep 60 </dev/null >/dev/null 2>&1 &'
	exchange 2M now
	# Not by its links: reading around the cache would have the kernel write it back first.
	await_equal "$(each '% now-% 2097152')" kernel_disks
	await_equal "$(each '% 2097152 new-%')" links_by_slot
	check_equal new-9 "$(head -n 1 new-9)"
}

# The kernel loses disks in it now and then: one of 30 on a machine that has more to do.
if [[ ${EXCHANGES:-} ]]; then
	test_exchanges_one_after_the_other_lose_nothing() {
		local i
		for ((i = 0; i < EXCHANGES; i++)); do
			attach_old was
			exchange 2M now
			await_equal "$(each '% now-% 2097152')" kernel_disks
			await_equal "$(each '% 2097152 new-%')" links_by_slot
			detach_all vm
			rm old-* new-*
		done
	}
fi

# As it has then: they are there, and no event will tell. One agent has seen them go, the next one has
# the kernel look.
test_disks_that_the_kernel_has_lost_are_found() {
	attach_old was
	guest_run vm 'for d in /sys/block/sd*/device/delete; do echo 1 >$d; done
		until [ -e /run/hotslot/lost ]; do usleep 1000; done
		kill -9 $(pidof hotslot-agent)'
	await_equal "$(each '% was-% 1048576')" kernel_disks
	await_equal "$(each '% 1048576 old-%')" links_by_slot
	check_links_agree vm
}

# Too many for the driver, whose scan then goes as far as the first gap: LUN 1 is none, and LUN 0 is
# released.
test_disks_that_come_too_many_while_the_first_is_released_are_found() {
	local i
	raw_image first
	hs attach vm first >/dev/null
	{
		hello
		request release last '{"slot":0}'
	} | talk >answers
	{
		echo 'suspend vm'
		for ((i = 2; i < 14; i++)); do
			raw_image "late-$i"
			disk_xml "late-$i" 0 "$i" "<serial>late-$i</serial>" >"late-$i.xml"
			echo "attach-device vm late-$i.xml --live"
		done
		echo 'resume vm'
	} | run_virsh >/dev/null
	# Takes it back into use.
	hs list vm >/dev/null
	await_equal 13 count_kernel_disks
}

count_kernel_disks() {
	kernel_disks | wc -l
}

test_a_burst_of_attaches_and_detaches_loses_nothing() {
	DISKS=$AFTER
	make_images
	make_xmls
	local i
	for ((i = 0; i < BEFORE; i++)); do
		raw_image "before-$i"
		disk_xml "before-$i" 0 "$i" "<serial>serial-$i</serial><alias name='ua-before-$i'/>" \
			>"before-$i.xml"
	done
	{
		seq 0 $((BEFORE - 1)) | sed 's/.*/attach-device vm before-&.xml --live/'
		await_attached vm 'ua-before-.*' "$BEFORE"
		seq 0 $((BEFORE - 1)) | sed 's/.*/detach-device-alias vm ua-before-& --live/'
		await_detached vm 'ua-before-.*'
		virsh_commands
	} | run_virsh >/dev/null
	# After what the tests before have lost, a search is put off by up to 16 s, and 10 more while
	# disks come; and the first may pass over a place that is not free yet: agent/daemon/lost.h.
	SEEN_SECONDS=70 await_equal "$DISKS" visible
	check_names
}

run_tests
