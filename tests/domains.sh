# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Domains as others make them, tests/vm/domains/*.xml: of virt-install, as Nova and KubeVirt write
# them, and by hand. Sourced after lib.sh.

DOMAINS=$(realpath "$(dirname "${BASH_SOURCE[0]}")/vm/domains")

# Several commands at once: an embedded driver takes a while to begin.
run_virsh() { # COMMAND…
	virsh -q -c "$URI" "$@"
}

# A definition of theirs with images in this directory, as text.
domain_xml() { # FILE
	local i
	for i in 0 1 2; do
		[[ -e $1.image$i ]] || raw_image "$1.image$i" 4M
	done
	# Not every file system has direct I/O.
	sed "s#@IMAGE\([012]\)@#$PWD/$1.image\1#; s#@DIR@#$PWD#
		s# cache=.none.##; s# io=.native.##" "$DOMAINS/$1.xml"
}

domain_name() { # FILE
	sed -n 's#^ *<name>\(.*\)</name>#\1#p' "$DOMAINS/$1.xml"
}

define_domain() { # FILE
	domain_xml "$1" >"$1.xml"
	run_virsh define "$1.xml"
}

# What they have on their disks is nothing that boots.
with_kernel() { # reads XML
	local cmdline='panic=-1 quiet console=ttyS0 no_timer_check tsc=reliable acpi=noirq'
	sed "s#</os>#<kernel>$KERNEL</kernel><initrd>$(appliance_image)</initrd><cmdline>$cmdline</cmdline>&#"
}

# The persistent definition, in libvirt's own form.
definition() { # NAME
	run_virsh dumpxml --inactive --security-info "$1"
}

# The same from the driver's own file. While a guest runs, an embedded driver that ends at once may
# take it for gone that it has just found: then no virsh, but hotslot, which waits for that.
stored_definition() { # NAME
	sed '1,/^-->/d' "$(driver_directory)/etc/qemu/$1.xml"
}

# What the second of two texts has more, and fails if it has anything less.
added_lines() { # BEFORE AFTER
	diff <(echo "$1") <(echo "$2") >difference || true
	if grep '^<' difference >&2; then
		fail "that is gone"
	fi
	sed -n 's/^> *//p' difference
}
