#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Other tools on one domain with hotslot: snapshots, block jobs and backups, QEMU's guest agent in the
# same guest, and what an operator does with virsh by the way.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# A Cinder volume's id, which Nova gives as the serial, or in an alias.
VOLUME=3f2504e0-4f89-41d3-9a0c-0305e82c3301

setup_file() {
	local add=()
	start_daemon "$T/d"
	if QEMU_GA=$("$SRC/tests/fetch-guest-agent"); then
		add=(--add "$QEMU_GA:/bin/qemu-ga")
	fi
	IMAGE=$(control_image --module ext4 --add "$(command -v mke2fs):/bin/mke2fs" "${add[@]}")
	launch_controlled vm
}

teardown_file() {
	end_daemon
}

setup_test() {
	detach_all vm 2>/dev/null || { end_jobs && detach_all vm; }
}

# Of a test that failed.
end_jobs() {
	local label
	run_virsh domjobabort vm || true
	for label in $(run_virsh domblklist vm | awk '{ print $1 }'); do
		job "$label" --abort || true
	done
}

start_watch() {
	"$HOTSLOT" -c "$URI" watch vm --json >watched 2>&1 &
	WATCHER=$!
	await_equal 1 grep -c '"ready"' watched
}

# What was told last of the disk in a slot.
watched() { # SLOT MEMBER
	jq -r --argjson slot "$1" "select(.disk and .disk.slot == \$slot) | .event + \" \" +
		(.disk.\"$2\" | tostring | sub(\".*/\"; \"\"))" watched | tail -n 1
}

job() { # LABEL OPTION…
	run_virsh blockjob vm "$@"
}

# "mirror" of a copy or a commit: all is copied.
is_ready() { # LABEL
	run_virsh dumpxml vm | grep -c "ready='yes'"
}

use_slot_0() {
	guest_run vm 'setsid sleep 100 </dev/disk/by-slot/0 >/dev/null 2>&1 & echo $! >/tmp/user'
}

# ---- the names of volumes ------------------------------------------------------------------

test_a_volume_is_found_by_alias_then_serial_then_address() {
	local file
	for file in by-serial by-alias ours; do
		raw_image "$file"
	done
	virsh_attach vm by-serial 0 1 "<serial>$VOLUME</serial>"
	await_equal true disk_field vm 1 visible
	check_equal 1 "$(volume_slot "$VOLUME")"
	virsh_attach vm by-alias 0 2 "<alias name='ua-$VOLUME'/>"
	check_equal 2 "$(volume_slot "$VOLUME")"
	hs attach vm ours --id "$VOLUME" --slot 3 >/dev/null
	check_equal 3 "$(volume_slot "$VOLUME")"
	check_equal 2 "$(volume_slot slot-2)"
	# Each is still whose it was.
	hs detach vm "volume:$VOLUME"
	check_fails 1 '^hotslot: detach: volume:.*: Somebody else has attached the disk in slot 2 of domain vm: name it alias:ua-.*, or say --foreign' \
		hs detach vm "volume:$VOLUME"
	hs detach vm "volume:$VOLUME" --foreign
	hs detach vm "volume:$VOLUME" --foreign
	check_fails 1 "^hotslot: detach: volume:$VOLUME: No disk of domain vm is the volume $VOLUME: none has the alias ua-hotslot-$VOLUME or ua-$VOLUME, or the serial $VOLUME\$" \
		hs detach vm "volume:$VOLUME" --foreign
	check_equal "" "$(slots vm)"
}

volume_slot() { # VOLUME
	hs resolve vm "volume:$1" --json | jq '.disks[0].slot'
}

# ---- block jobs ----------------------------------------------------------------------------

test_a_block_job_is_named_and_can_be_waited_for() {
	local why="a block copy \(100 % done\) is under way on it: 'virsh blockjob vm sda' with --pivot or --abort ends it"
	raw_image a 8M
	hs attach vm a --slot 0 >/dev/null
	use_slot_0
	run_virsh blockcopy vm sda "$PWD/copy" --transient-job
	await_equal 1 is_ready
	check_fails 1 "^hotslot: detach: The disk in slot 0 of domain vm cannot be detached now: $why\$" \
		hs detach vm 0
	# Force is about the guest, which keeps the disk.
	check_fails 1 "cannot be detached now: $why\$" hs detach vm 0 --force
	check_equal present "$(disk_field vm 0 state)"
	check_fails 1 . hs detach vm 0 --json
	check_equal "disk-busy block-job sda" "$(jq -r '.error | "\(.code) \(.users[0] | .kind + " " + .device)"' stdout)"
	check_fails 1 "^hotslot: resize: .*; it still has 8388608 bytes; $why" hs resize vm 0 16M
	check_match "warning disk 0 +It can be neither detached nor resized now: a block copy \(100 % done\) is under way on it
 +'virsh blockjob vm sda' with --pivot or --abort ends it" "$(hs doctor vm)"
	guest_run vm 'kill $(cat /tmp/user)'
	"$HOTSLOT" -c "$URI" detach vm 0 --wait 30 >waited 2>&1 &
	local waiter=$!
	sleep 0.5
	kill -0 "$waiter" || fail "it did not wait: $(<waited)"
	job sda --abort
	wait "$waiter" || fail "$(<waited)"
	check_equal "" "$(slots vm)"
}

# One that pulls a backup ends when its client says so.
test_a_backup_holds_its_own_disk_and_no_other() {
	raw_image a 8M
	raw_image b
	hs attach vm a --slot 0 >/dev/null
	cat >backup.xml <<-EOF
		<domainbackup mode='pull'><server transport='unix' socket='$PWD/nbd'/><disks>
		<disk name='sda' backup='yes' type='file'><scratch file='$PWD/scratch'/></disk>
		</disks></domainbackup>
	EOF
	run_virsh backup-begin vm backup.xml
	check_fails 1 "a backup \(0 % done\) is under way on it: whoever makes it ends it when it is done, 'virsh domjobabort vm' before\$" \
		hs detach vm 0
	check_equal /dev/disk/by-slot/1 "$(hs attach vm b)"
	hs resize vm 1 2M
	hs detach vm 1
	run_virsh domjobabort vm
	hs detach vm 0 --wait 10
	check_equal "" "$(slots vm)"
}

# ---- snapshots -----------------------------------------------------------------------------

test_a_snapshot_changes_the_image_and_not_the_disk() {
	local serial
	raw_image a 8M
	hs attach vm a --slot 0 --id data >/dev/null
	serial=$(disk_field vm 0 serial)
	start_watch
	run_virsh snapshot-create-as vm snap --disk-only --no-metadata
	check_equal "a.snap qcow2 $serial data" "$(listed_image)"
	hs resize vm id:data 16M
	run_virsh blockcommit vm sda --active
	await_equal 1 is_ready
	check_fails 1 'an active block commit \(100 % done\) is under way' hs detach vm id:data
	job sda --pivot
	await_equal "disk-changed a" watched 0 source
	check_equal "a raw $serial data" "$(listed_image)"
	check_equal 16777216 "$(disk_field vm 0 size)"
	kill "$WATCHER"
	hs detach vm id:data
}

listed_image() {
	hs list vm --json | jq -r '.disks[0] | "\(.source | sub(".*/"; "")) \(.format) \(.serial) \(.id)"'
}

test_a_wait_for_a_disk_goes_on_after_a_snapshot() {
	local waiter
	raw_image a
	hs attach vm a --slot 0 >/dev/null
	use_slot_0
	"$HOTSLOT" -c "$URI" detach vm 0 --wait 30 >waited 2>&1 &
	waiter=$!
	sleep 0.3
	run_virsh snapshot-create-as vm snap --disk-only --no-metadata
	# It looks whether it is that disk in its next turn.
	sleep 1.2
	kill -0 "$waiter" || fail "it did not wait: $(<waited)"
	guest_run vm 'kill $(cat /tmp/user)'
	wait "$waiter" || fail "$(<waited)"
	check_equal "" "$(slots vm)"
}

# ---- QEMU's guest agent --------------------------------------------------------------------

need_guest_agent() {
	guest_run vm '[ -e /bin/qemu-ga ]' || skip "QEMU's guest agent cannot be had here"
}

ask_guest_agent() { # COMMAND
	run_virsh qemu-agent-command vm "{\"execute\":\"$1\"}" | jq -c .return
}

start_guest_agent() {
	echo "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>" >ga.xml
	run_virsh attach-device vm ga.xml --live
	guest_run vm 'mkdir -p /var/run
		until port=$(grep -l org.qemu.guest_agent.0 /sys/class/virtio-ports/*/name) 2>/dev/null; do usleep 10000; done
		port=$(basename $(dirname $port))
		qemu-ga -d -m virtio-serial -p /dev/$port -t /run -f /run/ga.pid'
	await_equal '{}' ask_guest_agent guest-ping
}

end_guest_agent() {
	guest_run vm 'pid=$(cat /run/ga.pid); kill $pid; while [ -e /proc/$pid ]; do usleep 10000; done'
}

# What it tells the host of disks, by the kernel's name and address.
guest_agents_disks() {
	ask_guest_agent guest-get-disks |
		jq -r '.[] | select(.partition | not) | "\(.name) \(.address.target):\(.address.unit)"' | sort
}

test_the_guest_agent_of_qemu_freezes_and_asks_while_disks_come_and_go() {
	local i pid
	need_guest_agent
	start_guest_agent
	truncate -s 8M fs
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 fs
	raw_image a
	raw_image b
	hs attach vm fs --slot 0 >/dev/null
	guest_run vm 'mkdir -p /mnt && mount -t ext4 /dev/disk/by-slot/0 /mnt'
	# Both agents see the same disks, and a quiesced snapshot is one like any other.
	hs attach vm a --slot 1 >/dev/null
	check_equal "$(hs list vm --json | jq -r '.disks[] | "/dev/\(.name) \(.target):\(.lun)"' | sort)" \
		"$(guest_agents_disks)"
	run_virsh snapshot-create-as vm snap --disk-only --no-metadata --quiesce
	check_equal "fs.snap a.snap" "$(hs list vm --json | jq -r '[.disks[].source | sub(".*/"; "")] | join(" ")')"
	# Frozen: what is not mounted goes and comes, what is stays, and grows.
	run_virsh domfsfreeze vm >/dev/null
	hs detach vm 1
	check_equal /dev/disk/by-slot/1 "$(hs attach vm b)"
	check_fails 1 'uses the disk in slot 0: .* is mounted on /mnt' hs detach vm 0
	hs resize vm 0 16M
	check_equal 16777216 "$(disk_field vm 0 size)"
	check_equal "" "$(hs doctor vm | grep -v ^ok || true)"
	# By force it goes though nothing can be written back to it, and within the time.
	hs detach vm 0 --force --timeout 10 2>/dev/null
	check_equal 1 "$(slots vm)"
	run_virsh domfsthaw vm >/dev/null
	guest_run vm 'umount -l /mnt || true'
	# Both ports at once. Not guest-get-disks: if a disk goes while it looks at that, version 7.2 dies.
	while ask_guest_agent guest-info >>answers; do :; done &
	pid=$!
	for i in 1 2 3; do
		hs attach vm a.snap --slot 2 --format qcow2 >/dev/null
		hs detach vm 2
	done
	kill "$pid"
	wait "$pid" 2>/dev/null || true
	[[ -s answers ]] || fail "it was not asked meanwhile"
	check_equal '{}' "$(ask_guest_agent guest-ping)"
	end_guest_agent
	check_equal 1 "$(slots vm)"
}

# ---- virsh, by the way ---------------------------------------------------------------------

# Without an address libvirt goes by the label: sdb is unit 1, sdh the first of another controller,
# which it makes.
test_disks_that_libvirt_places_are_seen_or_told_of() {
	raw_image a
	raw_image b
	raw_image c
	run_virsh attach-disk vm "$PWD/a" sdb --targetbus scsi
	run_virsh attach-disk vm "$PWD/b" sdh --targetbus scsi
	await_equal true disk_field vm 1 visible
	check_equal 1 "$(slots vm)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm c)"
	check_match "ok +disk +sdh: $PWD/b, on controller 1, which is not managed: it has no slot" "$(hs doctor vm)"
	check_fails 1 '^hotslot: resolve: alias:scsi1-0-0-0: No disk on the managed controller of domain vm has the alias scsi1-0-0-0' \
		hs resolve vm alias:scsi1-0-0-0
	run_virsh detach-disk vm sdh
	echo "<controller type='scsi' index='1' model='virtio-scsi'/>" >controller.xml
	await_equal 0 other_controllers_disks
	check_equal "0 1" "$(slots vm)"
	# Somebody takes the managed controller away: what is left is not what the guest manages.
	detach_all vm
	echo "<controller type='scsi' index='0' model='virtio-scsi'>$(run_virsh dumpxml vm --xpath \
		"//controller[@type='scsi' and @index='0']/address")</controller>" >managed.xml
	run_virsh detach-device vm managed.xml --live
	await_equal 0 managed_controllers
	check_fails 1 'manage different controllers: the guest 0000:.*, which is no controller of the domain.s XML, the host controller 1, at PCI .*; if it was detached, attach it there again, or boot the guest' \
		hs attach vm c
	run_virsh attach-device vm managed.xml --live
	await_equal /dev/disk/by-slot/0 hs attach vm c
	run_virsh detach-device vm controller.xml --live
}

managed_controllers() {
	run_virsh dumpxml vm | grep -c "<controller type='scsi' index='0'" || true
}

other_controllers_disks() {
	run_virsh dumpxml vm | grep -c "type='drive' controller='1'" || true
}

# The other tool thinks no better of a mount than QEMU.
test_a_mounted_disk_that_virsh_takes_is_gone_everywhere() {
	truncate -s 8M fs
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q fs
	raw_image next
	hs attach vm fs --slot 0 --id data >/dev/null
	guest_run vm 'mkdir -p /mnt && mount -t ext4 /dev/disk/by-slot/0 /mnt && : >/mnt/file'
	start_watch
	run_virsh detach-disk vm sda
	await_equal "disk-removed data" watched 0 id
	check_fails 1 '^hotslot: detach: No disk is in slot 0 of domain vm$' hs detach vm 0
	check_fails 1 'has the id data$' hs detach vm id:data
	check_equal /dev/disk/by-slot/0 "$(hs attach vm next)"
	check_equal "by-slot/0 next" "$(guest_links vm | awk '/^by-slot/ { print $1, $6 }')"
	await_equal "disk-added slot-0" watched_addition
	kill "$WATCHER"
	guest_run vm 'umount -l /mnt'
	hs detach vm 0
	check_equal "" "$(hs doctor vm | grep -v ^ok || true)"
}

watched_addition() {
	jq -r 'select(.event == "disk-added") | "\(.event) \(.disk.id)"' watched
}

test_a_drive_for_cds_keeps_its_place() {
	raw_image iso
	raw_image a
	cat >cd.xml <<-EOF
		<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='$PWD/iso'/>
		<target dev='sdn' bus='scsi'/><readonly/>
		<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>
	EOF
	run_virsh attach-device vm cd.xml --live
	check_equal "" "$(slots vm)"
	check_match 'ok +disk +sdn: a CD-ROM drive, in slot 0: no disk goes there' "$(hs doctor vm)"
	check_fails 1 'A CD-ROM drive is in slot 0' hs attach vm a --slot 0
	check_equal /dev/disk/by-slot/1 "$(hs attach vm a)"
	check_fails 1 'No disk on the managed controller of domain vm has the alias scsi0-0-0-0' \
		hs detach vm alias:scsi0-0-0-0
	run_virsh detach-disk vm sdn
	check_equal 1 "$(slots vm)"
}

test_what_virsh_changes_of_our_disk_is_seen() {
	raw_image a
	hs attach vm a --slot 0 >/dev/null
	start_watch
	run_virsh blockresize vm sda 4M
	await_equal 4194304 disk_field vm 0 size
	await_equal "disk-changed 4194304" watched 0 size
	run_virsh blkdeviotune vm sda --total-iops-sec 1000
	hs resize vm 0 8M
	check_equal 8388608 "$(disk_field vm 0 size)"
	kill "$WATCHER"
	hs detach vm 0
}

test_what_virsh_writes_into_the_metadata_is_left_alone() {
	hs reserve vm 7
	run_virsh metadata vm urn:other --key other --set '<kept/>'
	run_virsh desc vm --live 'a text' >/dev/null
	hs reserve vm 9 >/dev/null
	check_equal "7 9" "$(hs reserve vm | tr '\n' ' ' | sed 's/ $//')"
	hs unreserve vm 7 9
	check_match '<kept/>' "$(run_virsh metadata vm urn:other)"
	check_equal "a text" "$(run_virsh desc vm)"
}

# Each with a slot, a serial and a label of its own.
test_virsh_and_hotslot_attach_and_detach_at_the_same_time() {
	local i pid
	raw_image theirs
	raw_image ours
	(
		for i in 1 2 3 4; do
			virsh_attach vm theirs 0 3 "<serial>t$i</serial>"
			virsh_detach vm theirs
		done
	) >virsh.out 2>&1 &
	pid=$!
	for i in 1 2 3 4; do
		check_equal /dev/disk/by-slot/0 "$(hs attach vm ours --serial "o$i")"
		hs list vm >/dev/null
		hs detach vm "serial:o$i"
	done
	wait "$pid" || fail "$(<virsh.out)"
	check_equal "" "$(slots vm)"
	check_equal "" "$(existing_links vm)"
}

run_tests
