# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Has libvirt's daemon killed, and started again at once, at each step of a command that changes no
# running disk: it says and does what it says and does when nobody kills anything. Sourced after
# steps.sh; it sets up the file's daemon and domain for both.
#
#   check_daemon_steps OPERATION [STRIDE [FIRST]]
#   check_daemon_step_at OPERATION NAME…
#
# OPERATION is status, doctor, adopt, enable, disable, attach-config, detach-config,
# attach-persistent, detach-persistent or start; NAME is that of a step, as steps.c has it. A failure
# names OPERATION:libvirtd:STEP; STEPS=OPERATION:libvirtd:STEP runs that one alone.
#
# "old" is a domain of others, which stands still: a disk without an alias, and no channel. "new" is
# an appliance that is persistent.

# A daemon that finds no UUID in the firmware makes one up each time, and is another host then.
keep_host() {
	export DAEMON_CONFIGURATION='host_uuid = "0b7c7a54-5f0c-4c0b-8a3f-6a3c5a1f2e90"'
}

setup_file() {
	WITNESS_DIR=$T
	keep_host
	start_daemon "$T/d"
	start_vm
}

setup_test() {
	clear_vm
}

teardown_file() {
	end_daemon
}

define_old() {
	[[ -e $WITNESS_DIR/old.img ]] || raw_image "$WITNESS_DIR/old.img"
	cat >old.xml <<-END
		<domain type='qemu'><name>old</name><uuid>5d1e1c1b-6a8b-4a0e-9f3a-0d6c3c4f7a11</uuid>
		<memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>
		<devices>
		<controller type='scsi' index='0' model='virtio-scsi'/>
		<controller type='virtio-serial' index='0'/>
		<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		<source file='$WITNESS_DIR/old.img'/><target dev='sda' bus='scsi'/>
		<address type='drive' controller='0' target='0' unit='0'/></disk>
		</devices></domain>
	END
	run_virsh define old.xml
}

start_old() {
	run_virsh domstate old >/dev/null 2>&1 || define_old
	[[ $(run_virsh domstate old) != 'shut off' ]] || run_virsh start old --paused
}

launch_new() {
	run_virsh domstate new >/dev/null 2>&1 ||
		hs launch new --persistent --kernel "$KERNEL" --accel tcg \
			--initramfs "$(appliance_image --no-udev)" >/dev/null
}

# Sets $ARGUMENTS, $SUBJECT, the domain, and $UNDO, what goes before each time.
describe_command() {
	local attach="--slot 3 --serial moves --id moves --quiet"
	SUBJECT=old UNDO=true
	case $OPERATION in
	# As much time as the others have, for the daemon to come back on a busy machine.
	status | doctor) ARGUMENTS=("$OPERATION" vm --timeout 30) SUBJECT=vm ;;
	adopt) ARGUMENTS=(adopt old) UNDO=define_old ;;
	enable) ARGUMENTS=(enable old) UNDO='hs disable old --quiet' ;;
	disable) ARGUMENTS=(disable old) UNDO='hs enable old --quiet' ;;
	start) ARGUMENTS=(start new) SUBJECT=new UNDO='hs shutdown new --force' ;;
	*-persistent) SUBJECT=new ;;
	esac
	# shellcheck disable=SC2206
	case $OPERATION in
	attach-*)
		ARGUMENTS=(attach $SUBJECT "$WITNESS_DIR/moves" --${OPERATION#*-} $attach)
		UNDO="hs detach $SUBJECT 3 --${OPERATION#*-}"
		;;
	detach-*)
		ARGUMENTS=(detach $SUBJECT 3 --${OPERATION#*-})
		UNDO="hs attach $SUBJECT $WITNESS_DIR/moves --${OPERATION#*-} $attach"
		;;
	esac
	raw_image "$WITNESS_DIR/moves"
	case $SUBJECT in
	old) start_old ;;
	new) launch_new ;;
	esac
}

undo() {
	$UNDO >undone 2>&1 || [[ $(<undone) == *"No disk is in slot 3"* ]] || fail "$UNDO: $(<undone)"
}

# All that it has said and done. Times and memory differ, and the run that a domain is in.
result() {
	cat stdout stderr | sed 's/[0-9][0-9.]* ms/N ms/; s/id [0-9]*/id N/; s/[0-9.]* MiB/N MiB/'
	[[ $SUBJECT != vm ]] || return 0
	run_virsh dumpxml "$SUBJECT" --inactive
	# libvirt itself may forget an alias while a domain begins, and learns from QEMU when it starts who
	# has a channel open.
	if [[ $SUBJECT == new ]]; then
		hs list new --json
	else
		live_xml old | sed "/ pid='/d; s/ id='[0-9]*'//; s/ state='[a-z]*'//"
	fi
}

check_command_step() { # STEP
	STEP=$1 STEP_NAME=$1
	[[ $1 == *[a-z]* ]] || STEP_NAME=$(sed -n "$1p" steps)
	undo
	: >repaired
	run_step "$STEP" "${ARGUMENTS[@]}"
	[[ $STATUS == 0 ]] || step_fail "the daemon was started again, and the command has failed"
	[[ $1 != *[a-z]* || -e victim.ran ]] || step_fail "there is no such step"
	result >result.now
	diff result.undisturbed result.now >difference ||
		step_fail "it is not what it is with no kill: $(<difference)"
}

begin_command() { # OPERATION
	OPERATION=$1 VICTIM=libvirtd STEP=0 STEP_NAME=none STATUS=0
	describe_command
	write_victim libvirtd
	echo ": >'$PWD/victim.ran'" >>victim-commands
	undo
	rm -f steps victim.ran
	STEPS_LOG=steps LD_PRELOAD=$B/tests/vm/steps hs "${ARGUMENTS[@]}" >stdout 2>stderr
	COUNT=$(wc -l <steps)
	result >result.undisturbed
}

check_daemon_step_at() { # OPERATION NAME…
	local step
	begin_command "$1"
	for step in "${@:2}"; do
		rm -f victim.ran
		check_command_step "$step"
	done
}

check_daemon_steps() { # OPERATION [STRIDE [FIRST]]
	local step only=${STEPS:-}
	[[ -z $only || $only == "$1:libvirtd:"* ]] || return 0
	begin_command "$1"
	[[ $COUNT -gt 3 ]] || fail "only $COUNT steps: $(<steps)"
	for ((step = ${3:-1}; step <= COUNT; step += ${2:-1})); do
		[[ -z $only ]] || step=${only##*:}
		check_command_step "$step"
		[[ -z $only ]] || break
	done
}
