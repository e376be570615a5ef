#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The appliance from its initramfs on: what hotslot-mkinitramfs builds and hotslot-init does with
# it, on a real kernel, with QEMU directly.

# Takes long

. "$(dirname "$0")/../lib.sh"

# Wall-clock seconds for a guest that ends by itself; it takes about three.
GUEST_SECONDS=80
UUID=3a1f0c52-6d0e-4f7b-9a55-0d7c3b1e9f10

# ---- helpers -------------------------------------------------------------------------------

build() { # FILE [OPTION…]
	"$MKINITRAMFS" --modules "$MODULES" --rules "$RULES" -o "$@"
}

# Builds the file "image", whose payload is the shell script "payload": standard input.
build_with_payload() {
	{
		echo 'PATH=/bin'
		cat
	} >payload
	build image --add /bin/busybox:/bin/busybox --add payload:/payload
}

RUN_PAYLOAD='hotslot.exec="/bin/busybox sh /payload" hotslot.execend=poweroff'

# Boots an image until the guest ends by itself; fails if it does not. Leaves the file "console".
boot() { # IMAGE PARAMETERS [QEMU OPTION…]
	timeout "$GUEST_SECONDS" qemu-system-x86_64 -accel tcg -machine pc -m 512 \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$KERNEL" -initrd "$1" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check cryptomgr.notests $2" \
		-serial file:console -device virtio-scsi-pci,id=scsi0 -device virtio-serial-pci \
		-chardev null,id=port -device virtserialport,chardev=port,name=org.hotslot.agent.0 \
		"${@:3}" || fail "QEMU ended with $?: $(<console)"
}

# What the guest said, but for what the kernel complains of on a busy host, and udevd, when it had
# something to do just as all were ended.
said() {
	tr -d '\r' <console |
		grep -vE '^\[ *[0-9]+\.[0-9]+\] |did not accept message, killing the worker'
}

# A disk with a file system that the payload runs on, at the system target.
root_disk() { # [DIRECTORY…]
	mkdir -p root/bin "${@/#/root/}"
	cp /bin/busybox root/bin/
	cat >root/payload <<-'EOF'
		grep '^/dev.* / ' /proc/mounts
		root=$(sed -n 's|^/dev/\([a-z0-9]*\) / .*|\1|p' /proc/mounts)
		readlink -f /sys/class/block/$root | grep -o ':255:0/'
		ls -1 /
		[ -e /run/hotslot/init ] && [ -e /run/hotslot/links-by-agent ] && echo marks
		pidof hotslot-agent >/dev/null && echo agent
		for pid in $(pidof hotslot-agent); do readlink /proc/$pid/exe && break; done
	EOF
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -L appliance -U "$UUID" -d root disk 16M
	ROOT_DISK=(-drive 'file=disk,format=raw,if=none,id=root'
		-device 'scsi-hd,drive=root,bus=scsi0.0,scsi-id=255,lun=0')
}

# Beside it, in slot 0, is a user's disk with the same file system, label and UUID.
check_root() { # SPECIFICATION
	root_disk dev proc sys run
	cp disk twin
	build image
	boot image "hotslot.root=$1 $RUN_PAYLOAD" "${ROOT_DISK[@]}" \
		-drive file=twin,format=raw,if=none,id=twin \
		-device scsi-hd,drive=twin,bus=scsi0.0,scsi-id=0,lun=0
	check_match '^/dev/sd[ab] / ext4 ro,' "$(said)"
	check_equal "$(printf '%s\n' :255:0/ bin dev lost+found payload proc run sys marks agent \
		/usr/lib/hotslot/hotslot-agent \
		'hotslot-init: payload exited with status 0')" "$(said | sed 1d)"
}

# ---- building ------------------------------------------------------------------------------

test_the_same_input_gives_the_same_bytes() {
	build one
	mkdir elsewhere
	(cd elsewhere && umask 077 && TZ=Asia/Tokyo build ../two)
	cmp one two
	build one.gz --compress gzip
	build two.gz --compress gzip
	cmp one.gz two.gz
}

test_an_image_is_built_without_root() {
	local as=()
	[[ $(id -u) != 0 ]] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	build one
	mkdir -m 777 open
	chmod 711 . ..
	"${as[@]}" "$MKINITRAMFS" --modules "$MODULES" --rules "$RULES" -o open/two ||
		skip "an ordinary user cannot read the build directory"
	cmp one open/two
}

