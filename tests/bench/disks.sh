# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The guests that disks come to, for tests/bench/run: see measure.c.

listener_image() { # GUEST
	GUEST=$1 appliance_image --init "$B/tests/bench/listener"
}

# What Debian's own initramfs has of udev's rules, with the programs that they call and the index of
# modules; not ours.
stock_image() {
	local options=(--add "$work/empty:/usr/lib/udev/rules.d/60-hotslot.rules") file tree image
	for file in rules.d/{50-firmware,60-block,60-persistent-storage,80-drivers}.rules ata_id scsi_id; do
		options+=(--add "/usr/lib/udev/$file")
	done
	image=$(GUEST=udevd appliance_image --compress none)
	mkdir stock
	(cd stock && busybox cpio -id 2>/dev/null) <"$image"
	depmod -b stock/usr "${MODULES##*/}" 2>/dev/null
	tree=usr/lib/modules/${MODULES##*/}
	for file in "stock/$tree"/modules.*.bin; do
		options+=(--add "$work/$file:/$tree/${file##*/}")
	done
	: >empty
	GUEST=udevd appliance_image "${options[@]}" --init "$B/tests/bench/listener"
}

bench_disks() {
	local plain udevd floor stock
	plain=$(GUEST=plain appliance_image) udevd=$(appliance_image)
	floor=$(listener_image plain) stock=$(stock_image)
	mkdir -p disks
	progress "booting the guests that get disks"
	"$B/tests/bench/measure" "$(embed_root "$work/d")" "$work/disks" "$KERNEL" plain="$plain" \
		udevd="$udevd" udev="$udevd" floor="$floor" answers="$floor" \
		answers-udevd="$(listener_image udevd)" stock="$stock"
	end_guests "$work/d"
}

bench_eight() {
	local plain udevd floor
	plain=$(GUEST=plain appliance_image) udevd=$(appliance_image) floor=$(listener_image plain)
	mkdir -p disks
	progress "booting three times eight guests, which get disks all at the same time"
	"$B/tests/bench/eight" "$(embed_root "$work/8")" "$work/disks" "$KERNEL" "$plain" "$udevd" "$floor"
	end_guests "$work/8"
}
