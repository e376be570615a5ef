#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is on a disk may be made to hurt whoever looks: the disk is attached all the same, list says
# what was seen or that it is unknown, and the agent lives on. See tests/mutate, tests/scale/probing.sh.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

# Images in a run, and of the series of tests/mutate the first one.
MUTATED=${MUTATED:-60} FIRST=${FIRST:-20000}
# Attached at one time.
BATCH=60
# KiB: the agent's bound with a thousand disks.
AGENT_KIB=8192
# Seconds: a look that takes too long, the first look after that, and some.
LOOK_SECONDS=5 LOOK_MARGIN=10

setup_file() {
	launch_controlled vm
}

agent_now() {
	guest_run vm "$AGENT_PID"
}

check_agent() { # PID
	check_equal "$1" "$(agent_now)"
	local memory
	memory=$(guest_run vm "sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$1/status")
	[[ $memory -le $AGENT_KIB ]] || fail "the agent takes $memory KiB"
}

# Whose contents are not told yet: list waits a moment for them, and not for ever.
pending() {
	hs list vm --json |
		jq -r '.disks[] | select(.contents | IN("known", "unknown") | not) | .source'
}

# Attaches, looks at and takes away COUNT images from FIRST on.
run_batch() { # FIRST COUNT
	"$B/tests/vm/mutate" "$SRC/tests/mutate/seeds" . "$1" "$2"
	hs attach vm mutated-* --format raw >links
	check_equal "$2" "$(wc -l <links)"
	await_equal "" pending
	hs list vm --json >listed
	check_equal "$2" "$(jq '[.disks[] | select(.state == "present" and ."by-slot")] | length' listed)"
	check_equal "$2" "$(guest_run vm "for link in /dev/disk/by-slot/*; do
		case \$link in *-part*) ;; *) [ -b \$link ] && echo \$link ;; esac; done" | wc -l)"
	detach_all vm
	rm mutated-*
}

test_mutated_images_are_attached_and_looked_at() {
	local agent count
	agent=$(agent_now)
	for ((count = 0; count < MUTATED; count += BATCH)); do
		run_batch $((FIRST + count)) $((MUTATED - count < BATCH ? MUTATED - count : BATCH))
	done
	check_agent "$agent"
}

contents() { # SLOT
	disk_field vm "$1" contents
}

# From one byte a second on, no look ever ends.
test_a_disk_that_does_not_answer_is_unknown_and_holds_up_nobody() {
	local agent
	agent=$(agent_now)
	truncate -s 1M stuck.img other.img quick.img
	# With the second disk of a controller the kernel waits for all that the first one has still to
	# do (blk_mq_update_tag_set_shared), so there are two before.
	hs attach vm stuck.img other.img
	check_equal known "$(contents 0)"
	run_virsh blkdeviotune vm sda --total-bytes-sec 1 --live
	guest_run vm ': >>/dev/disk/by-slot/0'
	hs attach vm quick.img --slot 2
	check_equal known "$(contents 2)"
	SEEN_SECONDS=$((LOOK_SECONDS + LOOK_MARGIN)) await_equal unknown contents 0
	check_equal present "$(disk_field vm 0 state)"
	# No harm was done: it is looked at again by itself.
	run_virsh blkdeviotune vm sda --total-bytes-sec 0 --live
	SEEN_SECONDS=30 await_equal known contents 0
	hs detach vm 0 1 2
	check_agent "$agent"
}

run_tests
