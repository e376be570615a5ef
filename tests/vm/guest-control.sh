#!/bin/busybox sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The payload of test appliances: runs the scripts that tests/lib.sh's guest_run sends. A script
# comes on a disk in the control slot and runs once that disk is gone again, so that it finds the
# guest as a test left it. Its output goes to the console, each line with the script's token.

here=/run/control
PATH=$here/bin

set_up() {
	/bin/busybox mkdir -p $here/bin
	for applet in $(/bin/busybox --list); do
		/bin/busybox ln -s /bin/busybox "$here/bin/$applet"
	done
	uevent sh "$0" handle &
	# An event of our own shows that the listener is there; the first ones may come too early.
	while ! [ -e $here/ready ]; do
		echo change >/sys/class/mem/null/uevent
		usleep 20000
	done
	echo "control: ready"
	wait
}

token() {
	sed -n '1s/^#!control //p' $here/script
}

fetch_script() {
	head -c 65536 "/dev/$DEVNAME" | tr -d '\000' >$here/script
	echo "control $(token): read"
}

run_script() {
	token=$(token)
	sh $here/script </dev/null >$here/output 2>&1
	status=$?
	[ -z "$(tail -c 1 $here/output)" ] || echo >>$here/output
	sed "s/^/control $token| /" $here/output
	echo "control $token: ended $status"
	rm -f $here/script
}

case "${1:-}:${ACTION:-}:${DEVPATH:-}" in
handle:change:*/mem/null) : >$here/ready ;;
handle:add:*:0:254:255/block/sd*[!0-9]) fetch_script ;;
handle:remove:*:0:254:255/block/sd*[!0-9]) [ -e $here/script ] && run_script ;;
handle:*) ;;
*) set_up ;;
esac
