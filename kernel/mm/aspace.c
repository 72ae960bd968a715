/* Address spaces: their regions (aspace.h). The list is short, and most questions are about the region of the question before. */
#include "mm/aspace.h"
#include "arch/upcall.h"
#include "base/assert.h"
#include "lib/errno.h"
#include "mm/aspace_impl.h"
#include "mm/slab.h"

static struct slab_cache space_cache, region_cache;

void aspace_init(void)
{
    slab_cache_init(&space_cache, "address space", sizeof(struct address_space));
    slab_cache_init(&region_cache, "region", sizeof(vm_region_t));
}

/* --- page tables' memory: all tables of a space hang on its first one's frame ----------------------------------------------------- */

paddr_t user_table_alloc(paddr_t root)
{
    struct frame *f = page_new();

    if (!f)
        return ~0ul;
    list_init(&f->link);
    if (root != ~0ul)
        list_push_tail(&phys_to_frame(root)->link, &f->link);
    return frame_to_phys(f);
}

void user_tables_free(paddr_t root)
{
    struct frame *first = phys_to_frame(root);

    list_for_each_safe(it, &first->link)
        frame_put(list_entry(it, struct frame, link));
    frame_put(first);
}

/* --- regions ------------------------------------------------------------------------------------------------------------------------ */

vm_region_t *region_find(struct address_space *space, uptr at)
{
    if (space->last && at >= space->last->start && at < space->last->end)
        return space->last;
    list_for_each(it, &space->regions) {
        vm_region_t *region = list_entry(it, vm_region_t, link);

        if (at < region->end) {
            if (at < region->start)
                return NULL;
            space->last = region;
            return region;
        }
    }
    return NULL;
}

/* The first region that ends behind `at`, or the list's head. */
static struct list *first_behind(const struct address_space *space, uptr at)
{
    list_for_each(it, &space->regions)
        if (at < list_entry(it, vm_region_t, link)->end)
            return it;
    return (struct list *)&space->regions;
}

/* A region as `like` says, with a reference of its own to the object; NULL: no memory. */
static vm_region_t *region_new(const vm_region_t *like)
{
    vm_region_t *region = slab_alloc(&region_cache);

    if (!region)
        return NULL;
    *region = *like;
    list_init(&region->link);
    if (region->ops)
        region->ops->get(region->object);
    return region;
}

static void region_free(vm_region_t *region)
{
    if (region->ops)
        region->ops->put(region->object);
    slab_free(&region_cache, region);
}

void region_insert(struct address_space *space, vm_region_t *region)
{
    list_push_tail(first_behind(space, region->start), &region->link); /* in front of it */
    space->size += region->end - region->start;
}

static void region_remove(struct address_space *space, vm_region_t *region)
{
    if (space->last == region)
        space->last = NULL;
    list_remove(&region->link);
    space->size -= region->end - region->start;
    region_free(region);
}

int region_split(struct address_space *space, uptr at)
{
    vm_region_t *low = region_find(space, at), *high;

    if (!low || at == low->start)
        return 0;
    high = region_new(low);
    if (!high)
        return -ENOMEM;
    high->start = at;
    high->first += (at - low->start) >> PAGE_SHIFT;
    high->flags &= ~(u32)VM_STACK; /* what grows is the lower one */
    low->end = at;
    list_push_head(&low->link, &high->link);
    return 0;
}

/* Two neighbours that are the same but for where they lie become one; the lower one stays. */
static void try_merge(struct address_space *space, vm_region_t *low)
{
    vm_region_t *high = list_entry(low->link.next, vm_region_t, link);

    if (low->link.next == &space->regions || low->end != high->start || low->access != high->access || low->flags != high->flags ||
        low->ops || high->ops)
        return;
    if (space->last == high)
        space->last = NULL;
    low->end = high->end;
    list_remove(&high->link);
    region_free(high);
}

void region_settle(struct address_space *space, vm_region_t *region)
{
    try_merge(space, region);
    if (region->link.prev != &space->regions)
        try_merge(space, list_entry(region->link.prev, vm_region_t, link));
}

int aspace_unmap(struct address_space *space, uptr start, size_t size)
{
    uptr end = start + size;
    int error = region_split(space, start);

    if (!error)
        error = region_split(space, end);
    if (error)
        return error;
    for (struct list *it = first_behind(space, start), *next; it != &space->regions; it = next) {
        vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->start >= end)
            break;
        next = it->next;
        pages_drop(space, region->start, region->end, true);
        region_remove(space, region);
    }
    return 0;
}

int aspace_map(struct address_space *space, const vm_region_t *wanted)
{
    size_t size = wanted->end - wanted->start;
    vm_region_t *region;
    int error;

    ASSERT(wanted->start < wanted->end && wanted->end <= USER_END, "aspace_map: %#lx..%#lx is no range of a program's addresses",
           wanted->start, wanted->end);
    if (size > space->limit || space->size > space->limit - size)
        return -ENOMEM;
    region = region_new(wanted);
    if (!region)
        return -ENOMEM;
    error = aspace_unmap(space, wanted->start, size);
    if (error) {
        region_free(region);
        return error;
    }
    region_insert(space, region);
    region_settle(space, region);
    return 0;
}

/* How far regions follow each other without a hole, from `start` on, up to `end`. */
static uptr mapped_until(const struct address_space *space, uptr start, uptr end)
{
    for (struct list *it = first_behind(space, start); it != &space->regions && start < end; it = it->next) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->start > start)
            break;
        start = region->end;
    }
    return min(start, end);
}

