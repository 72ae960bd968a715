/* frames_check(): are the free lists, the caches and the table of mm/frames.c what they claim to be, and do they agree? Whoever
   wrote where he should not have is long gone; so each message says what was seen and where. Lock: frames_lock. */
#include "arch/upcall.h"
#include "mm/frames_impl.h"

/* What a link in the list of this order may point to: a frame, or the list's head. */
static bool may_lead_to(const struct list *link, unsigned order)
{
    return link == &buddy.free[order] || frame_in_table(list_entry(link, struct frame, link));
}

/* f stands in the list of this order: does it belong there? The table is asked first, so that a wild link is not followed. */
static void check_listed(const struct frame *f, unsigned order)
{
    const struct list *link = &f->link;
    if (!frame_in_table(f))
        panic("frames_check: the free list of order %u leads to %p, which is no frame: who wrote into a free frame's link?", order,
              (const void *)f);
    paddr_t pa = frame_to_phys(f);
    if (!may_lead_to(link->next, order) || !may_lead_to(link->prev, order) || link->next->prev != link || link->prev->next != link)
        panic("frames_check: the links of the free frame at 0x%lx (order %u) do not lead back to it", pa, order);
    if (f->state != FRAME_FREE || f->order != order || f->refs)
        panic("frames_check: the frame at 0x%lx is in the free list of order %u, but has state %u, order %u, %u users",
              pa, order, f->state, f->order, f->refs);
    if (frame_number(f) & ((1ul << order) - 1))
        panic("frames_check: the free block at 0x%lx does not begin on a boundary of its order %u", pa, order);
}

/* Walks the list of one order. Returns how many frames it holds. */
static size_t check_list(unsigned order)
{
    size_t blocks = 0;
    list_for_each(it, &buddy.free[order]) {
        check_listed(list_entry(it, struct frame, link), order);
        if (++blocks << order > buddy.total)
            panic("frames_check: the free list of order %u has no end", order);
    }
    if (!blocks != !(buddy.nonempty & 1u << order))
        panic("frames_check: the free list of order %u has %lu blocks, its bit says otherwise", order, blocks);
    return blocks << order;
}

/* What the block that f heads claims: no frame inside it may head another one, and no two free buddies stand side by side. */
static void check_block(const struct frame *f)
{
    size_t n = frame_number(f);
    for (size_t i = 1; i < 1ul << f->order; i++)
        if (f[i].state != FRAME_RESERVED)
            panic("frames_check: the block at 0x%lx (order %u) overlaps the one at 0x%lx", frame_to_phys(f), f->order,
                  frame_to_phys(f + i));
    const struct frame *other = &frame_table[n ^ 1ul << f->order];
    if (f->state == FRAME_FREE && f->order < ORDER_MAX && other->state == FRAME_FREE && other->order == f->order)
        panic("frames_check: the free blocks at 0x%lx and 0x%lx (order %u) are buddies, but were not merged", frame_to_phys(f),
              frame_to_phys(other), f->order);
}

/* Walks the table, block by block, and counts the frames of each state. */
static void check_table(size_t count[FRAME_USED + 1])
{
    size_t end = frame_table_end >> PAGE_SHIFT;
    for (size_t n = 0; n < end;) {
        const struct frame *f = &frame_table[n];
        if (f->state > FRAME_USED || f->order > ORDER_MAX || n + (1ul << f->order) > end)
            panic("frames_check: the frame at 0x%lx has state %u and order %u", frame_to_phys(f), f->state, f->order);
        size_t frames = 1;
        if (f->state == FRAME_FREE || f->state == FRAME_USED) {
            check_block(f);
            frames <<= f->order;
        }
        if (!f->refs != (f->state != FRAME_USED))
            panic("frames_check: the frame at 0x%lx has state %u, but %u users", frame_to_phys(f), f->state, f->refs);
        count[f->state] += frames;
        n += frames;
    }
}

static void check_cache(const struct frame_cache *cache)
{
    if (cache->count > CACHE_FRAMES)
        panic("frames_check: the cache of CPU %lu says that it has %u frames", (u64)(cache - frame_caches), cache->count);
    for (unsigned i = 0; i < cache->count; i++)
        if (!frame_in_table(cache->frame[i]) || cache->frame[i]->state != FRAME_CACHED)
            panic("frames_check: the cache of CPU %lu holds %p, which is no cached frame", (u64)(cache - frame_caches),
                  (void *)cache->frame[i]);
}

static void check_all(void)
{
    size_t listed = 0;
    for (unsigned order = 0; order < FRAME_ORDERS; order++)
        listed += check_list(order);
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        check_cache(&frame_caches[i]);
    size_t count[FRAME_USED + 1] = { 0 };
    check_table(count);
    if (count[FRAME_FREE] != listed || listed != buddy.free_count)
        panic("frames_check: %lu frames are free by the table, %lu are in the lists, %lu by the count",
              count[FRAME_FREE], listed, buddy.free_count);
    if (count[FRAME_CACHED] != frames_cached())
        panic("frames_check: %lu frames are cached by the table, %lu are in the caches", count[FRAME_CACHED], frames_cached());
    size_t sum = count[FRAME_FREE] + count[FRAME_CACHED] + count[FRAME_USED];
    if (sum != buddy.total)
        panic("frames_check: %lu frames are free, cached or used; %lu were handed out", sum, buddy.total);
}

void frames_check(void)
{
    u64 flags = spin_lock_irq(&frames_lock);
    check_all();
    spin_unlock_irq(&frames_lock, flags);
}
