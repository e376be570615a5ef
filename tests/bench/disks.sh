# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The guests that disks come to, for tests/bench/run: see measure.c.

# The modules of the smallest appliance and the list of them, and nothing else but the listener.
floor_image() {
	local image
	image=$(GUEST=plain appliance_image --compress none)
	mkdir floor unpacked
	(cd unpacked && busybox cpio -id 2>/dev/null) <"$image"
	mkdir -p floor/etc floor/usr/lib
	mv unpacked/etc/hotslot floor/etc/
	mv unpacked/usr/lib/modules floor/usr/lib/
	cp "$B/tests/bench/listener" floor/init
	pack floor floor.img
}

# What Debian's own initramfs has of udev's rules, with the programs that they call; not ours.
stock_image() {
	local options=(--add "$work/empty:/usr/lib/udev/rules.d/60-hotslot.rules") file
	: >empty
	for file in rules.d/{50-firmware,60-block,60-persistent-storage,80-drivers}.rules ata_id scsi_id; do
		options+=(--add "/usr/lib/udev/$file")
	done
	GUEST=udev appliance_image "${options[@]}" --add "$B/tests/bench/listener:/bin/listener"
}

bench_disks() {
	local plain udevd stock
	plain=$(GUEST=plain appliance_image) udevd=$(appliance_image)
	stock=$(stock_image)
	floor_image
	mkdir disks
	progress "booting the guests that get disks"
	"$B/tests/bench/measure" "$(embed_root "$work/d")" "$work/disks" "$KERNEL" plain="$plain" \
		udevd="$udevd" udev="$udevd" floor="$work/floor.img" stock="$stock"
	end_guests "$work/d"
}
