/* Slots of kernel stacks whose pages were taken away, on several CPUs: one of them may still know where the pages were, so no other stack
   stands there until all have forgotten. They are asked once for many slots. Called by mm/kstack.c alone, with its lock held unless said
   otherwise. */
#pragma once

#include "lib/types.h"

/* The slot, which is taken, has no pages any more. */
void slot_stale(unsigned size_index, u32 slot);
/* Whether it is time for kstack_reuse(). No lock. */
bool slots_stale_many(void);
/* Makes all CPUs forget, and gives back the slots that were stale before that. Thread context, no spinlock held. */
void slots_reuse(void);

/* mm/kstack.c: the slots in `bits`, word `word` of the bitmap of this size, are free again. Takes the lock itself. */
void slots_put_word(unsigned size_index, u32 word, u64 bits);
