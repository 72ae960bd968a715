/* For ktests that look at address spaces: a process with an empty one, and its tables read entry by entry, apart from what is tested. */
#pragma once

#include "mm/aspace.h"

/* Runs test(space) in a process of its own, whose only thread has this space and a user mode; then gives everything back, so that nothing
   of lab 3.6 is needed. Returns what test() returned, or an error of making all that. */
int run_in_space(int (*test)(struct address_space *space));
/* An anonymous region of n pages at `start`. Returns 0 or -ENOMEM. */
int map_pages(struct address_space *space, uptr start, size_t n, u32 access);
/* The entry for va in the table of a level (4: the first one, 1: the one that names pages), read without pagetable_walk(); 0 where tables
   are missing. */
u64 entry_of(paddr_t root, uptr va, unsigned level);
/* How many entries of the program's half the first table has. */
u64 entries_used(paddr_t root);
