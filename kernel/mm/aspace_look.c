/* Looking into an address space (aspace_look.h). Lock: the space's. */
#include "mm/aspace_look.h"
#include "lib/string.h"

#define TABLE_SPAN MIB(2) /* what the entries of one lowest table cover */

/* Adds the pages of one region. */
static void count_pages(const struct address_space *space, const vm_region_t *region, struct space_use *use)
{
    for (uptr at = region->start, stop; at < region->end; at = stop) {
        const pte_t *pte = pagetable_walk(space->root, at, false);

        stop = min(region->end, align_down(at, TABLE_SPAN) + TABLE_SPAN);
        for (; pte && at < stop; at += PAGE_SIZE, pte++) {
            if (!*pte)
                continue;
            use->resident += PAGE_SIZE;
            if (phys_to_frame(pte_page(*pte))->refs > 1)
                use->shared += PAGE_SIZE;
        }
    }
}

struct space_use space_use(const struct address_space *space)
{
    struct space_use use = { 0 };

    list_for_each(it, &space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);
        u64 size = region->end - region->start;

        use.total += size;
        if (region->flags & VM_STACK)
            use.stack += size;
        else if (region->access & ACCESS_EXEC)
            use.code += size;
        else if (region->access & ACCESS_WRITE && !(region->flags & VM_SHARED))
            use.data += size;
        count_pages(space, region, &use);
    }
    return use;
}

size_t space_peek(const struct address_space *space, uptr from, void *to, size_t n)
{
    size_t done = 0, part;

    for (; done < n && from + done < USER_END; done += part) {
        uptr at = from + done;
        const pte_t *pte = pagetable_walk(space->root, at, false);

        part = min(n - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
        if (!pte || !*pte)
            break;
        memcpy((char *)to + done, (const char *)phys_to_virt(pte_page(*pte)) + (at & (PAGE_SIZE - 1)), part);
    }
    return done;
}
