#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several disks by one attach: libvirt gets the next before the guest has confirmed those before it,
# and each is there and confirmed, or gone.

# Guests: udevd plain udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

# As many as it takes to fill the pipeline many times.
MANY=200
# And to be under way for a while.
SOME=60
# Wall-clock seconds for one test under TCG on a busy machine; it takes about ten.
TEST_SECONDS=180

setup_file() {
	launch_controlled vm
}

setup_test() {
	local name
	detach_all vm
	for name in a b c d e; do
		raw_image "$name.img"
	done
}

batch() { # GROW STOP IMAGE…
	"$B/tests/vm/batch" "$URI" vm "$@"
}

# What libvirt has is what the guest has, and the links are right.
check_slots() { # SLOTS
	check_equal "$1" "$(slots vm | xargs)"
	check_equal 0 "$(hs list vm --json | jq '[.disks[] | select(.visible and .attached | not)] | length')"
	check_links_agree vm
}

test_the_next_is_attached_before_the_guest_has_confirmed_the_last() {
	batch 0 0 a.img b.img c.img d.img e.img >out
	check_equal "$(printf '%s /dev/disk/by-slot/%s\n' 1 0 2 1 3 2 4 3 5 4)
ahead 5
done" "$(<out)"
	check_slots "0 1 2 3 4"
}

test_after_one_that_is_refused_no_other_is_begun() {
	check_fails 1 '^hotslot: attach: .*none.img.*; attached before it: a.img \(slot 0\), b.img \(slot 1\)$' \
		hs attach vm a.img b.img none.img c.img d.img
	check_equal "/dev/disk/by-slot/0
/dev/disk/by-slot/1" "$(<stdout)"
	check_slots "0 1"
}

test_one_that_the_guest_does_not_confirm_goes_and_the_others_stay() {
	batch 3 0 a.img b.img c.img d.img e.img >out
	check_equal "1 /dev/disk/by-slot/0
2 /dev/disk/by-slot/1
3 mismatch confirm
4 /dev/disk/by-slot/3
5 /dev/disk/by-slot/4" "$(head -n 5 out)"
	check_match 'shows another disk in slot 2: .*rolled back, the domain is as it was' \
		"$(tail -n 1 out)"
	check_slots "0 1 3 4"
	# Nothing of it is left.
	truncate -s 1M c.img
	check_equal /dev/disk/by-slot/2 "$(hs attach vm c.img)"
}

test_none_is_begun_after_the_caller_has_said_so() {
	batch 0 3 a.img b.img c.img d.img e.img >out
	check_equal "1 /dev/disk/by-slot/0
2 /dev/disk/by-slot/1
ahead 2
done" "$(<out)"
	check_slots "0 1"
}

# The signal comes while some of them are under way.
test_an_interrupted_attach_ends_what_it_has_begun() {
	local i names=() status=0 n pid
	for ((i = 0; i < SOME; i++)); do
		raw_image "$i.img"
		names+=("$i.img")
	done
	# Not a function's process: the signal is for the program. A shell has its children ignore
	# SIGINT.
	"$HOTSLOT" -c "$URI" attach vm "${names[@]}" >links 2>stderr &
	pid=$!
	await_equal true any_attached
	kill -TERM "$pid"
	wait "$pid" || status=$?
	n=$(wc -l <links)
	check_equal 1 "$status"
	check_match "^hotslot: attach: $n.img: not attached: interrupted; attached before it: 0.img" \
		"$(<stderr)"
	check_slots "$(seq 0 $((n - 1)) | xargs)"
}

any_attached() {
	guest_run vm '[ ! -e /dev/disk/by-slot/1 ] || echo true'
}

# The last one, as it takes QEMU 50 ms to let go of each.
test_many_are_attached_in_their_order() {
	local i names=()
	for ((i = 0; i < MANY; i++)); do
		raw_image "$i.img"
		names+=("$i.img")
	done
	hs attach vm "${names[@]}" >links
	check_equal "$(seq -f '/dev/disk/by-slot/%g' 0 $((MANY - 1)))" "$(<links)"
	check_slots "$(seq 0 $((MANY - 1)) | xargs)"
	check_equal "$(seq 0 $((MANY - 1)) | xargs)" \
		"$(hs list vm --json | jq -r '.disks[].source' | sed 's|.*/\(.*\).img|\1|' | xargs)"
}

run_tests
