# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A libvirt daemon of a test's own, for several processes that use one driver: qemu:///session of
# an ordinary user, which the caller is in a user namespace, below one directory. Sourced after
# lib.sh.

# Wall-clock seconds until a daemon listens.
DAEMON_SECONDS=20

# Has what follows be about the daemon with its files below DIR.
use_daemon() { # DIR
	DAEMON_DIRECTORY=$1
	URI="qemu+unix:///session?socket=$1/run/libvirt/libvirt-sock"
}

# Starts a daemon with all its files below DIR, and sets $URI to it. Started again with
# the same DIR, it goes on with the domains that run. A domain migrates from one to another only if
# they say that they are on different hosts: each is given a HOST_UUID. $DAEMON_OPTIONS are options
# of libvirtd, $DAEMON_CONFIGURATION is what its configuration says beside.
start_daemon() { # DIR [HOST_UUID]
	local run=$1/run capabilities=$1/cache/libvirt/qemu/cache/capabilities
	mkdir -p "$run/libvirt" "$capabilities" "$1/config/libvirt"
	cat >"$1/config/libvirt/qemu.conf" <<-EOF
		security_driver = "none"
		stdio_handler = "file"
		namespaces = []
		cgroup_controllers = []
	EOF
	copy_capabilities "$capabilities"
	: >"$1/libvirtd.conf"
	[[ -z ${DAEMON_CONFIGURATION:-} ]] || printf '%s\n' "$DAEMON_CONFIGURATION" >"$1/libvirtd.conf"
	[[ -z ${2:-} ]] || printf 'host_uuid = "%s"\n' "$2" >>"$1/libvirtd.conf"
	use_daemon "$1"
	HOME=$1 XDG_RUNTIME_DIR=$run XDG_CONFIG_HOME=$1/config XDG_CACHE_HOME=$1/cache \
		unshare -U --map-user=1000 --map-group=1000 --keep-caps \
		libvirtd ${DAEMON_OPTIONS:-} -f "$1/libvirtd.conf" --pid-file "$1/libvirtd.pid" >>"$1/libvirtd.log" 2>&1 9>&- &
	timeout "$DAEMON_SECONDS" bash -c 'until virsh -q -c "$1" version; do sleep 0.05; done' - "$URI" \
		>/dev/null 2>&1 || fail "libvirtd does not listen: $(<"$1/libvirtd.log")"
}

# The daemon may have been started by another shell, and be started again.
stop_daemon() { # [SIGNAL]
	local pid
	pid=$(<"$DAEMON_DIRECTORY/libvirtd.pid")
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qFx -- "$DAEMON_DIRECTORY/libvirtd.pid" || return 0
	kill -"${1:-TERM}" "$pid"
	tail --pid="$pid" -f /dev/null
}

# Ends the daemon and each QEMU that it has started.
end_daemon() {
	stop_daemon KILL || true
	end_guests "$DAEMON_DIRECTORY"
}
