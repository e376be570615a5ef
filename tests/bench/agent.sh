# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the agent takes of the guest, for tests/bench/run: its memory, and its time on the processor,
# with so many disks. On guests of their own, as somebody has to look: see tests/vm/witness.c.

# Within this it must have looked at the contents of all disks.
CONTENTS_SECONDS=300

AGENT_STATUS='pid=$('$AGENT_PID')
	cat /proc/$pid/schedstat
	cat /proc/$pid/smaps_rollup'

# The agent's processor time in ms; the kernel counts in ns.
agent_time() { # DOMAIN
	guest_run "$1" "$AGENT_STATUS" | awk 'NR == 1 { printf "%.4f\n", $1 / 1e6 }'
}

agent_memory() { # DOMAIN FIELD ; KiB
	guest_run "$1" "$AGENT_STATUS" | awk -v field="$2:" '$1 == field { print $2 }'
}

# It looks at what is on the disks after it has told of them.
await_contents() { # DOMAIN
	local deadline=$((SECONDS + CONTENTS_SECONDS))
	while hs list "$1" --json | jq -e 'any(.disks[]; .contents == "pending")' >/dev/null; do
		[[ $SECONDS -lt $deadline ]] || fail "$1 is not done with the contents of its disks"
		sleep 1
	done
	sleep 1
}

sample_agent() { # KIND COUNT DOMAIN
	local before after
	await_contents "$3"
	printf 'agent-rss-kib\t%s\t%s\t%s\n' "$1" "$2" "$(agent_memory "$3" Rss)"
	printf 'agent-pss-kib\t%s\t%s\t%s\n' "$1" "$2" "$(agent_memory "$3" Pss)"
	before=$(agent_time "$3")
	sleep "$IDLE_SECONDS"
	after=$(agent_time "$3")
	awk -v a="$before" -v b="$after" -v s="$IDLE_SECONDS" -v kind="$1" -v n="$2" \
		'BEGIN { printf "agent-idle-ms-per-s\t%s\t%s\t%.4f\n", kind, n, (b - a) / s }'
}

# Fills it up; the agent's time for each of the disks that come.
fill_agent() { # KIND COUNT DOMAIN FROM
	local images=() i before after
	for ((i = $4; i < $2; i++)); do
		raw_image "$work/agent-$1-$i.img"
		images+=("$work/agent-$1-$i.img")
	done
	[[ ${#images[@]} -gt 0 ]] || return 0
	before=$(agent_time "$3")
	hs attach "$3" "${images[@]}" --quiet >/dev/null
	after=$(agent_time "$3")
	awk -v a="$before" -v b="$after" -v n="${#images[@]}" -v kind="$1" -v there="$4" \
		'BEGIN { printf "agent-ms-per-disk\t%s\t%s\t%.4f\n", kind, there, (b - a) / n }'
}

bench_agent() {
	local T=$work URI GUEST kind count from
	URI=$(embed_root "$work/a")
	for kind in plain udevd udev; do
		progress "the agent, $kind"
		GUEST=$kind launch_controlled "agent-$kind" --memory 2048
		from=0
		for count in $AGENT_DISKS; do
			fill_agent "$kind" "$count" "agent-$kind" "$from"
			sample_agent "$kind" "$count" "agent-$kind"
			from=$count
		done
		hs shutdown "agent-$kind" --force
	done
}