bool aspace_has_all(const struct address_space *space, uptr start, size_t size)
{
    return mapped_until(space, start, start + size) == start + size;
}

/* The first address from `start` on, up to `end`, that is in a region which may never be written. */
static uptr writable_until(const struct address_space *space, uptr start, uptr end)
{
    for (const struct list *it = first_behind(space, start); it != &space->regions; it = it->next) {
        const vm_region_t *region = list_entry((struct list *)it, vm_region_t, link);

        if (region->flags & VM_READ_ONLY)
            return min(max(region->start, start), end);
    }
    return end;
}

int aspace_protect(struct address_space *space, uptr start, size_t size, u32 access)
{
    uptr mapped = mapped_until(space, start, start + size);
    uptr end = access & ACCESS_WRITE ? writable_until(space, start, mapped) : mapped;
    int error;

    if (end == start && size)
        return end < mapped ? -EACCES : -ENOMEM;
    error = region_split(space, start);
    if (!error)
        error = region_split(space, end);
    if (error)
        return error;
    for (struct list *it = first_behind(space, start); it != &space->regions; it = it->next) {
        vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->start >= end)
            break;
        region->access = access;
        pages_protect(space, region);
    }
    if (end < mapped)
        return -EACCES;
    return end == start + size ? 0 : -ENOMEM;
}

uptr aspace_gap(const struct address_space *space, size_t size, uptr below)
{
    uptr end = below;

    for (struct list *it = space->regions.prev; it != &space->regions; it = it->prev) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->end <= end && end - region->end >= size)
            break;
        end = min(end, region->start);
    }
    return end >= USER_START && end - USER_START >= size ? end - size : 0;
}

bool aspace_is_free(const struct address_space *space, uptr start, size_t size)
{
    const struct list *behind = first_behind(space, start);

    return behind == &space->regions || list_entry((struct list *)behind, vm_region_t, link)->start >= start + size;
}

uptr aspace_place(const struct address_space *space, uptr wanted, size_t size, uptr below)
{
    wanted = align_down(wanted, PAGE_SIZE);
    if (wanted >= USER_START && wanted < USER_END && size <= USER_END - wanted && aspace_is_free(space, wanted, size))
        return wanted;
    return aspace_gap(space, size, below);
}

void aspace_forget(struct address_space *space, uptr start, size_t size)
{
    for (struct list *it = first_behind(space, start); it != &space->regions; it = it->next) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->start >= start + size)
            break;
        if (!(region->flags & VM_SHARED))
            pages_drop(space, max(start, region->start), min(start + size, region->end), true);
    }
}

uptr aspace_brk(struct address_space *space, uptr end)
{
    uptr old = align_up(space->heap_end, PAGE_SIZE), new = align_up(end, PAGE_SIZE);
    vm_region_t wanted = { .start = old, .end = new, .access = ACCESS_READ | ACCESS_WRITE, .flags = VM_HEAP };

    if (end < space->heap_start || end > USER_END)
        return space->heap_end;
    if (new > old) {
        struct list *behind = first_behind(space, old);

        if (behind != &space->regions && list_entry(behind, vm_region_t, link)->start < new)
            return space->heap_end;
        if (aspace_map(space, &wanted))
            return space->heap_end;
    } else if (new < old && aspace_unmap(space, new, old - new)) {
        return space->heap_end;
    }
    space->heap_end = end;
    return end;
}

/* --- whole spaces ------------------------------------------------------------------------------------------------------------------- */

struct address_space *aspace_new(void)
{
    struct address_space *space = slab_alloc(&space_cache);

    if (!space)
        return NULL;
    space->root = pagetable_new();
    if (space->root == ~0ul) {
        slab_free(&space_cache, space);
        return NULL;
    }
    phys_to_frame(space->root)->owner = space;
    list_init(&space->regions);
    space->limit = ~0ul;
    space->stack_limit = MIB(8);
    return space;
}

struct address_space *space_of(paddr_t root)
{
    return phys_to_frame(root)->owner;
}

void aspace_free(struct address_space *space)
{
    space_evict(space);
    phys_to_frame(space->root)->owner = NULL;
    list_for_each_safe(it, &space->regions) {
        vm_region_t *region = list_entry(it, vm_region_t, link);

        pages_drop(space, region->start, region->end, false);
        region_free(region);
    }
    ASSERT(!space->pages, "aspace_free: %lu pages of the space are in no region", space->pages);
    pagetable_free(space->root);
    slab_free(&space_cache, space);
}

struct address_space *aspace_fork(struct address_space *space)
{
    struct address_space *child = aspace_new();

    if (!child)
        return NULL;
    child->heap_start = space->heap_start;
    child->heap_end = space->heap_end;
    child->arg_start = space->arg_start;
    child->arg_end = space->arg_end;
    child->env_end = space->env_end;
    child->limit = space->limit;
    child->stack_limit = space->stack_limit;
    list_for_each(it, &space->regions) {
        vm_region_t *region = list_entry(it, vm_region_t, link), *copy = region_new(region);

        if (!copy)
            goto fail;
        copy->flags &= ~(u32)VM_LOCKED;
        list_push_tail(&child->regions, &copy->link);
        child->size += copy->end - copy->start;
        if (pages_fork(space, child, region))
            goto fail;
    }
    space_forget(space, 0, USER_END);
    return child;

fail:
    space_forget(space, 0, USER_END);
    aspace_free(child);
    return NULL;
}
