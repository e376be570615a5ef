# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A domain vm that goes back in time, or starts anew, under a session that lasts: what status says of
# its generation, and whether host and guest agree after it. Sourced after lib.sh, virsh.sh and
# daemon.sh.

# The port of the tests' hands belongs to the file, as does the domain.
start_vm() {
	start_daemon "$T/d"
	launch_controlled vm --persistent
}

# Images NAME.qcow2, as libvirt takes snapshots of nothing else, that start with their names.
make_images() { # NAME…
	local name
	for name; do
		raw_image "$name" "${SIZE:-1M}"
		qemu-img convert -f raw -O qcow2 "$name" "$name.qcow2"
		rm "$name"
	done
}

# ---- a session that lasts: one domain object of the library, in a shell ----

start_shell() {
	coproc SHELL_RUN { exec "$HOTSLOT" -c "$URI" --quiet shell vm 2>&1; }
	# Subshells do not have its own.
	exec {SHELL_IN}>&"${SHELL_RUN[1]}" {SHELL_OUT}<&"${SHELL_RUN[0]}"
	ask_shell agent ^controller >/dev/null
}

# Has the shell run a command and prints what it says, up to the line that has REGEX.
ask_shell() { # COMMAND REGEX
	local line=
	printf '%s\n' "$1" >&"$SHELL_IN"
	while IFS= read -r -t 30 line <&"$SHELL_OUT"; do
		printf '%s\n' "$line"
		[[ ! $line =~ $2 ]] || return 0
	done
	fail "the shell does not answer '$1': $line"
}

# JSON is one line.
ask_json() { # COMMAND
	ask_shell "$1 --json" '^\{'
}

end_shell() {
	local pid=$SHELL_RUN_PID
	echo quit >&"$SHELL_IN"
	exec {SHELL_IN}>&- {SHELL_OUT}<&-
	wait "$pid"
}

# ---- what there is ----

# Sets G_LIVE, G_CONFIG, G_ID and G_BOOT as virsh has them, and the guest: the witness.
read_generation() {
	G_LIVE=$(run_virsh dumpxml vm | sed -n 's|.*<genid>\(.*\)</genid>|\1|p')
	G_CONFIG=$(run_virsh dumpxml --inactive vm | sed -n 's|.*<genid>\(.*\)</genid>|\1|p')
	G_ID=$(run_virsh domid vm)
	G_BOOT=$(guest_run vm 'cat /proc/sys/kernel/random/boot_id')
}

# Remembers all that for check_generation, and what the session has been told.
note_generation() {
	read_generation
	WAS_LIVE=$G_LIVE WAS_CONFIG=$G_CONFIG WAS_ID=$G_ID WAS_BOOT=$G_BOOT
	WAS=$(ask_json status | jq -r .session.generation)
}

same_or_other() { # BEFORE NOW
	[[ $1 == "$2" ]] && echo same || echo other
}

# Compares the generation with the one noted, in words: "genid definition id boot session renewed
# previous", the session held across being "kept" or "new", the agent's memory of generations
# "renewed" or "known", and what it tells of before "noted" or "none". The session's first word since
# is STATUS, or is asked for.
check_generation() { # EXPECTED [STATUS]
	local status
	status=${2:-$(ask_json status)}
	read_generation
	check_equal "$G_ID $G_LIVE $G_CONFIG $G_BOOT" "$(jq -r '.generation |
		"\(.id) \(.genid) \(.["defined-genid"]) \(.["boot-id"])"' <<<"$status")"
	check_equal "$1" "$(same_or_other "$WAS_LIVE" "$G_LIVE") $(
		same_or_other "$WAS_CONFIG" "$G_CONFIG") $(same_or_other "$WAS_ID" "$G_ID") $(
		same_or_other "$WAS_BOOT" "$G_BOOT") $(jq -r --arg was "$WAS" '.session |
		(if .new then "new" else "kept" end) + " " +
		(if .renewed then "renewed" else "known" end) + " " +
		(if .previous == $was then "noted" elif .previous then .previous else "none" end)' \
			<<<"$status")"
}

# Prints the first status that is of another boot than the one noted.
await_other_boot() {
	local status boot=$WAS_BOOT
	while [[ $boot == "$WAS_BOOT" || $boot == null ]]; do
		status=$(ask_json status)
		boot=$(jq -r '.generation["boot-id"]' <<<"$status")
	done
	printf '%s\n' "$status"
}

# "SLOT FILE" of each disk, as libvirt's XML has it, the session held across, another process and the
# guest's links, with what can be read there.
xml_disks() {
	run_virsh dumpxml vm | xmllint --xpath '/domain/devices/disk[address/@target!=255]' - 2>/dev/null |
		awk -F'"' '/<source file=/ { file = $2; gsub(/.*\/|.qcow2/, "", file) }
			/<address type=.drive/ { print $8 * 256 + $10, file }' | sort -n
}

json_disks() { # reads what list --json prints
	jq -r '.disks[] | select(.attached and .visible and .state == "present") |
		"\(.slot) \(.source | gsub(".*/|.qcow2"; ""))"'
}

link_disks() {
	guest_links vm | awk '/^by-slot/ { sub("by-slot/", ""); print $1, $6 }' | sort -n
}

drift() { # prints "KIND SLOT", reads what status --json prints
	jq -r '.drift[] | "\(.kind) \(.slot // "-")"'
}

# All agree on these disks, status on what differs, and what is attached next gets that slot.
check_reconciled() { # DISKS DRIFT NEXT_SLOT
	check_equal "$1" "$(ask_json list | json_disks)"
	check_equal "$1" "$(xml_disks)"
	check_equal "$1" "$(link_disks)"
	check_equal "$1" "$(hs list vm --json | json_disks)"
	check_equal "$2" "$(hs status vm --json | drift)"
	check_equal null "$(hs status vm --json | jq -r .trouble)"
	make_images next
	check_equal "/dev/disk/by-slot/$3" "$(ask_shell 'attach next.qcow2' .)"
	check_equal "$3 next" "$(link_disks | grep next)"
	hs detach vm "$3"
}
