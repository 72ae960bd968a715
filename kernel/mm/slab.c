/* The kernel heap. A slab is a block of frames: a header, then equal objects. Free objects are chained through their first word;
   those never used yet are not chained but taken in order, so that making a slab costs no walk. The struct frame of each frame in a
   slab names the slab as its owner, which leads from an object to its slab and from there to its cache. slab_alloc(), slab_free(),
   slab_check().

   Lock: each cache's own, which guards its slabs too. It is held while frames are taken and returned. */
#include "mm/slab.h"

#include "base/assert.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "mm/frames.h"

#define POISON 0x6b
#define SMALLEST 16u
#define CACHE_LINE 64u
#define OBJECTS_MAX 256u

struct slab {
    struct list link; /* in a list of its cache; unlinked: the empty one */
    struct slab_cache *cache;
    void *free;       /* a free object, whose first word is the next one */
    u32 in_use;       /* objects that someone holds */
    u32 touched;      /* objects ever handed out; those behind have never been in the chain */
    u64 used[OBJECTS_MAX / 64]; /* checked builds: bit n = someone holds object n */
};

_Static_assert(offsetof(struct slab, link) == 0, "may_lead_to() takes a link for its slab");

static struct list caches = LIST_INIT(caches); /* grows at start only */

static inline void *object_at(const struct slab *slab, u32 index)
{
    return (char *)slab + slab->cache->first + index * slab->cache->size;
}

/* The slab that p points into, or NULL. p may be anything. */
static inline struct slab *slab_of(const void *p)
{
    paddr_t pa = virt_to_phys(p);
    if (unlikely(pa >= frame_table_end))
        return NULL;
    return phys_to_frame(pa)->owner;
}

struct slab_cache *slab_cache_of(const void *p)
{
    struct slab *slab = slab_of(p);
    return slab ? slab->cache : NULL;
}

/* --- checked builds: which objects are in use, and what the free ones look like ----------------------------------------------------- */

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

static void note_taken(struct slab *slab, void *object)
{
    check_untouched(slab, object, "slab_alloc");
    flip_used(slab, index_of(slab, object));
}

static void note_freed(struct slab *slab, void *object)
{
    flip_used(slab, index_of(slab, object));
    memset(object, POISON, slab->cache->size);
}

/* --- slabs; the cache's lock held --------------------------------------------------------------------------------------------------- */

static void own_frames(struct frame *f, const struct slab_cache *cache, struct slab *owner)
{
    for (unsigned i = 0; i < 1u << cache->order; i++)
        f[i].owner = owner;
}

/* Objects that were never handed out look like the last one in the chain: poison behind an empty link. */
static void poison_all(struct slab *slab)
{
    for (u32 i = 0; i < slab->cache->capacity; i++) {
        void *object = object_at(slab, i);
        memset(object, POISON, slab->cache->size);
        *(void **)object = NULL;
    }
}

static struct slab *slab_make(struct slab_cache *cache)
{
    struct frame *f = frame_alloc_uncounted(cache->order);
    if (!f)
        return NULL;
    struct slab *slab = frame_to_virt(f);
    *slab = (struct slab){ .cache = cache };
    list_init(&slab->link);
    own_frames(f, cache, slab);
    if (IS_CHECKED)
        poison_all(slab);
    return slab;
}

static void slab_release(struct slab *slab)
{
    struct frame *f = phys_to_frame(virt_to_phys(slab));
    own_frames(f, slab->cache, NULL);
    frame_put(f);
}

/* A slab joins the partial ones: the empty one that was kept, else a new one; or NULL. */
static __attribute__((noinline)) struct slab *add_partial(struct slab_cache *cache)
{
    struct slab *slab = cache->empty;
    if (!slab)
        slab = slab_make(cache);
    cache->empty = NULL;
    if (slab)
        list_push_head(&cache->partial, &slab->link);
    return slab;
}

/* Its last object was freed. */
static __attribute__((noinline)) void retire(struct slab_cache *cache, struct slab *slab)
{
    list_remove(&slab->link);
    if (cache->empty)
        slab_release(slab);
    else
        cache->empty = slab;
}

