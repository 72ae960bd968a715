/* The pages of address spaces: what the entries of their tables name, region by region. Each page that an entry names is one
   reference to its frame. Lock: the address space's, held by the caller. */
#include "arch/upcall.h"
#include "base/assert.h"
#include "lib/errno.h"
#include "mm/aspace_impl.h"

#define FORGET_MOST 64    /* pages more than that are forgotten all at once */
#define BATCH 32          /* pages given back at a time */

struct frame *page_new(void)
{
    struct frame *f = frame_alloc(0);

    if (f)
        page_zero(frame_to_virt(f));
    return f;
}

struct frame *page_new_copy(const struct frame *of)
{
    struct frame *f = frame_alloc(0);

    if (f)
        page_duplicate(frame_to_virt(f), frame_to_virt(of));
    return f;
}

void forget_here(uptr start, uptr end)
{
    if ((end - start) >> PAGE_SHIFT > FORGET_MOST)
        tlb_forget_user();
    else
        for (uptr at = start; at < end; at += PAGE_SIZE)
            tlb_forget_page(at);
}

/* Pages that were taken out of the tables, and whose frames are given back when no CPU knows them any more. */
struct batch {
    uptr start, end; /* where they were */
    unsigned count;
    struct frame *frame[BATCH];
};

static void batch_end(struct address_space *space, struct batch *batch, bool used)
{
    if (used && batch->count)
        space_forget(space, batch->start, batch->end);
    while (batch->count)
        frame_put(batch->frame[--batch->count]);
}

static void batch_add(struct address_space *space, struct batch *batch, pte_t *pte, uptr at, bool used)
{
    if (batch->count == BATCH)
        batch_end(space, batch, used);
    if (!batch->count)
        batch->start = at;
    batch->end = at + PAGE_SIZE;
    batch->frame[batch->count++] = phys_to_frame(pte_page(*pte));
    *pte = 0;
    space->pages--;
}

void pages_drop(struct address_space *space, uptr start, uptr end, bool used)
{
    struct batch batch;

    batch.count = 0;
    for (uptr at = pagetable_next(space->root, start, end), stop; at < end && space->pages; at = pagetable_next(space->root, stop, end)) {
        pte_t *pte = pagetable_walk(space->root, at, false);

        stop = min(end, align_down(at, TABLE_SPAN) + TABLE_SPAN);
        for (; pte && at < stop; at += PAGE_SIZE, pte++)
            if (*pte)
                batch_add(space, &batch, pte, at, used);
    }
    batch_end(space, &batch, used);
}

/* What an entry may say in a region now: a page that was writable and may be written still is; one that becomes writable is not yet,
   so that the first write finds out whether somebody else has it. */
static pte_t protected(pte_t pte, const vm_region_t *region)
{
    if (!region->access)
        return pte_closed(pte_page(pte));
    return pte_make(pte_page(pte), pte_writable(pte) && region->access & ACCESS_WRITE, region->access & ACCESS_EXEC);
}

void pages_protect(struct address_space *space, const vm_region_t *region)
{
    uptr end = region->end;

    for (uptr at = pagetable_next(space->root, region->start, end), stop; at < end; at = pagetable_next(space->root, stop, end)) {
        pte_t *pte = pagetable_walk(space->root, at, false);

        stop = min(end, align_down(at, TABLE_SPAN) + TABLE_SPAN);
        for (; pte && at < stop; at += PAGE_SIZE, pte++)
            if (*pte)
                *pte = protected(*pte, region);
    }
    space_forget(space, region->start, region->end);
}

/* One entry for the child. Shared regions share for good. */
static int fork_page(const vm_region_t *region, pte_t *from, pte_t *to)
{
    if (region->flags & VM_SHARED) {
        frame_get(phys_to_frame(pte_page(*from)));
        *to = *from;
        return 0;
    }
    return page_share(from, to);
}

/* n entries of one table, from the one at `from` on, which is the entry for `at`. */
static int fork_entries(struct address_space *child, const vm_region_t *region, pte_t *from, uptr at, size_t n)
{
    pte_t *to = NULL;

    for (size_t i = 0; i < n; i++) {
        int error;

        if (!from[i])
            continue;
        if (!to)
            to = pagetable_walk(child->root, at, true); /* its neighbours are those of from */
        if (!to)
            return -ENOMEM;
        error = fork_page(region, &from[i], &to[i]);
        if (error)
            return error;
        child->pages++;
    }
    return 0;
}

int pages_fork(struct address_space *space, struct address_space *child, const vm_region_t *region)
{
    uptr end = region->end;

    for (uptr at = pagetable_next(space->root, region->start, end), stop; at < end; at = pagetable_next(space->root, stop, end)) {
        pte_t *from = pagetable_walk(space->root, at, false);
        int error;

        stop = min(end, align_down(at, TABLE_SPAN) + TABLE_SPAN);
        error = from ? fork_entries(child, region, from, at, (stop - at) >> PAGE_SHIFT) : 0;
        if (error)
            return error;
    }
    return 0;
}

int page_copy(pte_t *from, pte_t *to)
{
    struct frame *copy = page_new_copy(phys_to_frame(pte_page(*from)));

    if (!copy)
        return -ENOMEM;
    *to = pte_other(*from, frame_to_phys(copy));
    return 0;
}
