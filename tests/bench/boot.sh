# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Boots until the agent's hello, against the same kernel with an init that writes one line, for
# tests/bench/run. QEMU is started by itself, with what hotslot launch has libvirt give it of machine,
# kernel and parameters: how long libvirt takes is no matter of booting.

NONCE=00112233445566778899aabbccddeeff
HELLO='{"execute":"hello","id":1,"arguments":{"nonce":"'$NONCE'","versions":[1]}}'
# What time it is in the guest then.
PING='{"execute":"ping","id":2,"session":"'$NONCE'","arguments":{"timing":true}}'

# Of the element of that name in the XML of a launched appliance.
launched() { # ELEMENT
	local value
	value=$(sed -n "s:.*<$1[^>]*>\(.*\)</$1>.*:\1:p" "$work/launched.xml" | head -n 1)
	[[ $value ]] || fail "the XML of an appliance has no $1"
	printf '%s\n' "$value"
}

launch_once() {
	local T=$work URI
	URI=$(embed_root "$work/b")
	GUEST=udevd launch once >&2
	live_xml once >"$work/launched.xml"
	hs shutdown once --force
}

boot() { # KERNEL INITRAMFS PATTERN QUESTION DEVICE… ; milliseconds
	local kernel=$1 image=$2 pattern=$3 question=$4
	shift 4
	rm -f socket
	"$B/tests/bench/boot-time" socket "$pattern" "$question" qemu-system-x86_64 -accel "$ACCEL" \
		${ICOUNT:+-icount "$ICOUNT"} \
		-machine "$(sed -n "s/.* machine='\([^']*\)'.*/\1/p" "$work/launched.xml")" \
		-cpu qemu64,+rdrand -m 512 -nodefaults -no-user-config -display none \
		-no-reboot -kernel "$kernel" -initrd "$image" -append "$(launched cmdline)" \
		-device virtio-scsi-pci -device virtio-serial-pci \
		-chardev socket,id=c,path=socket "$@"
}

boot_static() { # KERNEL
	boot "$1" static.img "static init is up at " "" -serial chardev:c
}

boot_appliance() { # INITRAMFS
	local pattern=$NONCE
	[[ ! $ICOUNT ]] || pattern='"clock":{"asked":'
	boot "$(launched kernel)" "$1" "$pattern" "$HELLO"$'\n'"$PING"$'\n' \
		-device virtserialport,chardev=c,name=org.hotslot.agent.0
}

sample_boot() { # KIND FUNCTION [ARGUMENT…]
	local time
	time=$("${@:2}")
	printf 'boot\t%s\t0\t%s\n' "$1" "$time"
}

bench_boot() {
	local i plain udevd libguestfs=''
	plain=$(GUEST=plain appliance_image) udevd=$(appliance_image)
	mkdir -p static/dev
	cp "$B/tests/bench/static-init" static/init
	pack static static.img
	launch_once
	[[ $ICOUNT ]] || ! libguestfs_prepare || libguestfs=1
	for ((i = 1; i <= BOOT_ROUNDS; i++)); do
		progress "boots, round $i"
		sample_boot static boot_static "$KERNEL"
		# If launch has the kernel started in another way than it was given.
		[[ $(launched kernel) == "$KERNEL" ]] ||
			sample_boot static-launch boot_static "$(launched kernel)"
		sample_boot plain boot_appliance "$plain"
		sample_boot udevd boot_appliance "$udevd"
		[[ ! $libguestfs ]] || sample_boot libguestfs libguestfs_launch
	done
}
