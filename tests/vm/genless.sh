#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A domain without a genid, as virt-install makes it: after a restore libvirt says nothing of it that
# it did not say before.
# More: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../daemon.sh"
. "$(dirname "$0")/../generation.sh"

# A daemon that cannot read the machine's has another one at each start.
HOST_UUID=8f0e7a6a-6a5c-4e0d-9f2e-00000000000c

setup_file() {
	start_daemon "$T/d" "$HOST_UUID"
	IMAGE=$(control_image) APPEND=$WITNESS_APPEND launch vm --memory 256
	run_virsh dumpxml vm --inactive | sed '/<genid>/d' >"$T/vm.xml"
	run_virsh destroy vm
	# A daemon that finds no domain begins its ids at 1.
	stop_daemon
	start_daemon "$T/d" "$HOST_UUID"
	run_virsh create "$T/vm.xml"
	add_witness_port vm
}

teardown_file() {
	end_daemon
}

# One that a test has started ends with it.
setup_test() {
	stop_daemon KILL
	start_daemon "$DAEMON_DIRECTORY" "$HOST_UUID"
	detach_all vm
}

told() { # prints what status --json, which it reads, has of the generation
	jq -r '"\(.generation.id) \(.generation.genid) \(.session.renewed)"'
}

# What the agent says of it on its console.
count_generations() {
	grep -c 'another generation: looking at all disks afresh' "$WORK/file/vm.console" || true
}

test_a_restore_under_the_same_id_by_another_daemon_is_noticed_by_another_process() {
	make_images one
	SIZE=3M make_images two
	hs attach vm one.qcow2 >/dev/null
	check_equal "1 null false" "$(hs status vm --json | told)"
	run_virsh save vm saved >/dev/null
	run_virsh save-image-dumpxml saved | sed 's|one\.qcow2|two.qcow2|' >other.xml
	stop_daemon
	start_daemon "$DAEMON_DIRECTORY" "$HOST_UUID"
	run_virsh restore saved --xml other.xml >/dev/null
	check_equal "1 null true" "$(hs status vm --json | told)"
	check_equal 1 "$(run_virsh domid vm)"
	check_equal '0 two' "$(hs list vm --json | json_disks)"
	check_equal 3145728 "$(disk_field vm 0 size)"
	check_equal '0 two' "$(link_disks)"
	check_equal $'generation  the same as before\ndrift  none' "$(
		hs status vm | grep -E '^(generation|drift)' | sed 's/  */  /')"
	check_links_agree vm
}

# It knows the domain by the socket that QEMU has made.
test_each_command_is_of_the_same_generation() {
	local count
	make_images kept
	count=$(count_generations)
	hs attach vm kept.qcow2 >/dev/null
	check_equal '0 kept' "$(hs list vm --json | json_disks)"
	check_equal "1 null false" "$(hs status vm --json | told)"
	check_equal "$count" "$(count_generations)"
}

# One that has no such file, as in a container, or on another host.
hidden_hs() { # COMMAND [ARGUMENT…]
	# shellcheck disable=SC2016
	unshare -Urm sh -c 'mount -t tmpfs none "$0" && exec "$@"' \
		"$(dirname "$(dirname "$(channel_socket vm)")")" "$HOTSLOT" -c "$URI" "$@"
}

test_who_does_not_see_the_socket_is_of_another_generation_each_time() {
	local count i
	count=$(count_generations)
	for i in 1 2 3; do
		check_equal "1 null null" "$(hidden_hs status vm --json | told)"
		await_equal "$((count + i))" count_generations
	done
	check_match 'generation +without a genid it cannot be told whether it is the same' \
		"$(hidden_hs status vm)"
}

# Though the daemon may say that it is on another host than the one before.
test_a_session_goes_on_without_a_genid_and_its_generation_with_the_next_daemon() {
	local before
	make_images kept
	start_shell
	ask_shell 'attach kept.qcow2' . >/dev/null
	before=$(ask_json status | jq -r '"\(.session.new) \(.session.generation)"')
	check_match '^false ' "$before"
	check_equal "$before" "$(ask_json status | jq -r '"\(.session.new) \(.session.generation)"')"
	stop_daemon
	start_daemon "$DAEMON_DIRECTORY" "${HOST_UUID%c}d"
	check_equal "true false ${before#* }" "$(ask_json status |
		jq -r '.session | "\(.new) \(.renewed) \(.generation)"')"
	check_equal '0 kept' "$(ask_json list | json_disks)"
	end_shell
}

run_tests
