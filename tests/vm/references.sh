#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every way to name a disk: resolve, list, detach and resize by each; the disks of others; the root
# disk, which cannot be named; new sizes; read-only.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"

setup_file() {
	launch_controlled vm
}

# A test that failed may have left disks and reservations.
setup_test() {
	local reserved
	detach_all vm
	reserved=$(hs list vm --json | jq -r '.reserved | map(tostring) | join(" ")')
	# shellcheck disable=SC2086
	[[ -z $reserved ]] || hs unreserve vm $reserved
}

# An image with two partitions, the second of which starts with its own name.
parted_image() { # FILE
	truncate -s 8M "$1"
	printf 'label: gpt\nstart=2048, size=2048\nstart=4096, size=2048\n' |
		PATH=$PATH:/usr/sbin:/sbin sfdisk -q "$1"
	printf 'second\n' | dd of="$1" bs=512 seek=4096 conv=notrunc status=none
}

# Attaches as virsh does; of our own kind nothing but what is in MORE. When virsh is done, the guest has
# yet to see it.
foreign() { # IMAGE TARGET_DEV TARGET UNIT [MORE]
	cat >foreign.xml <<-END
		<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		<source file='$PWD/$1'/><target dev='$2' bus='scsi'/>${5:-}
		<address type='drive' controller='0' bus='0' target='$3' unit='$4'/></disk>
	END
	virsh -q -c "$URI" attach-device vm foreign.xml --live
	await_equal true is_seen "$3" "$4"
}

is_seen() { # TARGET UNIT
	hs list vm --json | jq -r --argjson target "$1" --argjson lun "$2" \
		'.disks[] | select(.target == $target and .lun == $lun).visible'
}

resolved() { # REFERENCE MEMBER
	hs resolve vm "$1" --json | jq -r ".disks[0][\"$2\"]"
}

code() { # CODE COMMAND…
	local code=$1
	shift
	check_fails "${STATUS:-1}" . hs "$@" --json
	check_equal "$code" "$(jq -r .error.code stdout)"
}

# ---- resolve -------------------------------------------------------------------------------

test_any_name_resolves_to_all_the_others() {
	parted_image a.img
	raw_image b.img
	hs attach vm b.img --slot 29 --serial other
	hs attach vm a.img --slot 27 --serial 'vol-7' --id data
	local name expected all
	name=$(disk_field vm 27 name)
	expected="slot        27
device      /dev/sdab
by-slot     /dev/disk/by-slot/27
by-serial   /dev/disk/by-serial/vol-7
name        $name
devnum      $(disk_field vm 27 devnum)
target      0
lun         27
serial      vol-7
alias       ua-hotslot-data
id          data
target-dev  sdab
source      $PWD/a.img
format      raw"
	for reference in 27 /dev/sdab /dev/disk/by-slot/27 serial:vol-7 /dev/disk/by-serial/vol-7 \
		alias:ua-hotslot-data id:data; do
		check_equal "reference   $reference
$expected" "$(hs resolve vm "$reference")"
	done
	all=$(hs resolve vm 27 /dev/sdab id:data --json | jq -c '[.disks[].slot]')
	check_equal '[27,27,27]' "$all"
	check_equal "$(hs resolve vm 27)

$(hs resolve vm serial:other)" "$(hs resolve vm 27 serial:other)"
	# All of them, or nothing is printed.
	check_fails 1 'No disk is in slot 5' hs resolve vm 27 5
	check_equal "" "$(<stdout)"
}

test_a_partition_has_names_of_its_own() {
	parted_image a.img
	hs attach vm a.img --slot 1 --serial vol
	local name reference
	name=$(disk_field vm 1 name)
	for reference in /dev/sdb2 /dev/disk/by-slot/1-part2 /dev/disk/by-serial/vol-part2; do
		check_equal "reference   $reference
slot        1
partition   2
device      /dev/sdb2
by-slot     /dev/disk/by-slot/1-part2
by-serial   /dev/disk/by-serial/vol-part2
name        ${name}2" "$(hs resolve vm "$reference" | head -n 7)"
		check_equal "1 2 /dev/sdb2 ${name}2" "$(hs resolve vm "$reference" --json |
			jq -r '.disks[0] | "\(.slot) \(.partition | "\(.number) \(.device) \(.name)")"')"
	done
	check_equal null "$(resolved /dev/sdb partition)"
	check_fails 1 'in slot 1 of domain vm has no partition 3' hs resolve vm /dev/sdb3
	code no-disk resolve vm /dev/sdb3
	check_fails 2 'names partition 2 of the disk in slot 1; name the disk' \
		hs detach vm /dev/sdb2
	check_fails 2 'names partition 2 of the disk in slot 1; name the disk' \
		hs resize vm /dev/disk/by-slot/1-part2 16M
	check_equal 1 "$(slots vm)"
	check_equal second "$(guest_run vm "head -n 1 $(resolved /dev/sdb2 partition |
		jq -r '."by-slot"')")"
}

