/* Page faults of programs: what was touched is made, if the region allows it. Lock: the address space's, held by the caller. */
#include "base/assert.h"
#include "base/trace.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace_impl.h"

#define STACK_GAP (256 * PAGE_SIZE) /* what stays free below a stack that grows */

static bool allows(const vm_region_t *region, bool write, bool exec)
{
    u32 wanted = write ? ACCESS_WRITE : exec ? ACCESS_EXEC : 0;

    return wanted ? region->access & wanted : region->access != 0;
}

/* The stack above `at`, grown down to it; NULL: there is none, or it has reached its limit, or somebody else. */
static vm_region_t *grow_stack(struct address_space *space, uptr at)
{
    uptr start = align_down(at, PAGE_SIZE);

    list_for_each(it, &space->regions) {
        vm_region_t *region = list_entry(it, vm_region_t, link);
        uptr below = it->prev == &space->regions ? 0 : list_entry(it->prev, vm_region_t, link)->end;

        if (at >= region->end)
            continue;
        if (!(region->flags & VM_STACK) || region->end - start > space->stack_limit || start < below + STACK_GAP)
            return NULL;
        space->size += region->start - start;
        region->start = start;
        return region;
    }
    return NULL;
}

/* A page of the region's object: the object's own to be read, and to be written if the region is shared; a copy for who writes and does not
   share. */
static int make_from_object(const vm_region_t *region, pte_t *pte, uptr at, bool write)
{
    u64 index = region->first + ((at - region->start) >> PAGE_SHIFT);
    bool execute = region->access & ACCESS_EXEC, shared = region->flags & VM_SHARED;
    int error;
    struct frame *f = region->ops->page(region->object, index, &error);

    if (!f)
        return error;
    if (write && !shared) {
        struct frame *copy = page_new_copy(f);

        frame_put(f);
        if (!copy)
            return -ENOMEM;
        *pte = pte_make(frame_to_phys(copy), true, execute);
    } else {
        *pte = pte_make(frame_to_phys(f), shared && region->access & ACCESS_WRITE, execute);
    }
    return 0;
}

static int make_anonymous(const vm_region_t *region, pte_t *pte)
{
    struct frame *f = page_new();

    if (!f)
        return -ENOMEM;
    *pte = pte_make(frame_to_phys(f), region->access & ACCESS_WRITE, region->access & ACCESS_EXEC);
    return 0;
}

static int make_page(struct address_space *space, const vm_region_t *region, pte_t *pte, uptr at, bool write)
{
    int error = region->ops ? make_from_object(region, pte, at, write) : make_anonymous(region, pte);

    if (!error)
        space->pages++;
    return error;
}

/* There is a page, and its entry says less than the region allows. */
static int allow_more(struct address_space *space, const vm_region_t *region, pte_t *pte, uptr at, bool write)
{
    if (!pte_present(*pte)) { /* it was closed for a while */
        *pte = pte_make(pte_page(*pte), false, region->access & ACCESS_EXEC);
        if (!write)
            return 0;
    }
    if (!write || pte_writable(*pte)) {
        tlb_forget_page(at); /* somebody else was faster */
        return 0;
    }
    if (region->flags & VM_SHARED) {
        *pte = pte_make(pte_page(*pte), true, region->access & ACCESS_EXEC);
        tlb_forget_page(at);
        return 0;
    }
    return cow_break_alone(space, region, pte, at);
}

int aspace_fault(struct address_space *space, uptr at, bool write, bool exec)
{
    vm_region_t *region = region_find(space, at);
    pte_t *pte;

    if (!region)
        region = grow_stack(space, at);
    if (!region || !allows(region, write, exec))
        return -EFAULT;
    pte = pagetable_walk(space->root, at, true);
    if (!pte)
        return -ENOMEM;
    return *pte ? allow_more(space, region, pte, at, write) : make_page(space, region, pte, at, write);
}

int aspace_write(struct address_space *space, uptr to, const void *from, size_t n)
{
    for (size_t done = 0, now; done < n; done += now) {
        uptr at = to + done;
        pte_t *pte = pagetable_walk(space->root, at, false);

        now = min(n - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
        if (!pte || !pte_writable(*pte)) {
            int error = aspace_fault(space, at, true, false);

            if (error)
                return error;
            pte = pagetable_walk(space->root, at, false);
        }
        memcpy((char *)phys_to_virt(pte_page(*pte)) + (at & (PAGE_SIZE - 1)), (const char *)from + done, now);
    }
    return 0;
}
