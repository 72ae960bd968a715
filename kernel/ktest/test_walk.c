/* Lab 3.1: pagetable_walk(), on tables that nobody uses, and on those that the processor uses. */
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "lib/string.h"

#define MAGIC 0x5eed0000ul

/* In order: neighbours, and pages that have one table less in common with the first one, and one less; then those whose four indices
   differ, up to the last page. */
static const uptr page_at[] = {
    0x10000, 0x11000, 0x200000, 0x40000000, 0x8000000000, 0x8040201000, 0x10080603000, 0x7f8000001000, 0x555555554000, USER_END - PAGE_SIZE,
};

#define PAGES array_len(page_at)

/* A page with something in it for each address, named by the entry that the walk says; what a level's entry is, then. */
static int put_page(struct address_space *space, uptr va, struct frame **page, u64 content)
{
    pte_t *pte = pagetable_walk(space->root, va, true);

    *page = pte ? page_new() : NULL;
    if (!*page)
        return -ENOMEM;
    fact(FACT_COUNT, va, *pte);
    *(u64 *)frame_to_virt(*page) = content;
    *pte = pte_make(frame_to_phys(*page), true, false);
    tlb_forget_page(va);
    return 0;
}

/* FOUND: whether a walk that makes nothing finds the page, now that the processor has used the tables and marked them. */
static void look(struct address_space *space, uptr va, const struct frame *page)
{
    u64 seen = 0;
    int failed = user_copy(&seen, (const void *)va, sizeof(seen));
    const pte_t *again = pagetable_walk(space->root, va, false);

    fact(FACT_RESULT, va, failed ? ~0ul : seen);
    fact(FACT_FOUND, va, again && pte_page(*again) == frame_to_phys(page));
    for (unsigned level = 4; level > 1; level--)
        fact(FACT_ENTRY, va | level, entry_of(space->root, va, level));
    fact(FACT_ENTRY, va | 1, entry_of(space->root, va, 1) ^ frame_to_phys(page));
}

static int maps(struct address_space *space)
{
    struct frame *page[PAGES] = { NULL };
    int error = 0;

    for (unsigned i = 0; i < PAGES && !error; i++)
        error = put_page(space, page_at[i], &page[i], MAGIC + i);
    for (unsigned i = 0; i < PAGES && !error; i++)
        look(space, page_at[i], page[i]);
    for (unsigned i = 0; i < PAGES; i++)
        if (page[i])
            frame_put(page[i]); /* nothing looks at the entries any more: no region has them */
    return error;
}

KTEST(walk_maps, "pages put where the walk says are where the processor finds them")
{
    return run_in_space(maps);
}

/* COUNT: step, frames used by the tables by then. RESULT: step, whether an entry was found. */
static void tell_step(u64 step, size_t before, const pte_t *pte)
{
    fact(FACT_RESULT, step, pte != NULL);
    fact(FACT_COUNT, step, before - frames_free());
}

/* A space's tables that are made where another one's were: KEPT: whether an entry for va is found in them. */
static int tell_next_space(uptr va)
{
    paddr_t root = pagetable_new();

    if (root == ~0ul)
        return -ENOMEM;
    fact(FACT_KEPT, va, pagetable_walk(root, va, false) != NULL);
    pagetable_free(root);
    return 0;
}

KTEST(walk_absent, "a walk that makes nothing, before and after others are made")
{
    paddr_t root = pagetable_new();
    size_t before = frames_free();
    pte_t *first;

    if (root == ~0ul)
        return -ENOMEM;
    for (unsigned i = 0; i < PAGES; i++)
        tell_step(i, before, pagetable_walk(root, page_at[i], false));
    fact(FACT_FOUND, 0, entries_used(root));
    first = pagetable_walk(root, page_at[0], true);
    for (unsigned i = 0; i < PAGES && first; i++)
        tell_step(100 + i, before, pagetable_walk(root, page_at[i], false));
    fact(FACT_NOTE, 0, first ? (u64)(pagetable_walk(root, page_at[1], false) - first) : 0);
    pagetable_free(root);
    return first ? tell_next_space(page_at[1]) : -ENOMEM;
}

/* COUNT: step, frames; ENTRY: step, how far from the table's first entry. */
KTEST(walk_tables, "how many tables each page costs")
{
    paddr_t root = pagetable_new();
    size_t before = frames_free();
    u64 kernel_half[256];
    pte_t *pte = NULL;

    if (root == ~0ul)
        return -ENOMEM;
    memcpy(kernel_half, (const u64 *)phys_to_virt(root) + 256, sizeof(kernel_half));
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < PAGES; i++) {
            pte = pagetable_walk(root, page_at[i], true);
            if (!pte)
                goto out;
            fact(FACT_COUNT, round * 100 + i, before - frames_free());
            fact(FACT_ENTRY, round * 100 + i, (u64)pte & (PAGE_SIZE - 1));
        }
    }
    fact(FACT_KEPT, 0, (u64)(s64)-!!memcmp(kernel_half, (const u64 *)phys_to_virt(root) + 256, sizeof(kernel_half)));
out:
    pagetable_free(root);
    return pte ? 0 : -ENOMEM;
}
