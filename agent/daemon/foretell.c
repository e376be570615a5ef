/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells udev's rule who a new disk is, before it asks. */
#include "foretell.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "claim.h"
#include "disk-print.h"
#include "log.h"
#include "place.h"
#include "record.h"

/* Written aside and moved, so that nobody reads half of it. */
#define ASIDE ".new"

static void remove_all(int directory)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(directory, ".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(directory, entry->d_name, 0);
}

int foretell_open(struct foretell *foretell, const struct tracker *tracker)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int r = 0;

	*foretell = (struct foretell){ .tracker = tracker, .directory = -1 };
	foretell->run = open(tracker->run_directory, flags);
	if (foretell->run < 0)
		return -errno;
	if (mkdirat(foretell->run, FORETOLD_DIRECTORY, 0755) == 0 || errno == EEXIST)
		foretell->directory = openat(foretell->run, FORETOLD_DIRECTORY, flags);
	if (foretell->directory < 0)
		r = -errno;
	else
		remove_all(foretell->directory);
	return r;
}

void foretell_close(struct foretell *foretell)
{
	closep(&foretell->directory);
	closep(&foretell->run);
}

static void take_back(const struct foretell *foretell, uint64_t seqnum)
{
	char name[U64_TEXT_SIZE];

	format_u64(name, seqnum);
	unlinkat(foretell->directory, name, 0);
}

static int write_aside(const struct foretell *foretell, const struct disk *disk, bool claimed)
{
	static const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(foretell->directory, ASIDE, flags, 0644);
	_cleanup_fclose_ FILE *file = fd < 0 ? NULL : fdopen(fd, "we");

	if (fd >= 0 && !file)
		close(fd);
	return file ? disk_print(file, disk, DISK_AS_PROPERTIES, claimed) : -errno;
}

static void tell(struct foretell *foretell, uint64_t seqnum, const struct disk *disk, bool claimed)
{
	uint64_t *last = &foretell->seqnums[foretell->next++ % FORETOLD_MAX];
	char name[U64_TEXT_SIZE];
	int r;

	if (*last != 0)
		take_back(foretell, *last);
	*last = seqnum;
	format_u64(name, seqnum);
	r = write_aside(foretell, disk, claimed);
	if (r == 0 && renameat(foretell->directory, ASIDE, foretell->directory, name) < 0)
		r = -errno;
	if (r < 0)
		log_debug("%s: cannot tell udev's rule of it: %s", disk->name, strerror(-r));
}

static bool identify(const struct tracker *tracker, const char *devpath, struct disk *ret)
{
	struct identity_error error;

	return disk_identify(&tracker->view, &tracker->identity, devpath, ret, &error) == 0 &&
	       disk_is_ours(ret);
}

void foretell_arrival(struct foretell *foretell, const struct uevent *event)
{
	const struct tracker *tracker = foretell->tracker;
	const char *devpath = event->devpath + 1;
	const struct entry *known;
	struct place place;
	struct disk disk;
	int r;

	if (foretell->directory < 0 || event->seqnum == 0 || strlen(devpath) >= PATH_MAX ||
		place_parse(event->devpath, &place) != PLACE_VIRTIO_SCSI)
		return;
	known = inventory_find_devpath(&tracker->inventory, devpath);
	if ((known && known->disk.diskseq == event->diskseq) ||
		!identify(tracker, devpath, &disk) || disk.diskseq != event->diskseq)
		return;
	r = claim_now(foretell->run, &tracker->view, &disk);
	if (r >= 0)
		tell(foretell, event->seqnum, &disk, r == CLAIM_HELD);
}

static void put_off(struct foretell *foretell, const struct foretell_later *later)
{
	if (foretell->directory < 0 || later->seqnum == 0)
		return;
	if (foretell->n_later == FORETELL_LATER)
		foretell_continue(foretell);
	foretell->later[foretell->n_later++] = *later;
}

void foretell_disk(struct foretell *foretell, uint64_t seqnum, const struct disk *disk)
{
	put_off(foretell, &(struct foretell_later){ seqnum, disk->diskseq, disk_place(disk) });
}

void foretell_handled(struct foretell *foretell, uint64_t seqnum)
{
	put_off(foretell, &(struct foretell_later){ .seqnum = seqnum });
}

/* By now it may have gone, and another one may have come. */
static void tell_later(struct foretell *foretell, const struct foretell_later *later)
{
	const struct entry *entry =
		inventory_find_place(&foretell->tracker->inventory, later->place);

	if (entry && entry->disk.diskseq == later->diskseq)
		tell(foretell, later->seqnum, &entry->disk, false);
}

void foretell_continue(struct foretell *foretell)
{
	for (size_t i = 0; i < foretell->n_later; i++) {
		if (foretell->later[i].diskseq == 0)
			take_back(foretell, foretell->later[i].seqnum);
		else
			tell_later(foretell, &foretell->later[i]);
	}
	foretell->n_later = 0;
}