test_what_no_disk_has_is_said() {
	raw_image a.img
	hs attach vm a.img --slot 3
	check_fails 1 'No disk is in slot 4 of domain vm' hs resolve vm /dev/sde
	code slot-empty resolve vm 4
	check_fails 1 'No disk of domain vm has the serial none' hs resolve vm serial:none
	check_fails 1 'has the id none' hs resolve vm id:none
	check_fails 1 'has the alias slot-3' hs resolve vm alias:slot-3
	code no-disk resolve vm serial:none
	code no-disk detach vm serial:none
	code no-disk detach vm alias:none
	code no-disk resize vm id:none 2M
	check_fails 2 "'sda' is no disk: use a slot" hs resolve vm sda
	check_fails 2 'slot 65280: slots are 0 to 65279' hs resolve vm 65280
	check_fails 2 'partitions are 1 to 255' hs resolve vm /dev/sda0
	STATUS=2 code invalid resolve vm ''
	check_equal 3 "$(slots vm)"
}

test_the_first_and_the_last_slot_have_devices() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --slot /dev/sda >/dev/null
	hs attach vm b.img --slot /dev/sdcrnt >/dev/null
	check_equal "0 65279" "$(slots vm)"
	check_equal /dev/sdcrnt "$(resolved 65279 device)"
	hs detach vm /dev/sda /dev/sdcrnt
	check_equal "" "$(slots vm)"
}

# ---- list ----------------------------------------------------------------------------------

test_list_shows_the_disks_that_are_named() {
	raw_image a.img
	raw_image b.img
	raw_image c.img
	hs attach vm a.img b.img c.img --json >/dev/null
	check_equal "0 2" "$(hs list vm id:slot-2 /dev/sda 0 --json | jq -r '[.disks[].slot] | join(" ")')"
	check_equal 3 "$(hs list vm 1 2 | wc -l)"
	check_fails 1 'No disk is in slot 9' hs list vm 1 9
	check_equal "" "$(<stdout)"
	check_equal "$LINKS_OWNER []" "$(hs list vm --json | jq -r '"\(.links) \(.reserved)"')"
}

test_list_shows_reserved_slots() {
	raw_image a.img
	hs attach vm a.img --slot 5
	hs reserve vm 3 4 6 7 8 100
	check_equal "3-4 reserved
5 -
6-8 reserved
100 reserved" "$(hs list vm | sed 1d | awk '{ print $1, $7 }')"
	check_equal '[5] [3,4,6,7,8,100]' "$(hs list vm --json |
		jq -rc '"\([.disks[].slot]) \(.reserved)"')"
	check_equal '[] [4]' "$(hs list vm /dev/sde --json | jq -rc '"\(.disks) \(.reserved)"')"
	check_fails 1 'Slot 4 of domain vm is reserved; no disk is in it' hs resolve vm 4
	hs detach vm 4 /dev/sdh
	check_equal '[3,6,8,100]' "$(hs list vm --json | jq -c .reserved)"
	check_equal 5 "$(slots vm)"
	hs detach vm 3 5 6 8 100
	check_equal '[] []' "$(hs list vm --json | jq -rc '"\(.disks) \(.reserved)"')"
}

# ---- detach --------------------------------------------------------------------------------

test_detach_by_each_name() {
	raw_image a.img
	raw_image b.img
	hs attach vm b.img --slot 9
	local reference
	for reference in 28 /dev/sdac /dev/disk/by-slot/28 serial:mine /dev/disk/by-serial/mine \
		alias:ua-hotslot-my id:my; do
		hs attach vm a.img --slot 28 --serial mine --id my >/dev/null
		check_equal '[28]' "$(hs detach vm "$reference" --json | jq -c .detached)"
		check_equal 9 "$(slots vm)"
	done
}

