# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Kills something at each step of an operation and checks what is left: that the next commands
# finish or undo it. Sourced after lib.sh, virsh.sh and daemon.sh.
#
#   check_steps OPERATION VICTIM [STRIDE [FIRST]]
#
# OPERATION is attach, detach, resize or launch; VICTIM is shim, agent, udevd, libvirtd, qemu, guest
# or channel. A failure names OPERATION:VICTIM:STEP; STEPS=OPERATION:VICTIM:STEP runs that one alone.
#
# The domain vm has a disk "stays" in slot 0 all the time. What is attached, detached and resized is
# "moves" in slot 3.

STEPS_SLOT=3
# Seconds that a guest may take to boot on a busy machine, and any one command whatever was killed.
BOOT_SECONDS=60
STEP_SECONDS=$((BOOT_SECONDS + 10))

start_vm() {
	[[ -e $WITNESS_DIR/stays ]] || raw_image "$WITNESS_DIR/stays"
	# What is left of one that was killed.
	rm -f "$WITNESS_DIR/vm.witness"
	T=$WITNESS_DIR launch_controlled vm --drive "$WITNESS_DIR/stays"
}

# What a test before may have left, as it failed.
clear_vm() {
	local disks reserved
	: >stderr
	if [[ $(run_virsh list --all --name) == *new* ]]; then
		run_virsh destroy new >/dev/null 2>&1 || true
		run_virsh undefine new >/dev/null 2>&1 || true
	fi
	disks=$(hs list vm --json | jq -r '.disks[] | select(.slot != 0) | .slot')
	reserved=$(hs reserve vm)
	# shellcheck disable=SC2086
	[[ -z $disks ]] || hs detach vm $disks --force
	# shellcheck disable=SC2086
	[[ -z $reserved ]] || hs unreserve vm $reserved
}

# The process may be yet to come; a child of it may have ended before it is killed with it.
kill_process() { # NAME
	echo "until pid=\$(pidof $1); do usleep 10000; done; kill -KILL \$pid || true"
}

# A guest that boots has no port for the tests' hands.
write_victim_of_launch() { # agent | udevd
	local process=hotslot-agent
	[[ $1 == agent ]] || process=systemd-udevd
	cat >victim-commands <<-EOF
		WITNESS_DIR=\$T
		rm -f "\$T/new.witness"
		add_witness_port new
		guest_run new '$(kill_process "$process")'
	EOF
}

# What ends the victim; the files are in the current directory.
write_victim() { # VICTIM [DOMAIN]
	local domain=${2:-vm} pid="\$(<'$DAEMON_DIRECTORY/run/libvirt/qemu/run/${2:-vm}.pid')"
	case $1 in
	agent) echo "guest_run vm '$(kill_process hotslot-agent)'" ;;
	udevd) echo "guest_run vm '$(kill_process systemd-udevd)'" ;;
	libvirtd) echo "stop_daemon KILL; start_daemon '$DAEMON_DIRECTORY'" ;;
	qemu) echo "pid=$pid; kill -KILL \$pid; tail --pid=\$pid -f /dev/null" ;;
	guest) echo "run_virsh reset $domain" ;;
	channel) echo "'$B/tests/vm/channel' '$URI' $domain" ;;
	esac >victim-commands
	[[ $domain == vm || ($1 != agent && $1 != udevd) ]] || write_victim_of_launch "$1"
	# It may not be there yet.
	[[ $domain == vm || $1 == libvirtd ]] ||
		sed -i "1i run_virsh domstate $domain 2>\&1 | grep -q running || exit 0" victim-commands
	cat >victim <<-EOF
		unset STEPS_AT STEPS_COMMAND STEPS_LOG
		. '$SRC/tests/lib.sh'
		. '$SRC/tests/virsh.sh'
		. '$SRC/tests/daemon.sh'
		set -e
		URI='$URI' DAEMON_DIRECTORY='$DAEMON_DIRECTORY' WITNESS_DIR='$WITNESS_DIR' T='$PWD' WORK='$WORK'
		. ./victim-commands
	EOF
}

# Runs hotslot with STEPS_AT=$1, whatever it ends with.
run_step() { # STEP COMMAND [ARGUMENT…]
	local command="exec setsid -w bash '$PWD/victim' >victim.log 2>&1"
	[[ $VICTIM != shim ]] || command='kill'
	STATUS=0
	STEPS_AT=$1 STEPS_COMMAND=$command LD_PRELOAD=$B/tests/vm/steps \
		timeout "$STEP_SECONDS" "$HOTSLOT" -c "$URI" "${@:2}" >stdout 2>stderr || STATUS=$?
}

step_fail() {
	fail "STEPS=$OPERATION:$VICTIM:$STEP ($STEP_NAME): $*
-- the operation ended with $STATUS: $(<stderr)
-- then: $(cat repaired 2>/dev/null)"
}

