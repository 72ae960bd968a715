/* A second solution of lab 3.1: the page number taken apart by division, level by level without a loop. */
#include "arch/pagetable.h"
#include "arch/upcall.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/mmu.h"

#define ENTRIES 512
#define NO_FRAME (~0ul)

/* What an entry says that names a table: the pages below may be what they like, the last entry decides. */
#define TABLE_BITS (PTE_PRESENT | PTE_WRITE | PTE_USER)

paddr_t pagetable_new(void)
{
    paddr_t root = user_table_alloc(NO_FRAME);

    if (root != NO_FRAME)
        kernel_half_copy(phys_to_virt(root));
    return root;
}

void pagetable_free(paddr_t root)
{
    user_tables_free(root);
}

void tlb_forget_page(uptr va)
{
    invlpg(va);
}

void tlb_forget_user(void)
{
    write_cr3(read_cr3());
}

/* The table below *entry, made if wanted; NULL: there is none. */
static u64 *table_below(paddr_t root, u64 *entry, bool make)
{
    if (!*entry) {
        paddr_t new = make ? user_table_alloc(root) : NO_FRAME;

        if (new == NO_FRAME)
            return NULL;
        *entry = new + TABLE_BITS;
    }
    return phys_to_virt(*entry & ~(PTE_NX | (PAGE_SIZE - 1)));
}

pte_t *pagetable_walk(paddr_t root, uptr va, bool make)
{
    u64 number = va / PAGE_SIZE; /* of the page: four digits of nine bits */
    u64 *table = phys_to_virt(root);

    table = table_below(root, table + number / ENTRIES / ENTRIES / ENTRIES % ENTRIES, make);
    if (table)
        table = table_below(root, table + number / ENTRIES / ENTRIES % ENTRIES, make);
    if (table)
        table = table_below(root, table + number / ENTRIES % ENTRIES, make);
    return table ? table + number % ENTRIES : NULL;
}
