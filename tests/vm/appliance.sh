#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Appliances of all kinds: with drives, with a root disk, two at once, again under the same name.

# Guests: udevd
# On demand: plain udev

# Takes long

. "$(dirname "$0")/../lib.sh"

# A file system with what a root disk needs: mount points and the remote control's tools.
make_root() { # FILE LABEL
	mkdir -p root/{dev,proc,sys,run,tmp,bin,mnt}
	cp /bin/busybox root/bin/
	cp "$WITNESS" root/bin/witness
	truncate -s 16M "$1"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -L "$2" -d root "$1"
}

test_launch_attach_list_detach_shutdown_and_again() {
	raw_image a.img
	local round
	for round in 1 2; do
		check_equal "" "$(launch vm)"
		check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --serial "round-$round")"
		check_equal "round-$round" "$(disk_field vm 0 serial)"
		hs detach vm 0
		check_equal "" "$(hs shutdown vm)"
		check_fails 1 'vm' hs list vm
		check_equal "" "$(find v/run/qemu -name 'vm.*')"
	done
}

# Each is an embedded driver of its own, and many of those make up another UUID of the host.
test_each_command_is_of_the_same_generation() {
	launch one
	raw_image data.img
	hs attach one data.img >/dev/null
	hs list one >/dev/null
	check_equal "true false null" "$(hs status one --json |
		jq -r '.session | "\(.new) \(.renewed) \(.previous)"')"
	check_equal 0 "$(grep -ac 'another generation' one.console)"
}

# A kernel that warned of something is tainted by bit 9.
test_all_processors_of_an_appliance_are_up_without_a_warning() {
	local n
	cat >payload <<-'EOF'
		processors=$(/bin/busybox grep -c ^processor /proc/cpuinfo)
		echo "$processors up, $(($(/bin/busybox cat /proc/sys/kernel/tainted) >> 9 & 1)) warned"
	EOF
	export IMAGE APPEND='hotslot.exec="/bin/busybox sh /payload"'
	IMAGE=$(appliance_image --add /bin/busybox:/bin/busybox --add payload:/payload)
	for n in 1 2; do
		launch "vm$n" --vcpus "$n"
		console_wait "$T/vm$n.console" "^$n up, 0 warned" >/dev/null
		hs shutdown "vm$n"
	done
}

# Debian's kernel knows the flags.
test_the_kernel_asks_qemus_disks_less() {
	raw_image a.img
	launch_controlled vm
	hs attach vm a.img >/dev/null
	check_match NO_VPD_SIZE "$(guest_run vm 'cat /sys/bus/scsi/devices/*:0:0/blacklist')"
}

test_drives_are_there_from_the_start() {
	raw_image a.img 2M
	raw_image b.img 3M
	raw_image c.img 4M
	qemu-img convert -q -O qcow2 c.img c.qcow2
	launch vm --drive a.img,serial=first --drive b.img,readonly --drive c.qcow2,slot=9,id=ninth
	check_equal "0 2097152 raw false first ua-hotslot-slot-0
1 3145728 raw true
9 4194304 qcow2 false" "$(hs list vm --json | jq -r '.disks[] |
		"\(.slot) \(.size) \(.format) \(."read-only")" +
			if .slot == 0 then " \(.serial) \(.alias)" else "" end')"
	check_equal ua-hotslot-ninth "$(disk_field vm 9 alias)"
	hs detach vm 0
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img)"
}

test_launch_fails_with_a_bad_drive_and_leaves_nothing() {
	only_on udevd
	check_fails 1 'none\.img.*No such file' launch vm --drive none.img
	check_fails 1 'vm' hs list vm
	check_fails 2 '[Ss]erial' launch vm --drive "$KERNEL,serial=a b"
	check_equal "" "$(find v/run/qemu -name 'vm.*' 2>/dev/null)"
}

test_launch_with_a_kernel_that_panics_fails_with_its_last_words() {
	only_on udevd
	head -c 1000 /dev/zero >empty.cpio
	IMAGE=$PWD/empty.cpio check_fails 1 '.' launch vm --timeout 30
	check_fails 1 'vm' hs list vm
}

check_root_is_hidden() {
	check_equal "" "$(slots vm)"
	raw_image a.img
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img)"
	check_equal 0 "$(slots vm)"
	check_equal "0" "$(guest_run vm 'ls /dev/disk/by-slot')"
	check_equal "" "$(guest_run vm 'ls /dev/disk/by-serial | grep -v ^hs- || true')"
	check_fails 2 65280 hs detach vm 65280
	check_match 'ROOT|root' "$(guest_run vm 'cat /marker')"
	hs detach vm 0
}

launch_on_root() { # OPTION…
	mkdir -p root
	echo ROOT >root/marker
	make_root root.img ROOT
	launch_controlled vm --root root.img "$@"
}

test_an_appliance_on_a_root_disk_hides_it() {
	only_on udevd plain # the root disk here has no udevd
	launch_on_root
	check_match '/ ext4 ro' "$(guest_run vm 'grep " / " /proc/mounts | cut -d" " -f2-4')"
	check_root_is_hidden
}

