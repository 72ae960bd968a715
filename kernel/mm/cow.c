/* Copy on write: after a fork parent and child have the same pages, until one of them writes. How many entries name a page is its
   frame's reference count. Lock: the address space's, held by the caller; another space's entries for the same page change under
   that one's, and only from "shared" to "not any more". */
#include "base/lab.h"
#include "lib/errno.h"
#include "mm/aspace.h"

int page_share(pte_t *from, pte_t *to)
{
#if SOLVED >= 305
    *from = pte_read_only(*from);
    *to = *from;
    frame_get(phys_to_frame(pte_page(*from)));
    return 0;
#else
    /* Works, and is what you are to save: a copy of every page, for a child that may never write, or exec() at once. Who else has to
       know that there are two entries now? What must the parent not do any more? */
    lab_stub("3.5", "page_share");
    return page_copy(from, to);
#endif
}

int cow_break(const vm_region_t *region, pte_t *pte, uptr at)
{
#if SOLVED >= 305
    struct frame *old = phys_to_frame(pte_page(*pte));
    bool execute = region->access & ACCESS_EXEC;

    if (old->refs == 1) { /* the others have copies by now */
        *pte = pte_make(pte_page(*pte), true, execute);
    } else {
        struct frame *copy = page_new_copy(old);

        if (!copy)
            return -ENOMEM;
        *pte = pte_make(frame_to_phys(copy), true, execute);
        frame_put(old);
    }
    tlb_forget_page(at);
    return 0;
#else
    /* Copies always, and forgets what the others have. Somebody else may have the page: then this space gets a copy, and the page
       has one user less. Or nobody else: then copying is a waste. In both cases the processor still knows the old entry. */
    int error = page_copy(pte, pte);

    lab_stub("3.5", "cow_break");
    if (!error)
        *pte = pte_make(pte_page(*pte), true, region->access & ACCESS_EXEC);
    tlb_forget_page(at);
    return error;
#endif
}
