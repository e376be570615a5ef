#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where the images of disks can be, and how they are served: NBD servers, encrypted images with
# secrets, volumes of pools; caches, limits, sharing; elements of the user's own.

# Guests: plain

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../daemon.sh"

# Loopback has addresses enough for every test that may run beside this one.
HOST=127.$(($$ >> 16 & 127 | 128)).$(($$ >> 8 & 255)).$(($$ & 255))

# Secrets and pools are a daemon's. Two guests, as one disk may be in both.
setup_file() {
	start_daemon "$T/d"
	IMAGE=$(control_image)
	truncate -s 1M "$T/shared.img"
	raw_image "$T/element.img" 2M
	echo "<disk><source file='$T/element.img'/><driver name='qemu' type='raw' cache='unsafe'/><serial>own-1</serial>
		<target dev='sda'/><address type='drive' unit='5'/></disk>" >"$T/element.xml"
	launch_controlled other --iothreads 1 --memory 256 --xml "$T/element.xml" \
		--drive "$T/shared.img,shareable,discard=unmap,read-bps=4M,iothread=1,id=shared" &
	launch_controlled vm --memory 256
	wait $!
}

setup_test() {
	detach_all vm
}

teardown_file() {
	end_servers
	end_daemon
}

end_servers() {
	local file pid
	while IFS= read -r -d '' file; do
		pid=$(<"$file")
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) != qemu-nbd ]] || kill -KILL "$pid"
	done < <(find "$WORK" -name '*.nbd-pid' -print0)
}

# Serves an image, until the test is over or end_servers.
serve() { # FILE OPTION…
	qemu-nbd --fork --pid-file "$T/${1##*/}.nbd-pid" -f raw -t -e 4 "${@:2}" "$1"
}

# MEMBER… of the disk in a slot.
tells() { # SLOT MEMBER…
	hs list vm --json | jq -r --argjson slot "$1" '.disks[] | select(.slot == $slot) as $disk |
		$ARGS.positional | map($disk[.] | tostring) | join(" ")' --args "${@:2}"
}

guest_writes() { # SLOT TEXT
	guest_run vm "echo $2 | dd of=/dev/disk/by-slot/$1 conv=notrunc,fsync 2>/dev/null"
}

first_line() { # SLOT
	guest_run vm "head -c 64 /dev/disk/by-slot/$1 | tr -d '\\000' | head -n 1"
}

# What libvirt says of the disk with that target, as virsh shows it.
disk_xml() { # TARGET
	virsh -q -c "$URI" dumpxml vm | xmllint --xpath "//disk[target/@dev='$1']" -
}

# The blocks that a file has.
blocks() { # FILE
	stat -c %b "$1"
}

# ---- NBD -----------------------------------------------------------------------------------

test_a_disk_of_an_nbd_server() {
	raw_image a.img 3M
	serve a.img -b "$HOST" -x 'the export'
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "nbd://$HOST/the%20export" --id nbd)"
	check_equal "nbd://$HOST:10809/the%20export raw 3145728 ua-hotslot-nbd false" \
		"$(tells 0 source format size alias read-only)"
	check_match "<source protocol=\"nbd\" name=\"the export\"" "$(disk_xml sda)"
	check_equal a.img "$(first_line 0)"
	guest_writes 0 written
	hs detach vm 0
	check_equal written "$(head -n 1 a.img)"
	end_servers
}

test_a_disk_of_an_nbd_server_on_a_socket() {
	raw_image b.img
	serve b.img -k "$T/so cket"
	check_equal /dev/disk/by-slot/5 \
		"$(hs attach vm "nbd+unix:///?socket=$T/so%20cket" --slot 5 --readonly)"
	check_equal "nbd+unix:///?socket=$T/so%20cket true true" \
		"$(tells 5 source read-only host-read-only)"
	check_equal b.img "$(first_line 5)"
	hs detach vm 5
	end_servers
}

test_an_nbd_server_that_is_gone_leaves_nothing() {
	local before
	before=$(live_devices vm)
	check_fails 1 "Cannot attach nbd://$HOST:10810/x to domain vm: .*onnection refused" \
		hs attach vm "nbd://$HOST:10810/x"
	check_fails 1 . hs attach vm "nbd://$HOST:10810/x" --json
	check_equal "libvirt attach" "$(jq -r '"\(.error.code) \(.error.step)"' stdout)"
	raw_image c.img
	serve c.img -b "$HOST" -x right
	check_fails 1 "Cannot attach nbd://$HOST:10809/wrong to domain vm" \
		hs attach vm "nbd://$HOST/wrong"
	end_servers
	check_equal "$before" "$(live_devices vm)"
	check_equal "" "$(slots vm)"
}

