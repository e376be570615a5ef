#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The disks that the root file system stands on have no name, from the first moment on, in any
# Linux: on whatever it stands, whoever makes the links.

# Takes long

. "$(dirname "$0")/../lib.sh"

# Wall-clock seconds for a guest that ends by itself; it takes about four.
GUEST_SECONDS=80

PATH=$PATH:/usr/sbin:/sbin

# The initramfs of a Linux that is not our appliance, and its root.
setup_file() {
	local applet
	"$MKINITRAMFS" --modules "$MODULES" --rules "$RULES" -o image --root-modules ext4 \
		--module dm-mod --module raid1 --module overlay \
		--add /bin/busybox:/bin/busybox --add "$(command -v dmsetup):/bin/dmsetup" \
		--add "$(command -v mdadm):/bin/mdadm" --add "$B/tests/vm/watch:/watch" \
		--add "$HOTSLOT_ID:/hotslot-id" --add "$SRC/tests/vm/hidden-guest:/init" \
		--add "$SRC/tests/vm/hidden-guest:/hidden-guest"
	mkdir -p root/{bin,dev,proc,sys,run}
	cp "$HOTSLOT_ID" "$SRC/tests/vm/hidden-guest" root/
	cp /bin/busybox root/bin/
	for applet in $(/bin/busybox --list); do
		[[ $applet == busybox ]] || ln -s busybox "root/bin/$applet"
	done
	mke2fs -q -t ext4 -L root -d root root.img 16M
	truncate -s 20M table.img
	printf '2048,1M\n4096,16M\n' | sfdisk -q -X gpt table.img
	dd if=root.img of=table.img bs=512 seek=4096 conv=notrunc status=none
	truncate -s 1M user.img
	# With the root's label and UUID.
	cp root.img twin.img
}

scsi_disk() { # TARGET SERIAL FILE
	DISKS+=(-drive "file=../file/$3,format=raw,if=none,id=disk$1,snapshot=on"
		-device "scsi-hd,drive=disk$1,bus=scsi0.0,scsi-id=$1,lun=0,serial=$2")
}

# Boots the guest until it ends by itself. Leaves what it said in the file OWNER.
boot() { # OWNER KIND [ROOT_IMAGE…]
	local DISKS=() roots=(0 1) image n=0
	for image in "${@:3}"; do
		scsi_disk "$n" "root-$((n++))" "$image"
	done
	scsi_disk 7 user-7 twin.img
	scsi_disk 8 user-8 user.img
	timeout "$GUEST_SECONDS" qemu-system-x86_64 -accel tcg -machine pc -m 512 \
		-nodefaults -no-user-config -display none -no-reboot -kernel "$KERNEL" \
		-initrd ../file/image -serial "file:$1.console" -device virtio-scsi-pci,id=scsi0 \
		-append "console=ttyS0 quiet panic=-1 no_timer_check cryptomgr.notests kind=$2 owner=$1 \
			${3:+root=LABEL=root roots=$(IFS=,; echo "${roots[*]:0:n}")}" \
		"${DISKS[@]}" -device virtio-serial-pci \
		-chardev "socket,id=agent,path=$1.port,server=on,wait=off" \
		-chardev "socket,id=test,path=$1.port" \
		-device virtserialport,chardev=agent,name=org.hotslot.agent.0 \
		-device virtserialport,chardev=test,name=test ||
		fail "QEMU ended with $?: $(<"$1.console")"
	tr -d '\r' <"$1.console" | grep -v 'reboot: Power down$' >"$1"
}

# What the agent said BEFORE the root was mounted or AFTER, as "undecided: slot/links …".
answer() { # OWNER before|after
	sed -n "s/^$2: //p" "$1" | jq -r '.return | "\(.hidden.undecided):" +
		(.disks | map(" \(.slot)/\(.links | map(split("/")[-1]) | join(","))") | join(""))'
}

# What a program that was started on the root finds each disk to be.
check_status() { # OWNER STATUS_OF_USERS [ROOT_IMAGE…]
	local n
	check_equal "$(for ((n = 0; n < $# - 2; n++)); do
		echo "target $n: HOTSLOT_STATUS=system"
	done; printf "target %s: HOTSLOT_STATUS=$2\\n" 7 8)" "$(grep ^target "$1")"
}

check_guest() { # OWNER KIND ROOT_TYPE [ROOT_IMAGE…]
	local named='1792 2048 user-7 user-8' disks=' 1792/1792,user-7 2048/2048,user-8'
	boot "$1" "$2" "${@:4}"
	check_match "root: $3" "$(<"$1")"
	check_equal "names: $named " "$(grep ^names: "$1")"
	check_equal "links: by-serial/user-7 by-serial/user-8 by-slot/1792 by-slot/2048 " \
		"$(grep ^links: "$1")"
	check_status "$1" "${STATUS:-slotted}" "${@:4}"
	[[ $1 != udev-alone ]] || return 0
	check_equal "false:$disks" "$(answer "$1" after)"
	[[ $2 == none ]] || check_equal "true:" "$(answer "$1" before)"
}

# Two guests at a time, a processor for each.
check_hidden() { # KIND ROOT_TYPE [ROOT_IMAGE…]
	local owner other
	for owner in agent udev; do
		check_guest "$owner" "$@" &
		other=$!
		check_guest "$owner-alone" "$@"
		wait "$other"
	done
}

test_a_root_on_a_whole_disk_is_hidden() {
	check_hidden disk ext4 root.img
}

test_a_root_on_a_partition_is_hidden() {
	check_hidden partition ext4 table.img
}

test_a_root_on_device_mapper_is_hidden() {
	check_hidden mapper ext4 table.img
}

# Without an agent, udev's rule has no say before the disk has its next event.
test_a_disk_that_the_root_grows_onto_is_hidden_then() {
	local owner
	for owner in agent agent-alone udev; do
		boot "$owner" grown table.img
		check_equal "links: by-serial/user-7 by-serial/user-8 by-slot/1792 by-slot/2048 " \
			"$(grep ^links: "$owner")"
		check_equal "grown: by-serial/user-7 by-slot/1792 " "$(grep ^grown: "$owner")"
		check_equal "false: 1792/1792,user-7" "$(answer "$owner" after)"
	done
}

test_both_disks_of_a_root_on_md_are_hidden() {
	check_hidden md ext4 root.img root.img
}

test_a_root_under_an_overlay_is_hidden() {
	check_hidden overlay overlay root.img
}

# Where the layers are to be seen from the initramfs only: who comes later cannot tell, and names no
# disk at all.
test_a_root_over_layers_out_of_sight_is_hidden() {
	STATUS=system check_guest agent-alone covered overlay root.img
}

test_with_a_root_on_no_disk_none_is_hidden() {
	check_hidden none '(rootfs|tmpfs)'
}

run_tests
