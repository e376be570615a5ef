#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live migration between two daemons, to and fro: what goes along, and who is told what while it
# lasts. One domain for all tests, wherever it is at the time.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"

# A host is known by its UUID.
HOST_UUID=8f0e7a6a-6a5c-4e0d-9f2e-00000000000
# Wall-clock seconds until a migration has begun, or is over.
MIGRATION_SECONDS=40

setup_file() {
	start_daemon "$T/a" "${HOST_UUID}a"
	start_daemon "$T/b" "${HOST_UUID}b"
	echo a >"$T/home"
	use_daemon "$T/a"
	launch_controlled vm --memory 256
}

teardown_file() {
	local host
	for host in a b; do
		use_daemon "$WORK/file/$host"
		end_daemon
	done
}

# HERE is where the domain is, THERE the other one.
look_around() {
	HERE=$(<"$WORK/file/home")
	THERE=$([[ $HERE == a ]] && echo b || echo a)
	use_daemon "$WORK/file/$THERE"
	THERE_URI=$URI
	use_daemon "$WORK/file/$HERE"
	WITNESS_DIR=$WORK/file/to-$HERE
}

setup_test() {
	look_around
	detach_all vm
	raw_image one.img
	raw_image two.img
}

free_port() {
	local port
	until port=$((20000 + RANDOM % 12000)) &&
		! grep -qi ":$(printf %04x "$port") " /proc/net/tcp; do :; done
	echo "$port"
}

# The tests' own port has a path, which on one machine the two cannot share.
migrate() { # [OPTION…]
	local status=0
	mkdir -p "$WORK/file/to-$THERE"
	run_virsh dumpxml vm --migratable |
		sed "s|path='[^']*/vm.witness'|path='$WORK/file/to-$THERE/vm.witness'|" >there.xml
	run_virsh migrate --live --unsafe vm "$THERE_URI" "tcp:127.0.0.1:$(free_port)" \
		--xml there.xml "$@" || status=$?
	[[ $status != 0 ]] || echo "$THERE" >"$WORK/file/home"
	return "$status"
}

# Begins one that does not end by itself.
begin_migration() {
	migrate --bandwidth 1 2>migrate.err &
	MIGRATION=$!
	timeout "$MIGRATION_SECONDS" bash -c 'until virsh -q -c "$1" domjobinfo vm |
		grep -q "Memory remaining"; do sleep 0.05; done' - "$URI"
}

end_migration() {
	run_virsh migrate-setspeed vm 8000
	wait "$MIGRATION"
}

cancel_migration() {
	run_virsh domjobabort vm
	! wait "$MIGRATION" || fail "the migration was not canceled"
}

# All that list tells, and who the guest is.
describe() {
	hs list vm --json
	run_virsh dumpxml vm | grep -A1 -E '<genid>|<hotslot:'
	guest_run vm 'cat /proc/sys/kernel/random/boot_id; witness links'
}

# What the agent says of it on its console.
generations() {
	grep -c 'another generation: looking at all disks afresh' "$WORK/file/vm.console" || true
}

test_who_waited_learns_that_the_domain_has_left() {
	local pid status=0 count
	count=$(generations)
	check_equal 1 "$(run_virsh domid vm)"
	begin_migration
	hs attach vm two.img >stdout 2>stderr &
	pid=$!
	await_equal 1 grep -c waiting stderr
	end_migration
	wait "$pid" || status=$?
	check_equal 1 "$status"
	check_equal 'hotslot: attach: two.img: Domain vm does not run here any more: it was migrated to another host' \
		"$(grep -a two.img: stderr)"
	look_around
	# Another host, though UUID, id and genid are the same.
	check_equal 1 "$(run_virsh domid vm)"
	check_equal "" "$(slots vm)"
	check_equal "$((count + 1))" "$(generations)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm two.img)"
}

test_a_change_waits_for_a_migration_or_says_that_it_is_in_the_way() {
	local what='is being migrated to another host' pid
	local busy="Domain vm $what, and cannot be changed meanwhile: try again when that is done; 'virsh domjobinfo vm' tells how far it is"
	hs attach vm one.img >/dev/null
	begin_migration
	check_equal 0 "$(slots vm)"
	check_fails 1 "^hotslot: attach: Domain vm $what: waiting until that is done
hotslot: attach: two.img: $busy$" hs attach vm two.img --timeout 1
	check_fails 1 "hotslot: detach: (slot 0: )?$busy" hs detach vm 0 --timeout 1
	check_fails 1 "hotslot: resize: 0: $busy" hs resize vm 0 2M --timeout 1
	URI=$THERE_URI check_fails 1 'is being migrated to this host, and cannot be changed' \
		hs attach vm two.img --timeout 1
	URI=$THERE_URI check_fails 1 'stands still: libvirt has paused it for a while; .*to this host' \
		hs list vm --timeout 1
	hs attach vm two.img >stdout 2>stderr &
	pid=$!
	await_equal "hotslot: attach: Domain vm $what: waiting until that is done" cat stderr
	cancel_migration
	wait "$pid" || fail "$(<stderr)"
	check_equal /dev/disk/by-slot/1 "$(<stdout)"
	check_equal "0 1" "$(slots vm)"
	hs detach vm 0
	check_links_agree vm
}

