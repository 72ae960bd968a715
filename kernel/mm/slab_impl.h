/* What mm/slab.c, which hands out objects, shares with mm/slab_check.c, which knows what has to be true of them. For these two
   alone. */
#pragma once

#include "mm/frames.h"
#include "mm/slab.h"

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

extern struct list slab_caches; /* grows at start only */

#define for_each_cache(cache)                                                                          \
    for (struct slab_cache *cache = list_entry(slab_caches.next, struct slab_cache, caches); &cache->caches != &slab_caches; \
         cache = list_entry(cache->caches.next, struct slab_cache, caches))

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

/* Checked builds; the cache's lock held. */

/* A new slab's objects, none of which was handed out yet, look like free ones. */
void slab_check_made(struct slab *slab);
/* object is being handed out. Panics if somebody wrote to it since it was freed. */
void slab_check_taken(struct slab *slab, void *object);
/* object is being given back to cache; slab: what it points into, or NULL. Panics unless someone holds it, as an object of this cache. */
void slab_check_freed(const struct slab_cache *cache, struct slab *slab, void *object);
