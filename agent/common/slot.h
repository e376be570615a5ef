/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slots: a place on the managed virtio-scsi controller, as a number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* QEMU's virtio-scsi has 256 targets; the last one is the system's own and has no slot. */
#define SLOT_TARGETS 255
#define SLOT_SYSTEM_TARGET 255

/* LUNs that have a flat address; above them Linux shows 16384+n, and QEMU ends at 16383. */
#define SLOT_LUNS 256

/* 65,280 slots, 0 to SLOT_MAX. */
#define SLOT_COUNT (SLOT_TARGETS * SLOT_LUNS)
#define SLOT_MAX (SLOT_COUNT - 1)

/* Whether a disk at this place has a slot. */
static inline bool slot_exists(uint64_t target, uint64_t lun)
{
	return target < SLOT_TARGETS && lun < SLOT_LUNS;
}

static inline uint32_t slot_from_place(uint32_t target, uint32_t lun)
{
	return target * SLOT_LUNS + lun;
}

static inline uint32_t slot_target(uint32_t slot)
{
	return slot / SLOT_LUNS;
}

static inline uint32_t slot_lun(uint32_t slot)
{
	return slot % SLOT_LUNS;
}
