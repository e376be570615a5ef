#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input: exact exit status, an error that says what is wrong, and a domain left as it was.

# Guests: udevd
# On demand: plain udev

. "$(dirname "$0")/../lib.sh"

setup_file() {
	launch vm
	raw_image "$T/taken.img"
	hs attach vm "$T/taken.img" --slot 3 --serial taken --id taken
	DEVICES=$(live_devices vm)
}

# A test that failed may have left disks.
setup_test() {
	local list
	list=$(slots vm | tr ' ' '\n' | grep -vx 3 || true)
	# shellcheck disable=SC2086
	[[ -z $list ]] || hs detach vm $list --force
}

# The command fails like this and the domain is as it was.
refuses() { # STATUS REGEX [ATTACH ARGUMENT…]
	local status=$1 regex=$2
	shift 2
	check_fails "$status" "$regex" hs attach vm "$@"
	check_equal "" "$(<stdout)"
	check_equal "$DEVICES" "$(live_devices vm)"
}

code() { # CODE ARGUMENT… (of attach)
	local code=$1 status=0
	shift
	hs attach vm "$@" --json >json 2>/dev/null || status=$?
	[[ $status != 0 ]] || fail "attach vm $* succeeded"
	check_equal "$code" "$(jq -r .error.code json)"
}

test_a_transient_domain_has_no_definition_to_change() {
	local option text="Domain vm is transient: it has no definition that outlives it, so \
--persistent and --config have nothing to change"
	raw_image a.img
	for option in --persistent --config; do
		refuses 1 "^hotslot: attach: a.img: $text$" a.img "$option"
		code transient a.img "$option"
		check_fails 1 "^hotslot: detach: slot 3: $text$" hs detach vm 3 "$option"
	done
	check_fails 1 "^hotslot: list: Domain vm is transient: it has no definition" hs list vm --config
	check_equal "$DEVICES" "$(live_devices vm)"
}

# ---- images --------------------------------------------------------------------------------

test_an_image_that_does_not_exist() {
	refuses 1 'none\.img: No such file or directory' none.img
	code image none.img
}

test_an_image_that_is_not_readable() {
	raw_image secret.img
	chmod 000 secret.img
	# Root reads everything, unless it gives that up.
	if [[ $(id -u) == 0 ]]; then
		HOTSLOT_REAL=$HOTSLOT
		printf '#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search -- %q "$@"\n' \
			"$HOTSLOT_REAL" >hotslot
		chmod +x hotslot
		HOTSLOT=./hotslot
	fi
	refuses 1 'secret\.img.*: Permission denied' secret.img
	code image secret.img
}

test_an_image_of_size_0() {
	: >empty.img
	refuses 1 'empty\.img.*(empty|size 0)' empty.img
	code image empty.img
}

# libvirt would keep another name, or none.
test_an_image_with_a_name_that_xml_cannot_hold() {
	local name=$'a\tb.img' before
	before=$(live_devices vm)
	raw_image "$name"
	check_fails 1 "control character in its name" hs attach vm "$name"
	name=$'caf\xe9.img'
	raw_image "$name"
	check_fails 1 'caf..*\.img has a name that is not UTF-8' hs attach vm "$name"
	check_equal "$before" "$(live_devices vm)"
}

test_an_image_that_is_a_directory() {
	mkdir directory
	refuses 1 'directory.*(is a directory|not a (regular )?file|neither)' directory
	code image directory
}

test_a_qcow2_that_is_none() {
	raw_image fake.qcow2
	refuses 1 'fake\.qcow2.*qcow2' fake.qcow2
	code image fake.qcow2
}

# A guest that wrote a qcow2 header into its raw disk must not have the host open other files.
test_a_raw_image_with_a_qcow2_header_stays_raw() {
	qemu-img create -q -f qcow2 header.img 64M
	truncate -s 1M header.img
	hs attach vm header.img --slot 9
	check_equal raw "$(disk_field vm 9 format)"
	check_equal "$(stat -c %s header.img)" "$(disk_field vm 9 size)"
	hs detach vm 9
}

test_an_image_that_another_vm_uses() {
	raw_image shared.img
	T=$PWD launch other --drive "$PWD/shared.img"
	refuses 1 'shared\.img.*in use.*other' shared.img
	code image-in-use shared.img
	hs shutdown other --force
	hs attach vm shared.img --slot 9
	hs detach vm 9
}

test_an_image_that_the_same_vm_uses() {
	refuses 1 'taken\.img.*in use' "$T/../file/taken.img"
	code image-in-use "$T/../file/taken.img"
}

test_of_several_images_those_before_the_bad_one_stay() {
	raw_image a.img
	raw_image b.img
	check_fails 1 'none\.img.*No such file' hs attach vm a.img none.img b.img
	check_equal /dev/disk/by-slot/0 "$(<stdout)"
	check_equal "0 3" "$(slots vm)"
	hs detach vm 0
}

