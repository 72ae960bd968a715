/* Translations that several CPUs may know (aspace_impl.h, shootdown.h). Lock: the address space's, held by the caller. */
#include "mm/aspace_impl.h"
#include "mm/shootdown.h"

void space_forget(struct address_space *space, uptr start, uptr end)
{
    tlb_shootdown(&space->users, start, end);
}

void space_evict(struct address_space *space)
{
    if (__atomic_load_n(&space->users.loaded, __ATOMIC_SEQ_CST))
        shootdown_evict(&space->users);
}

/* While the entry changes from one page to another, no CPU may know either: it is closed first, and forgotten by all, and who touches the
   page now waits for the space's lock. Otherwise somebody could go on reading a page that has been given back. */
int cow_break_alone(struct address_space *space, const vm_region_t *region, pte_t *pte, uptr at)
{
    pte_t mine = *pte;
    int error;

    *pte = pte_closed(pte_page(mine));
    space_forget(space, at, at + PAGE_SIZE);
    error = cow_break(region, &mine, at);
    *pte = mine;
    return error;
}
