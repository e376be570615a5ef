/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The random walk's parts: a model of the disks, hands on host and guest, and what compares. */
#pragma once

#include <hotslot.h>
#include <libvirt/libvirt.h>

#include "util.h"

/* Disks at one time: enough that they get in each other's way, few enough to read them all after
 * each step. */
#define DISKS_MAX 12

/* Reserved slots at one time. */
#define RESERVED_MAX 4

/* Partitions of a disk: more than the 15 that a disk has minors for. */
#define PARTS_MAX 20

#define SECTOR 512

/* The protective MBR, a GPT's header and its 128 entries. */
#define TABLE_SECTORS 34

/* Disks of so many sectors have room for every table that the walk makes. */
#define TABLE_DISK_SECTORS 640
#define DISK_SECTORS_MIN 16
#define DISK_SECTORS_MAX 8192

/* What a domain on which somebody did something behind our back may take to be as it should,
 * under TCG on a busy machine. */
#define SETTLE_MS 10000

enum table {
	TABLE_NONE,
	TABLE_DOS,
	TABLE_GPT,
};

struct part {
	uint64_t start, size; /* bytes */
};

struct disk {
	unsigned number; /* counts from 1, never used twice */
	unsigned target, lun;
	int slot; /* -1: LUN above 255, or hidden */
	bool foreign, read_only;
	bool hidden;	 /* at the system target */
	bool holds_name; /* with no agent: has the by-serial name */
	char path[256], label[16], alias[96];
	char serial[64];  /* for libvirt; empty: none */
	char encoded[96]; /* as the guest's links have it */
	uint64_t size;
	char text[80]; /* the first line */
	enum table table;
	size_t n_parts;
	struct part parts[PARTS_MAX];
};

/* Whether what a step has done must show at once, or within SETTLE_MS. */
enum outcome {
	NOT_NOW, /* it needs another state; nothing was done */
	AT_ONCE,
	SOON,
};

struct walk {
	const char *uri, *domain_name, *directory;
	bool agent; /* whether one runs in the guest */
	bool links_by_udev;
	uint64_t seed, random;
	unsigned step;
	char what[400]; /* what the step is, for people */
	int witness;
	unsigned asked;
	struct hotslot *hotslot;       /* NULL without an agent */
	struct hotslot_domain *domain; /* NULL without an agent */
	virConnectPtr connection;      /* by which others do what they do */
	virDomainPtr libvirt;
	struct disk *disks[DISKS_MAX];
	size_t n_disks;
	int reserved[RESERVED_MAX];
	size_t n_reserved;
	unsigned made; /* disks so far */
};

typedef enum outcome (*step_fn)(struct walk *walk);

/* ---- walk.c ---- */

/* Ends the walk: says seed, step, and this. */
__attribute__((noreturn)) void walk_fail(struct walk *walk, const char *format, ...) _printf_(2, 3);

/* Says what the step is. */
void walk_say(struct walk *walk, const char *format, ...) _printf_(2, 3);

/* A number below LIMIT; true in PERCENT of 100. */
unsigned walk_random(struct walk *walk, unsigned limit);
bool walk_chance(struct walk *walk, unsigned percent);

/* ---- model.c ---- */

/* A new disk in no place yet, with its image in the directory and maybe a partition table. */
struct disk *disk_make(struct walk *walk);
/* Puts it into the model, as it is attached now. */
void disk_add(struct walk *walk, struct disk *disk);
/* It is gone: frees it, and its image. Also of one that never was added. */
void disk_drop(struct walk *walk, struct disk *disk);

void disk_set_place(struct disk *disk, unsigned target, unsigned lun);
void disk_set_slot(struct disk *disk, int slot);
void disk_set_serial(struct disk *disk, const char *serial, const char *encoded);

/* A disk at random of those for which FITS (NULL: any) says yes, NULL if there is none. */
struct disk *disk_choose(struct walk *walk, bool (*fits)(struct walk *, const struct disk *));
bool disk_is_visible(struct walk *walk, const struct disk *disk);
bool disk_is_own(struct walk *walk, const struct disk *disk);
bool disk_is_writable(struct walk *walk, const struct disk *disk);