# ---- slots, serials, ids -------------------------------------------------------------------

test_a_password_in_a_uri_is_refused_and_not_repeated() {
	local uri=iscsi://me:hunter2@192.0.2.1/iqn.2001-04.com.example:x/1
	check_fails 2 'takes no user or password' hs attach vm "$uri"
	check_match 'iscsi://\*\*\*@192\.0\.2\.1/iqn' "$(<stderr)"
	check_fails 2 . hs attach vm "$uri" --json
	if grep -h hunter2 stdout stderr; then fail "it is repeated"; fi
}

test_a_slot_that_is_taken() {
	raw_image a.img
	refuses 1 'disk is in slot 3 \(step: reserve\)' a.img --slot 3
	code slot-taken a.img --slot 3
}

test_a_slot_out_of_range() {
	raw_image a.img
	refuses 2 '65280' a.img --slot 65280
	refuses 2 '99999999999999999999' a.img --slot 99999999999999999999
	refuses 2 '-1' a.img --slot=-1
	code invalid a.img --slot 65280
}

test_a_slot_that_is_no_number() {
	raw_image a.img
	refuses 2 "'?three'?" a.img --slot three
	refuses 2 "3x" a.img --slot 3x
	refuses 2 "slot" a.img --slot ''
	code invalid a.img --slot three
}

test_a_serial_that_is_too_long() {
	raw_image a.img
	refuses 2 '36' a.img --serial 1234567890123456789012345678901234567
	code invalid a.img --serial 1234567890123456789012345678901234567
	hs attach vm a.img --slot 9 --serial 123456789012345678901234567890123456
	check_equal 123456789012345678901234567890123456 "$(disk_field vm 9 serial)"
	hs detach vm 9
}

test_a_serial_with_forbidden_characters() {
	raw_image a.img
	local serial
	for serial in 'a b' a/b 'a\b' 'a,b' 'é' $'a\nb' "a'b" '<a>' ''; do
		refuses 2 '[Ss]erial .*1 to 36' a.img --serial "$serial"
	done
	code invalid a.img --serial 'a b'
}

test_a_serial_that_is_used_already() {
	raw_image a.img
	refuses 1 'serial.*taken' a.img --serial taken
	code serial-taken a.img --serial taken
}

test_an_id_that_is_malformed_or_used_already() {
	raw_image a.img
	refuses 2 '[Ii]d .*1 to 64' a.img --id 'a b'
	refuses 2 '[Ii]d .*1 to 64' a.img --id ''
	refuses 1 'taken' a.img --id taken
	code id-taken a.img --id taken
}

test_a_slot_given_twice_to_detach() {
	check_fails 2 "slot 5 is given twice" hs detach vm 5 5
}

test_an_image_given_twice_to_launch() {
	raw_image twice.img
	check_fails 1 "twice.img is given twice" hs launch other --accel tcg --kernel "$KERNEL" \
		--initramfs "$KERNEL" --drive twice.img --drive twice.img
	ln -s twice.img link.img
	check_fails 1 "link.img is given twice, once as .*/twice.img; only disks that are" \
		hs launch other --accel tcg --kernel "$KERNEL" --initramfs "$KERNEL" \
		--drive "$PWD/twice.img" --drive "$PWD/link.img"
}

test_a_kernel_that_is_no_regular_file() {
	mkfifo fifo
	check_fails 1 "kernel fifo is no regular file" hs launch other --accel tcg --kernel fifo \
		--initramfs "$KERNEL"
}

# libvirt would get the free descriptors, and what is printed.
test_closed_standard_output() {
	check_fails 1 "standard output|No space" \
		bash -c '"$@" >&-' - "$HOTSLOT" -c "$URI" list vm
}

test_a_script_that_cannot_be_read() {
	shell() { hs shell </; }
	check_fails 1 '^hotslot: line 1: cannot read the script: Is a directory$' shell
}

test_one_slot_for_several_images() {
	raw_image a.img
	raw_image b.img
	refuses 2 'slot' a.img b.img --slot 5
}

# ---- detach --------------------------------------------------------------------------------

test_detach_of_an_empty_slot() {
	check_fails 1 'slot 7' hs detach vm 7
	check_fails 1 . hs detach vm 7 --json
	check_equal slot-empty "$(jq -r .error.code stdout)"
	check_equal "$DEVICES" "$(live_devices vm)"
}

test_detach_of_what_is_no_slot() {
	check_fails 2 '65280' hs detach vm 65280
	check_fails 2 'three' hs detach vm three
	check_fails 2 . hs detach vm /dev/disk/by-slot/
	check_fails 2 . hs detach vm ''
	check_equal "$DEVICES" "$(live_devices vm)"
}

