/* Physical memory. One struct frame for each 4096 bytes of RAM stands in frame_table; free blocks of 2^order frames hang in a list
   for each order. A block's buddy is the other half of the block twice its size: their numbers differ in one bit, so it is found by
   an exclusive or. mm/frames_init.c hands over the memory that there is, mm/frames_check.c checks; frame_alloc(), frame_get() and
   frame_put() serve everybody.

   Locks: frames_lock guards the lists and the states of their frames, each cache's lock that cache. References are atomic. */
#include "mm/frames.h"

#include "base/assert.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "mm/frames_impl.h"

struct frame *frame_table;
paddr_t frame_table_end;
const struct frames_ops *frames_ops;
struct spinlock frames_lock = SPINLOCK("frames", RANK_FRAMES);
struct buddy buddy;
struct frame_cache frame_caches[CONFIG_MAX_CPUS] = {
    [0 ... CONFIG_MAX_CPUS - 1] = { .lock = SPINLOCK("frame cache", RANK_FRAME_CACHE) },
};

/* --- the buddy allocator; frames_lock held ------------------------------------------------------------------------------------------ */

static void list_block(struct frame *f, unsigned order)
{
    f->state = FRAME_FREE;
    f->order = (u8)order;
    list_push_head(&buddy.free[order], &f->link);
    buddy.nonempty |= 1u << order;
}

static void unlist_block(struct frame *f)
{
    unsigned order = f->order;
    list_remove(&f->link);
    f->state = FRAME_RESERVED;
    if (list_empty(&buddy.free[order]))
        buddy.nonempty &= ~(1u << order);
}

/* Takes a block of exactly this order out of the lists, splitting a bigger one where needed; or NULL. The caller sets its state. */
static struct frame *take_block(unsigned order)
{
    u32 fitting = buddy.nonempty & ~0u << order;
    if (!fitting)
        return NULL;
    unsigned found = (unsigned)__builtin_ctz(fitting);
    struct frame *f = list_entry(buddy.free[found].next, struct frame, link);
    unlist_block(f);
    while (found > order) {
        found--;
        list_block(f + (1ul << found), found);
    }
    buddy.free_count -= 1ul << order;
    f->order = (u8)order;
    return f;
}

/* Puts a block into the lists, merged with its buddy as long as that is free and whole. The table ends on a boundary of the biggest
   block, so that every buddy is in it. */
static void give_block(struct frame *f, unsigned order)
{
    size_t n = frame_number(f);
    buddy.free_count += 1ul << order;
    frame_table[n].state = FRAME_RESERVED;
    for (; order < ORDER_MAX; order++) {
        struct frame *other = &frame_table[n ^ 1ul << order];
        if (other->state != FRAME_FREE || other->order != order)
            break;
        unlist_block(other);
        n &= ~(1ul << order);
    }
    list_block(&frame_table[n], order);
}

/* The order of the biggest block that starts at frame n and ends by frame end. */
static unsigned order_at(size_t n, size_t end)
{
    unsigned order = n ? (unsigned)__builtin_ctzl(n) : ORDER_MAX;
    order = min(order, ORDER_MAX);
    while (n + (1ul << order) > end)
        order--;
    return order;
}

/* Frames n to end, which head no block yet, become free. */
static void give_span(size_t n, size_t end)
{
    while (n < end) {
        unsigned order = order_at(n, end);
        give_block(&frame_table[n], order);
        n += 1ul << order;
    }
}

/* Frames n to end, which are out of the lists, become allocated blocks. */
static void use_span(size_t n, size_t end)
{
    while (n < end) {
        struct frame *f = &frame_table[n];
        f->order = (u8)order_at(n, end);
        f->state = FRAME_USED;
        f->refs = 1;
        n += 1ul << f->order;
    }
}

/* The first of `blocks` adjacent free blocks of the biggest order, or ~0ul. */
static size_t find_run(size_t blocks)
{
    size_t end = frame_table_end >> PAGE_SHIFT;
    size_t run = 0;
    for (size_t n = 0; n < end; n += FRAMES_MAX_BLOCK) {
        bool whole = frame_table[n].state == FRAME_FREE && frame_table[n].order == ORDER_MAX;
        run = whole ? run + 1 : 0;
        if (run == blocks)
            return n - (blocks - 1) * FRAMES_MAX_BLOCK;
    }
    return ~0ul;
}

