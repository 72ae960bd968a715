/* What mm/frames.c, which hands out frames, shares with mm/frames_init.c, which finds them, and mm/frames_check.c. For these three
   alone. */
#pragma once

#include "base/cpu.h"
#include "base/lock.h"
#include "mm/frames.h"

#define ORDER_MAX (FRAME_ORDERS - 1u)
#define CACHE_FRAMES 32
#define CACHE_BATCH 16 /* frames that go between a cache and the lists at a time */

extern struct spinlock frames_lock;

/* The buddy allocator. */
extern struct buddy {
    struct list free[FRAME_ORDERS]; /* [f] */
    u32 nonempty;                   /* [f] bit n: free[n] has a block */
    size_t free_count;              /* [f] frames in the lists */
    size_t total;                   /* [f] frames ever added */
    size_t tables;                  /* [a] frames that became kernel page tables */
} buddy;

/* Single free frames at hand, for one CPU. Others come to them when there are none anywhere else. */
extern struct frame_cache {
    struct spinlock lock;
    unsigned count;                    /* [l] */
    struct frame *frame[CACHE_FRAMES]; /* [l] */
} frame_caches[CONFIG_MAX_CPUS];

static inline size_t frame_number(const struct frame *f)
{
    return (size_t)(f - frame_table);
}

/* False for a pointer that points between frames, or anywhere else. */
static inline bool frame_in_table(const struct frame *f)
{
    u64 offset = (u64)f - (u64)frame_table;
    return offset % sizeof(*f) == 0 && offset / sizeof(*f) < frame_table_end >> PAGE_SHIFT;
}

/* Frames in all the caches. */
size_t frames_cached(void);
/* The allocator starts, empty, with this table (not cleared yet) for the memory below `end`, a multiple of the biggest block. */
void frames_start(struct frame *table, paddr_t end);
/* Whole frames become free. The caller names no frame twice. */
void frames_add(paddr_t start, paddr_t end);
