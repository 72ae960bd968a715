/* The page tables of a user address space: four levels, of which the kernel's half is shared by all. Names no bit; what an entry
   consists of is in arch/x86_64/pte.h. The caller holds the lock of the address space. */
#pragma once

#include "arch/arch.h"
#include "arch/x86_64/pte.h"

/* Programs have the addresses from USER_START up to USER_END. Nothing is ever mapped at 0, where a NULL pointer points; and not in the last
   page, because a SYSCALL there would have to return to an address that is none. */
#define USER_START 0x10000ul
#define USER_END 0x00007ffffffff000ul

/* What a program may do with a page. The processor cannot forbid reading what may be written or executed. */
enum page_access { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXEC = 4 };

/* New tables with the kernel's half and nothing in the program's; their physical address, or ~0ul: no memory. */
paddr_t pagetable_new(void);
/* Gives back all tables of the program's half, and the root. The pages that they name have been given back, and no CPU uses them. */
void pagetable_free(paddr_t root);
/* Turns this CPU to a space's tables, or (root 0) to the kernel's own. Interrupts off. */
void pagetable_use(paddr_t root);
/* Makes this CPU forget one page's translation, or all of the program's half, when an entry was taken away or allows less now. */
void tlb_forget_page(uptr va);
void tlb_forget_user(void);

/* The first address in [va, end) for whose page there is an entry, of whatever value, or end: what lies before has no tables. */
uptr pagetable_next(paddr_t root, uptr va, uptr end);

/* Lab 3.1 (arch/x86_64/pagetable.c). */

/* The entry for the page at va, made of the tables below root. Where tables are missing on the way: with `make` they are made
   (cleared; NULL if memory is out), without it NULL. The entries of the 512 pages around va that share a table with it are
   neighbours in memory. */
pte_t *pagetable_walk(paddr_t root, uptr va, bool make);

/* int 0, or 1 if a page was not to be had: arch/x86_64/user_copy.asm. Only for mm/uaccess.c, which has looked at the addresses. */
int user_copy(void *to, const void *from, size_t bytes);
