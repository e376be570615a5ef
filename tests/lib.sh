# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What a test file stands on. It sources this, defines functions test_WHAT_IT_HOLDS (and, if it
# likes, setup_file, setup_test and teardown_file), and ends with run_tests. Each test runs in a subshell with
# errexit, in its own temporary directory $T; its output is shown if it fails.

. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# Wall-clock seconds that one test may take; a guest under TCG boots in about four.
TEST_SECONDS=${TEST_SECONDS:-150}
# Wall-clock seconds that a test waits for one line on a console.
CONSOLE_SECONDS=20
# And for a script in the guest.
GUEST_RUN_SECONDS=40

# What kind of guest the test runs on:
#   udevd  our appliance, as it is by default: udevd runs beside the agent, which owns the links
#   plain  the smallest one: no udevd
#   udev   udevd owns the links, through the rule, as in any Linux; the agent verifies
# A test file says in a line "# Guests: …" which it runs on, one after the other; see tests/run.
GUEST=${GUEST:-udevd}
# Who owns the links there.
LINKS_OWNER=agent
# shellcheck disable=SC2034
[[ $GUEST != udev ]] || LINKS_OWNER=udev
# For a guest: the agent itself, not its children, which have its name.
# shellcheck disable=SC2034
AGENT_PID='pidof hotslot-agent | tr " " "\n" | sort -n | head -n 1'
# Where appliance images and QEMU's capabilities are kept between runs.
TEST_CACHE=$B/test-images
# What libvirt compares before it believes in capabilities that are kept. The sanitized programs have
# none: their runtime is to be the first library.
[[ ! -e $B/tests/vm/cpuid ]] || export LD_PRELOAD=$B/tests/vm/cpuid

# What ends virsh, so that nothing of it crashes while it ends by itself.
ABRUPT=${ABRUPT:-$B/tests/vm/abrupt}

virsh() {
	LD_PRELOAD="${LD_PRELOAD:-} $ABRUPT" command virsh "$@"
}

# ---- checks --------------------------------------------------------------------------------

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

check_equal() { # EXPECTED ACTUAL
	[[ $1 == "$2" ]] && return
	if [[ $1$2 == *$'\n'* ]]; then
		diff -u --label expected --label actual <(echo "$1") <(echo "$2") >&2
		exit 1
	fi
	fail "$(printf 'expected: %s\nactual:   %s' "$1" "$2")"
}

check_match() { # REGEX TEXT
	[[ $2 =~ $1 ]] || fail "$(printf 'expected: /%s/\nactual:   %s' "$1" "$2")"
}

# The command ends with exactly STATUS and says what REGEX matches on standard error; what it
# wrote on standard output is left in the file "stdout".
check_fails() { # STATUS STDERR_REGEX CMD…
	local want=$1 regex=$2 status=0
	shift 2
	"$@" >stdout 2>stderr || status=$?
	[[ $status == "$want" ]] || fail "$* ended with $status instead of $want: $(<stderr)"
	check_match "$regex" "$(<stderr)"
}

skip() { # REASON
	printf '%s\n' "$*" >"$SKIPPED"
	exit 0
}

# The test is about some kinds of guests, or about none and then runs on one.
only_on() { # KIND…
	[[ " $* " == *" $GUEST "* ]] && return
	: >"$SKIPPED"
	exit 0
}

# ---- processes -----------------------------------------------------------------------------

# Ends each QEMU that a libvirt driver with its files under DIR has started, embedded or a daemon's
# (see daemon.sh). By pid, and only if the process still is that QEMU.
end_guests() { # DIR
	local file pid
	while IFS= read -r -d '' file; do
		pid=$(<"$file")
		[[ $pid =~ ^[0-9]+$ ]] || continue
		tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1/" || continue
		kill -KILL "$pid" 2>/dev/null || true
	done < <(find "$1" -path '*/run/*' -path '*/qemu/*' -name '*.pid' ! -name driver.pid \
		-print0 2>/dev/null)
}

end_group() { # PID of its leader
	[[ -n $1 ]] && kill -KILL -- "-$1" 2>/dev/null
	return 0
}

