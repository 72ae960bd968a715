/* Passing over what no table is for: a region may be thousands of gigabytes long and have three pages. */
#include "arch/pagetable.h"
#include "arch/x86_64/pte.h"

#define ENTRIES 512

uptr pagetable_next(paddr_t root, uptr va, uptr end)
{
    while (va < end) {
        const u64 *table = phys_to_virt(root);
        unsigned level = 3;
        u64 entry;

        while ((entry = table[va >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1)]) & PTE_PRESENT && --level)
            table = phys_to_virt(entry & PTE_ADDRESS);
        if (!level)
            return va;
        va = align_down(va, 1ul << (PAGE_SHIFT + 9 * level)) + (1ul << (PAGE_SHIFT + 9 * level));
    }
    return end;
}
