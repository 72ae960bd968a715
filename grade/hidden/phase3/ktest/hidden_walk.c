/* Random walks in two spaces' tables: one that nobody uses, and the running process's, where the processor says what it finds. */
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "lib/errno.h"

#define CHOICES 4 /* of each index: so many that tables are shared, at every level */
#define FRAMES 6
#define STEPS 350

static u64 choice[4][CHOICES];
static struct frame *page[FRAMES];
static paddr_t root[2];
static size_t frames_at_first;

/* An address of the program's, of any byte. */
static uptr address(u64 *draws)
{
    uptr va;

    do {
        va = draw(draws, PAGE_SIZE);
        for (unsigned level = 0; level < 4; level++)
            va |= choice[level][draw(draws, CHOICES)] << (PAGE_SHIFT + 9 * level);
    } while (va < USER_START || va >= USER_END);
    return va;
}

/* In the tables that nobody uses: any number but 0. */
static pte_t mark(u64 *draws)
{
    u64 high = draw(draws, 1ul << 31);

    return high << 32 | (draw(draws, 1ul << 31) + 1);
}

/* NOTE: va, what the processor reads there; RESULT: va, whether it writes. */
static void touch(uptr va, u64 value)
{
    u64 seen = ~0ul;

    va = align_down(va, PAGE_SIZE);
    fact(FACT_NOTE, va, user_copy(&seen, (const void *)va, sizeof(seen)) ? ~0ul : seen);
    fact(FACT_RESULT, va, (u64)user_copy((void *)va, &value, sizeof(value)));
}

/* FOUND: step << 8 | whose tables, whether an entry was found; COUNT: step, tables so far; ENTRY: va, what stood in the entry;
   LINKS: va, how far it is from its table's first one. */
static void step(u64 *draws, u64 n)
{
    u64 which = draw(draws, 2);
    uptr va = address(draws);
    bool make = draw(draws, 3) != 0;
    pte_t *pte = pagetable_walk(root[which], va, make);
    u64 frame = draw(draws, FRAMES), write = draw(draws, 2);
    pte_t new = which ? pte_make(frame_to_phys(page[frame]), write, draw(draws, 2)) : mark(draws);

    fact(FACT_FOUND, n << 8 | which, pte != NULL);
    fact(FACT_COUNT, n, frames_at_first - frames_free());
    if (!pte)
        return;
    if (!which)
        fact(FACT_ENTRY, va, *pte);
    fact(FACT_LINKS, va, (u64)pte & (PAGE_SIZE - 1));
    *pte = new;
    if (which) {
        tlb_forget_page(va);
        touch(va, n << 32 | frame);
    }
}

/* ENTRY: level, what all entries at this level of the tables say beside their address: bits that all have, and bits that any has. */
static void tell_tables(const u64 *table, unsigned level, u64 *all, u64 *any)
{
    for (unsigned i = 0; i < (level == 4 ? 256 : 512); i++) {
        if (!table[i])
            continue;
        all[level] &= table[i];
        any[level] |= table[i];
        if (level > 2)
            tell_tables(phys_to_virt(table[i] & PTE_ADDRESS), level - 1, all, any);
    }
}

static int walks(struct address_space *space)
{
    u64 draws = draws_of(0);
    u64 all[5] = { ~0ul, ~0ul, ~0ul, ~0ul, ~0ul }, any[5] = { 0 };

    root[1] = space->root;
    for (unsigned level = 0; level < 4; level++)
        for (unsigned i = 0; i < CHOICES; i++)
            choice[level][i] = draw(&draws, level == 3 ? 256 : 512);
    frames_at_first = frames_free();
    for (u64 n = 0; n < STEPS; n++)
        step(&draws, n);
    for (unsigned which = 0; which < 2; which++)
        tell_tables(phys_to_virt(root[which]), 4, all, any);
    for (unsigned level = 4; level > 1; level--)
        fact(FACT_LEVEL, level, (all[level] & (PTE_PRESENT | PTE_WRITE | PTE_USER)) | (any[level] & (PTE_NX | 0x80)));
    return 0;
}

KTEST(hidden_walk, "walks in tables and what the processor makes of them, as the seed decides")
{
    u64 draws = draws_of(1);
    int error = 0;

    root[0] = pagetable_new();
    for (unsigned i = 0; i < FRAMES; i++) {
        page[i] = page_new();
        if (page[i])
            *(u64 *)frame_to_virt(page[i]) = mark(&draws);
        else
            error = -ENOMEM;
    }
    if (!error && root[0] != ~0ul)
        error = run_in_space(walks);
    for (unsigned i = 0; i < FRAMES; i++)
        if (page[i])
            frame_put(page[i]);
    if (root[0] != ~0ul)
        pagetable_free(root[0]);
    return error;
}