# QEMU would wait for its first word without an end, and libvirt and the guest for QEMU.
test_an_nbd_server_that_says_nothing_is_refused() {
	local before uri=nbd://$HOST:10809/s silent
	silent="The server of $uri says nothing, and would hold QEMU and the guest up: it hangs, or has as many clients as it takes"
	before=$(live_devices vm)
	raw_image s.img
	serve s.img -b "$HOST" -x s
	kill -STOP "$(<s.img.nbd-pid)"
	check_fails 1 "^hotslot: attach: $silent$" hs attach vm "$uri" --timeout 1
	echo "<disk type='network'><source protocol='nbd' name='s'><host name='$HOST'/></source></disk>" >s.xml
	check_fails 1 "^hotslot: attach: s.xml: $silent$" hs attach vm --xml s.xml --timeout 1
	check_fails 1 . hs attach vm "$uri" --timeout 1 --json
	check_equal "image check" "$(jq -r '"\(.error.code) \(.error.step)"' stdout)"
	check_fails 1 "^hotslot: launch: third: $silent$" hs launch third --accel tcg --kernel "$KERNEL" \
		--initramfs "$KERNEL" --drive "$uri" --timeout 1
	check_equal "$before" "$(live_devices vm)"
	cat >fourth.xml <<-END
		<domain type='qemu'><name>fourth</name><memory>65536</memory><os><type>hvm</type></os>
		<devices><controller type='scsi' model='virtio-scsi'/>
		<channel type='unix'><target type='virtio' name='org.hotslot.agent.0'/></channel>
		<disk type='network'><source protocol='nbd' name='s'><host name='$HOST'/></source>
		<target dev='sda' bus='scsi'/></disk></devices></domain>
	END
	virsh -q -c "$URI" define fourth.xml
	check_fails 1 "^hotslot: start: fourth: $silent; it was not started" hs start fourth --timeout 1
	virsh -q -c "$URI" undefine fourth
	kill -CONT "$(<s.img.nbd-pid)"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "$uri")"
	hs detach vm 0
	# One client more than it serves at a time.
	raw_image one.img
	serve one.img -k "$T/one" -e 1
	hs attach vm "nbd+unix:///?socket=$T/one" --readonly
	check_fails 1 'says nothing' hs attach vm "nbd+unix:///?socket=$T/one" --readonly --timeout 1
	hs detach vm 0
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "nbd+unix:///?socket=$T/one")"
	hs detach vm 0
	end_servers
}

# ---- how it is served ----------------------------------------------------------------------

test_cache_io_discard_and_limits_are_libvirts() {
	raw_image a.img
	hs attach vm a.img --cache none --io native --discard unmap --detect-zeroes unmap \
		--bps 2M --read-iops 100 --write-iops 200
	check_equal '<driver name="qemu" type="raw" cache="none" io="native" discard="unmap" detect_zeroes="unmap"/>' \
		"$(disk_xml sda | grep '<driver' | sed 's/^ *//')"
	check_equal "total_bytes_sec: 2097152
read_iops_sec  : 100
write_iops_sec : 200" "$(virsh -c "$URI" blkdeviotune vm sda | grep -E '_sec *: [1-9]')"
	hs detach vm 0
}

test_what_the_guest_discards_is_freed_if_that_is_asked_for() {
	head -c 4M /dev/zero | tr '\0' x | tee a.img >b.img
	hs attach vm a.img --discard unmap >/dev/null
	hs attach vm b.img >/dev/null
	guest_run vm 'blkdiscard /dev/disk/by-slot/0; blkdiscard /dev/disk/by-slot/1 2>/dev/null; sync'
	hs detach vm 0 1
	check_equal 0 "$(blocks a.img)"
	[[ $(blocks b.img) -ge 8192 ]] || fail "b.img was punched, too: $(blocks b.img)"
}

test_one_disk_in_two_domains() {
	local shared=$WORK/file/shared.img
	# The other one has it since it was launched.
	check_fails 1 'shared.img is in use by domain other' hs attach vm "$shared"
	check_equal /dev/disk/by-slot/0 "$(hs attach vm "$shared" --shareable --cache none)"
	check_match "<shareable/>" "$(disk_xml sda)"
	guest_writes 0 both
	check_equal both "$(guest_run other 'head -n 1 /dev/disk/by-slot/0')"
	hs detach vm 0
	qemu-img create -q -f qcow2 x.qcow2 1M
	check_fails 2 'x.qcow2 cannot be shareable' hs attach vm x.qcow2 --shareable
}

