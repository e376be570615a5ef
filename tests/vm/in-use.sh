#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What may be used as an image: nothing that a disk has already, or this host, however it is named;
# and only as what it is.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../daemon.sh"

# Loopback has addresses enough for every test that may run beside this one.
HOST=127.$(($$ >> 16 & 127 | 128)).$(($$ >> 8 & 255)).$(($$ & 255))

# Pools are a daemon's.
setup_file() {
	start_daemon "$T/d"
	launch vm --memory 256
	raw_image "$T/n.img"
	qemu-nbd --fork --pid-file "$T/nbd-pid" -f raw -t -e 8 -b "$HOST" -x e "$T/n.img"
}

setup_test() {
	detach_all vm
}

teardown_file() {
	local pid
	pid=$(cat "$T/nbd-pid" 2>/dev/null) || true
	[[ -z $pid || $(cat "/proc/$pid/comm" 2>/dev/null) != qemu-nbd ]] || kill -KILL "$pid"
	end_daemon
}

# The command fails with exactly this error, and its code is image-in-use.
in_use() { # MESSAGE ATTACH ARGUMENT…
	local message=$1 before
	before=$(live_devices vm)
	shift
	check_fails 1 . hs attach vm "$@"
	check_equal "hotslot: attach: $message" "$(<stderr)"
	check_equal "" "$(<stdout)"
	check_fails 1 . hs attach vm "$@" --json
	check_equal "image-in-use check" "$(jq -r '"\(.error.code) \(.error.step)"' stdout)"
	check_equal "$before" "$(live_devices vm)"
}

# Writes disk.xml.
element() { # FILE [MORE [TYPE ATTRIBUTE]]
	echo "<disk type='${3:-file}'>${2:-}<source ${4:-file}='$1'/></disk>" >disk.xml
}

SHARE='only disks that are read-only or shareable can share one'

# No server locks anything: two writers would destroy what is on it.
test_a_network_image_is_one_disks() {
	local uri=nbd://$HOST:10809/e
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "nbd://$HOST/e" --id one)"
	in_use "Image $uri is in use by domain vm, as ua-hotslot-one; $SHARE" "nbd://$HOST/e"
	in_use "Image $uri is in use by domain vm, as ua-hotslot-one; $SHARE" "$uri" --readonly
	in_use "Image $uri is in use by domain vm, as ua-hotslot-one; $SHARE" "$uri" --shareable
	cat >disk.xml <<-XML
		<disk type='network'><driver name='qemu' type='raw'/>
		<source protocol='nbd' name='e'><host name='$HOST'/></source></disk>
	XML
	in_use "disk.xml: Image $uri is in use by domain vm, as ua-hotslot-one; $SHARE" --xml disk.xml
	hs detach vm 0
	hs attach vm "$uri" --readonly
	in_use "Image $uri is in use by domain vm, as ua-hotslot-slot-0; $SHARE" "$uri"
	check_equal /dev/disk/by-slot/1 "$(hs attach vm "$uri" --readonly)"
	hs detach vm 0 1
	hs attach vm "$uri" --shareable
	check_equal /dev/disk/by-slot/1 "$(hs attach vm "$uri" --shareable)"
}

# A domain that has the server's image.
write_other() {
	cat >other.xml <<-XML
		<domain type='qemu'><name>other</name><memory unit='MiB'>32</memory>
		<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
		<disk type='network'><driver name='qemu' type='raw'/>
		<source protocol='nbd' name='e'><host name='$HOST' port='10809'/></source>
		<target dev='vda' bus='virtio'/></disk></devices></domain>
	XML
}

test_a_network_image_is_one_domains() {
	local uri=nbd://$HOST:10809/e
	write_other
	virsh -q -c "$URI" create --paused other.xml
	in_use "Image $uri is in use by domain other, as virtio-disk0; $SHARE" "$uri"
	check_fails 1 . hs launch third --accel tcg --kernel "$KERNEL" \
		--initramfs "$KERNEL" --drive "$uri"
	check_equal "hotslot: launch: third: Image $uri is in use by domain other, as virtio-disk0; $SHARE" \
		"$(<stderr)"
	virsh -q -c "$URI" destroy other
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "$uri")"
}