test_a_disk_that_is_not_confirmed_goes_along() {
	local pid status=0
	{
		declare -f guest_run
		declare -p WITNESS WITNESS_DIR WORK GUEST_RUN_SECONDS
		printf "AGENT_PID=%q\n" "$AGENT_PID"
	} >functions
	STEPS_AT='before virDomainAttachDeviceFlags' LD_PRELOAD=$B/tests/vm/steps \
		STEPS_COMMAND='bash -c ". ./functions; guest_run vm \"kill -STOP \\\$(\$AGENT_PID)\""' \
		hs attach vm one.img >stdout 2>stderr &
	pid=$!
	await_attached vm ua-hotslot-slot-0 1
	migrate
	wait "$pid" || status=$?
	check_equal 1 "$status"
	check_equal \
		"hotslot: attach: one.img: Domain vm does not run here any more: it was migrated to another host; the disk in slot 0 went with it as ua-hotslot-slot-0, and the guest has not confirmed it: see 'hotslot list' there (step: confirm)" "$(grep -a ^hotslot stderr)"
	look_around
	guest_run vm "kill -CONT \$($AGENT_PID)"
	check_equal 0 "$(slots vm)"
	check_links_agree vm
}

test_a_released_disk_goes_along_and_is_in_use_again() {
	hs attach vm one.img >/dev/null
	declare -f migrate run_virsh free_port >functions
	declare -p HERE THERE THERE_URI URI WORK >>functions
	STEPS_AT='before virDomainDetachDeviceAlias' \
		STEPS_COMMAND='bash -c ". ./functions; migrate"' \
		LD_PRELOAD=$B/tests/vm/steps check_fails 1 '^hotslot: detach: Domain vm does not run here any more: it was migrated to another host; the disk in slot 0 went with it: detach it there \(step: detach\)$' \
		hs detach vm 0
	look_around
	check_equal present "$(disk_field vm 0 state)"
	hs detach vm 0
	check_links_agree vm
}

test_a_migration_that_fails_changes_nothing() {
	hs attach vm one.img >/dev/null
	mv one.img away.img
	check_fails 1 'Cannot access storage file' migrate
	mv away.img one.img
	check_fails 1 'There is no domain' "$HOTSLOT" -c "$THERE_URI" list vm
	check_equal 0 "$(slots vm)"
	hs attach vm two.img >/dev/null
	hs detach vm 0 1
	check_links_agree vm
}

test_a_domain_takes_its_disks_slots_and_metadata_along() {
	local before count watcher shell
	hs reserve vm 5-7
	hs attach vm one.img --serial its-serial --id its-id --label its-label >/dev/null
	hs attach vm two.img --slot 1000 --readonly --any-label >/dev/null
	before=$(describe)
	count=$(generations)
	hs watch vm >watched 2>&1 &
	watcher=$!
	await_equal 1 grep -c ' ready' watched
	# Somebody with a session that lasts.
	mkfifo words
	hs shell <words >shelled 2>&1 &
	shell=$!
	exec 5>words
	echo list vm >&5
	await_equal 1 grep -c its-serial shelled
	migrate
	wait "$watcher" || fail "watch ended with $?"
	check_match ' stopped The domain was migrated to another host$' "$(tail -n 1 watched)"
	echo list vm >&5
	exec 5>&-
	wait "$shell" || true
	check_equal \
		"hotslot: line 2: list: There is no domain 'vm' here any more: it was migrated to another host" \
		"$(grep ^hotslot shelled)"
	check_fails 1 "^hotslot: list: There is no domain 'vm'$" hs list vm
	look_around
	check_equal "$before" "$(describe)"
	check_equal "$((count + 1))" "$(generations)"
	raw_image three.img
	check_equal /dev/disk/by-slot/1 "$(hs attach vm three.img --any-label)"
	hs detach vm 1 id:its-id
	check_equal 1000 "$(slots vm)"
	hs unreserve vm 5-7
}

test_the_host_before_says_where_a_domain_is_that_is_defined_there() {
	run_virsh dumpxml vm --inactive >defined.xml
	run_virsh define defined.xml
	migrate
	check_equal 'shut-off true The domain was migrated to another host' "$(
		hs status vm --json | jq -r '"\(.state) \(.complete) \(.trouble)"')"
	run_virsh undefine vm
}

run_tests
