#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What changes a definition is killed at each of its steps: to do it again completes it, and to undo
# it gives back what there was, to the byte.

# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../domains.sh"

# Wall-clock seconds for some three hundred kills, each with two commands more.
TEST_SECONDS=600

setup_file() { start_daemon "$WORK/daemon"; }
teardown_file() { end_daemon; }

define_plain() { # NAME MACHINE [DEVICES]
	cat >"$1.xml" <<-EOF
		<domain type='qemu'><name>$1</name><memory>65536</memory><os><type machine='$2'>hvm</type></os>
		<devices><controller type='usb' model='none'/><memballoon model='none'/>${3:-}</devices></domain>
	EOF
	run_virsh define "$1.xml"
}

# What is killed, what goes before it and what comes after it, each as a text for the shell.
# shellcheck disable=SC2086
check_kills() { # DOMAIN BEFORE COMMAND AFTER WANT
	local step=0 count
	eval "$2" >/dev/null 2>&1 || true
	rm -f steps
	STEPS_LOG=steps LD_PRELOAD=$B/tests/vm/steps "$HOTSLOT" -c "$URI" $3 >/dev/null 2>&1
	count=$(wc -l <steps)
	echo "$3: $count steps"
	[[ $count -gt 5 ]] || fail "only $count steps"
	while [[ $((++step)) -le $count ]]; do
		eval "$2" >/dev/null 2>&1 || true
		STEPS_AT=$step STEPS_COMMAND=kill LD_PRELOAD=$B/tests/vm/steps \
			"$HOTSLOT" -c "$URI" $3 >/dev/null 2>&1 || true
		eval "$4" >after 2>&1 || true
		diff <(echo "$5") <(definition "$1") >difference ||
			fail "$3, killed at $step, $(sed -n "${step}p" steps): $(<difference) $(<after)"
	done
}

# Another step of libvirt's on each: it puts a bridge in; there are ports to be added; neither.
test_enable_and_disable_are_finished_and_undone() {
	local domain before after
	define_plain full pc "$(for i in {a..z} za zb zc; do
		echo "<disk type='file'><source file='/$i'/><target dev='vd$i' bus='virtio'/></disk>"
	done)"
	define_plain ports q35 "<controller type='pci' index='0' model='pcie-root'/>"
	define_plain plain pc
	for domain in full ports plain; do
		before=$(definition "$domain")
		hs enable "$domain" -q >/dev/null
		after=$(definition "$domain")
		check_kills "$domain" "hs disable $domain" "enable $domain" "hs disable $domain" "$before"
		check_kills "$domain" "hs disable $domain" "enable $domain" "hs enable $domain" "$after"
		check_kills "$domain" "hs enable $domain" "disable $domain" "hs disable $domain" "$before"
		check_kills "$domain" "hs enable $domain" "disable $domain" "hs enable $domain" "$after"
	done
}

test_adopt_is_finished() {
	local before
	define_plain old pc "<controller type='scsi' index='0' model='virtio-scsi'/><disk type='file'>
		<source file='/x'/><target dev='sda' bus='scsi'/></disk><disk type='file'>
		<source file='/y'/><target dev='vda' bus='virtio'/></disk>"
	hs adopt old
	before=$(definition old)
	check_kills old "run_virsh define old.xml" "adopt old" "hs adopt old" "$before"
}

test_disks_of_a_definition_are_attached_and_detached() {
	local before with attach detach="hs detach disks id:x --config"
	raw_image a.img
	attach="attach disks $PWD/a.img --config --serial X --id x"
	define_plain disks pc "<controller type='scsi' index='0' model='virtio-scsi'/>"
	before=$(definition disks)
	eval "hs $attach"
	with=$(definition disks)
	check_kills disks "$detach" "$attach" "$detach" "$before"
	check_kills disks "$detach" "$attach" "hs $attach" "$with"
	check_kills disks "hs $attach" "detach disks id:x --config" "$detach" "$before"
}

run_tests