# Both look, and then both attach: who looks again afterwards sees the other.
test_a_network_image_that_another_domain_gets_meanwhile() {
	local uri=nbd://$HOST:10809/e before
	before=$(live_devices vm)
	write_other
	check_fails 1 "^hotslot: attach: Image $uri is in use by domain other, as virtio-disk0; $SHARE; rolled back, the domain is as it was \(step: verify\)$" \
		env STEPS_AT='before virDomainAttachDeviceFlags' LD_PRELOAD="$B/tests/vm/steps" \
		STEPS_COMMAND="virsh -q -c '$URI' create --paused $T/other.xml" "$HOTSLOT" -c "$URI" attach vm "$uri"
	check_equal "$before" "$(live_devices vm)"
	# What is behind an image, only libvirt finds out.
	qemu-img create -q -f qcow2 -b "$uri" -F raw top.qcow2
	check_fails 1 "^hotslot: attach: top.qcow2: Image $uri is in use by domain other, as virtio-disk0; $SHARE; rolled back, the domain is as it was \(step: verify\)$" \
		hs attach vm top.qcow2
	check_equal "$before" "$(live_devices vm)"
	virsh -q -c "$URI" destroy other
	check_equal /dev/disk/by-slot/0 "$(hs attach vm top.qcow2)"
	in_use "Image $uri is in use by domain vm, as ua-hotslot-slot-0; $SHARE" "$uri"
	hs detach vm 0
}

test_an_element_of_a_file_that_is_in_use() {
	raw_image a.img
	ln -s a.img link.img
	hs attach vm a.img
	element "$T/a.img"
	in_use "disk.xml: Image $T/a.img is in use by domain vm" --xml disk.xml
	# However it is called.
	in_use "Image $T/link.img is in use by domain vm" "$T/link.img"
	element "$T/link.img"
	in_use "disk.xml: Image $T/link.img is in use by domain vm" --xml disk.xml
	hs detach vm 0
	element "$T/a.img" '<shareable/>'
	hs attach vm --xml disk.xml
	check_equal /dev/disk/by-slot/1 "$(hs attach vm --xml disk.xml)"
}

test_a_device_that_this_host_has_mounted() {
	local device=
	truncate -s 16M fs.img
	mke2fs -q -F fs.img 2>/dev/null
	mkdir m
	device=$(losetup -f --show fs.img 2>/dev/null) || skip "no loop devices here"
	trap 'umount m 2>/dev/null || true; losetup -d '"$device" EXIT
	mount "$device" m 2>/dev/null || skip "no mounts here"
	in_use "Device $device is mounted or held by this host" "$device"
	element "$device" '' block dev
	in_use "disk.xml: Device $device is mounted or held by this host" --xml disk.xml
	# It is one, whatever the element says.
	element "$device"
	in_use "disk.xml: Device $device is mounted or held by this host" --xml disk.xml
	umount m
	element "$device" '' block dev
	check_equal /dev/disk/by-slot/0 "$(hs attach vm --xml disk.xml)"
	hs detach vm 0
}

# It locks nothing.
test_a_file_that_is_a_loop_device_here() {
	local device=
	raw_image a.img
	ln a.img hard.img
	device=$(losetup -f --show a.img 2>/dev/null) || skip "no loop devices here"
	trap 'losetup -d '"$device" EXIT
	in_use "Image $T/a.img is in use by this host, as $device; 'losetup -d $device' frees it" a.img
	in_use "Image $T/hard.img is in use by this host, as $device; 'losetup -d $device' frees it" \
		hard.img
	element "$T/a.img"
	in_use "disk.xml: Image $T/a.img is in use by this host, as $device; 'losetup -d $device' frees it" \
		--xml disk.xml
	check_equal /dev/disk/by-slot/0 "$(hs attach vm a.img --readonly)"
	hs detach vm 0
}