test_a_disk_that_is_given_twice_is_not_detached() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --slot 3 --serial mine
	hs attach vm b.img --slot 4
	check_fails 2 'slot 3 is given twice' hs detach vm 3 /dev/sdd
	check_fails 2 'slot 3 is given twice' hs detach vm 4 3 serial:mine
	check_fails 2 'slot 3 is given twice' hs detach vm id:slot-3 alias:ua-hotslot-slot-3
	check_fails 1 'has the id none' hs detach vm 3 id:none
	check_equal "3 4" "$(slots vm)"
}

# ---- the disks of others -------------------------------------------------------------------

test_the_disks_of_others_are_detached_only_when_asked_for() {
	raw_image a.img
	raw_image b.img
	foreign a.img sdx 0 3
	foreign b.img sdy 0 4 "<serial>theirs</serial><alias name='ua-volume-1'/>"
	check_equal "3 scsi0-0-0-3 null true true sdx raw $PWD/a.img
4 ua-volume-1 theirs true true sdy raw $PWD/b.img" "$(hs list vm --json | jq -r '.disks[] |
		"\(.slot) \(.alias) \(.serial) \(.foreign) \(.visible) \(."target-dev") \(.format) \(.source)"')"
	check_equal "a.img b.img" "$(guest_run vm 'cat /dev/disk/by-slot/[34] | tr -d "\000"' | xargs)"
	check_fails 1 'Somebody else has attached the disk in slot 3 of domain vm: name it alias:scsi0-0-0-3, or say --foreign' \
		hs detach vm 3
	code foreign detach vm 3
	code foreign detach vm serial:theirs
	code foreign resize vm /dev/sde 4M
	check_equal "3 4" "$(slots vm)"
	hs resize vm serial:theirs 4M --foreign
	check_equal 4194304 "$(disk_field vm 4 size)"
	hs detach vm /dev/sdd --foreign
	hs detach vm alias:ua-volume-1
	check_equal "" "$(slots vm)"
}

test_two_disks_of_one_serial_cannot_be_named_by_it() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --slot 3 --serial twin
	foreign b.img sdx 0 7 '<serial>twin</serial>'
	check_fails 1 'Several disks of domain vm have the serial twin: the one in slot 3, the one in slot 7' \
		hs detach vm serial:twin
	code ambiguous resolve vm /dev/disk/by-serial/twin
	hs detach vm 7 --foreign
	check_equal 3 "$(resolved serial:twin slot)"
	hs detach vm serial:twin
}

test_odd_serials_are_names_too() {
	raw_image a.img
	foreign a.img sdx 0 3 '<serial>a b+c</serial>'
	local serial
	serial=$(disk_field vm 3 serial)
	check_match '^a.*\\x20b\+c$' "$serial"
	check_equal 3 "$(resolved "serial:$serial" slot)"
	check_equal 3 "$(resolved "/dev/disk/by-serial/$serial" slot)"
	hs detach vm "/dev/disk/by-serial/$serial" --foreign
	check_equal "" "$(slots vm)"
}

test_a_disk_without_a_slot_has_other_names() {
	raw_image a.img
	foreign a.img sdx 1 300 '<serial>far</serial>'
	check_equal "null null 1 300 /dev/disk/by-serial/far" "$(hs resolve vm serial:far --json |
		jq -r '.disks[0] | "\(.slot) \(.device) \(.target) \(.lun) \(."by-serial")"')"
	check_equal a.img "$(guest_run vm 'head -n 1 /dev/disk/by-serial/far')"
	check_fails 2 'target 1, LUN 300 is given twice' \
		hs detach vm serial:far alias:scsi0-0-1-300
	code foreign detach vm serial:far
	hs resize vm alias:scsi0-0-1-300 3M
	check_equal 3145728 "$(resolved serial:far size)"
	check_equal '[null]' "$(hs detach vm serial:far --foreign --json | jq -c .detached)"
	check_equal "" "$(slots vm)"
	check_equal "" "$(guest_links vm)"
}

# ---- resize --------------------------------------------------------------------------------