/* Takes a run out of the lists that nframes fit into: one block, or several of the biggest order. Returns its first frame, or ~0ul; *size:
   how many frames it has. */
static size_t take_run(size_t nframes, size_t *size)
{
    unsigned order = 0;
    while (order < ORDER_MAX && 1ul << order < nframes)
        order++;
    *size = align_up(nframes, 1ul << order);
    if (*size == 1ul << order) {
        struct frame *f = take_block(order);
        return f ? frame_number(f) : ~0ul;
    }
    size_t first = find_run(*size / FRAMES_MAX_BLOCK);
    if (first == ~0ul)
        return first;
    for (size_t n = 0; n < *size; n += FRAMES_MAX_BLOCK)
        unlist_block(&frame_table[first + n]);
    buddy.free_count -= *size;
    return first;
}

paddr_t frames_alloc_contiguous(size_t nframes)
{
    ASSERT(nframes, "frames_alloc_contiguous: no frames asked for");
    size_t size;
    u64 flags = spin_lock_irq(&frames_lock);
    size_t first = take_run(nframes, &size);
    if (first != ~0ul) {
        use_span(first, first + nframes);
        give_span(first + nframes, first + size);
    }
    spin_unlock_irq(&frames_lock, flags);
    return first == ~0ul ? ~0ul : first << PAGE_SHIFT;
}

/* --- the caches; interrupts off, the cache's lock held ------------------------------------------------------------------------------- */

/* Out of line, as is what splits and merges: the way past them, which nearly every call takes, then saves no registers for them. */
#define SELDOM __attribute__((noinline))

static SELDOM void cache_fill(struct frame_cache *cache)
{
    spin_lock(&frames_lock);
    while (cache->count < CACHE_BATCH) {
        struct frame *f = take_block(0);
        if (!f)
            break;
        f->state = FRAME_CACHED;
        cache->frame[cache->count++] = f;
    }
    spin_unlock(&frames_lock);
}

static SELDOM void cache_shrink(struct frame_cache *cache, unsigned count)
{
    spin_lock(&frames_lock);
    while (cache->count > count)
        give_block(cache->frame[--cache->count], 0);
    spin_unlock(&frames_lock);
}

/* --- single frames ------------------------------------------------------------------------------------------------------------------ */

/* All frames that wait in caches go back to the lists: somebody finds none there, or they keep a bigger block apart. No cache's lock is
   held; one after the other is taken, never two. */
static SELDOM void caches_empty(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++) {
        u64 flags = spin_lock_irq(&frame_caches[i].lock);
        if (frame_caches[i].count)
            cache_shrink(&frame_caches[i], 0);
        spin_unlock_irq(&frame_caches[i].lock, flags);
    }
}

static struct frame *take_cached(void)
{
    u64 flags = irq_save();
    struct frame_cache *cache = &frame_caches[this_cpu()->id];
    struct frame *f = NULL;
    spin_lock(&cache->lock);
    if (unlikely(!cache->count))
        cache_fill(cache);
    if (likely(cache->count)) {
        f = cache->frame[--cache->count];
        f->state = FRAME_USED;
    }
    spin_unlock(&cache->lock);
    irq_restore(flags);
    return f;
}

static struct frame *alloc_single(void)
{
    struct frame *f = take_cached();
    if (likely(f))
        return f;
    caches_empty();
    return take_cached();
}

static void free_single(struct frame *f)
{
    u64 flags = irq_save();
    struct frame_cache *cache = &frame_caches[this_cpu()->id];
    spin_lock(&cache->lock);
    if (unlikely(cache->count == CACHE_FRAMES))
        cache_shrink(cache, CACHE_FRAMES - CACHE_BATCH);
    f->state = FRAME_CACHED;
    cache->frame[cache->count++] = f;
    spin_unlock(&cache->lock);
    irq_restore(flags);
}