test_a_drive_of_a_launch_is_served_as_it_says() {
	local xml
	xml=$(virsh -q -c "$URI" dumpxml other)
	# What is shareable, libvirt does not cache.
	check_match '<driver name=.qemu. type=.raw. cache=.none. discard=.unmap./>' "$xml"
	check_match '<read_bytes_sec>4194304</read_bytes_sec>' "$xml"
}

test_a_drive_of_a_launch_can_be_an_element() {
	local file
	check_equal "0 sdb
5 sda own-1 2097152 ua-hotslot-slot-5 true" "$(hs list other --json |
		jq -r '.disks[] | "\(.slot) \(."target-dev")" +
			if .slot == 5 then " \(.serial) \(.size) \(.alias) \(.visible)" else "" end')"
	check_match '<driver name=.qemu. type=.raw. cache=.unsafe./>' "$(virsh -q -c "$URI" dumpxml other)"
	raw_image a.img
	echo "<disk><source file='$T/a.img'/><target bus='virtio'/></disk>" >bad.xml
	check_fails 2 "^hotslot: launch: third: The XML has bus 'virtio' in <target>: .*; it is drive 2$" \
		launch third --drive /dev/null --xml bad.xml
	check_fails 1 '^hotslot: launch: none.xml: No such file' launch third --xml none.xml
	raw_image b.img
	for file in a b; do
		echo "<disk><source file='$T/$file.img'/><target dev='sdc'/></disk>" >"$file.xml"
	done
	check_fails 1 'Another disk has the target sdc: leave it out of the XML' \
		launch third --xml a.xml --xml b.xml
	# What libvirt drops is told here, too. The label that would be the first one's is the second one's.
	echo "<disk><source file='$T/a.img'/><target dev='sda'/><speed>fast</speed></disk>" |
		check_fails 1 '^hotslot: launch: Domain third does not have the disk in slot 1 as it was asked for: libvirt has not kept <speed>' \
			launch third --memory 256 --drive b.img --xml -
	check_equal "" "$(virsh -q -c "$URI" list --all --name | grep third || true)"
}

test_an_iothread_is_the_controllers() {
	raw_image a.img
	check_equal /dev/disk/by-slot/1 "$(hs attach other a.img --iothread 1)"
	hs detach other 1
	check_fails 1 'IOThread 2 cannot serve the disk: its controller 0 is served by IOThread 1' \
		hs attach other a.img --iothread 2
	check_fails 1 'IOThread 1 cannot serve the disk: its controller 0 has none' \
		hs attach vm a.img --iothread 1 --json
	check_equal "no-controller reserve" "$(jq -r '"\(.error.code) \(.error.step)"' stdout)"
	check_equal "" "$(slots vm)"
}

# ---- secrets and pools ---------------------------------------------------------------------

PASSPHRASE='open sesame'

# Sets $SECRET.
define_secret() { # USAGE, as an element
	SECRET=$(cat /proc/sys/kernel/random/uuid)
	echo "<secret ephemeral='yes' private='yes'><uuid>$SECRET</uuid>$1</secret>" >secret.xml
	virsh -q -c "$URI" secret-define secret.xml
	virsh -q -c "$URI" secret-set-value "$SECRET" \
		--base64 "$(printf %s "$PASSPHRASE" | base64)" 2>/dev/null
}

test_an_encrypted_image_is_opened_by_a_secret() {
	define_secret "<usage type='volume'><volume>key of vol-7</volume></usage>"
	# It measures how fast the processor is, and fails where others use that just then.
	local try
	for try in 1 2 3; do
		qemu-img create -q -f luks --object "secret,id=s,data=$PASSPHRASE" \
			-o key-secret=s,iter-time=10 luks.img 2M && break
		[[ $try != 3 ]]
	done
	check_equal /dev/disk/by-slot/0 "$(hs attach vm luks.img --luks "$SECRET")"
	check_equal "2097152 raw" "$(tells 0 size format)"
	guest_writes 0 hidden
	hs detach vm 0
	! grep -q hidden luks.img || fail "it is not encrypted"
	# By its usage name, too; what was written is there.
	hs attach vm luks.img --luks "key of vol-7" --readonly
	check_equal hidden "$(first_line 0)"
	hs detach vm 0
	local before
	before=$(live_devices vm)
	check_fails 1 'Cannot attach .*luks.img to domain vm: .*[Ss]ecret' \
		hs attach vm luks.img --luks "no such key"
	check_equal "$before" "$(live_devices vm)"
}

tgt() { # OP MODE [OPTION…]
	TGT_IPC_SOCKET=$T/tgt tgtadm --lld iscsi --op "$1" --mode "$2" "${@:3}"
}

test_an_iscsi_target_that_wants_a_password() {
	local iqn=iqn.2026-01.org.example:vol
	raw_image lun.img 4M
	TGT_IPC_SOCKET=$T/tgt tgtd -f --iscsi "portal=$HOST:3260" --pid-file "$T/tgtd.pid" >tgtd.log 2>&1 &
	console_wait tgtd.log bs_init >/dev/null
	tgt new target --tid 1 --targetname "$iqn"
	tgt bind target --tid 1 --initiator-address ALL
	tgt new logicalunit --tid 1 --lun 1 --backing-store "$T/lun.img"
	tgt new account --user me --password "$PASSPHRASE"
	tgt bind account --tid 1 --user me
	define_secret "<usage type='iscsi'><target>chap of vol</target></usage>"
	check_fails 1 "Cannot attach iscsi://$HOST:3260/$iqn/1 to domain vm" \
		hs attach vm "iscsi://$HOST/$iqn/1"
	check_equal /dev/disk/by-slot/0 \
		"$(hs attach vm "iscsi://$HOST/$iqn/1" --user me --secret "$SECRET")"
	check_equal lun.img "$(first_line 0)"
	hs detach vm 0
	hs attach vm "iscsi://$HOST/$iqn/1" --user me --secret 'chap of vol' --lun
	check_equal "lun.img true" "$(first_line 0) $(tells 0 passthrough)"
	hs detach vm 0
}

test_a_volume_of_a_pool() {
	mkdir pool
	virsh -q -c "$URI" pool-create-as p dir --target "$T/pool"
	virsh -q -c "$URI" vol-create-as p 'my vol.qcow2' 6M --format qcow2
	check_equal /dev/disk/by-slot/0 "$(hs attach vm 'volume:p/my vol.qcow2')"
	check_equal "volume:p/my vol.qcow2 6291456 qcow2" "$(tells 0 source size format)"
	guest_writes 0 pooled
	check_fails 1 "Cannot attach volume:p/none to domain vm" hs attach vm volume:p/none
	check_fails 1 "Cannot attach volume:q/none to domain vm" hs attach vm volume:q/none
	hs detach vm 0
	virsh -q -c "$URI" pool-destroy p
	check_equal pooled "$(qemu-img dd -O raw if='pool/my vol.qcow2' of=raw bs=512 count=1 &&
		head -n 1 raw)"
}

