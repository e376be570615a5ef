#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Wherever libvirt runs: on another host, reached over the network, whose files are not here; and
# the system's, in namespaces of its own. Embedded and of a session: all other tests.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

teardown_file() {
	[[ ! -e $T/d/libvirtd.pid ]] || DAEMON_DIRECTORY=$T/d end_daemon
}

# A port that nobody listens on.
free_port() {
	local port
	while port=$((RANDOM % 20000 + 20000)); do
		grep -qi ":$(printf %04x "$port") " /proc/net/tcp || break
	done
	echo "$port"
}

# Has a shell of another host do something: of the daemon's files, and those of its domains, none is
# there. There is one kernel below, so the network and the list of processes look alike.
elsewhere() { # COMMAND [ARGUMENT…]
	unshare -m bash -c 'mount -t tmpfs none "$1" && mount -t tmpfs none "$2" && shift 2 && exec "$@"' \
		- "$THERE" "$DAEMON_DIRECTORY" "$@"
}

there() { # COMMAND [ARGUMENT…]
	elsewhere "$HOTSLOT" -c "$URI" "$@"
}

await_line() { # FILE REGEX
	timeout 60 bash -c 'until grep -qE -- "$2" "$1"; do sleep 0.05; done' - "$1" "$2" ||
		fail "no /$2/ in $1: $(<"$1")"
}

# All commands, and not one file.
test_a_daemon_on_another_host_is_reached_over_the_network() {
	local port watcher
	port=$(free_port)
	THERE=$T/there
	mkdir -p "$THERE" "$T/d"
	cp "$KERNEL" "$THERE/kernel"
	cp "$(appliance_image)" "$THERE/initramfs"
	raw_image "$THERE/one" 2M
	qemu-img create -q -f qcow2 "$THERE/two" 3M
	DAEMON_OPTIONS=--listen DAEMON_CONFIGURATION="listen_tls = 0
		listen_tcp = 1
		listen_addr = \"127.0.0.1\"
		tcp_port = \"$port\"
		auth_tcp = \"none\"" start_daemon "$T/d"
	URI=qemu+tcp://127.0.0.1:$port/session
	check_fails 2 'The kernel kernel: a path on another host must be absolute' \
		there launch vm --kernel kernel --initramfs "$THERE/initramfs"
	there launch vm --kernel "$THERE/kernel" --initramfs "$THERE/initramfs" --accel tcg \
		--drive "$THERE/one" --console "$THERE/console"
	there watch vm --json >events &
	watcher=$!
	await_line events '"event":"ready"'
	check_equal /dev/disk/by-slot/1 "$(there attach vm "$THERE/two" --format qcow2)"
	await_line events '"event":"disk-added".*"slot":1'
	check_equal "0 2097152 $THERE/one,1 3145728 $THERE/two" "$(there list vm --json |
		jq -r '[.disks[] | "\(.slot) \(.size) \(.source)"] | join(",")')"
	there resize vm 1 4M
	check_equal 4194304 "$(there list vm --json | jq '.disks[] | select(.slot == 1).size')"
	there doctor vm --json >examined || fail "doctor: $(<examined)"
	check_fails 1 'Cannot attach .*/missing' there attach vm "$THERE/missing" --format raw
	there repair vm
	there detach vm 1
	await_line events '"event":"disk-removed".*"slot":1'
	# It is restarted behind the back of who watches from there.
	stop_daemon KILL
	DAEMON_OPTIONS=--listen DAEMON_CONFIGURATION="$(<"$T/d/libvirtd.conf")" start_daemon "$T/d"
	URI=qemu+tcp://127.0.0.1:$port/session
	await_line events '"event":"disconnected".*The connection to libvirt is gone'
	check_equal /dev/disk/by-slot/1 "$(there attach vm "$THERE/two" --format qcow2)"
	there shutdown vm
	wait "$watcher"
	check_match '"event":"stopped"' "$(tail -n 1 events)"
}

# ---- the system's daemon, in namespaces of its own: the machine's files and network stay untouched

in_system() { # COMMAND [ARGUMENT…]
	nsenter -t "$NAMESPACES" -m -n -- "$@"
}

start_system() {
	local directory
	unshare -mn sleep infinity &
	NAMESPACES=$!
	until [[ $(readlink "/proc/$NAMESPACES/ns/mnt") != "$(readlink /proc/self/ns/mnt)" ]]; do sleep 0.05; done
	for directory in /run /var/lib /var/cache /var/log /etc/libvirt; do
		in_system mount -t tmpfs none "$directory"
	done
	in_system mkdir -p /run/lock /var/cache/libvirt/qemu/capabilities
	in_system cp -p "$TEST_CACHE/capabilities"/. -r /var/cache/libvirt/qemu/capabilities 2>/dev/null || true
	in_system tee /etc/libvirt/qemu.conf >/dev/null <<-EOF
		user = "root"
		group = "root"
		dynamic_ownership = 0
		remember_owner = 0
		security_driver = "none"
		stdio_handler = "file"
		namespaces = []
		cgroup_controllers = []
	EOF
	printf 'auth_unix_ro = "none"\nauth_unix_rw = "none"\n' >libvirtd.conf
	in_system libvirtd -f "$PWD/libvirtd.conf" --pid-file "$PWD/libvirtd.pid" >libvirtd.log 2>&1 &
	URI=qemu:///system
	# shellcheck disable=SC2016
	timeout 20 nsenter -t "$NAMESPACES" -m -n -- bash -c 'until virsh -q -c "$1" version; do sleep 0.05; done' \
		- "$URI" >/dev/null 2>&1 || fail "libvirtd does not listen: $(<libvirtd.log)"
}

system_hs() { # COMMAND [ARGUMENT…]
	in_system "$HOTSLOT" -c "$URI" "$@"
}

test_the_systems_daemon_and_a_connection_that_may_only_read() {
	local read_only='qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro'
	[[ $(id -u) == 0 ]] || skip "the system's daemon is root's"
	[[ -d /etc/libvirt ]] || skip "there is no /etc/libvirt to put another one over"
	start_system
	raw_image one
	system_hs launch vm --kernel "$KERNEL" --initramfs "$(appliance_image)" --accel tcg
	check_equal /dev/disk/by-slot/0 "$(system_hs attach vm "$PWD/one")"
	check_equal "0 $PWD/one" "$(system_hs list vm --json | jq -r '.disks[] | "\(.slot) \(.source)"')"
	check_fails 1 'read.only' in_system "$HOTSLOT" -c "$read_only" list vm
	check_fails 1 'read.only' in_system "$HOTSLOT" -c "$read_only" detach vm 0
	system_hs detach vm 0
	system_hs shutdown vm
	kill "$(<libvirtd.pid)" "$NAMESPACES"
}

run_tests
