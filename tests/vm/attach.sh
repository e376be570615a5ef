#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Attach, list and detach in a running appliance: what the command says and what the guest sees.

# Guests: udevd udev
# On demand: plain

. "$(dirname "$0")/../lib.sh"

setup_file() {
	IMAGE=$(control_image --module ext4)
	launch_controlled vm
	CONSOLE=$T/vm.console
}

# A test that failed may have left disks.
setup_test() {
	detach_all vm
}

# The first line of what is behind the links of these slots, as the guest reads it.
guest_reads() { # SLOT…
	guest_run vm "for slot in $*; do
		head -c 64 /dev/disk/by-slot/\$slot | tr -d '\\000'
	done"
}

test_a_fresh_appliance_has_no_disks() {
	check_equal "" "$(slots vm)"
	check_equal "{\"domain\":\"vm\",\"links\":\"$LINKS_OWNER\",\"labels\":[],\"disks\":[],\"reserved\":[]}" \
		"$(hs list vm --json | jq -c .)"
}

test_attach_prints_the_link_that_means_the_disk() {
	raw_image one.img
	check_equal /dev/disk/by-slot/0 "$(hs attach vm one.img)"
	check_equal one.img "$(guest_reads 0)"
	hs detach vm 0
}

test_raw_qcow2_and_read_only_images() {
	raw_image one.img 3M
	raw_image two.img 5M
	raw_image three.img 7M
	qemu-img convert -q -O qcow2 two.img two.qcow2
	check_equal "/dev/disk/by-slot/0" "$(hs attach vm one.img)"
	check_equal "/dev/disk/by-slot/1" "$(hs attach vm two.qcow2)"
	check_equal "/dev/disk/by-slot/2" "$(hs attach vm three.img --readonly)"
	check_equal "one.img
two.img
three.img" "$(guest_reads 0 1 2)"
	check_equal "0 raw 3145728 false false
1 qcow2 5242880 false false
2 raw 7340032 true true" "$(hs list vm --json | jq -r '.disks[] |
		"\(.slot) \(.format) \(.size) \(."read-only") \(."host-read-only")"')"
	check_match "Read-only" "$(guest_run vm 'echo x 2>&1 >/dev/disk/by-slot/2 ||
		blockdev --getro /dev/disk/by-slot/2 | sed s/1/Read-only/')"
	hs detach vm 0 1 2
}

test_an_id_that_looks_like_a_slots_does_not_stop_automatic_ones() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img --slot 3 --id slot-0
	check_equal /dev/disk/by-slot/0 "$(hs attach vm b.img)"
	check_equal "slot-0-2 slot-0" "$(disk_field vm 0 id) $(disk_field vm 3 id)"
	raw_image c.img
	check_fails 1 'Another disk has the id slot-0' hs attach vm c.img --id slot-0
	hs detach vm 0 3
}

test_several_images_at_once() {
	raw_image a.img
	raw_image b.img
	raw_image c.img
	check_equal "/dev/disk/by-slot/0
/dev/disk/by-slot/1
/dev/disk/by-slot/2" "$(hs attach vm a.img b.img c.img)"
	check_equal "a.img
b.img
c.img" "$(guest_reads 0 1 2)"
	hs detach vm 0 1 2
	check_equal "" "$(slots vm)"
}

test_attach_takes_the_lowest_free_slot_in_the_middle() {
	raw_image a.img
	raw_image b.img
	raw_image c.img
	raw_image d.img
	hs attach vm a.img b.img c.img
	hs detach vm 1
	check_equal /dev/disk/by-slot/1 "$(hs attach vm d.img)"
	check_equal "a.img
d.img
c.img" "$(guest_reads 0 1 2)"
	hs detach vm 0 1 2
}

test_slot_serial_and_id_are_the_callers() {
	raw_image a.img
	check_equal /dev/disk/by-slot/515 \
		"$(hs attach vm a.img --slot 515 --serial vol-7.A_+x --id data-1)"
	check_equal "2 3 vol-7.A_+x ua-hotslot-data-1 data-1 /dev/disk/by-serial/vol-7.A_+x" \
		"$(hs list vm --json | jq -r '.disks[0] |
			"\(.target) \(.lun) \(.serial) \(.alias) \(.id) \(."by-serial")"')"
	check_match "<alias name='ua-hotslot-data-1'/>" "$(live_devices vm)"
	check_equal a.img "$(guest_run vm 'head -c 5 /dev/disk/by-serial/vol-7.A_+x')"
	hs detach vm 515
}

