#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The content proof: a random walk over attach, detach, resize, partitions, serials and slots used
# again, by the library and behind its back; after each step what the guest reads through every
# link and what the library lists is compared with a model.
#
# WALK_SEED=random tests/run vm/walk takes another seed, WALK_STEPS=500 more steps; a failure says
# its seed. WALK_REPLAY=1-20,37 does only these steps: what a failure really needs.

# Guests: udevd
# On demand: plain udev

# Takes long

. "$(dirname "$0")/../lib.sh"

# Half a minute on a busy machine.
WALK_STEPS=${WALK_STEPS:-100}
WALK_SEED=${WALK_SEED:-7}
[[ $WALK_SEED != random ]] || WALK_SEED=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
# A step takes a fifth of a second; where all goes wrong, the walk ends at once.
TEST_SECONDS=$((90 + WALK_STEPS))

walk() { # OPTION…
	mkdir images
	"$B/tests/vm/walk" "$T/vm.witness" "$URI" vm --seed "$WALK_SEED" --steps "$WALK_STEPS" \
		--directory "$T/images" ${WALK_REPLAY:+--replay "$WALK_REPLAY"} "$@" >walk.log || {
		# The last steps, and what is wrong.
		tail -n 60 walk.log
		fail "the whole walk: WALK_SEED=$WALK_SEED WALK_STEPS=$WALK_STEPS"
	}
}

# There is no hello to wait for; the witness answers once it is there.
start_without_agent() { # NAME
	cat >"$1.xml" <<-EOF
		<domain type='qemu'>
		<name>$1</name><memory unit='MiB'>512</memory><vcpu>1</vcpu>
		<os><type>hvm</type><kernel>$KERNEL</kernel><initrd>$(control_image)</initrd>
		<cmdline>panic=-1 quiet no_timer_check tsc=reliable console=ttyS0 hotslot.agent=no $WITNESS_APPEND</cmdline>
		</os>
		<features><acpi/></features>
		<devices>
		<controller type='usb' model='none'/>
		<controller type='scsi' index='0' model='virtio-scsi'/>
		<channel type='unix'><source mode='bind' path='$T/$1.witness'/>
		<target type='virtio' name='org.hotslot.test.0'/></channel>
		<serial type='file'><source path='$T/$1.console'/></serial>
		<memballoon model='none'/>
		</devices>
		</domain>
	EOF
	virsh -q -c "$URI" create "$1.xml"
}

test_names_and_contents_hold_on_a_random_walk() {
	launch_controlled vm
	walk
}

# udevd owns the links, by the rule alone.
test_names_and_contents_hold_without_an_agent() {
	only_on udev
	start_without_agent vm
	walk --no-agent
}

echo "    walk: seed $WALK_SEED, $WALK_STEPS steps"
run_tests
