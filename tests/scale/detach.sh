#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Detaches of a disk that somebody writes to all the time while the kernel rescans the host, many.

# Guests: udevd plain udev

export ROUNDS=${ROUNDS:-20} TEST_ONLY=nobody TEST_SECONDS=1200
exec "$(dirname "$0")/../vm/detach.sh"
