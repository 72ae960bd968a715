/* A second solution of lab 3.5: one way through for the last user and for the others. */
#include "base/lab.h"
#include "lib/errno.h"
#include "mm/aspace.h"

int page_share(pte_t *from, pte_t *to)
{
    pte_t shared = pte_read_only(*from);

    frame_get(phys_to_frame(pte_page(shared)));
    *from = *to = shared;
    return 0;
}

int cow_break(const vm_region_t *region, pte_t *pte, uptr at)
{
    struct frame *had = phys_to_frame(pte_page(*pte)), *has = had;

    if (had->refs > 1) {
        has = page_new_copy(had);
        if (!has)
            return -ENOMEM;
    }
    *pte = pte_make(frame_to_phys(has), true, (region->access & ACCESS_EXEC) != 0);
    tlb_forget_page(at);
    if (has != had)
        frame_put(had);
    return 0;
}
