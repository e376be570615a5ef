# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Disks that QEMU has let go of, while libvirt was ended before it heard of that. Sourced after
# lib.sh, virsh.sh and many.sh.

DISKS=24

try_to_leave_unheard() {
	# shellcheck disable=SC2046
	hs attach vm $(image_names)
	mkfifo commands
	virsh -q -c "$URI" <commands >said &
	local virsh=$!
	exec 3>commands
	{
		seq 0 $((DISKS - 5)) | sed 's/.*/detach-device-alias vm ua-hotslot-slot-& --live/'
		echo 'desc vm --live --new-desc written'
		echo 'echo written'
	} >&3
	until grep ^written said >/dev/null; do
		sleep 0.01
	done
	kill -KILL "$virsh"
	wait "$virsh" || true
	exec 3>&-
	rm commands said
	# shellcheck disable=SC2034
	UNHEARD=$(host_disks | awk -v last=$((DISKS - 5)) '$1 <= last { print $1; exit }')
	[[ -n $UNHEARD ]]
}

# Leaves the domain vm at least one of its disks in such a way, and four as they were; UNHEARD is the
# slot of one. libvirt hears of each some 50 ms after it has told QEMU; on a busy machine it may have
# heard of all by the time that it is killed. Whatever it is asked to change meanwhile has it write
# down its list of devices, and from that all are gone.
leave_unheard() {
	make_images
	for _ in 1 2 3 4 5; do
		! try_to_leave_unheard || return 0
		detach_all vm
	done
	fail "libvirt has heard of all of them"
}
