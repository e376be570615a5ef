#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Serials of any bytes, which only QEMU itself can give: each disk has the one by-serial link that
# its serial encodes to, on every kind of guest, with an agent and without.

# Guests: udev
# On demand: udevd plain

. "$(dirname "$0")/../lib.sh"

# Wall-clock seconds for a guest that ends by itself; it takes about four.
GUEST_SECONDS=80
# What QEMU 7.2 delivers; later ones refuse more.
SERIAL_DELIVERED=36

LONG=0123456789abcdefghijklmnopqrstuvwxyz
# shellcheck disable=SC2054,SC1003
SERIALS=(
	plain 0 sda sdb1 1234567890 A-b_c.d+e - -- + _
	a/b / // ../.. ../../sda .. . ... .hidden a. dev/null
	"it's" '"quoted"' 'back\slash' '\' '\x20' '\\x2f' '\x' 'x20'
	$'\x01\x02\x1f\x7f' $'\e[31m' $'new\nline' $'\n' $'\t' $'cr\r'
	größe 硬盘 é $'e\xcc\x81' $'\xc2\xa0' $'\xff' $'\xff\xfe' $'cut\xc3' $'\xed\xa0\x80' $'\xc0\x80'
	'a b' 'trailing  ' trailing '  leading' ' ' '   '
	x-part1 -part7 x-part x-part1a x-part1-part2 'x-part1 ' x-part٣ x_part1
	a,b %s%n '$HOME' '$(id)' '`id`' '*' '?' '[a]' '#' '&' '=' '$env{X}' '{}' '~' '!' '|' '<' ';'
	"$LONG" "Z${LONG:0:35}XYZ?" "a${LONG:1:27}-part123" "$(printf '\377%.0s' {1..36})"
	Abc aBC
)

setup_file() {
	cat >payload <<-'END'
		PATH=/bin
		count() {
			ls /dev/disk/by-serial 2>/dev/null | wc -l
		}
		# Not for ever, so that what is there is told.
		for i in $(seq 2000); do
			[ $(count) -lt DISKS ] || break
			usleep 10000
		done
		# Whoever comes too late, or comes twice.
		! which udevadm >/dev/null || udevadm settle
		echo && witness links
		grep -h '^S:disk/by-serial/' /run/udev/data/b* 2>/dev/null | sed 's/^/udev:/'
		! which udevadm >/dev/null ||
			udevadm info --export-db | sed -n 's|^S: disk/by-serial/|asked:|p'
		pidof hotslot-agent >/dev/null && echo agent:yes || echo agent:no
	END
	sed -i "s/DISKS/${#SERIALS[@]}/" payload
	IMAGE=$(control_image --add payload:/payload)
	make_disks
	expected >want
}

# Independent of the product: bytes are told apart by od.
encode() { # reads a serial
	head -c "$SERIAL_DELIVERED" | od -An -v -tx1 | tr -d ' \n' | sed 's/../\\x&/g' |
		awk 'BEGIN {
			safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-"
			for (i = 1; i < 128; i++) {
				c = sprintf("%c", i)
				if (index(safe, c)) plain[sprintf("%02x", i)] = c
			}
		}
		{
			n = split($0, bytes, /\\x/)
			for (i = 2; i <= n; i++)
				printf "%s", bytes[i] in plain ? plain[bytes[i]] : "\\x" bytes[i]
		}' | sed -E 's/^\./\\x2e/; s/-(part[0-9]+)$/\\x2d\1/'
}

make_disks() {
	local i
	DISKS=()
	for i in "${!SERIALS[@]}"; do
		raw_image "disk-$i"
		# A comma is doubled.
		DISKS+=(-drive "file=$PWD/disk-$i,format=raw,if=none,id=d$i" -device
			"scsi-hd,bus=scsi0.0,drive=d$i,scsi-id=$((i % 2)),lun=$i,serial=${SERIALS[i]//,/,,}")
	done
}

expected() {
	local i
	for i in "${!SERIALS[@]}"; do
		printf '%s disk-%s\n' "$(printf %s "${SERIALS[i]}" | encode)" "$i"
	done | sort
}

# Leaves the file "console".
boot() { # PARAMETERS
	local udev=''
	[[ $GUEST != udev ]] || udev=hotslot.links=udev
	timeout "$GUEST_SECONDS" qemu-system-x86_64 -accel tcg -machine pc -m 512 \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$KERNEL" -initrd "$IMAGE" -append "console=ttyS0 quiet panic=-1 no_timer_check \
cryptomgr.notests hotslot.exec=\"/bin/busybox sh /payload\" hotslot.execend=poweroff $udev $1" \
		-serial file:console -device virtio-scsi-pci,id=scsi0 -device virtio-serial-pci \
		-chardev null,id=port -device virtserialport,chardev=port,name=org.hotslot.agent.0 \
		"${DISKS[@]}" || fail "QEMU ended with $?: $(<console)"
	tr -d '\r' <console >said
}

check_serials() {
	local want=$WORK/file/want
	# No two of them have one name, so the table above is worth something.
	check_equal "" "$(cut -d' ' -f1 "$want" | uniq -d)"
	check_equal "$(<"$want")" \
		"$(sed -n 's|^by-serial/||p' said | awk '{ print $1, $6 }' | sort)"
	check_equal "${#SERIALS[@]}" "$(grep -c '^by-slot/' said)"
}

test_every_serial_has_its_link() {
	boot ''
	check_equal agent:yes "$(grep ^agent: said)"
	check_serials
	[[ $GUEST != udev ]] || check_udev_database
}

# What udev keeps and answers are the names that there are.
check_udev_database() {
	local names
	names=$(cut -d' ' -f1 "$WORK/file/want")
	check_equal "$names" "$(sed -n 's|^udev:S:disk/by-serial/||p' said | sort)"
	check_equal "$names" "$(sed -n 's|^asked:||p' said | sort)"
}

test_every_serial_has_its_link_without_an_agent() {
	only_on udev
	boot hotslot.agent=no
	check_equal agent:no "$(grep ^agent: said)"
	check_serials
	check_udev_database
}

run_tests