# What a test that takes too long still runs, and where in the kernel each waits.
show_running() {
	local file pid
	while IFS= read -r file; do
		pid=${file//[!0-9]/}
		printf '%s in %s: %.200s\n' "$pid" "$(cat "/proc/$pid/wchan")" \
			"$(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done < <(grep -lszFx -- "TMPDIR=$WORK/tmp" /proc/[0-9]*/environ)
}

# What is in no group of ours, as timeout(1) and a daemon make their own, has our directory in its
# environment. It may have begun others since.
end_strays() {
	local found=1 file
	while [[ $found ]]; do
		found=
		while IFS= read -r file; do
			file=${file#/proc/}
			kill -KILL "${file%/environ}" 2>/dev/null && found=1
		done < <(grep -lszFx -- "TMPDIR=$WORK/tmp" /proc/[0-9]*/environ)
	done
}

# Before the test's own group: what it would end later may be another's by then.
end_watchdog() {
	end_group "$WATCHDOG"
	[[ -z $WATCHDOG ]] || wait "$WATCHDOG" 2>/dev/null
	WATCHDOG=
}

# ---- appliances ----------------------------------------------------------------------------

# Sets an embedded libvirt driver up that runs QEMU as the caller and touches nothing outside of DIR.
configure_driver() { # DIR
	mkdir -p "$1/etc" "$1/cache/qemu/capabilities"
	cat >"$1/etc/qemu.conf" <<-EOF
		user = "+$(id -u)"
		group = "+$(id -g)"
		dynamic_ownership = 0
		remember_owner = 0
		security_driver = "none"
		stdio_handler = "file"
		namespaces = []
		cgroup_controllers = []
	EOF
}

# Makes DIR the root of such a driver. Prints its URI.
embed_root() { # DIR
	configure_driver "$1"
	copy_capabilities "$1/cache/qemu/capabilities"
	printf 'qemu:///embed?root=%s\n' "$1"
}

# Asking both QEMUs for their capabilities takes seconds under TCG, so libvirt does it once for all
# tests; if that fails, each of its drivers does it. One that is started again has its own.
copy_capabilities() { # DIRECTORY
	local kept=$TEST_CACHE/capabilities
	mkdir -p "$TEST_CACHE"
	(
		flock 9
		[[ -e $kept ]] || ask_capabilities
	) 9>"$TEST_CACHE/lock" >&2
	cp -pn "$kept"/*.xml "$1/" 2>/dev/null || true
}

ask_capabilities() {
	local root
	root=$(mktemp -d)
	configure_driver "$root"
	virsh -q -c "qemu:///embed?root=$root" capabilities >/dev/null &&
		keep_capabilities "$root/cache/qemu/capabilities"
	rm -rf "$root"
}

# For those who come later, and for those who read them right now: each file is there whole.
keep_capabilities() { # [DIRECTORY]
	local file kept=$TEST_CACHE/capabilities directory
	directory=${1:-$(driver_directory)/cache/qemu/capabilities}
	mkdir -p "$kept"
	for file in "$directory"/*.xml; do
		[[ $file -nt $kept/${file##*/} ]] || continue
		cp -p "$file" "$kept/${file##*/}.$BASHPID" && mv "$kept/${file##*/}.$BASHPID" "$kept/${file##*/}"
	done
}

# Prints the path of an initramfs made with these options of hotslot-mkinitramfs. The name is a
# digest of all that goes into it, so a changed program makes a new one.
appliance_image() { # [OPTION…]
	local key image
	[[ $GUEST != plain ]] || set -- --no-udev "$@"
	key=$({
		printf '%s\n' "$@" "$MODULES"
		sha256sum "$MKINITRAMFS" "$HOTSLOT_INIT" "$HOTSLOT_AGENT" "$HOTSLOT_ID" "$RULES"
		for option; do
			if [[ -f ${option%%:*} ]]; then sha256sum "${option%%:*}"; fi
		done
	} | sha256sum | cut -c1-16)
	image=$TEST_CACHE/$key.img
	mkdir -p "$TEST_CACHE"
	(
		flock 9
		[[ -e $image ]] || "$MKINITRAMFS" --modules "$MODULES" --rules "$RULES" \
			--init "$HOTSLOT_INIT" --agent "$HOTSLOT_AGENT" --id "$HOTSLOT_ID" -o "$image" "$@"
	) 9>"$TEST_CACHE/lock" >&2 || return 1
	printf '%s\n' "$image"
}

hs() {
	"$HOTSLOT" -c "$URI" "$@"
}

# Launches an appliance from $IMAGE (a default one if unset), with $APPEND on its kernel command
# line; its console is $T/NAME.console. It is ended with the test, or with the file if setup_file
# launched it.
launch() { # NAME [OPTION…]
	local name=$1 status=0 append=${APPEND:-}
	shift
	[[ $GUEST != udev ]] || append="hotslot.links=udev $append"
	hs launch "$name" --kernel "$KERNEL" --initramfs "${IMAGE:-$(appliance_image)}" \
		--accel "${ACCEL:-tcg}" --console "$T/$name.console" ${append:+--append "$append"} "$@" ||
		status=$?
	keep_capabilities
	return "$status"
}

