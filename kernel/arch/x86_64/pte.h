/* A page-table entry of a user page. Every entry that is not 0 is present. */
#pragma once

#include "lib/types.h"

typedef u64 pte_t;

#define PTE_PRESENT (1ul << 0)
#define PTE_WRITE (1ul << 1)
#define PTE_USER (1ul << 2)
#define PTE_ACCESSED (1ul << 5)
#define PTE_DIRTY (1ul << 6)
#define PTE_LARGE (1ul << 7)
#define PTE_GLOBAL (1ul << 8)
#define PTE_NX (1ul << 63)
#define PTE_ADDRESS 0x000ffffffffff000ul
#define PTE_ADDRESS_SHIFT 12

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