# ---- usage ---------------------------------------------------------------------------------

test_wrong_usage() {
	check_fails 2 '[Uu]sage' hs
	check_equal '' "$(<stdout)"
	check_fails 2 '[Uu]sage' hs --json
	check_equal '{"code":"invalid","step":null,"message":"no command is given"}' "$(jq -c .error stdout)"
	check_fails 2 'nonsense' hs nonsense
	check_fails 2 '[Uu]sage|DOM' hs attach
	check_fails 2 '[Uu]sage|IMAGE' hs attach vm
	check_fails 2 'nonsense' hs attach vm a.img --nonsense
	check_fails 2 'format' hs attach vm "$T/../file/taken.img" --format ../x
}

test_help_and_version_go_to_standard_output() {
	check_match '^[Uu]sage' "$("$HOTSLOT" --help)"
	check_match '[0-9]+\.[0-9]+\.[0-9]+' "$("$HOTSLOT" --version)"
	local command
	for command in launch attach detach resize list resolve shutdown shell; do
		check_match '^[Uu]sage' "$("$HOTSLOT" "$command" --help)"
	done
}

# ---- domains -------------------------------------------------------------------------------

# A domain of its own driver, with what DEVICES says and nothing to boot.
define() { # NAME DEVICES
	printf '<domain type="qemu"><name>%s</name><memory unit="MiB">64</memory>
		<os><type arch="x86_64" machine="pc">hvm</type></os>
		<devices>%s</devices></domain>\n' "$1" "$2" >"$1.xml"
}

SCSI='<controller type="scsi" model="virtio-scsi"/>'
PORT='<channel type="unix"><target type="virtio" name="org.hotslot.agent.0"/></channel>'

own_driver() {
	URI=$(embed_root "$T/v")
	raw_image a.img
}

test_a_domain_that_does_not_exist() {
	raw_image a.img
	check_fails 1 'none' hs attach none a.img
	check_fails 1 'none' hs list none
	check_fails 1 'none' hs detach none 0
	check_fails 1 . hs list none --json
	check_equal no-domain "$(jq -r .error.code stdout)"
}

test_a_domain_that_is_shut_off() {
	own_driver
	define off "$SCSI$PORT"
	virsh -q -c "$URI" define off.xml
	check_fails 1 'off.*(shut off|not running)' hs attach off a.img
	check_fails 1 . hs attach off a.img --json
	check_equal not-running "$(jq -r .error.code stdout)"
}

test_a_domain_without_the_channel() {
	own_driver
	define mute "$SCSI"
	virsh -q -c "$URI" create mute.xml
	check_fails 1 'org\.hotslot\.agent\.0' hs attach mute a.img
	check_fails 1 . hs attach mute a.img --json
	check_equal no-channel "$(jq -r .error.code stdout)"
}

test_a_domain_without_virtio_scsi() {
	own_driver
	define bare "$PORT"
	virsh -q -c "$URI" create bare.xml
	check_fails 1 'virtio-scsi' hs attach bare a.img
	check_fails 1 . hs attach bare a.img --json
	check_equal no-controller "$(jq -r .error.code stdout)"
}

test_a_domain_with_another_scsi_controller() {
	own_driver
	define lsi "<controller type='scsi' model='lsilogic'/>$PORT"
	virsh -q -c "$URI" create lsi.xml
	check_fails 1 'virtio-scsi' hs attach lsi a.img
}

test_a_domain_whose_agent_does_not_answer() {
	own_driver
	define deaf "$SCSI$PORT"
	virsh -q -c "$URI" create deaf.xml
	local before
	before=$(live_devices deaf)
	check_fails 1 'agent' timeout 20 "$HOTSLOT" -c "$URI" attach deaf a.img --timeout 3
	check_equal "$before" "$(live_devices deaf)"
	check_fails 1 'agent' timeout 20 "$HOTSLOT" -c "$URI" attach deaf a.img --timeout 3 --json
	check_equal agent "$(jq -r .error.code stdout)"
}

test_a_domain_that_is_there_already_is_not_launched_again() {
	check_fails 1 'vm' hs launch vm --kernel "$KERNEL" --initramfs "$(appliance_image)" --accel tcg
	check_equal "$DEVICES" "$(live_devices vm)"
	check_equal 3 "$(slots vm)"
}

test_a_libvirt_that_is_not_there() {
	check_fails 1 . "$HOTSLOT" -c "qemu+unix:///system?socket=$T/none" list vm
	check_fails 1 . "$HOTSLOT" -c "nonsense:///" list vm --json
	check_equal connect "$(jq -r .error.code stdout)"
}

run_tests
