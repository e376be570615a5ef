# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Disks that others attach: plain virsh, with no word to hotslot. Sourced after lib.sh.

# Wall-clock seconds until the guest shows what was not waited for.
SEEN_SECONDS=40

# libvirt's label, which has to be unique: sda for 0, sdz, sdaa, …
target_dev() { # NUMBER
	local n=$(($1 + 1)) letters=''
	while [[ $n -gt 0 ]]; do
		letters=$(printf '%b' "\\x$(printf %x $((97 + (n - 1) % 26)))")$letters
		n=$(((n - 1) / 26))
	done
	echo "sd$letters"
}

# The XML of a raw image on the first controller.
disk_xml() { # FILE TARGET UNIT [MORE ELEMENTS]
	printf "<disk type='file' device='disk'><driver name='qemu' type='raw'/>
		<source file='%s'/><target dev='%s' bus='scsi'/>%s
		<address type='drive' controller='0' bus='0' target='%s' unit='%s'/></disk>\n" \
		"$(realpath "$1")" "$(target_dev $(($2 * 16384 + $3)))" "${4:-}" "$2" "$3"
}

run_virsh() { # [ARGUMENT…]
	virsh -q -c "$URI" "$@"
}

# Past libvirt, of domain vm.
qemu() { # COMMAND [ARGUMENTS]
	run_virsh qemu-monitor-command vm "{\"execute\":\"$1\",\"arguments\":{${2:-}}}"
}

# QEMU's name of a SCSI controller: its alias.
scsi_alias() { # NAME [INDEX]
	live_xml "$1" | sed -n "/<controller type='scsi' index='${2:-0}'/,/<\/controller>/ \
		s/.*<alias name='\(.*\)'.*/\1/p"
}

# A disk in QEMU alone, as if libvirt had lost it, and what is left of it.
leak_disk() { # ALIAS SLOT
	qemu blockdev-add "\"driver\":\"null-co\",\"node-name\":\"lost-$2\",\"size\":1048576" >/dev/null
	qemu device_add "\"driver\":\"scsi-hd\",\"id\":\"$1\",\"drive\":\"lost-$2\",
		\"bus\":\"$(scsi_alias vm).0\",\"channel\":0,\"scsi-id\":0,\"lun\":$2" >/dev/null
}

end_leaked() { # ALIAS SLOT
	qemu device_del "\"id\":\"$1\"" >/dev/null
	# QEMU takes the device away a moment later.
	until qemu blockdev-del "\"node-name\":\"lost-$2\"" | grep '"return"' >/dev/null; do
		sleep 0.05
	done
}

# Makes the XML of a domain so long that it is not read again where nothing has changed, as that of one
# with many disks is not: see host-shim/lib/known.c.
lengthen_xml() { # NAME
	run_virsh metadata "$1" urn:long --key long --set "<long>$(printf %020000d 0)</long>" --live
}

virsh_attach() { # NAME FILE TARGET UNIT [MORE ELEMENTS]
	disk_xml "${@:2}" >"$2.xml"
	run_virsh attach-device "$1" "$2.xml" --live
}

virsh_detach() { # NAME FILE
	run_virsh detach-device "$1" "$2.xml" --live
}

# For what feeds virsh: comes back when no device with such an alias is left. An embedded driver ends
# with virsh, and what it has yet to hear of QEMU then it never hears: see vm/unheard.sh.
await_detached() { # NAME ALIAS_REGEX
	while live_xml "$1" | grep "<alias name='$2'/>" >/dev/null; do
		sleep 0.05
	done
}

# The same until there are so many: what virsh has not come to yet is not gone.
await_attached() { # NAME ALIAS_REGEX COUNT
	until [[ $(live_xml "$1" | grep -c "<alias name='$2'/>") == "$3" ]]; do
		sleep 0.05
	done
}

# Repeats a command until it prints that, and fails with the difference if it never does.
await_equal() { # EXPECTED CMD…
	local want=$1 now end=$((SECONDS + SEEN_SECONDS))
	shift
	until now=$("$@") && [[ $now == "$want" ]]; do
		[[ $SECONDS -le $end ]] || check_equal "$want" "$now"
	done
}

# Each link that list tells of, with device number and size: sorted lines.
listed_links() { # NAME
	hs list "$1" --json | jq -r '.disks[] | ., .partitions[] | . as $disk |
		(."by-slot", ."by-serial" | values) | "\(.) \($disk.devnum) \($disk.size)"' | sort
}

# The same of each link that is in the guest.
existing_links() { # NAME
	guest_links "$1" | awk '{ print "/dev/disk/" $1, $3, $4 }' | sort
}

# Has no link too many and none too few.
check_links_agree() { # NAME
	check_equal "$(listed_links "$1")" "$(existing_links "$1")"
}

# Links of one tree by name, with what is on the disk.
links_with_content() { # NAME TREE
	guest_links "$1" | sed -n "s|^$2/||p" | awk '{ print $1, $6 }'
}