# Waits for a line on a console and prints it.
console_wait() { # FILE REGEX
	timeout "$CONSOLE_SECONDS" bash -c 'tail -n +1 -F "$1" 2>/dev/null | grep -a -m1 -E -- "$2"' \
		- "$1" "$2" || fail "no /$2/ in $1 within $CONSOLE_SECONDS s"
}

# Where the libvirt driver at $URI keeps its files, embedded or a daemon: see daemon.sh.
driver_directory() {
	[[ $URI == *root=* ]] && echo "${URI#*root=}" || echo "$DAEMON_DIRECTORY"
}

# The live XML of a domain, as the driver keeps it on disk; needs no second connection.
live_xml() { # NAME
	find "$(driver_directory)" -path "*/run/*" -name "$1.xml" -exec cat {} +
}

# The host's end of the agent's port.
channel_socket() { # NAME
	find "$(driver_directory)" -path "*qemu/channel/target/*-$1/org.hotslot.agent.0"
}

# The devices of a domain, without what changes by itself: for comparing before and after.
live_devices() { # NAME
	live_xml "$1" | sed -n '/^ *<domain /,$ { /<devices>/,/<\/devices>/p }' | sed "s/ state='[a-z]*'//"
}

# A raw image that starts with its own name.
raw_image() { # FILE [SIZE]
	printf '%s\n' "${1##*/}" >"$1"
	truncate -s "${2:-1M}" "$1"
}

# One value of the disk in a slot, as list tells it.
disk_field() { # NAME SLOT MEMBER
	hs list "$1" --json | jq -r --argjson slot "$2" ".disks[] | select(.slot == \$slot) | .[\"$3\"]"
}

slots() { # NAME
	hs list "$1" --json | jq -r '[.disks[].slot] | map(tostring) | join(" ")'
}

# Empties a domain that several tests share.
detach_all() { # NAME
	local list
	list=$(hs list "$1" --json | jq -r '.disks[] | if .alias then "alias:\(.alias)" else .slot end') ||
		return 1
	# shellcheck disable=SC2086
	[[ -z $list ]] || hs detach "$1" $list --force --foreign
}

# ---- the tests' hands in the guest: see tests/vm/witness.c ------------------------------

WITNESS=${WITNESS:-$B/tests/vm/witness}

# shellcheck disable=SC2120
control_image() { # [OPTION…]
	appliance_image --add /bin/busybox:/bin/busybox --add "$WITNESS:/bin/witness" "$@"
}

# The kernel parameters that start them.
WITNESS_APPEND='hotslot.exec=/bin/witness'

# Plugs the port in that the witness listens to.
add_witness_port() { # NAME
	local xml=$T/$1.witness.xml
	cat >"$xml" <<-EOF
		<channel type='unix'><source mode='bind' path='$T/$1.witness'/>
		<target type='virtio' name='org.hotslot.test.0'/></channel>
	EOF
	virsh -q -c "$URI" attach-device "$1" "$xml" --live
}

# Launches an appliance that guest_run works with, with $APPEND on its kernel command line.
launch_controlled() { # NAME [OPTION…]
	IMAGE=${IMAGE:-$(control_image)} APPEND="$WITNESS_APPEND ${APPEND:-}" launch "$@"
	add_witness_port "$1"
}

# Has the guest run a shell script, with busybox's tools, and prints what it prints.
guest_run() { # NAME SCRIPT
	local socket=${WITNESS_DIR:-$T}/$1.witness
	[[ -S $socket ]] || socket=$WORK/file/$1.witness
	printf '%s\n' "$2" | timeout "$GUEST_RUN_SECONDS" "$WITNESS" ask "$socket"
}

# Somebody deletes a disk in the guest, and its kernel does not find it again by itself: so many
# disks may have come and gone before that the agent looks for lost ones (agent/daemon/lost.h).
guest_deletes() { # NAME LINK…
	guest_run "$1" "until sleep 3; [ ! -e /run/hotslot/lost ]; do :; done
		for link in ${*:2}; do
			echo 1 >/sys/block/\$(basename \$(readlink \$link))/device/delete
		done"
}

# What the guest sees through every link, a line each: see witness.c.
guest_links() { # NAME
	guest_run "$1" 'witness links'
}

# ---- running -------------------------------------------------------------------------------

# The test functions in the order in which the file has them.
list_tests() {
	shopt -s extdebug
	# shellcheck disable=SC2046
	declare -F $(compgen -A function test_) | sort -k2n | cut -d' ' -f1
	shopt -u extdebug
}

