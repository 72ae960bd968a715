/* A page-table entry, as far as user pages have it. Every entry that is not 0 names a page; one that is not present keeps it for a program
   that may not touch it now. */
#pragma once

#include "lib/types.h"

typedef u64 pte_t;

#define PTE_PRESENT (1ul << 0)
#define PTE_WRITE (1ul << 1)
#define PTE_USER (1ul << 2)
#define PTE_NX (1ul << 63)
#define PTE_ADDRESS 0x000ffffffffff000ul

static inline bool pte_present(pte_t pte)
{
    return pte & PTE_PRESENT;
}

static inline bool pte_writable(pte_t pte)
{
    return pte & PTE_WRITE;
}

static inline bool pte_executable(pte_t pte)
{
    return !(pte & PTE_NX);
}

/* The address of the page that it names. */
static inline paddr_t pte_page(pte_t pte)
{
    return pte & PTE_ADDRESS;
}

/* The same page, not to be written any more. */
static inline pte_t pte_read_only(pte_t pte)
{
    return pte & ~PTE_WRITE;
}

/* An entry for a page that a program may read, and what is said beyond that. */
static inline pte_t pte_make(paddr_t page, bool write, bool execute)
{
    return page | PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0) | (execute ? 0 : PTE_NX);
}

/* An entry that says the same of another page. */
static inline pte_t pte_other(pte_t pte, paddr_t page)
{
    return (pte & ~PTE_ADDRESS) | page;
}

/* The page is kept, and nobody may touch it. */
static inline pte_t pte_closed(paddr_t page)
{
    return page | PTE_NX; /* so that it is not 0 */
}
