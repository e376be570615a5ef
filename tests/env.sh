# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Where things are: sourced by every script here. What is set already is kept.

SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=${B:-build}
[[ $B == /* ]] || B=$SRC/$B

HOTSLOT=${HOTSLOT:-$B/hotslot}
HOTSLOT_ID=${HOTSLOT_ID:-$B/hotslot-id}
HOTSLOT_AGENT=${HOTSLOT_AGENT:-$B/hotslot-agent}
HOTSLOT_INIT=${HOTSLOT_INIT:-$B/hotslot-init}
MKINITRAMFS=${MKINITRAMFS:-$B/hotslot-mkinitramfs}
RULES=${RULES:-$SRC/udev-rules/60-hotslot.rules}

# tests/fetch-kernel leaves a kernel in $B/kernel and its release in $B/kernel/release. Both can
# be given instead: the image, and a tree lib/modules/RELEASE.
if [[ -r $B/kernel/release ]]; then
	KERNEL=${KERNEL:-$B/kernel/boot/vmlinuz-$(<"$B/kernel/release")}
	MODULES=${MODULES:-$B/kernel/lib/modules/$(<"$B/kernel/release")}
fi
KERNEL=${KERNEL:-} MODULES=${MODULES:-}
export SRC B HOTSLOT HOTSLOT_ID HOTSLOT_AGENT HOTSLOT_INIT MKINITRAMFS RULES KERNEL MODULES
