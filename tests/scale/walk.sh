#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The random walk of tests/vm/walk.sh, long and by another way each time.

# Guests: udevd plain udev

export WALK_STEPS=${WALK_STEPS:-1000} WALK_SEED=${WALK_SEED:-random}
exec "$(dirname "$0")/../vm/walk.sh"
