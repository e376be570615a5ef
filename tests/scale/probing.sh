#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/vm/probing.sh with a thousand mutated images, or as many and from where on as is said.

export MUTATED=${MUTATED:-1000} FIRST=${FIRST:-30000} TEST_SECONDS=1800
exec "$(dirname "$0")/../vm/probing.sh"