test_a_disk_grows_under_the_guest() {
	raw_image a.img
	qemu-img create -q -f qcow2 b.qcow2 2M
	hs attach vm a.img b.qcow2 >/dev/null
	check_equal "" "$(hs resize vm 0 4M)"
	check_equal 4194304 "$(disk_field vm 0 size)"
	check_equal 4194304 "$(stat -c %s a.img)"
	check_equal 4194304 "$(guest_run vm 'blockdev --getsize64 /dev/disk/by-slot/0')"
	check_equal 5242880 "$(hs resize vm id:slot-0 +1M --json | jq '.disks[0].size')"
	hs resize vm /dev/sdb 1G
	check_equal 1073741824 "$(disk_field vm 1 size)"
	check_equal "a.img" "$(guest_run vm 'head -n 1 /dev/disk/by-slot/0')"
	# The size that it has already: the guest confirms, and that is all.
	check_equal 5242880 "$(hs resize vm 0 5M --json | jq '.disks[0].size')"
	check_equal 5242880 "$(hs resize vm 0 +0 --json | jq '.disks[0].size')"
}

test_a_disk_shrinks_only_when_told_to() {
	raw_image a.img 4M
	hs attach vm a.img
	check_fails 1 'has 4194304 bytes: what is beyond 2097152 would be lost' hs resize vm 0 2M
	code shrink resize vm 0 2M
	check_equal 4194304 "$(disk_field vm 0 size)"
	check_equal 2097152 "$(hs resize vm 0 2M --shrink --json | jq '.disks[0].size')"
	check_equal 2097152 "$(guest_run vm 'blockdev --getsize64 /dev/disk/by-slot/0')"
}

test_a_disk_that_is_in_use_grows() {
	raw_image data.img
	hs attach vm data.img --serial data
	guest_run vm 'sleep 1000 3<>/dev/disk/by-slot/0 & echo $! >/tmp/pid'
	hs resize vm serial:data 16M
	check_equal 16777216 "$(disk_field vm 0 size)"
	# shellcheck disable=SC2016
	guest_run vm 'kill $(cat /tmp/pid); while [ -e /proc/$(cat /tmp/pid) ]; do usleep 10000; done'
}

test_sizes_that_are_none() {
	raw_image a.img
	hs attach vm a.img
	check_fails 2 "'1.5G' is no size" hs resize vm 0 1.5G
	check_fails 2 "'8192P' is too large for a disk" hs resize vm 0 8192P
	check_fails 2 'cannot have 1000 bytes: the size is a multiple of 512' hs resize vm 0 1000
	check_fails 2 'cannot have 0 bytes' hs resize vm 0 0 --shrink
	check_fails 2 'too many for a disk' hs resize vm 0 +9223372036854775807
	STATUS=2 code invalid resize vm 0 1000
	check_fails 2 'too few arguments' hs resize vm 0
	code slot-empty resize vm 7 1M
	check_equal 1048576 "$(disk_field vm 0 size)"
}

test_a_refused_resize_says_why() {
	raw_image a.img
	hs attach vm a.img
	check_fails 1 'Cannot resize the disk in slot 0 of domain vm: .*; it still has 1048576 bytes \(step: resize\)' \
		hs resize vm 0 8191P
	code libvirt resize vm 0 8191P
	check_equal 1048576 "$(disk_field vm 0 size)"
	hs resize vm 0 2M
}

# ---- read-only -----------------------------------------------------------------------------

test_read_only_is_read_only_in_the_guest() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --readonly --slot 0
	foreign b.img sdx 0 1 '<readonly/>'
	local before slot
	before=$(sha256sum a.img b.img)
	check_equal "true true
true true" "$(hs list vm --json | jq -r '.disks[] | "\(."read-only") \(."host-read-only")"')"
	for slot in 0 1; do
		check_equal "1
refused" "$(guest_run vm "blockdev --getro /dev/disk/by-slot/$slot
			blockdev --setrw /dev/disk/by-slot/$slot 2>/dev/null
			dd if=/dev/zero of=/dev/disk/by-slot/$slot bs=512 count=1 conv=fsync \
				2>/dev/null || echo refused")"
	done
	check_fails 1 'slot 0 of domain vm is read-only: it cannot be resized' hs resize vm 0 2M
	hs detach vm 0
	hs detach vm 1 --foreign
	check_equal "$before" "$(sha256sum a.img b.img)"
}

# ---- the root disk -------------------------------------------------------------------------

make_root() { # FILE
	mkdir -p root/{dev,proc,sys,run,tmp,bin,mnt}
	cp /bin/busybox root/bin/
	cp "$WITNESS" root/bin/witness
	truncate -s 16M "$1"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -L ROOT -d root "$1"
}