static void move_to(struct list *list, struct slab *slab)
{
    list_remove(&slab->link);
    list_push_head(list, &slab->link);
}

/* --- objects ------------------------------------------------------------------------------------------------------------------------ */

static inline void *take_object(struct slab *slab)
{
    void *object = slab->free ? slab->free : object_at(slab, slab->touched++);
    if (IS_CHECKED)
        note_taken(slab, object);
    if (likely(slab->free))
        slab->free = *(void **)object;
    return object;
}

void *slab_alloc(struct slab_cache *cache)
{
    if (failalloc_now())
        return NULL;
    void *object = NULL;
    u64 flags = spin_lock_irq(&cache->lock);
    struct slab *slab = list_empty(&cache->partial) ? add_partial(cache) : list_entry(cache->partial.next, struct slab, link);
    if (likely(slab)) {
        object = take_object(slab);
        cache->in_use++;
        if (unlikely(++slab->in_use == cache->capacity))
            move_to(&cache->full, slab);
    }
    spin_unlock_irq(&cache->lock, flags);
    if (likely(object))
        memset(object, 0, cache->size);
    return object;
}

void slab_free(struct slab_cache *cache, void *object)
{
    struct slab *slab = slab_of(object);
    u64 flags = spin_lock_irq(&cache->lock);
    if (IS_CHECKED) {
        check_freeable(cache, slab, object);
        note_freed(slab, object);
    }
    *(void **)object = slab->free;
    slab->free = object;
    cache->in_use--;
    if (unlikely(slab->in_use-- == cache->capacity))
        move_to(&cache->partial, slab);
    if (unlikely(!slab->in_use))
        retire(cache, slab);
    spin_unlock_irq(&cache->lock, flags);
}

/* --- caches ------------------------------------------------------------------------------------------------------------------------- */

/* Objects that fit into a slab of this order; and is at most an eighth of it left over? */
static u32 objects_in(const struct slab_cache *cache, unsigned order)
{
    return (u32)(((PAGE_SIZE << order) - cache->first) / cache->size);
}

static bool wasteful(const struct slab_cache *cache, unsigned order)
{
    return objects_in(cache, order) * cache->size < (PAGE_SIZE << order) / 8 * 7;
}

void slab_cache_init(struct slab_cache *cache, const char *name, size_t size)
{
    ASSERT(size && size <= SLAB_OBJECT_MAX, "slab_cache_init: cache '%s' of objects of %lu bytes; 1 to %u are possible", name, size,
           SLAB_OBJECT_MAX);
    unsigned align = size < CACHE_LINE ? SMALLEST : CACHE_LINE;
    *cache = (struct slab_cache){ .name = name, .size = align_up(size, align), .first = align_up(sizeof(struct slab), align) };
    while (wasteful(cache, cache->order))
        cache->order++;
    cache->capacity = objects_in(cache, cache->order);
    ASSERT(cache->capacity <= OBJECTS_MAX, "slab_cache_init: cache '%s' has %u objects a slab", name, cache->capacity);
    spin_init(&cache->lock, name, RANK_SLAB);
    list_init(&cache->partial);
    list_init(&cache->full);
    list_push_tail(&caches, &cache->caches);
}

#define for_each_cache(cache)                                                                          \
    for (struct slab_cache *cache = list_entry(caches.next, struct slab_cache, caches); &cache->caches != &caches; \
         cache = list_entry(cache->caches.next, struct slab_cache, caches))

void slab_drain(void)
{
    for_each_cache(cache) {
        u64 flags = spin_lock_irq(&cache->lock);
        if (cache->empty)
            slab_release(cache->empty);
        cache->empty = NULL;
        spin_unlock_irq(&cache->lock, flags);
    }
}

size_t slab_objects(void)
{
    size_t sum = 0;
    for_each_cache(cache)
        sum += cache->in_use;
    return sum;
}

/* --- checking; the cache's lock held ------------------------------------------------------------------------------------------------ */

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