# QEMU locks a node, and has not looked at what is below it.
test_a_device_that_has_blocks_of_a_disk() {
	local device='' upper=''
	raw_image a.img
	device=$(losetup -f --show a.img 2>/dev/null) || skip "no loop devices here"
	trap 'losetup -d '"$device" EXIT
	upper=$(losetup -f --show "$device" 2>/dev/null) || skip "no loop devices here"
	trap 'losetup -d '"$upper"'; losetup -d '"$device" EXIT
	mknod node b "$(stat -c '0x%t' "$device")" "$(stat -c '0x%T' "$device")" || skip "no nodes here"
	head -c 0 node 2>/dev/null || skip "no devices here"
	hs attach vm "$device" --id one
	in_use "Image $T/node is in use by domain vm, as ua-hotslot-one; $SHARE" "$T/node"
	in_use "Image $upper is in use by domain vm, as ua-hotslot-one; $SHARE" "$upper"
	element "$upper" '' block dev
	in_use "disk.xml: Image $upper is in use by domain vm, as ua-hotslot-one; $SHARE" --xml disk.xml
	hs detach vm 0
	hs attach vm "$upper" --id two
	in_use "Image $device is in use by domain vm, as ua-hotslot-two; $SHARE" "$device"
	hs detach vm 0
}

# It is the domain's own, and not left over from an attach that was broken off.
test_an_image_behind_a_disk() {
	qemu-img create -q -f qcow2 q.qcow2 2M
	hs attach vm q.qcow2
	virsh -q -c "$URI" snapshot-create-as vm s1 --disk-only --no-metadata >/dev/null
	in_use "Image $T/q.qcow2 is in use by domain vm" q.qcow2
	check_equal 1 "$(virsh -q -c "$URI" qemu-monitor-command vm \
		'{"execute":"query-named-block-nodes","arguments":{"flat":true}}' |
		jq --arg file "$T/q.qcow2" '[.return[] | select(.drv == "qcow2" and .file == $file)] | length')"
}

test_a_volume_is_what_is_at_its_path() {
	mkdir pool
	virsh -q -c "$URI" pool-create-as p dir --target "$T/pool"
	virsh -q -c "$URI" vol-create-as p v 1M --format raw
	ln -s pool/v link
	hs attach vm volume:p/v
	in_use "Image $T/link is in use by domain vm" "$T/link"
	hs detach vm 0
	hs attach vm "$T/link"
	in_use "Image volume:p/v is in use by domain vm, as ua-hotslot-slot-0; $SHARE" volume:p/v
	hs detach vm 0
	virsh -q -c "$URI" pool-destroy p
}

# libvirt knows what a volume is, and a name without an ending says nothing.
test_a_volume_is_not_raw_without_a_word() {
	local notice="although it looks like qcow2: say format qcow2 if that is meant"
	mkdir pool
	virsh -q -c "$URI" pool-create-as p dir --target "$T/pool"
	virsh -q -c "$URI" vol-create-as p vol-7 6M --format qcow2
	virsh -q -c "$URI" vol-create-as p raw.qcow2 1M --format raw
	hs attach vm volume:p/vol-7 2>stderr
	check_equal "hotslot: attach: volume:p/vol-7 is attached as raw $notice" "$(<stderr)"
	check_equal raw "$(disk_field vm 0 format)"
	hs detach vm 0
	hs attach vm volume:p/vol-7 --format qcow2 2>stderr
	check_equal "" "$(<stderr)"
	hs detach vm 0
	echo "<disk type='volume'><source pool='p' volume='vol-7'/></disk>" | hs attach vm --xml - 2>stderr
	check_equal "hotslot: attach: volume:p/vol-7 is attached as raw $notice" "$(<stderr)"
	hs detach vm 0
	element "$T/pool/vol-7"
	hs attach vm --xml disk.xml 2>stderr
	check_equal "hotslot: attach: $T/pool/vol-7 is attached as raw $notice" "$(<stderr)"
	hs detach vm 0
	check_fails 1 . hs attach vm volume:p/raw.qcow2
	check_equal "hotslot: attach: Image volume:p/raw.qcow2 is named qcow2 but is not one: say its format" \
		"$(<stderr)"
	hs attach vm volume:p/raw.qcow2 --format raw 2>stderr
	check_equal "" "$(<stderr)"
	hs detach vm 0
	virsh -q -c "$URI" pool-destroy p
}

run_tests
