# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The rule's helper against systemd's scsi_id, which Debian's rules run for each disk, for
# tests/bench/run: both in one guest, on the same virtio-scsi disk, as udevd runs them. Time; and
# instructions of the program alone, from the kernel's entry to its exit, as callgrind counts them.

SCSI_ID=/usr/lib/udev/scsi_id
# With the variables of udev's event, which say which disk it is.
EXEC_EVENT='path=$(readlink -f /sys/block/sda)
	export DEVPATH=${path#/sys} ACTION=add SUBSYSTEM=block DEVTYPE=disk DEVNAME=/dev/sda'
EXEC_HELPER='/usr/lib/udev/hotslot-id --udev --claim'
EXEC_SCSI_ID="$SCSI_ID --export --whitelisted -d /dev/sda"
CALLGRIND='VALGRIND_LIB=/usr/libexec/valgrind TMPDIR=/run /usr/bin/valgrind.bin --tool=callgrind \
	--callgrind-out-file=/dev/null'

exec_image() {
	local options=() file
	for file in "$SCSI_ID" /usr/bin/valgrind.bin /usr/libexec/valgrind/default.supp \
		/usr/libexec/valgrind/{callgrind-amd64-linux,vgpreload_core-amd64-linux.so}; do
		options+=(--add "$file")
	done
	GUEST=udev control_image --add "$B/tests/bench/exec-time:/bin/exec-time" "${options[@]}"
}

instructions() { # KIND COMMAND
	local count
	count=$(guest_run exec "$EXEC_EVENT; $CALLGRIND $2 2>&1 >/dev/null" |
		sed -n 's/.*Collected : //p')
	[[ $count =~ ^[0-9]+$ ]] || fail "callgrind counted nothing of $2"
	printf 'exec-instructions\t%s\t0\t%s\n' "$1" "$count"
}

# The same domain, with a clock that counts instructions.
launch_icount() { # NAME
	virsh -q -c "$URI" dumpxml "$1" --inactive >icount.xml
	hs shutdown "$1" --force
	sed -i -e "s|<domain |<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' |" \
		-e "s|</domain>|<qemu:commandline><qemu:arg value='-icount'/><qemu:arg value='$ICOUNT'/>&|" \
		-e "s|</domain>|</qemu:commandline>&|" -e "/<channel/,/<.channel>/ s/ path='[^']*'//" icount.xml
	virsh -q -c "$URI" create icount.xml >&2
}

bench_exec() {
	local T=$work URI
	progress "the helper and scsi_id"
	URI=$(embed_root "$work/e")
	raw_image "$work/exec.img"
	GUEST=udev IMAGE=$(exec_image) APPEND=$WITNESS_APPEND launch exec
	[[ ! $ICOUNT ]] || launch_icount exec
	add_witness_port exec
	hs attach exec "$work/exec.img" >&2
	guest_run exec "$EXEC_EVENT; exec-time $EXEC_ROUNDS helper $EXEC_HELPER -- scsi_id $EXEC_SCSI_ID"
	instructions helper "$EXEC_HELPER"
	instructions scsi_id "$EXEC_SCSI_ID"
	hs shutdown exec --force
}
