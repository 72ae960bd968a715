/* System calls on which pages are in memory. Lock: the address space's. */
#include "lib/errno.h"
#include "mm/shared.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/calls.h"

#define MLOCK_ONFAULT 1
#define MCL_CURRENT 1
#define MCL_FUTURE 2
#define MCL_ONFAULT 4
#define ANSWERS 256 /* of mincore(), handed over at a time */

/* Bytes that the running process may lock. */
static u64 most(void)
{
    return capable(CAP_IPC_LOCK) ? ~0ul : align_down(current_process()->limits.of[RLIMIT_MEMLOCK].now, PAGE_SIZE);
}

static bool may_lock(void)
{
    return capable(CAP_IPC_LOCK) || current_process()->limits.of[RLIMIT_MEMLOCK].now;
}

/* What is locked there already does not count twice. The space's lock held. */
static int lock_locked(struct address_space *space, uptr start, size_t size, bool make)
{
    u64 more = size - (start + size > start ? aspace_locked(space, start, start + size) : 0), limit = most();
    int error;

    if (more > limit || aspace_locked(space, 0, USER_END) > limit - more)
        return -ENOMEM;
    if (start + size < start)
        return -EINVAL;
    if (!size)
        return 0;
    error = aspace_lock(space, start, size, true);
    return error || !make ? error : aspace_populate(space, start, size);
}

static s64 lock(uptr at, size_t size, bool make)
{
    struct process *p = current_process();
    s64 error;

    if (!may_lock())
        return -EPERM;
    size = align_up(size + (at & (PAGE_SIZE - 1)), PAGE_SIZE);
    mutex_lock(&p->space_lock);
    error = lock_locked(p->space, align_down(at, PAGE_SIZE), size, make);
    mutex_unlock(&p->space_lock);
    return error;
}

s64 sys_mlock(uptr at, size_t size)
{
    return lock(at, size, true);
}

s64 sys_mlock2(uptr at, size_t size, int flags)
{
    return flags & ~MLOCK_ONFAULT ? -EINVAL : lock(at, size, !(flags & MLOCK_ONFAULT));
}

s64 sys_munlock(uptr at, size_t size)
{
    struct process *p = current_process();
    s64 error = 0;

    size = align_up(size + (at & (PAGE_SIZE - 1)), PAGE_SIZE);
    at = align_down(at, PAGE_SIZE);
    if (at + size < at)
        return -EINVAL;
    mutex_lock(&p->space_lock);
    if (size)
        error = aspace_lock(p->space, at, size, false);
    mutex_unlock(&p->space_lock);
    return error;
}

/* All regions that there are. What cannot be made of them does not matter. The space's lock held. */
static void lock_all_locked(struct address_space *space, bool lock, bool make)
{
    list_for_each(it, &space->regions) {
        vm_region_t *region = list_entry(it, vm_region_t, link);

        region->flags = lock ? region->flags | VM_LOCKED : region->flags & ~(u32)VM_LOCKED;
        if (make)
            (void)aspace_populate(space, region->start, region->end - region->start);
    }
}

s64 sys_mlockall(int flags)
{
    struct process *p = current_process();
    struct address_space *space = p->space;
    bool make = !(flags & MCL_ONFAULT), room;

    if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
        return -EINVAL;
    if (!may_lock())
        return -EPERM;
    mutex_lock(&p->space_lock);
    room = !(flags & MCL_CURRENT) || space->size <= most();
    if (room) {
        space->lock_new = flags & MCL_FUTURE;
        space->lock_untouched = !make;
    }
    if (room && flags & MCL_CURRENT)
        lock_all_locked(space, true, make);
    mutex_unlock(&p->space_lock);
    return room ? 0 : -ENOMEM;
}

s64 sys_munlockall(void)
{
    struct process *p = current_process();

    mutex_lock(&p->space_lock);
    p->space->lock_new = false;
    lock_all_locked(p->space, false, false);
    mutex_unlock(&p->space_lock);
    return 0;
}

/* Whether a page of a region is in memory: files are, and of all else what was touched. */
static bool there(const struct address_space *space, const vm_region_t *region, uptr at)
{
    const pte_t *pte = pagetable_walk(space->root, at, false);

    return (pte && *pte) || (region->ops && region->ops != &shared_memory_ops);
}

/* Returns how many of n pages there are answers for: up to the first hole. */
static size_t answers(struct process *p, uptr at, size_t n, u8 *to)
{
    size_t i;

    mutex_lock(&p->space_lock);
    for (i = 0; i < n; i++, at += PAGE_SIZE) {
        const vm_region_t *region = region_find(p->space, at);

        if (!region)
            break;
        to[i] = there(p->space, region, at);
    }
    mutex_unlock(&p->space_lock);
    return i;
}

s64 sys_mincore(uptr at, size_t size, uptr to)
{
    size_t pages = (size >> PAGE_SHIFT) + !!(size & (PAGE_SIZE - 1)), got, part;
    u8 part_of[ANSWERS];

    if (at & (PAGE_SIZE - 1))
        return -EINVAL;
    if (!user_range(at, size))
        return -ENOMEM;
    if (!user_range(to, pages))
        return -EFAULT;
    for (size_t done = 0; done < pages; done += part) {
        part = min(pages - done, (size_t)ANSWERS);
        got = answers(current_process(), at + (done << PAGE_SHIFT), part, part_of);
        if (copyout(to + done, part_of, got))
            return -EFAULT;
        if (got < part)
            return -ENOMEM;
    }
    return 0;
}