# As root's daemon with the images of its pools, for who is in its group.
test_what_only_the_daemon_may_read_is_its_own_to_open() {
	[[ $(id -u) == 0 ]] || skip "only root can give a file away"
	raw_image secret.img 2M
	chown 4321:0 secret.img
	chmod 060 secret.img
	local program=$HOTSLOT
	printf '#!/bin/sh\nexec setpriv --regid 65534 --clear-groups --bounding-set=%s -- %q "$@"\n' \
		-dac_override,-dac_read_search "$program" >hotslot
	chmod +x hotslot
	HOTSLOT=./hotslot
	check_equal /dev/disk/by-slot/0 "$(hs attach vm secret.img)"
	check_equal "$T/secret.img 2097152 raw" "$(tells 0 source size format)"
	hs detach vm 0
	check_fails 2 'secret.img is only libvirt.s to read: say its format' \
		hs attach vm secret.img --format auto
	chmod 0 secret.img
	check_fails 1 'Cannot attach .*/secret.img to domain vm: .*Permission denied' \
		hs attach vm secret.img
}

# ---- elements ------------------------------------------------------------------------------

test_an_element_gets_what_it_lacks() {
	raw_image a.img 2M
	echo "<disk type='file'><source file='$T/a.img'/></disk>" >disk.xml
	check_equal /dev/disk/by-slot/0 "$(hs attach vm --xml disk.xml)"
	check_equal "$T/a.img 2097152 ua-hotslot-slot-0 sda false" \
		"$(tells 0 source size alias target-dev foreign)"
	check_match '^hs-0-' "$(tells 0 serial)"
	hs detach vm 0
	check_equal "/dev/disk/by-slot/7 s7 i7" "$(hs attach vm --xml - --slot 7 --serial s7 --id i7 \
		<disk.xml) $(tells 7 serial id | tr '\n' ' ' | sed 's/ $//')"
	hs detach vm 7
}

