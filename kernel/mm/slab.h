/* The kernel heap: slabs of equal objects (after Bonwick 1994), and kmalloc() in size classes above them (mm/kmalloc.c). Each cache
   has its lock; any context. Checked builds poison free objects and find a write after free, a double free and a foreign pointer. */
#pragma once

#include "base/lock.h"
#include "lib/list.h"

#define SLAB_OBJECT_MAX 4096u
#define KMALLOC_SLAB_MAX 2048u /* what is larger is a block of frames */
#define KMALLOC_MAX MIB(4)

struct slab; /* mm/slab_impl.h */

struct slab_cache {
    const char *name;     /* [c] */
    size_t size;          /* [c] bytes an object, a multiple of 16 */
    unsigned order;       /* [c] a slab is a block of 2^order frames */
    u32 first;            /* [c] bytes from a slab's start to its first object */
    u32 capacity;         /* [c] objects a slab */
    struct spinlock lock; /* [l] */
    struct list partial;  /* [l] slabs with objects in use and free ones */
    struct list full;     /* [l] slabs without a free object */
    struct slab *empty;   /* [l] one slab without objects in use, kept so that taking and returning one object costs no frame; or NULL */
    size_t in_use;        /* [l] objects that someone holds */
    struct list caches;   /* [c] all caches, for accounting */
};

/* Makes an empty cache of objects of `size` bytes (1 to SLAB_OBJECT_MAX), aligned to 16 (to 64 from 64 bytes on). At start, after
   frames_init(); never undone. */
void slab_cache_init(struct slab_cache *cache, const char *name, size_t size);
/* An object, zeroed; or NULL. Constant time. */
void *slab_alloc(struct slab_cache *cache);
/* Gives it back; NULL is not allowed. Constant time. A slab that becomes empty goes back to the frames at once, except one for each
   cache. */
void slab_free(struct slab_cache *cache, void *object);
/* Returns the empty slabs that were kept: after it, no frame is held by a cache without objects. For exact accounting. */
void slab_drain(void);

/* The cache that an object in use belongs to, or NULL if p points into no slab. */
struct slab_cache *slab_cache_of(const void *p);

void slab_init(void); /* the caches behind kmalloc(); after frames_init() */
/* size bytes (1 to KMALLOC_MAX), zeroed, 16-byte aligned; or NULL. */
void *kmalloc(size_t size);
/* NULL is allowed. */
void kfree(void *p);

size_t slab_objects(void); /* objects in use, over all caches */
/* Walks every slab and panics at the first broken link, count or poison. */
void slab_check(void);
