/* Memory of any size: kmalloc() and kfree(). Up to KMALLOC_SLAB_MAX bytes it comes from caches of 16, 32, 64 ... bytes, above that
   as a block of frames. No lock of its own; any context. */
#include "base/assert.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/slab.h"

#define CLASS_FIRST 4u /* 2^4 = 16 bytes */

static struct slab_cache classes[8];
static const char *const class_names[] = { "kmalloc-16",  "kmalloc-32",  "kmalloc-64",   "kmalloc-128",
                                           "kmalloc-256", "kmalloc-512", "kmalloc-1024", "kmalloc-2048" };

_Static_assert(array_len(classes) == array_len(class_names), "each class has a name");
_Static_assert(1u << (CLASS_FIRST + array_len(classes) - 1) == KMALLOC_SLAB_MAX, "the classes reach up to where blocks of frames begin");

/* The least n with 2^n >= size, for a size of 1 and up. */
static inline unsigned log2_up(size_t size)
{
    return size == 1 ? 0 : 64 - (unsigned)__builtin_clzl(size - 1);
}

void slab_init(void)
{
    for (unsigned i = 0; i < array_len(classes); i++)
        slab_cache_init(&classes[i], class_names[i], 1ul << (CLASS_FIRST + i));
}

static void *alloc_frames(size_t size)
{
    struct frame *f = size <= KMALLOC_MAX ? frame_alloc(log2_up(size) - PAGE_SHIFT) : NULL;
    return f ? memset(frame_to_virt(f), 0, PAGE_SIZE << f->order) : NULL;
}

void *kmalloc(size_t size)
{
    ASSERT(size, "kmalloc: 0 bytes asked for");
    if (unlikely(size > KMALLOC_SLAB_MAX))
        return alloc_frames(max(size, PAGE_SIZE));
    unsigned log = max(log2_up(size), CLASS_FIRST);
    return slab_alloc(&classes[log - CLASS_FIRST]);
}

static bool is_class(const struct slab_cache *cache)
{
    return cache >= classes && cache < classes + array_len(classes);
}

static void free_frames(void *p)
{
    paddr_t pa = virt_to_phys(p);
    ASSERT(pa < frame_table_end && pa % PAGE_SIZE == 0, "kfree: %p did not come from kmalloc", p);
    frame_put(phys_to_frame(pa));
}

void kfree(void *p)
{
    if (!p)
        return;
    struct slab_cache *cache = slab_cache_of(p);
    if (unlikely(!cache)) {
        free_frames(p);
        return;
    }
    ASSERT(is_class(cache), "kfree: %p is in cache '%s'; it goes back by slab_free()", p, cache->name);
    slab_free(cache, p);
}