# The modules of an image in a tree of their own, each compressed in another way: the same image.
test_compressed_modules_are_unpacked() {
	local tree=compressed/${MODULES##*/} module with=(xz zstd)
	build one --list | sed -n "s|^usr/lib/modules/[^/]*/\(.*\.ko\)$|\1|p" >list
	while read -r module; do
		mkdir -p "$tree/$(dirname "$module")"
		cp "$MODULES/$module" "$tree/$module"
		"${with[0]}" -q "$tree/$module"
		rm -f "$tree/$module"
		with=("${with[@]:1}" "${with[0]}")
	done <list
	find "$tree" -type f | sed 's/.*\.//' | sort -u >suffixes
	check_equal $'xz\nzst' "$(<suffixes)"
	cp "$MODULES/modules.builtin" "$tree"
	MODULES=$tree build two
	cmp one two
}

test_building_names_what_is_missing() {
	check_fails 1 '^hotslot-mkinitramfs: module nosuch is neither in .* nor built in' \
		build out --module nosuch
	check_fails 1 'hotslot-mkinitramfs: cannot use nowhere as the modules' \
		build out --modules nowhere
	check_fails 1 'hotslot-mkinitramfs: cannot read nosuch: No such file' build out --agent nosuch
	check_fails 2 "there is no compression 'best'" build out --compress best
	check_fails 2 'where to write' "$MKINITRAMFS"
	[[ ! -e out ]] || fail "something was written"
}

test_the_output_is_a_regular_file() {
	mkfifo pipe
	check_fails 1 "pipe is no regular file" "$MKINITRAMFS" --modules "$MODULES" --rules "$RULES" \
		-o pipe
	[[ -p pipe ]]
	: >real
	ln -s real link
	"$MKINITRAMFS" --modules "$MODULES" --rules "$RULES" -o link
	[[ -L link && -s real ]]
}

test_udev_can_be_left_out() {
	build with --list >list
	grep -qx usr/lib/systemd/systemd-udevd list
	build without --list --no-udev >list
	check_fails 1 '^$' grep -E 'udev(d|adm)|hotslot-id|rules' list
}

# ---- booting -------------------------------------------------------------------------------

test_booting_names_a_missing_module() {
	printf 'kernel/nosuch.ko\n' >list
	build image --add list:/etc/hotslot/modules
	boot image ''
	check_match '^hotslot-init: the kernel module /usr/lib/modules/[^ ]*/kernel/nosuch.ko is not in the initramfs' \
		"$(said)"
}

# What taints a kernel: bit 13 is a module without a signature.
test_modules_keep_their_signatures_for_a_kernel_that_insists() {
	[[ $(tail -c 28 "$MODULES/kernel/drivers/scsi/sd_mod.ko") == *signature* ]] ||
		skip "the kernel's modules are not signed"
	build_with_payload <<<'cat /proc/sys/kernel/tainted'
	boot image "module.sig_enforce=1 $RUN_PAYLOAD"
	check_equal "$(printf '%s\n' 0 'hotslot-init: payload exited with status 0')" "$(said)"
	boot image "$RUN_PAYLOAD"
	check_equal "$(printf '%s\n' 8192 'hotslot-init: payload exited with status 0')" "$(said)"
}

test_a_wrong_parameter_is_named() {
	build image
	boot image 'hotslot.links=both'
	check_match '^hotslot-init: the kernel parameter hotslot.links has a wrong value' "$(said)"
}

test_a_good_boot_is_quiet() {
	build_with_payload <<<'exit 7'
	boot image "$RUN_PAYLOAD"
	check_equal 'hotslot-init: payload exited with status 7' "$(said)"
}

test_the_agent_comes_before_the_drivers_of_disks() {
	build_with_payload <<-'EOF'
		agent=$(for i in $(pidof hotslot-agent); do cut -d ' ' -f 22 /proc/$i/stat; done | sort -n | sed q)
		driver=$(dmesg | sed -n 's/^\[ *\([0-9]*\)\.\([0-9][0-9]\).* scsi host[0-9]*: Virtio.*/\1\2/p')
		[ $agent -le $driver ] && [ ! -e /run/hotslot/starting ] && echo before
	EOF
	boot image "$RUN_PAYLOAD"
	check_match '^before' "$(said)"
}

test_an_agent_that_dies_is_started_again() {
	build_with_payload <<-'EOF'
		until old=$(pidof hotslot-agent); do usleep 10000; done
		kill -9 $old
		until new=$(pidof hotslot-agent) && [ $new != $old ]; do usleep 10000; done
		echo "another one"
	EOF
	boot image "$RUN_PAYLOAD"
	check_match 'hotslot-init: hotslot-agent ended by signal 9 and is started again' "$(said)"
	check_match 'another one' "$(said)"
}

test_udevd_learns_of_what_was_there_before_it() {
	truncate -s 1M disk
	build_with_payload <<-'EOF'
		until grep HOTSLOT_SLOT /run/udev/data/b8:0; do usleep 10000; done 2>/dev/null
		readlink /dev/disk/by-slot/0
		until readlink /dev/virtio-ports/org.hotslot.agent.0; do usleep 10000; done
	EOF
	boot image "$RUN_PAYLOAD" -drive file=disk,format=raw,if=none,id=disk \
		-device scsi-hd,drive=disk,bus=scsi0.0,scsi-id=0,lun=0
	check_equal "$(printf '%s\n' E:HOTSLOT_SLOT=0 ../../sda ../vport1p1 \
		'hotslot-init: payload exited with status 0')" "$(said)"
}

test_udevd_makes_the_links_if_asked_to() {
	truncate -s 1M disk
	build_with_payload <<-'EOF'
		[ -e /run/hotslot/links-by-agent ] || echo unmarked
		until readlink /dev/disk/by-slot/3; do usleep 10000; done 2>/dev/null
		until grep S:disk/by-slot /run/udev/data/b8:0; do usleep 10000; done 2>/dev/null
	EOF
	boot image "hotslot.links=udev $RUN_PAYLOAD" -drive file=disk,format=raw,if=none,id=disk \
		-device scsi-hd,drive=disk,bus=scsi0.0,scsi-id=0,lun=3
	check_equal "$(printf '%s\n' unmarked ../../sda S:disk/by-slot/3 \
		'hotslot-init: payload exited with status 0')" "$(said)"
	build image --no-udev
	boot image hotslot.links=udev
	check_match '^hotslot-init: hotslot.links=udev needs udevd' "$(said)"
}

test_without_an_agent_udevd_makes_the_links() {
	truncate -s 1M disk
	build_with_payload <<-'EOF'
		until readlink /dev/disk/by-slot/3; do usleep 10000; done 2>/dev/null
		pidof hotslot-agent
		[ -e /run/hotslot/links-by-agent ] || echo unmarked
	EOF
	boot image "hotslot.agent=no $RUN_PAYLOAD" -drive file=disk,format=raw,if=none,id=disk \
		-device scsi-hd,drive=disk,bus=scsi0.0,scsi-id=0,lun=3
	check_equal "$(printf '%s\n' ../../sda unmarked \
		'hotslot-init: payload exited with status 0')" "$(said)"
	build image --no-udev
	boot image hotslot.agent=no
	check_match '^hotslot-init: hotslot.agent=no needs udevd' "$(said)"
}

test_processes_may_end_before_the_power_goes() {
	build_with_payload <<-'EOF'
		trap 'echo ending; exit' TERM
		mkfifo /never
		kill -USR2 1
		while :; do read -r line <>/never; done
	EOF
	boot image 'hotslot.exec="/bin/busybox sh /payload"'
	check_equal ending "$(said)"
}

test_another_init_takes_over() {
	root_disk dev proc sys run
	printf '#!/bin/busybox sh\necho "PID $$"; poweroff -f\n' >root/payload
	chmod 755 root/payload
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -d root -F disk 16M
	build image
	boot image 'hotslot.root=system hotslot.init=/payload' "${ROOT_DISK[@]}"
	check_equal 'PID 1' "$(said)"
}

# ---- mirrors ------------------------------------------------------------------------------

# A disk with a partition in slot 3; the payload waits for what is made last and first removed.
# Whoever reads the disk when it goes has the kernel say so.
check_mirror() { # PARAMETERS
	truncate -s 8M disk
	printf '2048,1M\n' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q -X gpt disk
	build_with_payload <<-'EOF'
		m=/mirror/dev
		until [ -b $m/disk/by-slot/3-part1 -a -b $m/disk/by-serial/vol ]; do usleep 10000; done
		until [ -b $m/disk/by-serial/vol-part1 ]; do usleep 10000; done
		until [ -b /dev/disk/by-slot/3-part1 ]; do usleep 10000; done
		for link in $m/disk/by-*/*; do echo "${link#$m/} $(readlink $link)"; done
		cmp /dev/disk/by-slot/3-part1 $m/disk/by-slot/3-part1 && echo same
		set -- $(pidof hotslot-agent)
		xargs -0 </proc/$1/cmdline
		until [ "$(stat -c %a:%u:%g /dev/sda1)" = 660:0:6 ]; do usleep 10000; done
		for node in sda sda1; do
			until [ "$(stat -c %t:%T:%a:%u:%g $m/$node)" = "$(stat -c %t:%T:%a:%u:%g /dev/$node)" ]; do
				usleep 10000
			done
		done
		echo equal
		echo 1 >/sys/block/sda/device/delete
		while [ -e $m/sda -o -e $m/sda1 ]; do usleep 10000; done
		ls -A $m $m/disk/by-slot $m/disk/by-serial
	EOF
	boot image "hotslot.mirror=/mirror/dev hotslot.contents=no $1 $RUN_PAYLOAD" \
		-drive file=disk,format=raw,if=none,id=disk \
		-device scsi-hd,drive=disk,bus=scsi0.0,scsi-id=0,lun=3,serial=vol
	check_equal "disk/by-serial/vol ../../sda
disk/by-serial/vol-part1 ../../sda1
disk/by-slot/3 ../../sda
disk/by-slot/3-part1 ../../sda1
same
/usr/lib/hotslot/hotslot-agent --no-contents --mirror /mirror/dev
equal
/mirror/dev:
disk

/mirror/dev/disk/by-serial:

/mirror/dev/disk/by-slot:
hotslot-init: payload exited with status 0" "$(said)"
}

test_a_mirror_has_the_links_and_nodes_of_the_agent() {
	check_mirror ''
}

test_a_mirror_has_the_links_and_nodes_of_udevd() {
	check_mirror hotslot.links=udev
}

test_a_mirror_on_the_root_disk() {
	truncate -s 1M user
	root_disk dev proc sys run
	cat >root/payload <<-'EOF'
		until readlink /srv/c/dev/disk/by-slot/0; do usleep 10000; done 2>/dev/null | grep -o sd
		ls /srv/c/dev | grep -c sd
	EOF
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -d root -F disk 16M
	build image
	boot image "hotslot.root=system hotslot.rootrw hotslot.mirror=/srv/c/dev $RUN_PAYLOAD" \
		-drive file=user,format=raw,if=none,id=user "${ROOT_DISK[@]}" \
		-device scsi-hd,drive=user,bus=scsi0.0,scsi-id=0,lun=0
	check_equal "$(printf '%s\n' sd 1 'hotslot-init: payload exited with status 0')" \
		"$(said)"
}

# ---- the root disk -------------------------------------------------------------------------

test_a_root_disk_is_found_by_label() {
	check_root LABEL=appliance
}

test_a_root_disk_is_found_by_uuid() {
	check_root "UUID=$UUID"
}

test_a_root_disk_is_found_at_the_system_target() {
	check_root system
}

test_a_root_disk_is_found_in_a_partition_at_the_system_target() {
	root_disk dev proc sys run
	truncate -s 20M table
	printf '2048,1M\n4096,16M\n' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q -X gpt table
	dd if=disk of=table bs=512 seek=4096 conv=notrunc status=none
	mv table disk
	build image
	boot image "hotslot.root=system hotslot.rootrw $RUN_PAYLOAD" "${ROOT_DISK[@]}"
	check_match '^/dev/sda2 / ext4 rw,' "$(said)"
	# It was not pulled out from under its file system.
	dd if=disk of=part bs=512 skip=4096 count=32768 status=none
	PATH=$PATH:/usr/sbin:/sbin dumpe2fs -h part >state 2>/dev/null
	check_fails 1 '^$' grep needs_recovery state
}

test_a_root_disk_on_another_bus_is_found_by_label() {
	root_disk dev proc sys run
	build image --module virtio_blk
	boot image "hotslot.root=LABEL=appliance $RUN_PAYLOAD" \
		-drive file=disk,format=raw,if=virtio
	check_match '^/dev/vda / ext4 ro,' "$(said)"
}

test_the_label_of_a_users_disk_alone_does_not_count() {
	root_disk
	build image
	boot image 'hotslot.root=LABEL=appliance hotslot.roottimeout=1' "${ROOT_DISK[@]:0:2}" \
		-device scsi-hd,drive=root,bus=scsi0.0,scsi-id=0,lun=0
	check_match '^hotslot-init: the root disk LABEL=appliance has not appeared within 1 s' "$(said)"
}

test_a_root_disk_that_never_appears_ends_the_guest() {
	build image
	boot image 'hotslot.root=LABEL=nosuch hotslot.roottimeout=1'
	check_match '^hotslot-init: the root disk LABEL=nosuch has not appeared within 1 s' "$(said)"
}

test_a_root_disk_without_a_mount_point_is_named() {
	root_disk dev proc
	build image
	boot image 'hotslot.root=system' "${ROOT_DISK[@]}"
	check_match '^hotslot-init: the root disk /dev/sda has no directory /sys: make one' "$(said)"
}

run_tests
