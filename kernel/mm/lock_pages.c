/* Pages that are locked in memory. No page ever leaves it here: so to lock some means to make them, and to count them, since there is a
   limit to how many a program may lock. Lock: the address space's, held by the caller. */
#include "lib/errno.h"
#include "mm/aspace_impl.h"

int aspace_lock(struct address_space *space, uptr start, size_t size, bool lock)
{
    uptr end = start + size, at = start;
    int error = region_split(space, start);

    if (!error)
        error = region_split(space, end);
    if (error)
        return error;
    list_for_each(it, &space->regions) {
        vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->end <= start)
            continue;
        if (region->start != at || at == end)
            break;
        region->flags = lock ? region->flags | VM_LOCKED : region->flags & ~(u32)VM_LOCKED;
        at = region->end;
    }
    return at == end ? 0 : -ENOMEM;
}

int aspace_populate(struct address_space *space, uptr start, size_t size)
{
    for (uptr at = start; at < start + size; at += PAGE_SIZE) {
        const vm_region_t *region = region_find(space, at);
        bool write = region && region->access & ACCESS_WRITE && !(region->flags & VM_SHARED);
        int error = region ? aspace_fault(space, at, write, false) : -EFAULT;

        if (error)
            return error == -ENOMEM ? -EAGAIN : -ENOMEM;
    }
    return 0;
}

u64 aspace_locked(const struct address_space *space, uptr start, uptr end)
{
    u64 bytes = 0;

    list_for_each(it, &space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->flags & VM_LOCKED && region->start < end && start < region->end)
            bytes += min(end, region->end) - max(start, region->start);
    }
    return bytes;
}

/* What cannot be made now is made when it is touched, as elsewhere. */
void aspace_lock_new(struct address_space *space, uptr start, size_t size)
{
    if (!space->lock_new || aspace_lock(space, start, size, true))
        return;
    if (!space->lock_untouched)
        (void)aspace_populate(space, start, size);
}
