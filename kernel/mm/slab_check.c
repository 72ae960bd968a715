/* What has to be true of the heap: which objects are in use, what the free ones look like, and whether lists, counts and chains agree.
   Whoever wrote where he should not have is long gone; so each message says what was seen and where. Entries: what mm/slab.c calls in a
   checked build, and slab_check(). Lock: each cache's own. */
#include "arch/upcall.h"
#include "lib/string.h"
#include "mm/slab_impl.h"

#define POISON 0x6b

/* --- one object ---------------------------------------------------------------------------------------------------------------------- */

/* The number of the object at p; or capacity, if none begins there. */
static u32 index_of(const struct slab *slab, const void *p)
{
    const struct slab_cache *cache = slab->cache;
    u64 offset = (u64)p - (u64)slab - cache->first;
    bool begins = offset % cache->size == 0 && offset / cache->size < cache->capacity;
    return begins ? (u32)(offset / cache->size) : cache->capacity;
}

static bool is_used(const struct slab *slab, u32 index)
{
    return slab->used[index / 64] >> index % 64 & 1;
}

static void flip_used(struct slab *slab, u32 index)
{
    slab->used[index / 64] ^= 1ul << index % 64;
}

/* A free object still is as slab_free() left it: a link to another free object of its slab or to none, then poison. */
static void check_untouched(const struct slab *slab, const void *object, const char *who)
{
    const char *name = slab->cache->name;
    const void *next = *(void *const *)object;
    u32 index = next ? index_of(slab, next) : 0;
    if (next && (index == slab->cache->capacity || is_used(slab, index)))
        panic("%s: %p in cache '%s' was written to after it was freed: its first 8 bytes are %p", who, object, name, next);
    const u8 *byte = object;
    for (size_t i = sizeof(next); i < slab->cache->size; i++)
        if (byte[i] != POISON)
            panic("%s: %p in cache '%s' was written to after it was freed: byte %lu is 0x%02x", who, object, name, i, byte[i]);
}

/* What slab_free() may be given: an object of this cache that someone holds. */
static void check_freeable(const struct slab_cache *cache, const struct slab *slab, const void *object)
{
    if (!slab)
        panic("slab_free: %p is in no cache, so not in '%s' either: freed before, or a pointer to something else?", object, cache->name);
    if (slab->cache != cache)
        panic("slab_free: %p is in cache '%s', not in '%s'", object, slab->cache->name, cache->name);
    u32 index = index_of(slab, object);
    if (index == cache->capacity)
        panic("slab_free: no object of cache '%s' begins at %p: a pointer into the middle of one?", cache->name, object);
    if (!is_used(slab, index))
        panic("slab_free: %p is free already in cache '%s': freed twice?", object, cache->name);
}

void slab_check_made(struct slab *slab)
{
    for (u32 i = 0; i < slab->cache->capacity; i++) {
        void *object = object_at(slab, i);
        memset(object, POISON, slab->cache->size);
        *(void **)object = NULL; /* as the last one in the chain */
    }
}

void slab_check_taken(struct slab *slab, void *object)
{
    check_untouched(slab, object, "slab_alloc");
    flip_used(slab, index_of(slab, object));
}

void slab_check_freed(const struct slab_cache *cache, struct slab *slab, void *object)
{
    check_freeable(cache, slab, object);
    flip_used(slab, index_of(slab, object));
    memset(object, POISON, slab->cache->size);
}

/* --- slab_check() -------------------------------------------------------------------------------------------------------------------- */

/* Walks the chain of free objects. Returns its length. */
static u32 check_chain(const struct slab *slab)
{
    const char *name = slab->cache->name;
    u32 length = 0;
    for (const void *object = slab->free; object; object = *(void *const *)object) {
        if (index_of(slab, object) >= slab->touched)
            panic("slab_check: the chain of free objects in a slab (%p) of cache '%s' leads to %p: who wrote into a free object?",
                  (const void *)slab, name, object);
        if (IS_CHECKED)
            check_untouched(slab, object, "slab_check");
        if (++length > slab->touched)
            panic("slab_check: the chain of free objects in a slab (%p) of cache '%s' has no end", (const void *)slab, name);
    }
    return length;
}

/* The objects that were never handed out, and those that the map of checked builds has in use. */
static void check_map(const struct slab *slab)
{
    for (u32 i = slab->touched; i < slab->cache->capacity; i++)
        check_untouched(slab, object_at(slab, i), "slab_check");
    u32 used = 0;
    for (unsigned i = 0; i < array_len(slab->used); i++)
        used += (u32)__builtin_popcountl(slab->used[i]);
    if (used != slab->in_use)
        panic("slab_check: a slab (%p) of cache '%s' says that %u objects are in use, its map has %u",
              (const void *)slab, slab->cache->name, slab->in_use, used);
}

/* What a slab's link may point to: a slab, whose link comes first in it, or a list's head. */
static bool may_lead_to(const struct slab_cache *cache, const struct list *link)
{
    return link == &cache->partial || link == &cache->full || slab_of(link) == (const void *)link;
}

static void check_links(const struct slab_cache *cache, const struct list *link)
{
    if (!may_lead_to(cache, link->next) || !may_lead_to(cache, link->prev) || link->next->prev != link || link->prev->next != link)
        panic("slab_check: the links of a slab (%p) of cache '%s' do not lead back to it", (const void *)link, cache->name);
}

static void check_slab(const struct slab_cache *cache, const struct slab *slab)
{
    if (slab_of(slab) != slab)
        panic("slab_check: a list of cache '%s' leads to %p, which is no slab", cache->name, (const void *)slab);
    if (slab->cache != cache)
        panic("slab_check: a slab (%p) in the lists of cache '%s' has another cache's address in it", (const void *)slab, cache->name);
    check_links(cache, &slab->link);
    if (slab->touched > cache->capacity || check_chain(slab) + slab->in_use != slab->touched)
        panic("slab_check: a slab (%p) of cache '%s' has %u objects in use of %u ever handed out, but its chain has not the rest",
              (const void *)slab, cache->name, slab->in_use, slab->touched);
    if (IS_CHECKED)
        check_map(slab);
}

/* The slabs in a list have from least to most objects in use. Returns the sum. */
static size_t check_slabs(const struct slab_cache *cache, const struct list *list, u32 least, u32 most)
{
    size_t sum = 0;
    list_for_each(it, list) {
        const struct slab *slab = list_entry(it, struct slab, link);
        check_slab(cache, slab);
        if (slab->in_use < least || slab->in_use > most)
            panic("slab_check: a slab (%p) of cache '%s' with %u of %u objects in use is in the wrong list",
                  (const void *)slab, cache->name, slab->in_use, cache->capacity);
        sum += slab->in_use;
    }
    return sum;
}

void slab_check(void)
{
    for_each_cache(cache) {
        u64 flags = spin_lock_irq(&cache->lock);
        size_t in_use = check_slabs(cache, &cache->partial, 1, cache->capacity - 1);
        in_use += check_slabs(cache, &cache->full, cache->capacity, cache->capacity);
        if (cache->empty)
            check_slab(cache, cache->empty);
        if (in_use != cache->in_use)
            panic("slab_check: cache '%s' says that %lu objects are in use, its slabs say %lu", cache->name, cache->in_use, in_use);
        spin_unlock_irq(&cache->lock, flags);
    }
}