# A command that has to work.
step_hs() { # COMMAND [ARGUMENT…]
	timeout "$STEP_SECONDS" "$HOTSLOT" -c "$URI" "$@" 2>>repaired || step_fail "$* ended with $?"
}

# Slot, image and size of each disk: as the host has them, as list tells, as the guest sees them.
disks_of_host() {
	live_xml vm | sed -n 's/.*<source file=.*\/\([a-z]*\)[^a-z].*/\1/p
		s/.*<address type=.drive.*target=.\([0-9]*\). unit=.\([0-9]*\).*/\1 \2/p' |
		paste - - | while read -r image target unit; do
		echo "$((target * 256 + unit)) $image $(stat -c %s "$WITNESS_DIR/$image")"
	done | sort
}

disks_listed() {
	jq -r '.disks[] | select(.attached and .visible and .state == "present" and ."by-slot" and
			."by-serial" and (.conflict | not) and (.mismatch | not)) |
		"\(.slot) \(.source | sub(".*/"; "")) \(.size)"' listed | sort
}

disks_of_guest() {
	guest_links vm | sed -n 's|^by-slot/\([0-9]*\) [^ ]* [^ ]* \([0-9]*\) rw \(.*\)|\1 \3 \2|p' | sort
}

# What there may be: the moving disk is there with so many bytes, or not (0).
state() { # BYTES
	echo "0 stays 1048576"
	[[ $1 == 0 ]] || echo "$STEPS_SLOT moves $1"
}

# The operation, and what it makes of what: bytes of the moving disk before and after.
describe() {
	case $OPERATION in
	attach) ARGUMENTS=(attach vm "$WITNESS_DIR/moves" --slot "$STEPS_SLOT") BEFORE=0 AFTER=1048576 ;;
	detach) ARGUMENTS=(detach vm "$STEPS_SLOT") BEFORE=1048576 AFTER=0 ;;
	resize) ARGUMENTS=(resize vm "$STEPS_SLOT" 2M) BEFORE=1048576 AFTER=2097152 ;;
	esac
}

# An attach has a reservation to fill.
prepare() {
	raw_image "$WITNESS_DIR/moves"
	if [[ $BEFORE == 0 ]]; then
		step_hs reserve vm "$STEPS_SLOT"
	else
		step_hs attach vm "$WITNESS_DIR/moves" --slot "$STEPS_SLOT" >/dev/null
	fi
	: >repaired
}

# The ordinary commands that come next: the first one does what is left to do. But it does not wait
# for an unplug that QEMU is about to do, nor compare sizes.
check_next_commands() {
	local more
	step_hs list vm --json >listed
	! grep -q '"released"' listed || step_fail "the next command has left a released disk"
	more=$(timeout "$STEP_SECONDS" "$HOTSLOT" -c "$URI" repair vm 2>>repaired) ||
		step_fail "repair failed: $more"
	[[ -z $more || $more == *"the disk is gone: "* || $more == *" a resize was "* ]] ||
		step_fail "the next command has left this to repair: $more"
	check_match "nothing to repair" "$(hs repair vm 2>&1)"
	hs list vm --json >listed
}

check_whole() {
	local host
	host=$(disks_of_host)
	[[ $host == "$(state "$AFTER")" || ($STATUS != 0 && $host == "$(state "$BEFORE")") ]] ||
		step_fail "the host has: $host"
	[[ $host == "$(disks_listed)" ]] || step_fail "list tells: $(<listed)"
	[[ $host == "$(disks_of_guest)" ]] || step_fail "the guest sees: $(disks_of_guest)"
	[[ $(listed_links vm) == "$(existing_links vm)" ]] || step_fail "links: $(existing_links vm)"
	if [[ $OPERATION == attach && $host == "$(state 0)" ]]; then
		[[ $(hs reserve vm) == "$STEPS_SLOT" ]] || step_fail "the reservation is lost"
	else
		[[ -z $(hs reserve vm) ]] || step_fail "a reservation is left"
	fi
	[[ $(live_xml vm) != *launching* ]] || step_fail "the mark of a launch is left"
}

# Nobody holds anything: the image can be had again, and so can another.
check_free() {
	raw_image other
	[[ -n $(hs reserve vm) ]] && step_hs unreserve vm "$STEPS_SLOT"
	[[ $(disks_of_host) == *moves* ]] && step_hs detach vm "$STEPS_SLOT"
	step_hs attach vm "$WITNESS_DIR/moves" other >/dev/null
	step_hs detach vm 1 2
}

# Whoever waits is told, in time.
check_ended() {
	[[ $STATUS != 0 ]] || return 0
	step_fail "QEMU was killed, and nothing is said"
}

# A daemon that is started again at once is no reason to fail.
check_message() {
	[[ $VICTIM != libvirtd || $OPERATION == launch || $STATUS == 0 ]] ||
		step_fail "the daemon was started again, and the command has failed"
	[[ $STATUS == 0 || ($VICTIM == shim && $STATUS == 137) ]] && return
	[[ $STATUS == 1 && -s stderr ]] || step_fail "no sensible end"
}