struct disk *model_find(struct walk *walk, unsigned target, unsigned lun);
struct disk *model_find_slot(struct walk *walk, int slot);
bool model_has_label(struct walk *walk, const char *label);
bool model_is_reserved(struct walk *walk, int slot);
void model_reserve(struct walk *walk, int slot, bool reserved);
/* The slot that automatic choice takes. */
int model_first_free(struct walk *walk);
/* A slot with neither disk nor reservation. */
int model_choose_free(struct walk *walk);

/* Other visible disks have its serial. */
bool disk_has_conflict(struct walk *walk, const struct disk *disk);
bool disk_has_serial_link(struct walk *walk, const struct disk *disk);
/* With no agent, the first of several disks with one serial has the name until it goes, and then
 * one of the others: whether DISK is of those, and none of them has been seen to have it. */
bool disk_awaits_name(struct walk *walk, const struct disk *disk);

/* The ID of our alias. */
const char *disk_id(const struct disk *disk);

/* The slot as libguestfs counts: /dev/sda to /dev/sdz, /dev/sdaa, ... */
void model_device(int slot, char *ret, size_t size);

/* Another size, smaller only as far as its table lets it. */
void disk_choose_size(struct walk *walk, struct disk *disk);

/* ---- image.c ---- */

/* Writes the image anew, of DISK's size, with its text, table and partitions. */
void image_write(struct walk *walk, const struct disk *disk);
/* The first sectors of such an image: TABLE_SECTORS of them. */
void image_head(const struct disk *disk, unsigned char *ret);
/* Another table, or none, on a disk that has room. */
void image_choose_table(struct walk *walk, struct disk *disk, enum table table);
void image_part_text(const struct disk *disk, unsigned part, char *ret, size_t size);

/* ---- guest.c ---- */

void guest_connect(struct walk *walk, const char *socket);
/* Has a script run; it must not fail. The caller frees what it printed. */
char *guest_run(struct walk *walk, const char *format, ...) _printf_(2, 3);

/* ---- host.c ---- */

void host_open(struct walk *walk);
void host_attach(struct walk *walk, const struct disk *disk, bool with_address, bool with_alias);
/* Returns once the XML does not have the disk. */
void host_detach(struct walk *walk, const struct disk *disk);
void host_resize(struct walk *walk, const struct disk *disk);

/* ---- compare.c ---- */

/* Compares domain and guest with the model, at once or for as long as SETTLE_MS. */
void compare(struct walk *walk, bool at_once);

/* ---- the steps: steps-*.c ---- */

enum outcome step_attach(struct walk *walk);
enum outcome step_detach(struct walk *walk);
enum outcome step_swap(struct walk *walk);
enum outcome step_resize(struct walk *walk);
enum outcome step_reserve(struct walk *walk);
enum outcome step_unreserve(struct walk *walk);
enum outcome step_attach_nothing(struct walk *walk);
enum outcome step_resolve(struct walk *walk);

enum outcome step_host_attach(struct walk *walk);
enum outcome step_host_detach(struct walk *walk);
enum outcome step_host_swap(struct walk *walk);
enum outcome step_host_detach_attach(struct walk *walk);
enum outcome step_host_resize(struct walk *walk);

enum outcome step_table(struct walk *walk);
enum outcome step_kill_agent(struct walk *walk);

enum outcome step_refused(struct walk *walk);
enum outcome step_busy(struct walk *walk);

/* The library must have done it. */
void library_check(struct walk *walk, int r, const struct hotslot_error *error);
/* When a disk that is detached leaves everything as it should be. */
enum outcome library_detached(struct walk *walk, const struct disk *disk);
/* A text that names the disk, of those that there are for it. */
void library_reference(struct walk *walk, const struct disk *disk, char *ret, size_t size);
/* Attaches a disk in a slot, -1: a free one, and puts it into the model. */
void library_attach(struct walk *walk, int slot);
