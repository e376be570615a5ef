# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# $DISKS disks on the domain vm, slots 0, 1, …, and whether every name of theirs is right. Sourced
# after lib.sh and virsh.sh.

# Each image's first line is its name, "disk-N", and each has a size of its own.
size_of() { # N
	echo $((512 * ($1 + 8)))
}

make_images() {
	local i
	for ((i = 0; i < DISKS; i++)); do
		raw_image "disk-$i" "$(size_of "$i")"
	done
}

image_names() {
	seq 0 $((DISKS - 1)) | sed 's/^/disk-/'
}

# A line for each disk, with its number for each % and its size for each @.
expected() { # PATTERN
	local i line
	for ((i = 0; i < DISKS; i++)); do
		line=${1//%/$i}
		echo "${line//@/$(size_of "$i")}"
	done
}

# Detaches all disks without asking the guest, and without waiting for one before the next.
detach_in_a_burst() { # reads aliases
	{
		sed 's/.*/detach-device-alias vm & --live/'
		await_detached vm 'ua-[^_]*'
	} | run_virsh >/dev/null
	# In the guest, some of them go just then.
	local end=$((SECONDS + SEEN_SECONDS))
	until detach_all vm 2>>again.log || [[ $SECONDS -gt $end ]]; do :; done
}

virsh_commands() { # for the XML in the files disk-N.xml
	seq 0 $((DISKS - 1)) | sed 's/.*/attach-device vm disk-&.xml --live/'
}

make_xmls() {
	local i
	for ((i = 0; i < DISKS; i++)); do
		disk_xml "disk-$i" $((i / 256)) $((i % 256)) \
			"<serial>serial-$i</serial><alias name='ua-theirs-$i'/>" >"disk-$i.xml"
	done
}

# What the host has: file and place.
host_disks() {
	live_xml vm | sed -n 's/.*<source file=.*\/\(disk-[0-9]*\)[^0-9].*/\1/p
		s/.*<address type=.drive.*target=.\([0-9]*\). unit=.\([0-9]*\).*/\1 \2/p' |
		paste - - | awk '{ print $2 * 256 + $3, $1 }' | sort -n
}

# How many the guest shows as they are, and not as what was in their places before.
visible() {
	hs list vm --json | jq '[.disks[] | select(.visible and ."by-slot" and ."by-serial" and
		.size == 512 * (.slot + 8))] | length'
}

# What the host has, what list tells and what the guest sees through each link is all the same.
check_names() {
	check_equal "$(expected '% disk-%')" "$(host_disks)"
	hs list vm --json >listed
	check_equal "$(expected '% disk-% @ true true present /dev/disk/by-slot/%')" \
		"$(jq -r '.disks[] | "\(.slot) \(.source | sub(".*/"; "")) \(.size) \(.attached) " +
			"\(.visible) \(.state) \(."by-slot")"' listed)"
	guest_links vm >guest
	check_equal "$(expected 'by-slot/% @ rw disk-%')" \
		"$(awk '/^by-slot/ { print $1, $4, $5, $6 }' guest)"
	check_equal "$(jq -r '.disks[] | "\(."by-serial") /dev/\(.name) \(.devnum) disk-\(.slot)"' \
		listed | sort)" \
		"$(awk '/^by-serial/ { sub(".*/", "/dev/", $2); print "/dev/disk/" $1, $2, $3, $6 }' \
			guest | sort)"
	check_equal "$DISKS" "$(jq -r '.disks[].serial' listed | sort -u | wc -l)"
}

# What was unplugged without asking the guest takes its kernel a moment, when it has missed events.
check_empty() {
	check_equal "" "$(slots vm)"
	check_equal "" "$(host_disks)"
	await_equal "" existing_links vm
	await_equal "" guest_run vm 'ls /sys/block | grep ^sd || true'
}
