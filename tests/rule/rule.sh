#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The real rule and the real helper in udev's own engine, without root: in namespaces of their
# own, on a root directory that is a tmpfs with a /sys of plain files.

. "$(dirname "$0")/../lib.sh"

CONTROLLER=devices/pci0000:00/0000:00:03.0/virtio0
OTHER=devices/pci0000:00/0000:00:07.0/virtio4

# ---- the fake machine ----------------------------------------------------------------------

setup_file() {
	NAMESPACES=(unshare --user --map-root-user --mount --pid --fork --kill-child)
	"${NAMESPACES[@]}" true || NAMESPACES=(unshare --mount --pid --fork --kill-child)
	"${NAMESPACES[@]}" true
}

attribute() { # PATH VALUE
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "$2" >"$1"
}

# A relative link below sys, as the kernel makes them.
sys_link() { # PATH TARGET, both relative to sys
	mkdir -p "$(dirname "tree/sys/$1")"
	ln -sfn "$(realpath -m --relative-to="tree/sys/$(dirname "$1")" "tree/sys/$2")" "tree/sys/$1"
}

add_controller() { # PATH
	attribute "tree/sys/$1/uevent" "DRIVER=virtio_scsi"
	sys_link "$1/subsystem" bus/virtio
	sys_link "bus/virtio/drivers/virtio_scsi/$(basename "$1")" "$1"
}