test_an_element_is_kept_as_it_is() {
	local all
	raw_image base.img 4M
	qemu-img create -q -f qcow2 -b "$T/base.img" -F raw top.qcow2
	cat >disk.xml <<-XML
		<?xml version="1.0"?> <!-- of the user -->
		<disk type='file' device='disk' snapshot='no'>
		  <driver name='qemu' type='qcow2' cache='none' error_policy='report' rerror_policy='ignore'
		    discard='unmap' detect_zeroes='on' copy_on_read='on'/>
		  <source file='$T/top.qcow2' startupPolicy='mandatory' index='17'/>
		  <backingStore type='file'><format type='raw'/><source file='$T/base.img'/></backingStore>
		  <target dev='sdq' bus='scsi' rotation_rate='7200'/>
		  <iotune><total_iops_sec>500</total_iops_sec><total_iops_sec_max>900</total_iops_sec_max>
		    <total_bytes_sec>0</total_bytes_sec></iotune>
		  <blockio logical_block_size='4096' physical_block_size='4096'/>
		  <geometry cyls='16' heads='4' secs='63'/>
		  <serial>own-1</serial>
		  <wwn>5000c50015ea71ab</wwn>
		  <vendor>ACME</vendor>
		  <product>ROCKET</product>
		  <alias name='ua-hotslot-mine'/>
		  <address type='drive' controller='0' bus='0' target='2' unit='3'/>
		</disk>
	XML
	check_equal /dev/disk/by-slot/515 "$(hs attach vm --xml disk.xml)"
	check_equal "own-1 mine sdq $T/top.qcow2 4194304 4096" \
		"$(tells 515 serial id target-dev source size block-size)"
	# All of it, whatever order libvirt has it in and whatever it adds; but it counts sources anew.
	all='//@*[name() != "index"] | //*[not(*) and . != "" and . != "0"]'
	check_equal "" "$(comm -23 <(xmllint --xpath "$all" disk.xml | sort) \
		<(disk_xml sdq | xmllint --xpath "$all" - | sort))"
	check_equal "ACME ROCKET" "$(guest_run vm 'cd /sys/block/sda/device; echo $(cat vendor model)')"
	hs detach vm id:mine
}

test_an_element_of_a_network_disk() {
	raw_image n.img
	serve n.img -b "$HOST" -x e
	cat >disk.xml <<-XML
		<disk type='network' device='disk'><driver name='qemu' type='raw'/>
		<source protocol='nbd' name='e' tls='no'><host name='$HOST' port='10809'/>
		</source><readonly/></disk>
	XML
	check_equal /dev/disk/by-slot/0 "$(hs attach vm --xml disk.xml)"
	check_equal "nbd://$HOST:10809/e true" "$(tells 0 source read-only)"
	check_match 'tls="no"' "$(disk_xml sda)"
	hs detach vm 0
	end_servers
}

test_a_transient_disk_forgets_what_is_written() {
	raw_image t.img
	echo "<disk type='file'><driver name='qemu' type='raw'/><source file='$T/t.img'/><transient/></disk>" |
		hs attach vm --xml -
	guest_writes 0 gone
	check_equal gone "$(first_line 0)"
	hs detach vm 0
	check_equal t.img "$(head -n 1 t.img)"
}

# What libvirt does not know, it drops: the user is told, and the domain is as it was.
test_what_libvirt_does_not_keep_of_an_element_is_an_error() {
	raw_image a.img
	local before
	before=$(live_devices vm)
	echo "<disk type='file'><source file='$T/a.img'/><speed>fast</speed></disk>" >disk.xml
	check_fails 1 'as it was asked for: libvirt has not kept <speed>; rolled back' \
		hs attach vm --xml disk.xml
	check_equal "$before" "$(live_devices vm)"
	check_equal "" "$(slots vm)"
}

bad_xml() { # REGEX XML [OPTION…]
	printf '%s' "$2" >bad.xml
	check_fails 2 "$1" hs attach vm --xml bad.xml "${@:3}"
	check_equal "" "$(<stdout)"
}