check_protected() { # REFERENCE
	local command
	for command in "resolve vm $1" "detach vm $1 --force --foreign" \
		"resize vm $1 64M --foreign"; do
		# shellcheck disable=SC2086
		check_fails 1 . hs $command --json
		check_match '^(protected|no-disk)$' "$(jq -r .error.code stdout)"
	done
}

test_the_root_disk_cannot_be_named() {
	only_on udevd plain # the root disk here has no udevd
	URI=$(embed_root "$T/v")
	make_root root.img
	raw_image a.img
	launch_controlled vm --root root.img
	local before alias serial name
	before=$(live_devices vm)
	alias=$(live_xml vm | sed -n "s/.*<alias name='\(ua-hotslot-[^']*\)'.*/\1/p" | head -n 1)
	check_equal ua-hotslot-root "$alias"
	check_protected alias:ua-hotslot-root
	check_protected id:root
	serial=$(live_xml vm | sed -n 's/.*<serial>\(.*\)<\/serial>.*/\1/p' | head -n 1)
	[[ -z $serial ]] || check_protected "serial:$serial"
	# By the kernel's name: libguestfs's /dev/sda is the first slot, which is empty.
	name=$(guest_run vm "sed -n 's|^/dev/\([a-z]*\) / .*|\1|p' /proc/mounts")
	check_equal sda "$name"
	code slot-empty resolve vm /dev/sda
	code slot-empty detach vm /dev/sda --force --foreign
	STATUS=2 code invalid detach vm 65280 --force
	check_equal "[]" "$(hs list vm --json | jq -c .disks)"
	hs attach vm a.img >/dev/null
	check_equal 0 "$(resolved /dev/sda slot)"
	check_equal a.img "$(guest_run vm 'head -n 1 /dev/disk/by-slot/0')"
	hs detach vm /dev/sda
	check_equal "$before" "$(live_devices vm)"
	check_equal 16777216 "$(stat -c %s root.img)"
}

# Not one of ours: its root disk is where users' disks are.
create_on_slot_0() { # NAME ROOT
	cat >"$1.xml" <<-EOF
		<domain type='qemu'>
		<name>$1</name><memory unit='MiB'>512</memory><vcpu>1</vcpu>
		<os><type>hvm</type><kernel>$KERNEL</kernel><initrd>$(control_image)</initrd>
		<cmdline>panic=-1 quiet no_timer_check tsc=reliable console=ttyS0 hotslot.root=/dev/sda $WITNESS_APPEND</cmdline>
		</os>
		<features><acpi/></features>
		<devices>
		<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$PWD/$2'/>
		<target dev='sda' bus='scsi'/><serial>ROOT</serial><alias name='ua-hotslot-slot-0'/>
		<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>
		<controller type='usb' model='none'/>
		<controller type='scsi' index='0' model='virtio-scsi'/>
		<channel type='unix'><target type='virtio' name='org.hotslot.agent.0'/></channel>
		<serial type='file'><source path='$T/$1.console'/></serial>
		<memballoon model='none'/>
		</devices>
		</domain>
	EOF
	virsh -q -c "$URI" create "$1.xml"
	add_witness_port "$1"
}

test_a_root_disk_in_a_slot_cannot_be_touched() {
	only_on udevd plain # the root disk here has no udevd
	URI=$(embed_root "$T/v")
	make_root root.img
	raw_image a.img
	create_on_slot_0 vm root.img
	check_equal "[]" "$(hs list vm --json | jq -c .disks)"
	local before reference
	before=$(live_devices vm)
	for reference in 0 /dev/sda serial:ROOT alias:ua-hotslot-slot-0 id:slot-0 \
		/dev/disk/by-slot/0 /dev/disk/by-serial/ROOT; do
		check_protected "$reference"
	done
	check_equal protected "$(hs detach vm 0 --force --json 2>/dev/null | jq -r .error.code)"
	check_fails 1 'A disk is in slot 0' hs attach vm a.img --slot 0
	# The host knows that it is there: the first one that is free is the next.
	check_equal /dev/disk/by-slot/1 "$(hs attach vm a.img)"
	check_equal by-slot/1 "$(guest_links vm | awk '/^by-slot/ { print $1 }')"
	hs detach vm 1
	check_equal "$before" "$(live_devices vm)"
}

run_tests