/* --- blocks of any size ------------------------------------------------------------------------------------------------------------- */

static struct frame *alloc_block(unsigned order)
{
    u64 flags = spin_lock_irq(&frames_lock);
    struct frame *f = take_block(order);
    if (f)
        f->state = FRAME_USED;
    spin_unlock_irq(&frames_lock, flags);
    return f;
}

static SELDOM void free_block(struct frame *f)
{
    u64 flags = spin_lock_irq(&frames_lock);
    give_block(f, f->order);
    spin_unlock_irq(&frames_lock, flags);
}

static SELDOM struct frame *alloc_block_or_shrink(unsigned order)
{
    struct frame *f = alloc_block(order);
    if (likely(f))
        return f;
    caches_empty();
    return alloc_block(order);
}

static SELDOM void tell_out(unsigned order)
{
    if (frames_ops && order <= FRAMES_ORDER_SMALL)
        frames_ops->out();
}

struct frame *frame_alloc_uncounted(unsigned order)
{
    ASSERT(order < FRAME_ORDERS, "frame_alloc: order %u; the biggest block has order %u", order, ORDER_MAX);
    struct frame *f = order ? alloc_block_or_shrink(order) : alloc_single();
    if (likely(f)) {
        f->refs = 1;
        f->owner = NULL;
    } else {
        tell_out(order);
    }
    return f;
}

struct frame *frame_alloc(unsigned order)
{
    return failalloc_now() ? NULL : frame_alloc_uncounted(order);
}

/* f heads a block that somebody holds. */
static void check_used(const struct frame *f, const char *who)
{
    if (!frame_in_table(f))
        panic("%s: %p is no frame", who, (const void *)f);
    if (f->state != FRAME_USED || !f->refs)
        panic("%s: the frame at 0x%lx heads no block in use (state %u, %u users): freed twice?", who,
              frame_to_phys(f), f->state, f->refs);
}

void frame_get(struct frame *f)
{
    if (IS_CHECKED)
        check_used(f, "frame_get");
    __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
}

void frame_put(struct frame *f)
{
    if (IS_CHECKED)
        check_used(f, "frame_put");
    /* Release and acquire: what any user wrote is done before the block serves somebody else. */
    if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
        return;
    ASSERT(!f->owner, "frame_put: the frame at 0x%lx is freed while it still has an owner (%p)", frame_to_phys(f), f->owner);
    if (f->order)
        free_block(f);
    else
        free_single(f);
}

paddr_t table_frame_alloc(void)
{
    struct frame *f = frame_alloc(0);
    if (!f)
        return ~0ul;
    memset(frame_to_virt(f), 0, PAGE_SIZE);
    __atomic_fetch_add(&buddy.tables, 1, __ATOMIC_RELAXED);
    return frame_to_phys(f);
}

/* --- counting ----------------------------------------------------------------------------------------------------------------------- */

size_t frames_cached(void)
{
    size_t sum = 0;
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        sum += frame_caches[i].count;
    return sum;
}

size_t frames_free(void)
{
    u64 flags = spin_lock_irq(&frames_lock);
    size_t sum = buddy.free_count + frames_cached() + buddy.tables;
    spin_unlock_irq(&frames_lock, flags);
    return sum;
}

size_t frames_tables(void)
{
    return buddy.tables;
}

size_t frames_left(void)
{
    return frames_free() - frames_tables();
}

size_t frames_total(void)
{
    return buddy.total;
}

/* --- start -------------------------------------------------------------------------------------------------------------------------- */

void frames_start(struct frame *table, paddr_t end)
{
    frame_table = table;
    frame_table_end = end;
    memset(table, 0, (end >> PAGE_SHIFT) * sizeof(*table));
    for (unsigned order = 0; order < FRAME_ORDERS; order++)
        list_init(&buddy.free[order]);
}

void frames_add(paddr_t start, paddr_t end)
{
    u64 flags = spin_lock_irq(&frames_lock);
    buddy.total += (end - start) >> PAGE_SHIFT;
    give_span(start >> PAGE_SHIFT, end >> PAGE_SHIFT);
    spin_unlock_irq(&frames_lock, flags);
}