test_elements_that_cannot_be_are_refused() {
	raw_image a.img
	local s="<source file='$T/a.img'/>" before
	before=$(live_devices vm)
	bad_xml 'bus .virtio. in <target>' "<disk>$s<target dev='vda' bus='virtio'/></disk>"
	bad_xml 'not well-formed' "<disk>$s</disk><disk>$s</disk>"
	bad_xml 'has a DTD' "<!DOCTYPE disk [<!ENTITY e 'x'>]><disk>$s<serial>&e;</serial></disk>"
	bad_xml "alias 'mine', which is not ua-hotslot-ID" "<disk>$s<alias name='mine'/></disk>"
	bad_xml "Id 'a b' is not" "<disk>$s<alias name='ua-hotslot-a b'/></disk>"
	bad_xml 'says slot 1, which contradicts the 2' \
		"<disk>$s<address type='drive' unit='1'/></disk>" --slot 2
	bad_xml 'says serial a, which contradicts the b' "<disk>$s<serial>a</serial></disk>" --serial b
	bad_xml 'says id a, which contradicts the b' \
		"<disk>$s<alias name='ua-hotslot-a'/></disk>" --id b
	bad_xml 'its cache has to be said there' "<disk>$s</disk>" --cache none
	bad_xml 'its mode has to be said there' "<disk>$s</disk>" --readonly
	bad_xml "Serial 'own' cannot be given: the LUN has a serial of its own" \
		"<disk type='block' device='lun'><source dev='/dev/sdx'/></disk>" --serial own
	bad_xml "has file 'a.img' in <source>, which is no absolute path" \
		"<disk><source file='a.img'/></disk>"
	printf '<disk>\0</disk>' >bad.xml
	check_fails 2 'NUL byte' hs attach vm --xml bad.xml
	{ echo "<disk>$s"; head -c 1100000 /dev/zero | tr '\0' ' '; echo '</disk>'; } >bad.xml
	check_fails 2 'longer than 1 MiB' hs attach vm --xml bad.xml
	check_fails 1 'No such file' hs attach vm --xml none.xml
	check_fails 2 'in place of an image' hs attach vm a.img --xml bad.xml
	echo "<disk>$s<address type='drive' controller='7'/></disk>" >bad.xml
	check_fails 1 'names controller 7, but controller 0 is managed' hs attach vm --xml bad.xml
	raw_image other.img
	hs attach vm other.img --slot 4 >/dev/null
	echo "<disk>$s<target dev='sde'/></disk>" >bad.xml
	check_fails 1 'Another disk has the target sde' hs attach vm --xml bad.xml
	hs detach vm 4
	check_equal "$before" "$(live_devices vm)"
}

test_options_that_cannot_be_are_refused() {
	raw_image a.img
	local words
	while IFS='|' read -r words regex; do
		# shellcheck disable=SC2086
		check_fails 2 "$regex" hs attach vm a.img $words
	done <<-'END'
		--cache fast|cache 'fast' is none of none, writeback
		--io native|io native needs cache none
		--detect-zeroes unmap|needs discard unmap
		--bps 0|--bps '0': not a number of bytes from 1 on
		--bps +1M|--bps '\+1M': not
		--iops 1K|--iops '1K': not a number
		--iothread 0|--iothread '0': not the number of an IOThread
		--bps 1M --read-bps 1M|read-bps and write-bps cannot be given
		--user me|user and secret go together
		--user me --secret s|are for iscsi:// and rbd: images
	END
	check_fails 2 'takes no user or password' hs attach vm nbd://me:hunter2@h/e
	! grep -q hunter2 stderr || fail "the password is told"
	check_fails 2 'rbd:p/i:\*\*\*: The text of an image takes no user or password' \
		hs attach vm rbd:p/i:id=admin:key=hunter2 --json
	! grep -q hunter2 stdout stderr || fail "the key is told"
	check_fails 2 'is not nbd://HOST' hs attach vm nbd://h:0/e
	check_fails 2 'no short form for https:// images' hs attach vm https://h/x.iso
	check_fails 2 'is a snapshot: it can only be attached read-only' hs attach vm rbd:p/i@s
	check_fails 2 'cannot be passed through' hs attach vm nbd://h/e --lun
	check_fails 2 'say its format' hs attach vm volume:p/v --format auto
	check_fails 2 'there is no disk to have a cache' hs attach vm /dev/null --cache none
	check_equal "" "$(slots vm)"
}

run_tests
