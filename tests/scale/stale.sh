#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The burst of tests/vm/stale.sh with 200 disks that come, go and are others then, and its exchanges
# 30 times.

# Guests: udevd plain udev

export BEFORE=${BEFORE:-200} AFTER=${AFTER:-200} EXCHANGES=${EXCHANGES:-30} TEST_SECONDS=600
status=0
for TEST_ONLY in ${TEST_ONLY:-burst one_after_the_other}; do
	export TEST_ONLY
	"$(dirname "$0")/../vm/stale.sh" || status=1
done
exit $status
