/* Mappings that grow, shrink and move (mremap()): the region is changed, and the entries of its tables move along, so that no page is
   copied. Lock: the address space's, held by the caller. */
#include "lib/errno.h"
#include "mm/aspace_impl.h"

/* The end of the part of [at, end) whose entries stand in one table. */
static uptr table_end(uptr at, uptr end)
{
    return min(end, align_down(at, TABLE_SPAN) + TABLE_SPAN);
}

/* Makes the tables that the entries of [from, from + size) will stand in at `to`: so much of two as one covers. */
static int make_tables(struct address_space *space, uptr from, uptr to, size_t size)
{
    uptr end = from + size;

    for (uptr at = pagetable_next(space->root, from, end), stop; at < end; at = pagetable_next(space->root, stop, end)) {
        stop = table_end(at, end);
        if (!pagetable_walk(space->root, to + (at - from), true) || !pagetable_walk(space->root, to + (stop - from) - PAGE_SIZE, true))
            return -ENOMEM;
    }
    return 0;
}

/* After make_tables(). Nothing is at `to`. */
static void move_pages(struct address_space *space, uptr from, uptr to, size_t size)
{
    uptr end = from + size;

    for (uptr at = pagetable_next(space->root, from, end), stop; at < end; at = pagetable_next(space->root, stop, end)) {
        pte_t *pte = pagetable_walk(space->root, at, false);

        stop = table_end(at, end);
        for (; pte && at < stop; at += PAGE_SIZE, pte++) {
            if (!*pte)
                continue;
            *pagetable_walk(space->root, to + (at - from), false) = *pte;
            *pte = 0;
        }
    }
    space_forget(space, from, end);
}

/* [at, at + size) is a region of its own, and moves to `to`, where nothing is. */
static s64 region_move(struct address_space *space, uptr at, size_t size, size_t new_size, uptr to)
{
    vm_region_t *region;
    int error = region_split(space, at);

    if (!error)
        error = region_split(space, at + size);
    if (!error)
        error = make_tables(space, at, to, size);
    region = region_find(space, at);
    if (!error) {
        list_remove(&region->link);
        space->last = NULL;
        space->size -= size;
        region->start = to;
        region->end = to + new_size;
        region->flags &= ~(u32)(VM_STACK | VM_HEAP);
        move_pages(space, at, to, size);
        region_insert(space, region);
    }
    region_settle(space, region);
    return error ? error : (s64)to;
}

/* What is shared is mapped a second time. */
static s64 region_again(struct address_space *space, uptr at, size_t new_size, uptr to)
{
    vm_region_t *region = region_find(space, at), wanted = *region;
    int error;

    wanted.start = to;
    wanted.end = to + new_size;
    wanted.first += (at - region->start) >> PAGE_SHIFT;
    error = aspace_map(space, &wanted);
    return error ? error : (s64)to;
}

/* Whether [at, at + old_size) can be new_size bytes long somewhere: 0 or an error. */
static int may_become(struct address_space *space, uptr at, size_t old_size, size_t new_size)
{
    const vm_region_t *region = region_find(space, at);

    if (!region)
        return -EFAULT;
    if (!old_size && !(region->flags & VM_SHARED))
        return -EINVAL;
    if (old_size > region->end - at)
        return -EFAULT;
    return new_size > old_size && (new_size > space->limit || space->size - old_size > space->limit - new_size) ? -ENOMEM : 0;
}

static s64 move(struct address_space *space, uptr at, size_t old_size, size_t new_size, uptr to)
{
    return old_size ? region_move(space, at, old_size, new_size, to) : region_again(space, at, new_size, to);
}

s64 aspace_resize(struct address_space *space, uptr at, size_t old_size, size_t new_size, bool may_move, uptr below)
{
    vm_region_t *region = region_find(space, at);
    size_t more = new_size - old_size;
    int error;
    uptr to;

    if (!region)
        return -EFAULT;
    if (new_size <= old_size) {
        error = old_size > new_size ? aspace_unmap(space, at + new_size, old_size - new_size) : 0;
        return error ? error : (s64)at;
    }
    error = may_become(space, at, old_size, new_size);
    if (error)
        return error;
    if (at + old_size == region->end && more <= USER_END - region->end && aspace_is_free(space, region->end, more)) {
        region->end += more;
        space->size += more;
        region_settle(space, region);
        return (s64)at;
    }
    to = may_move ? aspace_gap(space, new_size, below) : 0;
    return to ? move(space, at, old_size, new_size, to) : -ENOMEM;
}

/* What a move to `to` needs memory for. A call that finds none has changed nothing then, and can be made again: meanwhile another thread
   may have got a mapping where this one has given one up. */
static int make_ready(struct address_space *space, uptr at, size_t old_size, size_t new_size, uptr to)
{
    size_t stays = min(old_size, new_size);
    const uptr edges[] = { at, at + stays, at + old_size, to, to + new_size };
    int error = 0;

    for (unsigned i = 0; i < array_len(edges) && !error; i++)
        error = region_split(space, edges[i]);
    return error || stays > USER_END - at ? error : make_tables(space, at, to, stays);
}

s64 aspace_move(struct address_space *space, uptr at, size_t old_size, size_t new_size, uptr to)
{
    int error = region_find(space, at) ? make_ready(space, at, old_size, new_size, to) : -EFAULT;

    if (!error && (old_size || at == to)) /* what is mapped a second time takes the place by itself */
        error = aspace_unmap(space, to, new_size);
    if (!error && old_size > new_size) {
        error = aspace_unmap(space, at + new_size, old_size - new_size);
        old_size = new_size;
    }
    if (!error)
        error = may_become(space, at, old_size, new_size);
    return error ? error : move(space, at, old_size, new_size, to);
}
