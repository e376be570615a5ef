# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Boots, for tests/bench/run: samples on standard output.

NONCE=00112233445566778899aabbccddeeff
HELLO='{"execute":"hello","id":1,"arguments":{"nonce":"'$NONCE'","versions":[1]}}'

# The kernel parameters of hotslot launch without a console.
launch_cmdline() {
	printf '8250.nr_uarts=0 '
	sed -n '/^#define CMDLINE_BASE/,/[^\\]$/p' "$SRC/host-shim/lib/launch-xml.c" |
		grep -o '"[^"]*"' | tr -d '"' | tr -d '\n'
}

boot() { # INITRAMFS PATTERN QUESTION DEVICE… ; milliseconds
	local image=$1 pattern=$2 question=$3
	shift 3
	rm -f socket
	"$B/tests/bench/boot-time" socket "$pattern" "$question" qemu-system-x86_64 -accel "$ACCEL" \
		-machine pc -cpu qemu64,+rdrand -m 512 -nodefaults -no-user-config -display none \
		-no-reboot -kernel "$KERNEL" -initrd "$image" \
		-device virtio-scsi-pci -device virtio-serial-pci \
		-chardev socket,id=c,path=socket "$@"
}

boot_static() {
	boot static.img "static init is up" "" -append "$(launch_cmdline)" -serial chardev:c
}

boot_appliance() { # INITRAMFS
	boot "$1" "$NONCE" "$HELLO"$'\n' -append "$(launch_cmdline)" \
		-device virtserialport,chardev=c,name=org.hotslot.agent.0
}

sample_boot() { # KIND FUNCTION [ARGUMENT…]
	local time
	time=$("${@:2}")
	printf 'boot\t%s\t0\t%s\n' "$1" "$time"
}

bench_boot() {
	local i
	mkdir -p static/dev
	cp "$B/tests/bench/static-init" static/init
	pack static static.img
	for ((i = 1; i <= BOOT_ROUNDS; i++)); do
		progress "boots, round $i"
		sample_boot static boot_static
		sample_boot plain boot_appliance "$plain"
		sample_boot udevd boot_appliance "$udevd"
	done
}
