/* Physical memory: a buddy allocator over frames of 4096 bytes, each block with a reference count. Single frames pass through a
   small cache of the CPU that asks, so that taking and returning one costs no lock and no splitting. Any context, interrupts off or
   on. Buddy system after Knowlton (1965) and Knuth, The Art of Computer Programming 2.5. */
#pragma once

#include "arch/arch.h"
#include "lib/list.h"

#define FRAME_ORDERS 11 /* blocks of 1 to 1024 frames: 4 KiB to 4 MiB */
#define FRAMES_MAX_BLOCK (1ul << (FRAME_ORDERS - 1))

enum frame_state {
    FRAME_RESERVED, /* heads no block: kept from the allocator, or inside a block that an earlier frame heads */
    FRAME_FREE,     /* heads a free block */
    FRAME_CACHED,   /* free, in the cache of a CPU */
    FRAME_USED,     /* heads an allocated block */
};

/* One for each frame from address 0 to the end of RAM; 32 bytes, since 24 GiB of RAM have six million of them. Guards: [f] the lock
   of the frames; [a] atomic; [u] whoever holds the block. */
struct frame {
    struct list link; /* [f] the free list of its order, when it heads a free block; [u] when allocated */
    u32 refs;         /* [a] users of the block, 0 when free */
    u8 state;         /* [f] enum frame_state; between cached and used its CPU alone */
    u8 order;         /* [f] log2 of the block's frames, valid in its first frame */
    u16 spare;
    void *owner;      /* [u] the slab it is part of; NULL in a block just allocated, and to be NULL again when it is freed */
};

_Static_assert(sizeof(struct frame) == 32, "a shift, not a division, between a frame and its number");

extern struct frame *frame_table; /* [c] */
extern paddr_t frame_table_end;   /* [c] the first address that has no frame in the table */

/* Takes over the usable memory below BOOT_MAPPED less kernel, modules and the first MiB; the allocator is ready then. Panics if
   that is too little. Boot CPU, once, after arch_cpu_init(). */
void frames_init(const struct boot_info *boot);
/* The memory from BOOT_MAPPED upwards, once mmu_init() has mapped it. */
void frames_add_high(const struct boot_info *boot);

/* Who hears that there is none: the layer that knows whose frames can be had back. Registered once, at start; NULL: nobody. */
struct frames_ops {
    /* Somebody asked for a block of up to 2^FRAMES_ORDER_SMALL frames in vain. Any context, interrupts off or on, locks held. */
    void (*out)(void);
};

#define FRAMES_ORDER_SMALL 4u
extern const struct frames_ops *frames_ops; /* [c] */

/* A block of 2^order frames, reference count 1, contents undefined; or NULL: memory is out, or `failalloc=` says so. */
struct frame *frame_alloc(unsigned order);
/* The same, but not counted by failalloc: for the frames behind a slab. */
struct frame *frame_alloc_uncounted(unsigned order);
/* One more user of the block that f heads. */
void frame_get(struct frame *f);
/* One user less; the last one's leaving frees the block. */
void frame_put(struct frame *f);
/* nframes adjacent frames, for ever; their address, or ~0ul. More than a block's at a time: for start, while there still are such runs. */
paddr_t frames_alloc_contiguous(size_t nframes);

static inline paddr_t frame_to_phys(const struct frame *f)
{
    return (paddr_t)(f - frame_table) << PAGE_SHIFT;
}

/* pa lies below frame_table_end. */
static inline struct frame *phys_to_frame(paddr_t pa)
{
    return frame_table + (pa >> PAGE_SHIFT);
}

static inline void *frame_to_virt(const struct frame *f)
{
    return phys_to_virt(frame_to_phys(f));
}

/* Frames that nobody holds, for leak accounting: what a piece of work took and gave back is the same number before and after. The
   kernel's own page tables count as free here, because they stay for the next one who needs the same addresses. The other CPUs are
   quiet, or the sum is a little off. */
size_t frames_free(void);
/* Frames that became page tables of the kernel: frames_free() - frames_tables() could be allocated now. */
size_t frames_tables(void);
/* Frames that could be allocated now. As frames_free() it may be a little off. */
size_t frames_left(void);
size_t frames_total(void); /* frames ever handed to the allocator */
/* Walks every free list and the whole table, and panics at the first broken link, count or overlap: "free list never corrupt",
   checked. The other CPUs are quiet. */
void frames_check(void);