test_serials_of_our_own_are_unique_and_valid() {
	raw_image a.img
	raw_image b.img
	hs attach vm a.img b.img
	local serials
	serials=$(hs list vm --json | jq -r '.disks[].serial')
	check_equal 2 "$(sort -u <<<"$serials" | wc -l)"
	check_equal "" "$(grep -Ev '^[A-Za-z0-9_.+-]{1,36}$' <<<"$serials" || true)"
	hs detach vm 0 1
}

test_the_highest_slot_is_a_slot() {
	raw_image a.img
	check_equal /dev/disk/by-slot/65278 "$(hs attach vm a.img --slot 65278)"
	check_equal a.img "$(guest_reads 65278)"
	hs detach vm 65278
}

test_list_tells_what_is_on_a_disk() {
	truncate -s 8M data.img
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -L DATA \
		-U 11111111-2222-3333-4444-555555555555 data.img
	hs attach vm data.img
	check_equal "known ext4 DATA 11111111-2222-3333-4444-555555555555" \
		"$(hs list vm --json | jq -r '.disks[0] | "\(.contents) \(.type) \(.label) \(.uuid)"')"
	check_match "DATA" "$(hs list vm)"
	hs detach vm 0
}

test_partitions_have_links_of_their_own() {
	truncate -s 8M disk.img
	printf 'label: gpt\nstart=2048, size=2048\nstart=4096, size=8192\n' |
		PATH=$PATH:/usr/sbin:/sbin sfdisk -q disk.img
	printf 'second' | dd of=disk.img bs=512 seek=4096 conv=notrunc status=none
	hs attach vm disk.img --serial parted
	check_equal "gpt
1 1048576 1048576 /dev/disk/by-slot/0-part1 /dev/disk/by-serial/parted-part1
2 2097152 4194304 /dev/disk/by-slot/0-part2 /dev/disk/by-serial/parted-part2" \
		"$(hs list vm --json | jq -r '.disks[0] | .table, (.partitions[] |
			"\(.number) \(.start) \(.size) \(."by-slot") \(."by-serial")")')"
	check_equal second "$(guest_run vm 'head -c 6 /dev/disk/by-slot/0-part2')"
	hs detach vm 0
}

test_what_the_guest_writes_is_in_the_image() {
	raw_image a.img
	hs attach vm a.img
	guest_run vm 'echo written | dd of=/dev/disk/by-slot/0 conv=notrunc 2>/dev/null'
	hs detach vm 0
	check_equal written "$(head -n 1 a.img)"
}

test_detach_takes_the_disk_and_its_links_away() {
	truncate -s 8M disk.img
	printf 'label: gpt\nstart=2048, size=2048\n' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q disk.img
	raw_image other.img
	hs attach vm disk.img --serial leaves
	hs attach vm other.img --serial stays
	local before
	before=$(hs list vm --json | jq -S '.disks[] | select(.slot == 1)')
	check_equal "" "$(hs detach vm 0)"
	check_equal "1" "$(slots vm)"
	check_equal "$before" "$(hs list vm --json | jq -S '.disks[]')"
	check_equal "" "$(live_devices vm | grep disk.img || true)"
	check_equal "stays
1" "$(guest_run vm 'ls /dev/disk/by-serial | grep -v hs-; ls /dev/disk/by-slot | grep -v 65279')"
	check_equal other.img "$(guest_reads 1)"
	hs detach vm /dev/disk/by-slot/1
}

# A new disk in the slot of an old one must never show the old one's size or serial.
test_a_slot_can_be_used_again_at_once() {
	local i
	for i in 1 2 3 4 5 6; do
		raw_image "image$i" "${i}M"
		check_equal /dev/disk/by-slot/0 "$(hs attach vm "image$i" --serial "serial-$i")"
		check_equal "serial-$i $((i * 1048576))" \
			"$(disk_field vm 0 serial) $(disk_field vm 0 size)"
		check_equal "image$i" "$(guest_reads 0)"
		hs detach vm 0
	done
}

