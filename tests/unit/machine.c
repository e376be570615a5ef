/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine of files, for the identity tests. */
#include "machine.h"

static const char *last_component(const char *path)
{
	return strrchr(path, '/') + 1;
}

void make_machine(struct machine *machine)
{
	char path[PATH_MAX];

	make_tree(&machine->tree);
	snprintf(path, sizeof(path), "%s/sys/class/block", machine->tree.path);
	assert_int_equal(make_directories(path), 0);
	snprintf(path, sizeof(path), "%s/etc", machine->tree.path);
	assert_int_equal(make_directories(path), 0);
	snprintf(path, sizeof(path), "%s/run", machine->tree.path);
	assert_int_equal(make_directories(path), 0);
	put_mounts(machine, "1 1 0:2 / / rw - rootfs rootfs rw\n");
	put_text(&machine->tree, "proc/cmdline", "quiet\n");
	assert_int_equal(view_open(machine->tree.path, &machine->view), 0);
}

void remove_machine(struct machine *machine)
{
	view_close(&machine->view);
	remove_tree(&machine->tree);
}

void put_mounts(struct machine *machine, const char *mountinfo)
{
	put_text(&machine->tree, "proc/1/mountinfo", mountinfo);
	put_text(&machine->tree, "proc/self/mountinfo", mountinfo);
}

void put_attribute(
	struct machine *machine, const char *devpath, const char *attribute, const char *value)
{
	char path[PATH_MAX], text[256];

	snprintf(path, sizeof(path), "sys/%s/%s", devpath, attribute);
	snprintf(text, sizeof(text), "%s\n", value);
	put_text(&machine->tree, path, text);
}

void remove_attribute(struct machine *machine, const char *devpath, const char *attribute)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "sys/%s/%s", devpath, attribute);
	assert_int_equal(unlinkat(machine->tree.fd, path, 0), 0);
}

void put_block(struct machine *machine, const char *devpath, const char *devnum)
{
	char path[PATH_MAX];

	put_attribute(machine, devpath, "dev", devnum);
	snprintf(path, sizeof(path), "class/block/%s", last_component(devpath));
	put_sys_link(&machine->tree, "sys", path, devpath);
	snprintf(path, sizeof(path), "dev/block/%s", devnum);
	put_sys_link(&machine->tree, "sys", path, devpath);
}

void put_controller(struct machine *machine, const char *path)
{
	char link[PATH_MAX];

	put_attribute(machine, path, "uevent", "DRIVER=virtio_scsi");
	snprintf(link, sizeof(link), "bus/virtio/drivers/virtio_scsi/%s", last_component(path));
	put_sys_link(&machine->tree, "sys", link, path);
}

void put_disk(struct machine *machine, const char *devpath, const char *devnum)
{
	put_block(machine, devpath, devnum);
	put_attribute(machine, devpath, "size", "8192");
	put_attribute(machine, devpath, "ro", "0");
	put_attribute(machine, devpath, "diskseq", "9");
	put_attribute(machine, devpath, "queue/logical_block_size", "512");
}

void put_serial_page(struct machine *machine, const char *devpath, const char *serial,
	size_t length, unsigned said)
{
	char page[1024] = { 0, (char)0x80, (char)(said >> 8), (char)said };
	char path[PATH_MAX];

	memcpy(page + 4, serial, length);
	snprintf(path, sizeof(path), "sys/%s/device/vpd_pg80", devpath);
	put_bytes(&machine->tree, path, page, length + 4);
}

void put_member(
	struct machine *machine, const char *devpath, const char *slaves, const char *member)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", devpath, slaves, last_component(member));
	put_sys_link(&machine->tree, "sys", path, member);
}
