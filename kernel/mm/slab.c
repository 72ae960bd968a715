/* The kernel heap. A slab is a block of frames: a header, then equal objects. Free objects are chained through their first word;
   those never used yet are not chained but taken in order, so that making a slab costs no walk. The struct frame of each frame in a
   slab names the slab as its owner, which leads from an object to its slab and from there to its cache. slab_alloc(), slab_free().

   Lock: each cache's own, which guards its slabs too. It is held while frames are taken and returned. */
#include "mm/slab_impl.h"

#include "base/assert.h"
#include "lib/string.h"
#include "mm/failalloc.h"

#define SMALLEST 16u
#define CACHE_LINE 64u

struct list slab_caches = LIST_INIT(slab_caches);

struct slab_cache *slab_cache_of(const void *p)
{
    struct slab *slab = slab_of(p);
    return slab ? slab->cache : NULL;
}

/* --- slabs; the cache's lock held --------------------------------------------------------------------------------------------------- */

static void own_frames(struct frame *f, const struct slab_cache *cache, struct slab *owner)
{
    for (unsigned i = 0; i < 1u << cache->order; i++)
        f[i].owner = owner;
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
        slab_check_made(slab);
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
        slab_check_taken(slab, object);
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
    if (IS_CHECKED)
        slab_check_freed(cache, slab, object);
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
    list_push_tail(&slab_caches, &cache->caches);
}

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
