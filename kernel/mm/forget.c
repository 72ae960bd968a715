/* Translations that processors still know, as long as there is one processor: it forgets them (aspace_impl.h). Phase 4 has more
   (forget_all.c). */
#include "mm/aspace_impl.h"

void space_forget(struct address_space *space, uptr start, uptr end)
{
    (void)space;
    forget_here(start, end);
}

void space_evict(struct address_space *space)
{
    (void)space; /* whose last thread has turned to other tables */
}

int cow_break_alone(struct address_space *space, const vm_region_t *region, pte_t *pte, uptr at)
{
    (void)space;
    return cow_break(region, pte, at);
}