show_log() { # FILE DIR
	sed 's/^/    /' "$1"
	local file
	for file in "$2"/*.console "$2"/*.log "$2/answers" "$WORK"/file/*.console; do
		[[ -s $file ]] || continue
		printf '    ---- end of %s\n' "${file##*/}"
		tail -n 25 "$file" | tr -cd '[:print:]\t\n' | sed 's/^/    /'
	done
}

report() { # RESULT NAME MS
	printf '%s %s.%s (%s ms)\n' "$1" "$SUITE" "$2" "$3"
}

run_test() { # FUNCTION
	local name=${1#test_} start=${EPOCHREALTIME/./} status=0
	# A short name, as the paths of sockets below it have to fit in 107 characters.
	T=$WORK/$((++TESTS_RUN)) SKIPPED=$WORK/skipped
	mkdir "$T"
	rm -f "$SKIPPED"
	declare -F setup_file >/dev/null || URI=$(embed_root "$T/v")
	(
		set -Eeuo pipefail
		trap 'echo "${BASH_SOURCE[0]##*/}:$LINENO: failed with $?: $BASH_COMMAND" >&2' ERR
		cd "$T"
		if declare -F setup_test >/dev/null; then setup_test; fi
		"$1"
	) >"$T.log" 2>&1 </dev/null &
	CURRENT=$!
	(if sleep "$TEST_SECONDS"; then
		{ echo "not done within $TEST_SECONDS s" && show_running; } >>"$T.log" || true
		end_group "$CURRENT"
	fi) >/dev/null 2>&1 &
	WATCHDOG=$!
	wait "$CURRENT" 2>/dev/null || status=$?
	end_watchdog
	end_group "$CURRENT"
	CURRENT=
	end_guests "$T"
	if grep -asE 'ERROR: [A-Za-z]*Sanitizer|runtime error:' "$T"/*.console \
		"$WORK"/file/*.console >>"$T.log"; then
		status=1
	fi
	start=$(((${EPOCHREALTIME/./} - start) / 1000))
	if [[ $status != 0 ]]; then
		report 'not ok' "$name" "$start"
		show_log "$T.log" "$T"
		FAILED=1
	elif [[ -s $SKIPPED ]]; then
		report skip "$name" "$start"
		sed 's/^/    /' "$SKIPPED"
	elif [[ ! -e $SKIPPED ]]; then
		report ok "$name" "$start"
	fi
	rm -rf "$T"
}

run_setup() {
	T=$WORK/file
	mkdir "$T"
	cd "$T" || exit 1
	declare -F setup_file >/dev/null || return 0
	URI=$(embed_root "$T/v")
	PHASE=setup
	set -Eeuo pipefail
	trap 'echo "${BASH_SOURCE[0]##*/}:$LINENO: failed with $?: $BASH_COMMAND" >&2' ERR
	setup_file >"$WORK/setup.log" 2>&1 </dev/null
	trap - ERR
	set +Eeuo pipefail
	PHASE=tests
}

# Runs on every exit. Nothing that a test started outlives it.
finish() {
	local status=$?
	# What failed in setup_file still has its standard output.
	exec >&8 2>&1
	trap '' INT TERM
	if [[ $PHASE == setup ]]; then
		report 'not ok' setup_file 0
		show_log "$WORK/setup.log" "$WORK/file"
		status=1
	fi
	end_watchdog
	end_group "$CURRENT"
	declare -F teardown_file >/dev/null && teardown_file
	end_guests "$WORK"
	end_strays
	cd /
	if [[ -n ${KEEP:-} ]]; then
		echo "    kept: $WORK"
	else
		rm -rf "$WORK"
	fi
	exit "$status"
}

run_tests() {
	local test pattern=${TEST_ONLY:-}
	SUITE=$(basename "$0" .sh)
	[[ $GUEST == udevd ]] || SUITE+=@$GUEST
	PHASE=start CURRENT='' WATCHDOG='' FAILED=0 TESTS_RUN=0
	exec 8>&1
	# Not under a long TMPDIR: the path of a socket has 107 characters.
	WORK=$(mktemp -d /tmp/hotslot.XXXXXX) || exit 1
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	export HOME=$WORK/home TMPDIR=$WORK/tmp XDG_CACHE_HOME=$WORK/home/.cache
	export XDG_RUNTIME_DIR=$WORK/runtime XDG_CONFIG_HOME=$WORK/home/.config LC_ALL=C.UTF-8
	mkdir -m 700 "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR"
	# The embedded driver logs like a daemon.
	export LIBVIRT_LOG_OUTPUTS=3:file:$WORK/libvirt.log
	run_setup
	set -m
	for test in $(list_tests); do
		[[ -z $pattern || $test == *$pattern* ]] && run_test "$test"
	done
	exit "$FAILED"
}
