# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# libguestfs's launch, where it is installed, for tests/bench/run: with one disk, the same kernel,
# and the appliance that supermin has built before; under TCG, if the rest is.

# Says in the environment of the results what there is.
libguestfs_note() { # TEXT
	printf '%s\n' "$1" >"$work/libguestfs"
}

libguestfs_launch() { # milliseconds
	local start=${EPOCHREALTIME/./} end
	end=$(guestfish 2>"$work/guestfish.log" <<-EOF
		add $work/libguestfs.img readonly:true
		run
		!date +%s%6N
	EOF
	)
	[[ $end =~ ^[0-9]+$ ]] || return 1
	awk -v us=$((end - start)) 'BEGIN { printf "%.1f\n", us / 1e3 }'
}

libguestfs_prepare() {
	if ! command -v guestfish >/dev/null; then
		libguestfs_note "not installed"
		return 1
	fi
	progress "building libguestfs's appliance"
	raw_image "$work/libguestfs.img" 8M
	mkdir -p "$work/g/lib/modules"
	cp -r "$MODULES" "$work/g/lib/modules/"
	depmod -b "$work/g" "${MODULES##*/}"
	export LIBGUESTFS_BACKEND=direct LIBGUESTFS_CACHEDIR=$work/g SUPERMIN_KERNEL=$KERNEL \
		SUPERMIN_KERNEL_VERSION=${MODULES##*/} SUPERMIN_MODULES=$work/g/lib/modules/${MODULES##*/}
	[[ $ACCEL != tcg ]] || export LIBGUESTFS_BACKEND_SETTINGS=force_tcg
	if ! libguestfs_launch >/dev/null; then
		libguestfs_note "$(guestfish --version), which did not start here: $(tail -n 1 guestfish.log)"
		return 1
	fi
	libguestfs_note "$(guestfish --version)"
}
