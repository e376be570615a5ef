#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hotslot doctor: each part is broken on purpose, and the finding says which one it is and what to do
# about it. The guest is one where udevd makes the links, so that the rule counts.

# Guests: udev

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../virsh.sh"
. "$(dirname "$0")/../talk.sh"
. "$(dirname "$0")/../daemon.sh"

RULE=/usr/lib/udev/rules.d/60-hotslot.rules

setup_file() {
	launch_controlled vm
	raw_image shared.img
	hs attach vm shared.img --slot 7 --id shared
}

# All that doctor finds: a line each, SUBJECT[ SLOT] HEALTH: TEXT (ADVICE)
examine() { # [DOMAIN [OPTION…]]
	hs doctor "${1:-vm}" "${@:2}" --json >report 2>stderr || echo "status $?" >>stderr
	jq -r '.findings[] | "\(.subject)\(if .slot then " \(.slot)" else "" end) \(.health): \(.text)" +
		if .advice then " (\(.advice))" else "" end' report >findings
}

found() { # REGEX…
	local regex
	for regex; do
		grep -qE -- "$regex" findings || fail "no /$regex/ in: $(<findings)"
	done
}

# The first failure is the error of the command.
check_failed() { # CODE REGEX…
	found "${@:2}"
	check_equal "$1" "$(jq -r .error.code report)"
	check_match 'status 1' "$(<stderr)"
	grep -q ' failed: ' findings
}

check_healthy() {
	examine
	check_equal "" "$(grep -v ' ok: ' findings)$(<stderr)"
}

test_a_healthy_domain_is_found_so() {
	check_healthy
	found '^libvirt ok: .*libvirt [0-9]+\.' '^domain ok: vm runs' '^qemu ok: .*QEMU is [0-9.]+;.*TCG' \
		'^controller ok: Controller 0 is managed' '^controller ok: The guest manages the same' \
		'^channel ok: .*the guest has it open' '^agent ok: Version .* protocol 1' \
		'^links ok: udevd makes them' "^rule ok: $RULE, with /usr/lib/udev/hotslot-id" \
		'^disk 7 ok: sd[a-z]+: .*/shared.img'
	check_match "^ok +disk 7 +sda: " "$(hs doctor vm | tail -n 1)"
}

test_a_domain_that_is_not_there_leaves_the_rest_unknown() {
	examine none
	check_failed no-domain "^domain failed: There is no domain 'none' \\('virsh list --all'" \
		'^qemu unknown: The domain is not found' '^disk unknown'
	check_equal 7 "$(grep -c ' unknown: ' findings)"
}

# What is wrong with its configuration is found all the same.
test_a_domain_that_is_shut_off_and_lacks_parts() {
	cat >bare.xml <<-END
		<domain type='qemu'><name>bare</name><memory unit='MiB'>64</memory>
		<os><type>hvm</type></os>
		<devices><controller type='scsi' index='0' model='lsilogic'/></devices></domain>
	END
	run_virsh define bare.xml
	examine bare
	check_failed not-running "^domain failed: It is shut off \\('virsh start bare'" \
		'^controller failed: .*no virtio-scsi controller; 1 SCSI controller is of another' \
		"^channel failed: It has no virtio channel .*<target type='virtio' name='org.hotslot" \
		'^agent unknown: The guest does not run' '^links unknown'
	run_virsh undefine bare
}

test_a_domain_that_is_shut_off_and_lacks_an_image() {
	cat >gone.xml <<-END
		<domain type='qemu'><name>gone</name><memory unit='MiB'>64</memory>
		<os><type>hvm</type></os>
		<devices><controller type='scsi' index='0' model='virtio-scsi'/>
		<disk type='file'><source file='$PWD/gone.img'/><target dev='sda' bus='scsi'/></disk>
		</devices></domain>
	END
	run_virsh define gone.xml
	examine gone
	found '^disk 0 failed: Its image .*/gone.img cannot be found.*\(put it there again, .* does not start'
	check_equal "" "$(grep 'QEMU has it open' findings || true)"
	run_virsh undefine gone
}

# Nothing is on its disk but the firmware's surprise.
test_a_guest_with_no_agent() {
	cat >silent.xml <<-END
		<domain type='qemu'><name>silent</name><memory unit='MiB'>64</memory>
		<os><type>hvm</type></os>
		<devices><controller type='scsi' index='0' model='virtio-scsi'/>
		<channel type='unix'><target type='virtio' name='org.hotslot.agent.0'/></channel>
		</devices></domain>
	END
	run_virsh create silent.xml
	examine silent --timeout 1
	hs shutdown silent --force
	check_failed agent \
		'^channel warning: .*nothing in the guest has it open \(start hotslot-agent in the guest' \
		'^agent failed: .*does not answer.*\(start hotslot-agent in the guest\)' \
		'^disk ok: The domain has none'
}

test_a_controller_that_is_not_there() {
	examine vm --controller 3
	check_failed no-controller \
		'^controller failed: It has no virtio-scsi controller 3 \(leave --controller out' \
		'^agent ok: '
}

