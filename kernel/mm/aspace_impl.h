/* What mm/aspace.c, which knows the regions, shares with mm/pages.c, which knows what their page tables say, and with mm/remap.c, which
   moves both. For these alone. */
#pragma once

#include "mm/aspace.h"

#define TABLE_SPAN MIB(2) /* what the entries of one lowest table cover */

/* Makes two of the region that `at` lies in the middle of. Returns 0 or -ENOMEM. */
int region_split(struct address_space *space, uptr at);
/* The region is one of the space's, at its place. Nothing else is there. */
void region_insert(struct address_space *space, vm_region_t *region);
/* It becomes one with neighbours that are the same but for where they lie; it may be gone then. */
void region_settle(struct address_space *space, vm_region_t *region);

/* Gives back every page that the tables name in [start, end). used: a CPU may have the translations, and is made to forget them. */
void pages_drop(struct address_space *space, uptr start, uptr end, bool used);
/* Every CPU that runs a thread of the space forgets the translations of [start, end): what the tables said there they say no more. The
   space's lock is held; thread context, no spinlock held. */
void space_forget(struct address_space *space, uptr start, uptr end);
/* The same on this CPU alone. */
void forget_here(uptr start, uptr end);
/* No CPU has the space's tables in use when this returns. No thread of the space is left. Thread context, no spinlock held. */
void space_evict(struct address_space *space);
/* cow_break() such that no CPU goes on using the page that was there. */
int cow_break_alone(struct address_space *space, const vm_region_t *region, pte_t *pte, uptr at);
/* The tables allow no more, in all of a region, than its access says now. */
void pages_protect(struct address_space *space, const vm_region_t *region);
/* The child's tables name what the parent's name in this region. Returns 0 or -ENOMEM. */
int pages_fork(struct address_space *space, struct address_space *child, const vm_region_t *region);