mount_slot_0() {
	truncate -s 8M data.img
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 data.img
	hs attach vm data.img
	guest_run vm 'mkdir -p /tmp/data; mount -t ext4 /dev/disk/by-slot/0 /tmp/data'
}

# With a partition, whose removal comes before its disk's.
test_a_slot_is_not_used_again_before_udevd_has_seen_its_disk_go() {
	only_on udevd udev
	# Where udevd owns the links, the agent itself hears of it from udevd.
	local reason="udevd has yet to see .* slot 0 go"
	[[ $GUEST != udev ]] || reason="sda is still in slot 0"
	raw_image a.img 8M
	echo ",4M" | PATH=$PATH:/usr/sbin:/sbin sfdisk -q a.img
	raw_image b.img
	hs attach vm a.img --slot 0 >/dev/null
	# shellcheck disable=SC2016
	guest_run vm '{ sleep 1; kill -STOP $(pidof systemd-udevd); echo udevd stops; sleep 4
		echo udevd continues; kill -CONT $(pidof systemd-udevd); } >/dev/console 2>&1 &'
	console_wait "$CONSOLE" "^udevd stops" >/dev/null
	check_fails 1 "$reason; the host has detached the disk in slot 0" \
		hs detach vm 0 --timeout 1
	! grep -qa '^udevd continues' "$CONSOLE" || fail "udevd went on too early"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm b.img --slot 0)"
	grep -qa '^udevd continues' "$CONSOLE" || fail "the slot was given again too early"
	check_equal b.img "$(guest_reads 0)"
}

test_a_mounted_disk_is_not_detached_and_the_error_says_where_it_is() {
	mount_slot_0
	local before
	before=$(live_devices vm)
	check_fails 1 'mounted on /tmp/data' hs detach vm 0
	check_equal "" "$(<stdout)"
	check_equal "$before" "$(live_devices vm)"
	check_equal present "$(disk_field vm 0 state)"
	check_equal /dev/disk/by-slot/0 "$(disk_field vm 0 by-slot)"
	check_fails 1 . hs detach vm 0 --json
	check_equal disk-busy "$(jq -r .error.code stdout)"
	guest_run vm 'umount /tmp/data'
	hs detach vm 0
}

test_force_detaches_a_mounted_disk() {
	mount_slot_0
	hs detach vm 0 --force
	check_equal "" "$(slots vm)"
	guest_run vm 'umount -l /tmp/data'
}

test_a_disk_that_a_process_has_open_is_not_detached() {
	raw_image a.img
	hs attach vm a.img
	guest_run vm 'sleep 1000 3</dev/disk/by-slot/0 & echo $! >/tmp/pid'
	check_fails 1 'open.*sleep' hs detach vm 0
	guest_run vm 'kill $(cat /tmp/pid)
		while [ -e /proc/$(cat /tmp/pid)/fd/3 ]; do usleep 10000; done'
	hs detach vm 0
}

test_a_domain_is_a_name_a_uuid_or_an_id() {
	raw_image a.img
	local uuid
	uuid=$(live_xml vm | sed -n 's/.*<uuid>\(.*\)<\/uuid>.*/\1/p' | head -n 1)
	hs attach "$uuid" a.img
	check_equal 0 "$(slots 1)"
	hs detach "$uuid" 0
}

test_a_shell_runs_commands_in_one_session() {
	raw_image a.img
	raw_image b.img
	hs shell >out <<-END
		# a comment
		attach vm a.img --serial first
		attach vm "b.img"
		-detach vm 77
		list vm
		detach vm 0
		detach vm 1
	END
	check_equal "/dev/disk/by-slot/0
/dev/disk/by-slot/1" "$(head -n 2 out)"
	check_match first "$(<out)"
	check_equal "" "$(slots vm)"
}

test_a_shell_stops_at_the_first_failure() {
	raw_image a.img
	printf 'list vm\ndetach vm 77\nattach vm a.img\n' >script
	shell() { hs shell <script; }
	check_fails 1 '2.*77' shell
	check_equal "" "$(slots vm)"
}

test_attach_tells_its_timing() {
	raw_image a.img
	check_equal true "$(hs attach vm a.img --json |
		jq '.disks[0]["timing-ms"] | .total > 0 and .attach > 0 and .confirm >= 0 and
			.total >= .attach')"
	hs detach vm 0
}

run_tests