test_a_guest_that_is_paused() {
	run_virsh suspend vm
	examine
	check_failed not-running "^domain failed: It is paused.*\\('virsh resume vm'" \
		'^agent unknown' '^disk 7 unknown: ua-hotslot-shared: .*The guest does not run'
	run_virsh resume vm
}

test_an_agent_that_is_stopped_and_an_agent_that_is_restarted() {
	guest_run vm 'kill -STOP $(pidof hotslot-agent)'
	examine vm --timeout 1
	guest_run vm 'kill -CONT $(pidof hotslot-agent)'
	check_failed agent '^agent failed: .*does not answer.*\(.*start hotslot-agent in the guest anew' \
		'^links unknown: The agent does not answer' '^disk 7 unknown'
	check_healthy
	guest_run vm 'kill -KILL $(pidof hotslot-agent)'
	hs list vm >/dev/null
	examine
	found '^agent warning: It was started 2 times since the guest booted \(see in the guest'
	check_equal "" "$(<stderr)"
}

test_a_channel_that_another_program_holds() {
	coproc SOCAT { exec socat - "UNIX-CONNECT:$(channel_socket vm)"; }
	local pid=$SOCAT_PID
	# It is connected once it has sent this.
	hello >&"${SOCAT[1]}"
	IFS= read -r -t 20 <&"${SOCAT[0]}"
	examine vm --timeout 1
	kill "$pid"
	wait "$pid" || true
	check_failed busy "^channel failed: Another program .*/org.hotslot.agent.0 \\(.*'ss -xp'" \
		'^agent unknown'
}

test_a_rule_and_a_helper_that_are_missing() {
	guest_run vm "mv $RULE /tmp"
	examine
	check_failed not-confirmed \
		'^rule failed: The rule .* is not installed.*\(install 60-hotslot.rules in the guest'
	guest_run vm "mv /tmp/60-hotslot.rules $RULE; mv /usr/lib/udev/hotslot-id /tmp"
	examine
	check_failed not-confirmed "^rule failed: $RULE is installed, .*hotslot-id is not \\(install"
	guest_run vm 'mv /tmp/hotslot-id /usr/lib/udev'
}

test_a_disk_that_the_guest_lost() {
	raw_image a.img
	hs attach vm a.img --slot 3
	guest_deletes vm /dev/disk/by-slot/3
	await_equal false disk_field vm 3 visible
	examine
	check_failed not-confirmed "^disk 3 failed: .*The guest does not show it \\('hotslot repair vm'"
	hs repair vm
	check_match "^disk 3 ok" "$(examine; grep '^disk 3' findings)"
	hs detach vm 3
}

# The one who is broken off sends this, and no more. Looking at it changes nothing.
test_a_disk_whose_detach_was_broken_off() {
	raw_image a.img
	hs attach vm a.img --slot 3
	{ hello; request release last '{"slot":3}'; } | talk >/dev/null
	examine
	check_failed not-confirmed "^disk 3 failed: .*has let go of it.*\\('hotslot repair vm' puts"
	examine
	found '^disk 3 failed: .*has let go of it'
	hs repair vm
	hs detach vm 3
}

test_a_disk_that_does_not_answer() {
	guest_run vm 'cd /sys/bus/scsi/devices/*:0:7; echo offline >state'
	examine
	guest_run vm 'cd /sys/bus/scsi/devices/*:0:7; echo running >state'
	check_failed not-confirmed '^disk 7 failed: .*sd[a-z]+ in slot 7 does not answer \(see what'
	check_match '^disk 7 ok' "$(examine; grep '^disk 7' findings)"
}

test_a_slot_with_a_disk_that_is_reserved_still() {
	run_virsh metadata vm urn:hotslot:domain:1 --live --key hotslot \
		--set "<hotslot><reserved slots='7'/></hotslot>"
	examine
	found "^disk 7 warning: .*reserved still.*\\('hotslot repair vm'"
	check_equal "" "$(<stderr)"
	run_virsh metadata vm urn:hotslot:domain:1 --live --key hotslot \
		--set "<hotslot><reserved slots='x'/></hotslot>"
	examine
	check_failed libvirt "^domain failed: Its metadata .*\\(.*'virsh metadata vm urn:hotslot:" \
		'^agent ok: '
	run_virsh metadata vm urn:hotslot:domain:1 --live --remove
}

mark_launch() { # PID BOOT PID-NAMESPACE
	run_virsh metadata vm urn:hotslot:domain:1 --live --key hotslot \
		--set "<hotslot><launching pid='$1' start='1' boot='$2' pid-namespace='$3'/></hotslot>"
}

# That it has none of that pid says nothing to who is in another container than the launcher.
test_a_launch_whose_launcher_cannot_be_seen() {
	local boot
	boot=$(</proc/sys/kernel/random/boot_id)
	mark_launch $$ "$boot" 1
	examine
	found "^domain warning: Process $$ launches it, or its launch was broken off: .*cannot be seen"
	check_fails 0 "whether process $$, .* cannot be told from here: its launch is left alone" hs repair vm
	check_match launching "$(live_xml vm)"
	mark_launch $$ "$boot" "$(stat -Lc %i /proc/self/ns/pid)"
	examine
	found "^domain warning: Its launch was broken off \\('hotslot repair vm'"
	# Of what ran before the host was started anew nothing does.
	mark_launch $$ earlier 1
	examine
	found '^domain warning: Its launch was broken off'
	check_match 'its launch was broken off, and is finished now' "$(hs repair vm)"
	! live_xml vm | grep launching
}