# A disk with a whole set of attributes; sets $DISK to its path below sys.
add_disk() { # NAME MINOR HOST:CHANNEL:TARGET:LUN [CONTROLLER]
	local host=${3%%:*} rest=${3#*:}
	DISK=${4:-$CONTROLLER}/host$host/target$host:${rest%:*}/$3/block/$1
	local dir=tree/sys/$DISK
	attribute "$dir/uevent" "$(printf 'MAJOR=8\nMINOR=%s\nDEVNAME=%s\nDEVTYPE=disk\nDISKSEQ=9' \
		"$2" "$1")"
	attribute "$dir/dev" "8:$2"
	attribute "$dir/size" 8192
	attribute "$dir/ro" 0
	attribute "$dir/diskseq" 9
	attribute "$dir/queue/logical_block_size" 512
	sys_link "$DISK/subsystem" class/block
	sys_link "$DISK/device" "${DISK%/block/*}"
	sys_link "class/block/$1" "$DISK"
	sys_link "dev/block/8:$2" "$DISK"
}

# VPD page 0x80 of $DISK; the length is that of the serial, or LENGTH.
set_serial() { # SERIAL (with printf's escapes) [LENGTH]
	local file=tree/sys/$DISK/device/vpd_pg80 length
	# shellcheck disable=SC2059
	length=$(printf "$1" | wc -c)
	# shellcheck disable=SC2059
	{
		printf "\\x00\\x80\\x00\\x$(printf %x "${2:-$length}")"
		printf "$1"
	} >"$file"
}

add_partition() { # NUMBER MINOR
	local name
	name=$(basename "$DISK")$1
	local dir=tree/sys/$DISK/$name
	attribute "$dir/uevent" "$(printf 'MAJOR=8\nMINOR=%s\nDEVNAME=%s\nDEVTYPE=partition\nPARTN=%s' \
		"$2" "$name" "$1")"
	attribute "$dir/dev" "8:$2"
	attribute "$dir/partition" "$1"
	sys_link "$DISK/$name/subsystem" class/block
	sys_link "class/block/$name" "$DISK/$name"
	sys_link "dev/block/8:$2" "$DISK/$name"
}

# What runs inside: makes the root and the events, prints what udev knows after each event, then
# the links in /dev.
INSIDE='
set -e
mount -t tmpfs tmpfs "$ROOT"
cp -r --no-dereference "$TREE/." "$ROOT/"
cd "$ROOT"
mkdir -p usr proc run dev tmp etc sys old
for name in bin sbin lib lib32 lib64 libx32; do
	[ ! -L "/$name" ] || ln -s "$(readlink "/$name")" "$name"
	[ -L "/$name" ] || [ ! -d "/$name" ] || { mkdir "$name"; mount --rbind "/$name" "$name"; }
done
cp /etc/ld.so.cache etc/
printf "root:x:0:0::/:/bin/sh\n" >etc/passwd
printf "root:x:0:\ndisk:x:6:\n" >etc/group
mount --rbind /usr usr
mount --bind "$UDEV" usr/lib/udev
mount -t proc proc proc
# The kernel names no root that is yet to be mounted.
[ -e cmdline ] || echo quiet >cmdline
mount --bind cmdline proc/cmdline
: >dev/null
mount --bind /dev/null dev/null
pivot_root . old
umount -l /old
rmdir /old
cd /
export SYSTEMD_DEVICE_VERIFY_SYSFS=0 PATH=/usr/sbin:/usr/bin:/sbin:/bin
while read -r action path; do
	echo "== $action $path"
	[ "$action" != cmdline ] || { echo "$path" >/cmdline; continue; }
	# devtmpfs has the node before udev has the event; its being there is all that counts here.
	[ "$action" != add ] || : >"/dev/${path##*/}"
	udevadm test --action="$action" "/sys/$path" 2>/tmp/log || { cat /tmp/log; exit 1; }
	grep -i "hotslot.*fail\|hotslot.*invalid\|60-hotslot.rules:.*ignor" /tmp/log || :
done
echo "== links"
find dev -type l | sort | while read -r link; do
	echo "/$link -> $(readlink -f "$link")"
done
'

# Runs the events "ACTION PATH" on standard input; what udev says goes to the file "said".
udev_events() {
	mkdir -p root udev/rules.d tree/run tree/sys/class/block tree/sys/bus/virtio
	cp "$RULES" udev/rules.d/
	[[ -e udev/hotslot-id || -n ${NO_HELPER:-} ]] || cp "$HOTSLOT_ID" udev/
	ROOT=$T/root TREE=$T/tree UDEV=$T/udev "${NAMESPACES[@]}" sh -c "$INSIDE" >said
	grep -E '^(==|HOTSLOT_|DEVLINKS|/dev/disk/|.*[Ff]ail)' said >&2
}

# The HOTSLOT_ properties of the last event, on one line.
properties() {
	awk '/^== (add|change|remove)/ { n = 0 } /^HOTSLOT_/ { p[n++] = $0 }
		END { for (i = 0; i < n; i++) printf "%s%s", i ? " " : "", p[i] }' said |
		tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//'
}

# The links of the last event, as udev has them in its database.
devlinks() {
	awk '/^== (add|change|remove)/ { l = "" } /^DEVLINKS=/ { l = substr($0, 10) }
		END { print l }' said | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//'
}

# The links that are there.
links() {
	sed '1,/^== links/d' said | grep ^/dev/disk/ || true
}

# ---- tests ---------------------------------------------------------------------------------

# A machine with one controller and one disk at target 1, LUN 3.
add_machine() {
	add_controller "$CONTROLLER"
	add_disk sda 0 2:0:1:3
	set_serial vol-7
}

ALL="HOTSLOT_CONTROLLER=0000:00:03.0 HOTSLOT_LUN=3 HOTSLOT_SERIAL=vol-7 HOTSLOT_SLOT=259 \
HOTSLOT_STATUS=slotted HOTSLOT_TARGET=1"
BOTH="/dev/disk/by-serial/vol-7 -> /dev/sda
/dev/disk/by-slot/259 -> /dev/sda"

test_a_slotted_disk_gets_both_links() {
	add_machine
	udev_events <<<"add $DISK"
	check_equal "HOTSLOT_BY_SERIAL=1 $ALL" "$(properties)"
	check_equal "/dev/disk/by-serial/vol-7 /dev/disk/by-slot/259" "$(devlinks)"
	check_equal "$BOTH" "$(links)"
}

# An agent has told of the uevent with this SEQNUM: what hotslot-id would print.
foretell() { # SEQNUM [THAT-OF-THE-EVENT]
	grep ^HOTSLOT_ said >properties # of the only event
	mkdir -p tree/run/hotslot/foretold
	mv properties "tree/run/hotslot/foretold/$1"
	printf 'SEQNUM=%s\n' "${2:-$1}" >>"tree/sys/$DISK/uevent"
}

test_what_an_agent_has_told_of_a_uevent_is_not_asked() {
	local first
	add_machine
	set_serial '../a b\\c\xff*?;$"'
	udev_events <<<"add $DISK"
	first=$(properties; devlinks; links)
	foretell 4711
	rm -r udev root
	NO_HELPER=1 udev_events <<<"add $DISK"
	check_equal "$first" "$(properties; devlinks; links)"
}

test_what_was_told_of_another_uevent_is_asked() {
	local first
	add_machine
	udev_events <<<"add $DISK"
	first=$(properties; devlinks; links)
	foretell 4711 4712
	sed -i s/vol-7/vol-8/ tree/run/hotslot/foretold/4711
	rm -r udev root
	udev_events <<<"add $DISK"
	check_equal "$first" "$(properties; devlinks; links)"
}

test_a_change_event_keeps_the_links() {
	add_machine
	udev_events <<<"add $DISK
change $DISK"
	check_equal "HOTSLOT_BY_SERIAL=1 $ALL" "$(properties)"
	check_equal "/dev/disk/by-serial/vol-7 /dev/disk/by-slot/259" "$(devlinks)"
	check_equal "$BOTH" "$(links)"
}

test_a_remove_event_takes_the_links_away() {
	add_machine
	udev_events <<<"add $DISK
remove $DISK"
	check_equal "" "$(links)"
}

test_odd_bytes_of_a_serial_are_encoded_in_its_link() {
	add_machine
	set_serial '../a b\\c\xff*?;$'
	udev_events <<<"add $DISK"
	check_match 'HOTSLOT_SERIAL=\\x2e\.\\x2fa\\x20b\\x5cc\\xff\\x2a\\x3f\\x3b\\x24 ' "$(properties)"
	check_equal '/dev/disk/by-serial/\x2e.\x2fa\x20b\x5cc\xff\x2a\x3f\x3b\x24 -> /dev/sda
/dev/disk/by-slot/259 -> /dev/sda' "$(links)"
}

# Encoded here by other means: od and a list of the bytes that stay.
encoded() { # SERIAL (with printf's escapes)
	local byte name=
	# shellcheck disable=SC2059
	for byte in $(printf "$1" | od -An -v -tx1); do
		if [[ $(printf "\\x$byte" | tr -d '\n') =~ ^[A-Za-z0-9_.+-]$ ]]; then
			# shellcheck disable=SC2059
			name+=$(printf "\\x$byte")
		else
			name+="\\x$byte"
		fi
	done
	[[ $name != .* ]] || name="\\x2e${name#.}"
	printf '%s\n' "$name"
}

test_udev_takes_the_name_of_any_serial() {
	add_controller "$CONTROLLER"
	local first byte serial minor=0
	: >expected
	# Every byte but NUL, in serials of thirty.
	for ((first = 1; first < 256; first += 30)); do
		serial=
		for ((byte = first; byte < first + 30 && byte < 256; byte++)); do
			serial+=$(printf '\\x%02x' "$byte")
		done
		add_disk "sd$(printf '%b' "\\x$(printf %x $((97 + minor / 16)))")" "$minor" \
			"2:0:0:$((minor / 16))"
		set_serial "$serial"
		echo "add $DISK" >>events
		echo "/dev/disk/by-serial/$(encoded "$serial") -> /dev/${DISK##*/}" >>expected
		minor=$((minor + 16))
	done
	udev_events <events
	check_equal "$(LC_ALL=C sort expected)" "$(links | grep by-serial | LC_ALL=C sort)"
}

test_a_serial_named_like_a_partition_is_not_taken_for_one() {
	add_machine
	set_serial x-part1
	udev_events <<<"add $DISK"
	check_equal '/dev/disk/by-serial/x\x2dpart1 -> /dev/sda
/dev/disk/by-slot/259 -> /dev/sda' "$(links)"
}

test_a_disk_without_serial_gets_no_by_serial_link() {
	add_machine
	rm "tree/sys/$DISK/device/vpd_pg80"
	udev_events <<<"add $DISK"
	check_match 'HOTSLOT_SLOT=259 HOTSLOT_STATUS=slotted' "$(properties)"
	check_equal "/dev/disk/by-slot/259 -> /dev/sda" "$(links)"
}

test_an_empty_serial_is_no_serial() {
	add_machine
	set_serial ''
	udev_events <<<"add $DISK"
	check_equal "/dev/disk/by-slot/259 -> /dev/sda" "$(links)"
}

test_partitions_are_named_after_their_disk() {
	add_machine
	add_partition 1 1
	add_partition 12 12
	udev_events <<<"add $DISK
add $DISK/sda1
add $DISK/sda12"
	check_equal "HOTSLOT_BY_SERIAL=1 $ALL" "$(properties)"
	check_equal "/dev/disk/by-serial/vol-7-part12 /dev/disk/by-slot/259-part12" "$(devlinks)"
	check_equal "/dev/disk/by-serial/vol-7 -> /dev/sda
/dev/disk/by-serial/vol-7-part1 -> /dev/sda1
/dev/disk/by-serial/vol-7-part12 -> /dev/sda12
/dev/disk/by-slot/259 -> /dev/sda
/dev/disk/by-slot/259-part1 -> /dev/sda1
/dev/disk/by-slot/259-part12 -> /dev/sda12" "$(links)"
}

# Each of these is none of ours: said to be so, with no slot and no link.
check_nameless() { # STATUS [CONTROLLER]
	set_serial vol-7
	add_partition 1 1
	udev_events <<<"add $DISK
add $DISK/sda1"
	check_equal "HOTSLOT_STATUS=$1" "$(properties)"
	check_equal "" "$(links)"
}

# "/" is a tmpfs here, as in an initramfs.
test_no_disk_has_names_while_the_root_is_yet_to_be_mounted() {
	add_machine
	add_partition 1 1
	mkdir -p tree
	echo root=/dev/sda1 >tree/cmdline
	udev_events <<<"add $DISK
add $DISK/sda1"
	check_equal "HOTSLOT_STATUS=system" "$(properties)"
	check_equal "" "$(links)"
}

# As it is once the root is mounted, and somebody sends the change events: the agent, or the
# coldplug that follows.
test_a_disk_that_is_judged_anew_gets_or_loses_its_names() {
	add_machine
	add_partition 1 1
	echo root=/dev/sda1 >tree/cmdline
	udev_events <<<"add $DISK
add $DISK/sda1
cmdline quiet
change $DISK
change $DISK/sda1"
	check_equal "$BOTH
/dev/disk/by-slot/259-part1 -> /dev/sda1" "$(links | grep -v serial/vol-7-part1)"
	rm tree/cmdline
	udev_events <<<"add $DISK
add $DISK/sda1
cmdline root=/dev/sda1
change $DISK
change $DISK/sda1"
	check_equal "HOTSLOT_STATUS=system" "$(properties)"
	check_equal "" "$(devlinks)"
	check_equal "" "$(links)"
}

test_the_system_target_has_no_names() {
	add_controller "$CONTROLLER"
	add_disk sda 0 2:0:255:0
	check_nameless system
}

test_the_disk_of_another_controller_has_no_names() {
	add_controller "$CONTROLLER"
	add_controller "$OTHER"
	add_disk sda 0 4:0:1:3 "$OTHER"
	check_nameless foreign
}

test_a_disk_that_is_not_virtio_scsi_has_no_names() {
	add_controller "$CONTROLLER"
	add_disk sda 0 0:0:0:0 devices/pci0000:00/0000:00:01.1/ata1
	check_nameless foreign
}

test_the_controller_in_the_configuration_is_the_managed_one() {
	add_controller "$CONTROLLER"
	add_controller "$OTHER"
	add_disk sda 0 4:0:1:3 "$OTHER"
	mkdir -p tree/etc
	echo "controller = 0000:00:07.0" >tree/etc/hotslot.conf
	udev_events <<<"add $DISK"
	check_equal "/dev/disk/by-slot/259 -> /dev/sda" "$(links)"
}

test_a_lun_above_255_has_a_serial_but_no_slot() {
	add_controller "$CONTROLLER"
	add_disk sda 0 2:0:0:17187
	set_serial vol-7
	udev_events <<<"add $DISK"
	check_equal "HOTSLOT_BY_SERIAL=1 HOTSLOT_CONTROLLER=0000:00:03.0 HOTSLOT_LUN=803 HOTSLOT_SERIAL=vol-7 \
HOTSLOT_STATUS=unslotted HOTSLOT_TARGET=0" "$(properties)"
	check_equal "/dev/disk/by-serial/vol-7 -> /dev/sda" "$(links)"
}

# A helper that fails leaves the marker, and nothing else.
check_failed() {
	udev_events <<<"add $DISK"
	check_equal "HOTSLOT_STATUS=failed" "$(properties)"
	check_equal "" "$(devlinks)"
	check_equal "" "$(links)"
}

test_a_serial_page_longer_than_it_says_is_a_failure() {
	add_machine
	set_serial vol-7 3
	check_failed
}

test_a_serial_page_shorter_than_it_says_is_a_failure() {
	add_machine
	set_serial vol-7 200
	check_failed
}

test_a_missing_attribute_is_a_failure() {
	add_machine
	rm "tree/sys/$DISK/diskseq"
	check_failed
}

test_a_missing_helper_is_a_failure() {
	add_machine
	NO_HELPER=1 check_failed
}

test_a_helper_that_cannot_run_is_a_failure() {
	add_machine
	mkdir -p udev
	head -c 100 "$HOTSLOT_ID" >udev/hotslot-id
	chmod +x udev/hotslot-id
	check_failed
}

test_udev_makes_no_link_where_the_agent_owns_them() {
	add_machine
	add_partition 1 1
	mkdir -p tree/run/hotslot
	: >tree/run/hotslot/links-by-agent
	udev_events <<<"add $DISK
add $DISK/sda1
change $DISK"
	check_equal "$ALL" "$(properties)"
	check_equal "" "$(devlinks)"
	check_equal "" "$(links)"
}

test_a_serial_in_conflict_gets_no_link() {
	add_machine
	add_partition 1 1
	mkdir -p tree/run/hotslot/conflicts
	: >tree/run/hotslot/conflicts/vol-7
	udev_events <<<"add $DISK
add $DISK/sda1"
	check_equal "/dev/disk/by-slot/259 -> /dev/sda
/dev/disk/by-slot/259-part1 -> /dev/sda1" "$(links)"
}

# Equal link priority: any event takes a link over. With no agent to decide, the first disk with
# a serial keeps the link and the second one gets none.
test_the_second_disk_with_a_serial_does_not_take_the_link() {
	add_machine
	local first=$DISK
	add_partition 1 1
	add_disk sdb 16 2:0:1:4
	set_serial vol-7
	add_partition 1 17
	udev_events <<<"add $first
add $first/sda1
add $DISK
add $DISK/sdb1
change $first
change $DISK
change $DISK/sdb1"
	check_equal "/dev/disk/by-serial/vol-7 -> /dev/sda
/dev/disk/by-serial/vol-7-part1 -> /dev/sda1
/dev/disk/by-slot/259 -> /dev/sda
/dev/disk/by-slot/259-part1 -> /dev/sda1
/dev/disk/by-slot/260 -> /dev/sdb
/dev/disk/by-slot/260-part1 -> /dev/sdb1" "$(links)"
}

# udev handles disks side by side: both may come before either has a link.
test_of_two_disks_handled_at_once_one_has_the_name() {
	add_machine
	local first=$DISK
	add_disk sdb 16 2:0:1:4
	set_serial vol-7
	INSIDE=${INSIDE/'while read -r action path'/'echo "== at once"
	udevadm test --action=add "/sys/$FIRST" >/tmp/1 2>/dev/null &
	udevadm test --action=add "/sys/$SECOND" >/tmp/2 2>/dev/null &
	wait
	cat /run/hotslot/serials/vol-7
	grep -h BY_SERIAL /tmp/1 /tmp/2
	while read -r action path'}
	FIRST=$first SECOND=$DISK udev_events </dev/null
	check_equal 1 "$(grep -c HOTSLOT_BY_SERIAL=1 said)"
	check_equal 1 "$(links | grep -c by-serial)"
}

test_the_second_disk_gets_the_name_when_the_first_is_gone() {
	add_machine
	local first=$DISK
	add_disk sdb 16 2:0:1:4
	set_serial vol-7
	udev_events <<<"add $first
add $DISK
remove $first"
	# The kernel takes the directory away with its event; here it is still there, so that the
	# other one is not told that the name is free.
	check_match "'hotslot-id --pass-on'|hotslot-id --pass-on" "$(<said)"
	check_equal "/dev/disk/by-slot/260 -> /dev/sdb" "$(links)"
	rm -r "tree/sys/$first" tree/sys/class/block/sda tree/sys/dev/block/8:0
	mkdir -p tree/run/hotslot/serials
	echo 8:0 9 >tree/run/hotslot/serials/vol-7
	udev_events <<<"change $DISK"
	check_equal "/dev/disk/by-serial/vol-7 -> /dev/sdb
/dev/disk/by-slot/260 -> /dev/sdb" "$(links)"
}

test_other_block_devices_are_left_alone() {
	add_controller "$CONTROLLER"
	add_disk vda 0 2:0:1:3
	set_serial vol-7
	udev_events <<<"add $DISK"
	check_equal "" "$(properties)"
	check_equal "" "$(links)"
}

run_tests