check_step() { # STEP
	STEP=$1 STEP_NAME=$(sed -n "$1p" steps)
	prepare
	run_step "$STEP" "${ARGUMENTS[@]}"
	check_message
	if [[ $VICTIM == qemu ]]; then
		check_fails 1 'no domain|ended|shut off' hs list vm
		start_vm
		return
	fi
	check_next_commands
	check_whole
	check_free
}

# ---- launch: a domain of its own, persistent, with the moving disk in slot 0 ----------------

# The next launch takes a definition away that was never started; an appliance that runs is repaired.
# Sets $RUNS.
repair_launched() {
	local status=0
	timeout "$STEP_SECONDS" "$HOTSLOT" -c "$URI" repair new --timeout "$BOOT_SECONDS" \
		>repaired 2>&1 || status=$?
	RUNS=$((status == 0))
	[[ $status == 0 || $(<repaired) =~ (no domain|shut off|has ended) ]] ||
		step_fail "repair ended with $status"
}

check_launched() {
	step_hs list new --json >listed
	check_equal "0 moves 1048576" "$(disks_listed)"
	[[ $(live_xml new) != *launching* ]] || step_fail "the mark of a launch is left"
	[[ $(run_virsh dumpxml new --inactive) != *launching* ]] ||
		step_fail "the mark of a launch is left in the configuration"
	step_hs shutdown new --force
}

check_launch_step() { # STEP
	STEP=$1 STEP_NAME=$(sed -n "$1p" steps)
	: >repaired
	run_step "$STEP" "${ARGUMENTS[@]}"
	check_message
	repair_launched
	if [[ $RUNS == 1 ]]; then
		# What cannot be reached cannot be ended.
		[[ $STATUS == 0 || $STATUS == 137 || $VICTIM == libvirtd ]] ||
			step_fail "the launch has failed, and the domain runs"
		check_launched
		run_virsh undefine new
	elif [[ $VICTIM == qemu && $STATUS == 0 ]]; then
		# It died when all was done: the domain is whole, and shut off.
		run_virsh undefine new
	elif run_virsh domid new >stdout 2>&1; then
		# Defined only, and of no use: its name can be had.
		[[ $STATUS == 137 || $VICTIM == libvirtd ]] ||
			step_fail "the launch has failed, and the domain is defined"
		step_hs "${ARGUMENTS[@]}" >stdout
		check_launched
		run_virsh undefine new
	fi
	# The image can be had.
	step_hs attach vm "$WITNESS_DIR/moves" >/dev/null
	step_hs detach vm 1
}

describe_launch() {
	raw_image "$WITNESS_DIR/moves"
	ARGUMENTS=(launch new --persistent --kernel "$KERNEL" --accel tcg --drive "$WITNESS_DIR/moves")
	case $VICTIM in
	agent | udevd) ARGUMENTS+=(--initramfs "$(control_image)" --append "$WITNESS_APPEND") ;;
	*) ARGUMENTS+=(--initramfs "$(appliance_image --no-udev)") ;;
	esac
}

check_launch_steps() { # VICTIM [STRIDE [FIRST]]
	local step only=${STEPS:-}
	OPERATION=launch VICTIM=$1 STEP=0 STEP_NAME=none STATUS=0
	[[ -z $only || $only == "launch:$1:"* ]] || return 0
	describe_launch
	write_victim "$1" new
	count_steps
	step_hs shutdown new --force
	run_virsh undefine new
	for ((step = ${3:-1}; step <= COUNT; step += ${2:-1})); do
		[[ -z $only ]] || step=${only##*:}
		check_launch_step "$step"
		[[ -z $only ]] || break
	done
}

# ---- all ------------------------------------------------------------------------------------

count_steps() {
	rm -f steps
	STEPS_LOG=steps LD_PRELOAD=$B/tests/vm/steps hs "${ARGUMENTS[@]}" >/dev/null
	COUNT=$(wc -l <steps)
}

# Whether the victim was really ended is a part of it: else nothing is tested.
check_steps() { # OPERATION VICTIM [STRIDE [FIRST]]
	local step stride=${3:-1} only=${STEPS:-}
	OPERATION=$1 VICTIM=$2 STEP=0 STEP_NAME=none STATUS=0
	[[ -z $only || $only == "$1:$2:"* ]] || return 0
	describe
	write_victim "$VICTIM"
	prepare
	count_steps
	check_free
	[[ $COUNT -gt 8 ]] || fail "only $COUNT steps: $(<steps)"
	for ((step = ${4:-1}; step <= COUNT; step += stride)); do
		[[ -z $only ]] || step=${only##*:}
		check_step "$step"
		[[ -z $only ]] || break
	done
}
