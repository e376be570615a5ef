#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/vm/idle.sh for a minute and 10,000 rounds, and the memory that 1,000 disks take.

# Guests: udevd plain udev

export IDLE_SECONDS=${IDLE_SECONDS:-60} ROUNDS=${ROUNDS:-10000} WARM_UP=${WARM_UP:-200}
TEST_SECONDS=3400
SEEN_SECONDS=300

. "$(dirname "$0")/../vm/idle.sh"

setup_file() {
	launch_controlled vm --memory 2048
}

test_1000_disks_take_little_memory() {
	local now
	# shellcheck disable=SC2034
	DISKS=${DISKS:-1000}
	make_images
	# shellcheck disable=SC2046
	hs attach vm $(image_names) >/dev/null
	now=$(resident)
	echo "$now KiB with $DISKS disks"
	[[ $now -le 8192 ]] || fail "$now KiB are resident"
}

run_tests