test_disks_of_others_conflicts_sizes_and_images_that_are_gone() {
	raw_image a.img
	raw_image b.img
	virsh_attach vm a.img 0 1 '<serial>twin</serial>'
	virsh_attach vm b.img 0 2 '<serial>twin</serial>'
	await_equal "true true" conflicts
	rm a.img b.img
	ln -s a.img a.img
	examine
	found '^disk 1 warning: Another disk has its serial.*\(attach one of them with another' \
		'^disk 1 unknown: Its image .*/a.img cannot be looked at from here: Too many levels' \
		'^disk 2 warning: Its image .*/b.img cannot be found.*\(QEMU has it open'
	check_equal "" "$(<stderr)"
	detach_all vm
	hs attach vm "$WORK/file/shared.img" --slot 7 --id shared
}

conflicts() {
	hs list vm --json | jq -r '[.disks[] | select(.slot < 3).conflict | tostring] | join(" ")'
}

test_a_connection_that_does_not_come() {
	local status=0
	"$HOTSLOT" -c qemu:///embed doctor vm >stdout 2>stderr || status=$?
	check_equal 1 "$status"
	check_match '^failed +libvirt +Cannot connect' "$(<stdout)"
	"$HOTSLOT" -c test:///default doctor test --json >report 2>stderr || status=$?
	check_equal "connect failed" "$(jq -r '"\(.error.code) \(.findings[0].health)"' report)"
}

# libvirt plugs none in: the domain has it from its start.
test_a_cdrom_drive_is_no_disk() {
	local cdrom
	launch other
	virsh -q -c "$URI" dumpxml other >other.xml
	hs shutdown other --force
	cdrom="<disk type='file' device='cdrom'><target dev='sdz' bus='scsi'/>"
	cdrom+="<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>"
	sed -i "/<metadata>/,/<\/metadata>/d; s|</devices>|$cdrom</devices>|" other.xml
	virsh -q -c "$URI" create other.xml
	raw_image disk
	check_equal /dev/disk/by-slot/1 "$(hs attach other disk)"
	check_equal 1 "$(slots other)"
	examine other
	check_equal "" "$(grep -E ' failed:|^disk 0' findings || true)"
	raw_image more
	check_fails 1 'A CD-ROM drive is in slot 0' hs attach other more --slot 0
	check_fails 1 'No disk is in slot 0' hs detach other 0 --force --foreign
}

# An embedded driver waits for each QEMU when it is opened; who uses another domain does not.
test_a_qemu_that_hangs() {
	local pid start
	GUEST=plain launch hung
	pid=$(find "$(driver_directory)" -name hung.pid -exec cat {} +)
	kill -STOP "$pid"
	start=${EPOCHREALTIME/./}
	hs list vm --timeout 5 >stdout
	[[ $(((${EPOCHREALTIME/./} - start) / 1000)) -lt 5000 ]]
	check_fails 1 'QEMU of domain hung does not answer libvirt' hs list hung --timeout 1
	examine hung --timeout 1
	check_failed timeout "^qemu failed: QEMU does not answer.*'hotslot shutdown --force hung'" \
		'^agent unknown: QEMU does not answer'
	kill -CONT "$pid"
	hs shutdown hung --force
}

# It takes the connection, and says nothing.
test_a_libvirt_that_hangs() {
	local pid start=$SECONDS
	mkdir "$T/d"
	start_daemon "$T/d"
	pid=$(<"$T/d/libvirtd.pid")
	kill -STOP "$pid"
	check_fails 1 '^hotslot: list: Cannot connect to .*: it does not answer within 10 s$' \
		hs list vm --timeout 1
	examine vm --timeout 1
	kill -CONT "$pid"
	end_daemon
	check_failed connect '^libvirt failed: .*it does not answer within 1 s \(look whether libvirt'
	[[ $((SECONDS - start)) -lt 60 ]]
}

# Of a shell that is connected.
test_a_libvirt_that_hangs_does_not_find_a_domain() {
	local pid
	mkdir "$T/d"
	start_daemon "$T/d"
	pid=$(<"$T/d/libvirtd.pid")
	mkfifo in
	"$HOTSLOT" -c "$URI" shell <in >out 2>err &
	exec 7>in
	echo 'adopt --all --json' >&7
	await_equal 1 grep -c '^{' out
	kill -STOP "$pid"
	echo 'list vm --timeout 1' >&7
	await_equal "hotslot: line 2: list: Cannot look the domain up at $URI: it does not answer within 10 s" \
		tail -n 1 err
	kill -CONT "$pid"
	exec 7>&-
	wait "$!" || true
	end_daemon
}

run_tests
