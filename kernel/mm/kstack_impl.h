/* What mm/kstack.c, which hands out kernel stacks, shares with who knows when a slot may be used again: mm/kstack_alone.c as long as there
   is one CPU, then mm/kstack_reuse.c. For these alone. */
#pragma once

#include "base/lock.h"
#include "lib/types.h"

#define SLOT_SIZES 9u
#define SLOTS 32768u /* of each size */

extern struct spinlock kstack_lock;

/* The pages of a slot that is taken were unmapped: it may be used again, now or later. kstack_lock held. */
void slot_leave(unsigned index, u32 slot);
/* A moment at which slots may be waited for. Thread context, no spinlock held. */
void slots_refresh(void);
/* mm/kstack.c: slots `bits` of word `word` of the bitmap of this size are free. kstack_lock held. */
void slots_put(unsigned index, u32 word, u64 bits);