test_a_root_disk_is_found_by_its_label() {
	only_on udevd plain # the root disk here has no udevd
	launch_on_root --root-spec LABEL=ROOT
	check_root_is_hidden
}

test_a_writable_root_disk() {
	only_on udevd plain # the root disk here has no udevd
	launch_on_root --root-rw
	guest_run vm 'echo kept >/kept; sync'
	hs shutdown vm
	check_match kept "$(PATH=$PATH:/usr/sbin:/sbin debugfs -R 'cat /kept' root.img 2>/dev/null)"
}

test_a_root_that_is_not_there_ends_the_launch_with_a_reason() {
	only_on udevd
	mkdir -p root
	make_root root.img ROOT
	check_fails 1 'NONE' launch vm --root root.img --root-spec LABEL=NONE \
		--append hotslot.roottimeout=2
	check_fails 1 'vm' hs list vm
}

test_without_udevd_it_works_the_same() {
	only_on plain
	raw_image a.img
	launch_controlled vm
	check_equal "" "$(guest_run vm 'pidof systemd-udevd udevadm udevd || true')"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --serial plain)"
	check_equal /dev/disk/by-serial/plain "$(disk_field vm 0 by-serial)"
	check_equal a.img "$(guest_run vm 'head -n 1 /dev/disk/by-slot/0')"
	check_equal agent "$(hs agent vm --json | jq -r .links)"
	hs detach vm 0
}

# While the agent is stopped, more uevents come than its socket holds.
test_lost_uevents_make_the_agent_look_again() {
	only_on plain # udevd would be busy with them for long
	local CONSOLE_SECONDS=60 # twenty thousand take 5 s, more under load
	raw_image a.img
	raw_image b.img
	launch_controlled vm
	hs attach vm a.img >/dev/null
	# shellcheck disable=SC2016
	guest_run vm '{ agent=$(pidof hotslot-agent); sleep 1; kill -STOP $agent; n=0
		while [ $n -lt 20000 ]; do echo change >/sys/block/sda/uevent; n=$((n + 1)); done
		echo flood is over; kill -CONT $agent; } >/dev/console 2>&1 &'
	console_wait "$T/vm.console" '^flood is over' >/dev/null
	console_wait "$T/vm.console" 'uevents were lost: looking at all disks' >/dev/null
	check_equal "0 true" "$(hs list vm --json | jq -r '.disks[] | "\(.slot) \(.visible)"')"
	check_equal /dev/disk/by-slot/1 "$(hs attach vm b.img)"
}

test_udev_owns_the_links_where_it_is_told_to() {
	only_on udev
	truncate -s 8M a.img
	printf 'label: gpt\nstart=2048, size=2048\n' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q a.img
	launch_controlled vm
	check_equal udev "$(hs agent vm --json | jq -r .links)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --serial ruled)"
	check_equal "/dev/disk/by-serial/ruled /dev/disk/by-slot/0-part1" "$(hs list vm --json |
		jq -r '.disks[0] | "\(."by-serial") \(.partitions[0]."by-slot")"')"
	check_match 'by-slot/0' "$(guest_run vm 'cat /run/udev/data/b8:0')"
	hs detach vm 0
	check_equal "" "$(guest_links vm)"
}

test_two_appliances_at_once_do_not_mix() {
	raw_image a.img
	raw_image b.img
	launch_controlled one
	launch_controlled two
	check_equal /dev/disk/by-slot/0 "$(hs attach one a.img --serial of-one)"
	check_equal /dev/disk/by-slot/0 "$(hs attach two b.img --serial of-two)"
	check_equal "of-one of-two" "$(disk_field one 0 serial) $(disk_field two 0 serial)"
	check_equal a.img "$(guest_run one 'head -n 1 /dev/disk/by-slot/0')"
	check_equal b.img "$(guest_run two 'head -n 1 /dev/disk/by-slot/0')"
	hs shutdown one
	check_equal of-two "$(disk_field two 0 serial)"
	hs detach two 0
}

test_a_persistent_appliance_stays_defined() {
	only_on udevd
	launch vm --persistent
	hs shutdown vm
	check_fails 1 'shut off|not running' hs list vm
	check_match 'vm +shut off' "$(virsh -c "$URI" list --all)"
}

# Whether KVM works here is not ours to know; what hotslot found out, it says in one line and
# remembers.
test_accel_auto_takes_kvm_only_if_a_guest_comes_up_under_it() {
	only_on udevd
	ACCEL=auto launch vm 2>first
	if [[ -s first ]]; then
		check_equal 1 "$(wc -l <first)"
		check_match TCG "$(<first)"
		check_match "<domain type='qemu'" "$(live_xml vm)"
	else
		check_match "<domain type='kvm'" "$(live_xml vm)"
	fi
	ACCEL=auto launch again 2>second
	check_equal "$(<first)" "$(<second)"
	check_match . "$(find "$XDG_CACHE_HOME/hotslot" -type f)"
	check_equal "$(live_xml vm | grep -o "domain type='[a-z]*'")" \
		"$(live_xml again | grep -o "domain type='[a-z]*'")"
}

run_tests
