#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The burst of tests/vm/stale.sh with 200 disks that come, go and are others then.

# Guests: udevd plain udev

export BEFORE=${BEFORE:-200} AFTER=${AFTER:-200} TEST_ONLY=burst TEST_SECONDS=600
exec "$(dirname "$0")/../vm/stale.sh"
